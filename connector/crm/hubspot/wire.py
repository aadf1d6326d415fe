"""The shapes of HubSpot's payloads: everything else sees rows, not JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Required, TypedDict, cast

from connector.crm.hubspot.refusal import Json
from connector.domain.ids import ContactId
from connector.errors import CrmUnavailableError

PRIMARY_CONTACT = 578
"""The type of the link from a lead to the contact that it is about; it may have others besides."""

_PRIMARY_TYPE = "lead_to_primary_contact"


class _Named(TypedDict, total=False):
    id: Required[str]
    type: str


class Linked(TypedDict, total=False):
    """The ids that a record is linked with; cut after the first hundred if `paging` is there."""

    results: list[_Named]
    paging: Json


class Version(TypedDict, total=False):
    """A value that a property had, from an ISO moment on; '' after it was cleared."""

    value: str | None
    timestamp: Required[str]
    sourceType: str | None
    sourceId: str | None
    updatedByUserId: int | None


class Row(TypedDict, total=False):
    """One record as lists, searches and batches return it."""

    id: Required[str]
    properties: Required[dict[str, str | None]]
    createdAt: str
    updatedAt: str
    archivedAt: str
    associations: dict[str, Linked]
    objectWriteTraceId: str
    propertiesWithHistory: dict[str, list[Version]]


def rows(reply: Json) -> list[Row]:
    """Return the records of a reply."""
    found = reply.get("results")
    if not isinstance(found, list):
        raise unreadable("a list of records")
    for row in found:
        if type(row) is not dict or type(row.get("id")) is not str:
            raise unreadable("a record without an id")
        if type(row.get("properties")) is not dict:
            raise unreadable("a record without properties")
    return cast("list[Row]", found)


def objects(value: object) -> list[Json]:
    """Return the JSON objects of a list; whatever else stands in it is left out."""
    if not isinstance(value, list):
        return []
    return [cast("Json", each) for each in value if isinstance(each, dict)]


def next_after(reply: Json) -> str | None:
    """Return the cursor of the next page. Its `link` is never followed: it could lead anywhere."""
    paging = reply.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return str(after) if after else None


def linked_contacts(row: Row) -> tuple[ContactId, ...] | None:
    """Return the contacts that came with a record, a lead's primary one first.

    None if there are more than came.
    """
    links = row.get("associations", {}).get("contacts")
    if not links:
        return ()
    if links.get("paging"):
        return None
    found = sorted(links.get("results", ()), key=lambda each: each.get("type") != _PRIMARY_TYPE)
    return contact_ids(each["id"] for each in found)


def link_ends(links: object) -> list[str]:
    """Return the ids at the other ends of a record's links, a lead's primary contact first."""
    found = [each for each in objects(links) if "toObjectId" in each]
    return [str(each["toObjectId"]) for each in sorted(found, key=_is_secondary)]


def _is_secondary(link: Json) -> bool:
    types = objects(link.get("associationTypes"))
    return all(each.get("typeId") != PRIMARY_CONTACT for each in types)


def contact_ids(ids: Iterable[str]) -> tuple[ContactId, ...]:
    """Return ids, each once, in order: a link may be listed once for each of its labels."""
    return tuple(ContactId(each) for each in dict.fromkeys(ids))


def inputs(ids: Sequence[str]) -> list[Mapping[str, str]]:
    """Return ids as batch calls take them."""
    return [{"id": each} for each in ids]


def text(value: object) -> str | None:
    """Return a JSON scalar as a property's text; None if there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def unreadable(what: str) -> CrmUnavailableError:
    """Return the error for an answer that is not what HubSpot documents."""
    return CrmUnavailableError(
        what=f"HubSpot's answer cannot be read: {what}",
        where="HubSpot",
        do="Try again; if it stays, something stands between us and HubSpot, or its API changed.",
    )


@contextmanager
def answers_read() -> Iterator[None]:
    """Turn what an answer of another shape than documented trips over into an error that says so.

    Shapes are not validated beforehand: that would cost more than reading them.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unreadable(f"{type(error).__name__} while reading it") from error
