"""The account itself, and the people who own contacts in it."""

from zoneinfo import ZoneInfo

from connector.crm.hubspot import paths, wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.refusal import Json
from connector.domain.contact import Owner
from connector.domain.ids import OwnerId
from connector.ports import Account

_PAGE = 100


def fetch_account(client: Client) -> Account:
    """Fetch which account the token opens; the day of its limits ends at midnight in its zone."""
    details = client.get(paths.DETAILS, needs="portalId")
    zone = _zone(str(details.get("timeZone") or "UTC"))
    client.zone = ZoneInfo(zone)
    return Account(
        id=str(details["portalId"]),
        time_zone=zone,
        currency=str(details.get("companyCurrency") or ""),
        kind=str(details.get("accountType") or ""),
    )


def _zone(name: str) -> str:
    """Return a zone's IANA name; HubSpot may spell it with an underscore for the slash or blank."""
    for spelling in (name, name.replace("_slash_", "/"), name.replace(" ", "_")):
        try:
            return ZoneInfo(spelling).key
        except (KeyError, ValueError, OSError):
            continue
    return "UTC"


def fetch_owners(client: Client) -> list[Owner]:
    """Fetch every owner, archived ones as inactive."""
    active = _fetch(client, archived=False)
    known = {owner.id for owner in active}
    # Someone who left and came back is listed twice.
    return active + [owner for owner in _fetch(client, archived=True) if owner.id not in known]


def _fetch(client: Client, *, archived: bool) -> list[Owner]:
    owners: list[Owner] = []
    after: str | None = ""
    while after is not None:
        query = {"limit": str(_PAGE), "archived": "true" if archived else "false"}
        if after:
            query["after"] = after
        reply = client.get(paths.OWNERS, query, needs="results")
        owners += [_owner(each, is_active=not archived) for each in wire.objects(reply["results"])]
        after = wire.next_after(reply)
    return owners


def _owner(data: Json, *, is_active: bool) -> Owner:
    names = (str(data.get("firstName") or ""), str(data.get("lastName") or ""))
    return Owner(
        OwnerId(str(data.get("id"))),
        str(data.get("email") or ""),
        " ".join(filter(None, names)),
        is_active and data.get("archived") is not True,
        str(data.get("userId") or data.get("userIdIncludingInactive") or ""),
    )
