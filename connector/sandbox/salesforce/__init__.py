"""A local Salesforce: REST, SOQL, collections, Bulk 2.0, deploys, and the platform's habits.

It is written from the platform's documentation and imports nothing from our adapters, so that a
misreading is not shared.
"""
