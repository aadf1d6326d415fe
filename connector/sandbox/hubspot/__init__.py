"""A local HubSpot: its REST surface, limits, lags and oddities, as documented."""
