"""The HubSpot adapter."""
