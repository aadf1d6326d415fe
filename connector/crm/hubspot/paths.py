"""Where things are in HubSpot's API: one version, one table."""

from urllib.parse import quote

API_VERSION = "2026-09"

DETAILS = f"/account-info/{API_VERSION}/details"
OWNERS = f"/crm/owners/{API_VERSION}"
MARKETING_EVENTS = f"/marketing/marketing-events/{API_VERSION}"
TOKEN = f"/oauth/{API_VERSION}/token"

# These three have no dated twin that is generally available.
EMAIL_EVENTS = "/email/public/v1/events"
FORMS = "/marketing/v3/forms"
_SUBMISSIONS = "/form-integrations/v1/submissions/forms"


def objects(kind: str, action: str = "") -> str:
    """Return the path of an object type, or of an action on it such as `search`."""
    path = f"/crm/objects/{API_VERSION}/{kind}"
    return f"{path}/{action}" if action else path


def properties(kind: str, action: str = "") -> str:
    """Return the path of an object type's property definitions, or of an action on them."""
    path = f"/crm/properties/{API_VERSION}/{kind}"
    return f"{path}/{action}" if action else path


def pipelines(kind: str) -> str:
    """Return the path of an object type's pipelines."""
    return f"/crm/pipelines/{API_VERSION}/{kind}"


def associations(of: str, to: str, action: str) -> str:
    """Return the path of a batch action on the links between two object types."""
    return f"/crm/associations/{API_VERSION}/{of}/{to}/batch/{action}"


def submissions(form: str) -> str:
    """Return the path of a form's submissions."""
    return f"{_SUBMISSIONS}/{quote(form, safe='')}"


def participations(event: str) -> str:
    """Return the path of who took part in a marketing event."""
    return f"{MARKETING_EVENTS}/participations/{quote(event, safe='')}/breakdown"
