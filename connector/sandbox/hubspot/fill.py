"""Fills an account with a world: who there is, what they did, what was sold to them."""

from collections import defaultdict

from connector.sandbox.hubspot.fill_activities import ACTIVITIES
from connector.sandbox.hubspot.fill_leads import fill_leads
from connector.sandbox.hubspot.fill_people import (
    fill_companies,
    fill_contacts,
    fill_deals,
    fill_owners,
)
from connector.sandbox.hubspot.fill_streams import STREAMS, Names
from connector.sandbox.hubspot.kinds import CONTACTS, kind_of
from connector.sandbox.hubspot.links import Links
from connector.sandbox.hubspot.moments import to_ms
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.table import Record
from connector.sandbox.world import Happening, World


def fill(portal: Portal, world: World) -> None:
    """Put a world into an empty account, with the times at which it happened.

    The same world gives the same ids. Nothing counts as recent: searches find all of it at once.
    """
    owners = fill_owners(portal, world)
    companies = fill_companies(portal, world)
    contacts = fill_contacts(portal, world, owners, companies)
    _fill_happenings(portal, world, owners, contacts)
    fill_deals(portal, world, owners, contacts)
    if portal.options.leads:
        fill_leads(portal, world, owners, contacts)
    portal.table(CONTACTS).load(contacts.values())
    portal.changes += 1


def _fill_happenings(
    portal: Portal, world: World, owners: dict[str, int], contacts: dict[str, Record]
) -> None:
    names = Names()
    made: dict[str, list[Record]] = defaultdict(list)
    next_ids = {name: table.next_id for name, table in portal.tables.items()}
    for happening in sorted(world.happenings, key=lambda one: (one.at, one.key)):
        contact = contacts[happening.person]
        at_ms = to_ms(happening.at)
        contact.updated_ms = max(contact.updated_ms, at_ms)
        stream = STREAMS.get(happening.deed)
        if stream is not None:
            stream(portal, names, contact, happening, at_ms)
            continue
        name, props = ACTIVITIES[happening.deed](contact.props, happening, at_ms)
        _own(props, owners, happening)
        record = Record(next_ids[name], props, at_ms, at_ms)
        next_ids[name] += 1
        made[name].append(record)
        _link(portal.links, name, record, contact)
    for name, records in made.items():
        portal.tables[name].load(records)


def _own(props: dict[str, str], owners: dict[str, int], happening: Happening) -> None:
    if happening.rep in owners:
        props["hubspot_owner_id"] = str(owners[happening.rep])


def _link(links: Links, name: str, record: Record, contact: Record) -> None:
    links.add(kind_of(name), record.id, CONTACTS, contact.id)
