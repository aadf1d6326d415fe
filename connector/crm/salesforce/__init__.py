"""Salesforce: the port `Crm` spoken over REST, Composite, Bulk API 2.0 and the Metadata API."""
