"""The mappings that are shipped, read once: nothing in them changes."""

from functools import cache
from pathlib import Path

from connector.config.mapping import HubSpotMapping, Opportunities
from connector.config.mappings import load_mapping_of
from connector.config.salesforce_mapping import SalesforceMapping, SalesforceOpportunities

_FOLDER = Path(__file__).parents[2] / "mappings"


@cache
def shipped_for_hubspot() -> HubSpotMapping:
    """Return `mappings/hubspot.yaml`."""
    return load_mapping_of(HubSpotMapping, _FOLDER / "hubspot.yaml")


def hubspot_with_deals(**section: object) -> HubSpotMapping:
    """Return the shipped mapping, with this under `opportunities`."""
    opportunities = Opportunities.model_validate(section)
    return shipped_for_hubspot().model_copy(update={"opportunities": opportunities})


@cache
def shipped_for_salesforce() -> SalesforceMapping:
    """Return `mappings/salesforce.yaml`."""
    return load_mapping_of(SalesforceMapping, _FOLDER / "salesforce.yaml")


def salesforce_with_scores(**section: object) -> SalesforceMapping:
    """Return the shipped mapping, with this under `opportunities`."""
    opportunities = SalesforceOpportunities.model_validate(section)
    return shipped_for_salesforce().model_copy(update={"opportunities": opportunities})
