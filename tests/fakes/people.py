"""Contacts, activities, opportunities and owners in a line each."""

from datetime import datetime

from connector.domain.contact import Activity, Contact, Opportunity, Owner, Value
from connector.domain.ids import ActivityId, ContactId, OpportunityId, OwnerId
from connector.domain.moment import micros
from tests.fakes.clock import MONDAY

LEA = Owner(OwnerId("7"), "lea@example.com", "Léa Petit")
TOM = Owner(OwnerId("8"), "tom@example.com", "Tom Berger", is_active=False)


def person(id_: str, owner: Owner | None = LEA, at: datetime = MONDAY, **fields: Value) -> Contact:
    """Return a contact whose name and address follow from the id."""
    return Contact(
        id=ContactId(id_),
        updated_at=at,
        fields={"first_name": f"P{id_}", "email": f"p{id_}@example.com", **fields},
        owner=owner.id if owner else None,
        emails=(f"p{id_}@example.com",),
    )


def ana() -> Contact:
    """Return a contact that fits: head of operations, reachable, owned by Léa."""
    return person("1", job_title="Head of operations")


def bob() -> Contact:
    """Return a contact of whom only the name and address are known."""
    return person("2")


def activity(
    id_: str,
    type_: str,
    contact: Contact | str,
    at: datetime = MONDAY,
    *,
    is_outbound: bool = False,
    **attributes: Value,
) -> Activity:
    """Return an activity of a contact, or of whoever has an e-mail address."""
    is_address = isinstance(contact, str) and "@" in contact
    return Activity(
        id=ActivityId(f"{type_}:{id_}"),
        type=type_,
        occurred_us=micros(at),
        contact=None if is_address else ContactId(_id(contact)),
        email=_id(contact) if is_address else None,
        is_outbound=is_outbound,
        attributes=attributes,
    )


def deal(
    id_: str,
    *contacts: Contact,
    at: datetime = MONDAY,
    probability: int = 600_000,
    is_won: bool = False,
) -> Opportunity:
    """Return an opportunity with an amount and a close date."""
    return Opportunity(
        id=OpportunityId(id_),
        contacts=tuple(each.id for each in contacts),
        created_us=micros(at),
        changed_us=micros(at),
        amount=9_000_000_000,
        probability=probability,
        close_us=micros(at) + 30 * 86_400_000_000,
        is_closed=is_won,
        is_won=is_won,
    )


def _id(contact: Contact | str) -> str:
    return contact if isinstance(contact, str) else contact.id
