"""Owners, companies, contacts and deals of a world, as records of an account."""

import re
from collections.abc import Mapping

from connector.sandbox.hubspot.changes import deal_state
from connector.sandbox.hubspot.kinds import COMPANIES, CONTACTS, DEALS
from connector.sandbox.hubspot.moments import iso, to_ms
from connector.sandbox.hubspot.portal import Owner, Portal
from connector.sandbox.hubspot.schema import Group, Property
from connector.sandbox.hubspot.table import Record
from connector.sandbox.hubspot.values import NUMBER
from connector.sandbox.world import Company, Deal, Person, World

FIRST_OWNER, FIRST_USER = 70_001, 50_001
GROUP = "sandbox_world"
KEY = "world_key"
SOURCES = {
    "organic": "ORGANIC_SEARCH",
    "seo": "ORGANIC_SEARCH",
    "paid": "PAID_SEARCH",
    "ads": "PAID_SEARCH",
    "email": "EMAIL_MARKETING",
    "newsletter": "EMAIL_MARKETING",
    "linkedin": "SOCIAL_MEDIA",
    "social": "SOCIAL_MEDIA",
    "referral": "REFERRALS",
    "partner": "REFERRALS",
    "web": "DIRECT_TRAFFIC",
    "direct": "DIRECT_TRAFFIC",
}
STAGES = {
    "qualification": "qualifiedtobuy",
    "demo": "presentationscheduled",
    "proposal": "decisionmakerboughtin",
    "negotiation": "contractsent",
    "won": "closedwon",
    "lost": "closedlost",
}


def fill_owners(portal: Portal, world: World) -> dict[str, int]:
    """Create the reps, and return their owner ids by key."""
    begins = min((to_ms(person.created_at) for person in world.people), default=portal.now_ms())
    ids: dict[str, int] = {}
    for place, rep in enumerate(sorted(world.reps, key=lambda rep: rep.key)):
        owner_id = FIRST_OWNER + place
        ids[rep.key] = owner_id
        portal.owners[owner_id] = Owner(
            owner_id, FIRST_USER + place, rep.email, rep.first_name, rep.last_name, begins
        )
    return ids


def fill_companies(portal: Portal, world: World) -> dict[str, tuple[int, Company]]:
    """Create the companies, and return them with their ids by key."""
    begins = min((to_ms(person.created_at) for person in world.people), default=portal.now_ms())
    table = portal.table(COMPANIES)
    held: dict[str, tuple[int, Company]] = {}
    records: list[Record] = []
    for record_id, company in enumerate(
        sorted(world.companies, key=lambda company: company.key), table.next_id
    ):
        held[company.key] = (record_id, company)
        records.append(Record(record_id, _company(company), begins, begins))
    table.load(records)
    return held


def fill_contacts(
    portal: Portal,
    world: World,
    owners: Mapping[str, int],
    companies: Mapping[str, tuple[int, Company]],
) -> dict[str, Record]:
    """Make the people's records, not yet in the table, by key; older people have lower ids."""
    _define(portal, world)
    people = sorted(world.people, key=lambda person: (person.created_at, person.key))
    contacts: dict[str, Record] = {}
    for record_id, person in enumerate(people, portal.table(CONTACTS).next_id):
        company_id, company = companies.get(person.company, (0, None))
        at_ms = to_ms(person.created_at)
        props = _contact(portal, person, company)
        if person.rep in owners:
            props["hubspot_owner_id"] = str(owners[person.rep])
            props["hubspot_owner_assigneddate"] = iso(at_ms)
        if company_id:
            props["associatedcompanyid"] = str(company_id)
            portal.links.add(CONTACTS, record_id, COMPANIES, company_id, 1)
        contacts[person.key] = Record(record_id, props, at_ms, at_ms)
    return contacts


def fill_deals(
    portal: Portal, world: World, owners: Mapping[str, int], contacts: Mapping[str, Record]
) -> None:
    """Create the deals, linked with their people; a contact's roll-ups and stage follow them."""
    _define_key(portal, DEALS.name)
    table = portal.table(DEALS)
    records: list[Record] = []
    for record_id, deal in enumerate(
        sorted(world.deals, key=lambda deal: (deal.created_at, deal.key)), table.next_id
    ):
        contact = contacts[deal.person]
        records.append(_deal(record_id, deal, owners))
        portal.links.add(DEALS, record_id, CONTACTS, contact.id)
        company = contact.props.get("associatedcompanyid")
        if company:
            portal.links.add(DEALS, record_id, COMPANIES, int(company), 5)
        _roll_up(contact, deal)
    table.load(records)


def _company(company: Company) -> dict[str, str]:
    return _known(
        name=company.name,
        domain=company.domain,
        industry=company.industry,
        country=company.country,
        numberofemployees="" if company.employees is None else str(company.employees),
        annualrevenue="" if company.revenue is None else str(company.revenue),
    )


def _contact(portal: Portal, person: Person, company: Company | None) -> dict[str, str]:
    props = _known(
        email=person.email.lower(),
        firstname=person.first_name,
        lastname=person.last_name,
        jobtitle=person.job_title,
        phone=person.phone,
        country=person.country or (company.country if company else ""),
        seniority=person.seniority,
        job_function=person.role,
        lifecyclestage="lead",
        hs_email_domain=person.email.lower().partition("@")[2],
        hs_analytics_source=_source(person.source) if person.source else "",
        world_source=person.source,
        world_key=person.key,
    )
    if company is not None:
        props |= _known(
            company=company.name,
            industry=company.industry,
            website=company.domain,
            numemployees="" if company.employees is None else str(company.employees),
            annualrevenue="" if company.revenue is None else str(company.revenue),
        )
    for name, value in (
        ("hs_language", person.language),
        ("hs_seniority", person.seniority),
        ("hs_role", person.role),
    ):
        prop = portal.schema(CONTACTS).properties[name]
        if prop.order_of(value) >= 0:
            props[name] = value
    return props | _known(**{_plain(name): value for name, value in person.extra.items()})


def _source(source: str) -> str:
    wanted = source.lower()
    for part, name in SOURCES.items():
        if part in wanted:
            return name
    return "OFFLINE"


def _deal(record_id: int, deal: Deal, owners: Mapping[str, int]) -> Record:
    stage = STAGES[deal.stage]
    props = _known(
        dealname=deal.name,
        pipeline="default",
        dealstage=stage,
        amount="" if deal.amount is None else str(deal.amount),
        closedate="" if deal.close_at is None else iso(to_ms(deal.close_at)),
        hubspot_owner_id=str(owners.get(deal.rep, "")),
        num_associated_contacts="1",
        world_key=deal.key,
    )
    created_ms = to_ms(deal.created_at)
    closed_ms = to_ms(deal.close_at) if deal.close_at and deal.stage in {"won", "lost"} else 0
    return Record(record_id, props | deal_state(stage), created_ms, max(created_ms, closed_ms))


def _roll_up(contact: Record, deal: Deal) -> None:
    props = contact.props
    created_ms = to_ms(deal.created_at)
    contact.updated_ms = max(contact.updated_ms, created_ms)
    props["num_associated_deals"] = str(int(props.get("num_associated_deals", "0")) + 1)
    props.setdefault("first_deal_created_date", iso(created_ms))
    if deal.stage == "won":
        props["lifecyclestage"] = "customer"
        props["recent_deal_amount"] = str(deal.amount or 0)
        props["total_revenue"] = str(int(props.get("total_revenue", "0")) + (deal.amount or 0))
        if deal.close_at:
            props["recent_deal_close_date"] = props["closedate"] = iso(to_ms(deal.close_at))
    elif props.get("lifecyclestage") != "customer":
        props["lifecyclestage"] = "opportunity"


def _define(portal: Portal, world: World) -> None:
    _define_key(portal, CONTACTS.name)
    schema, now = portal.schema(CONTACTS), portal.now_ms()
    values: dict[str, set[str]] = {"world_source": set()}
    for person in world.people:
        for name, value in person.extra.items():
            values.setdefault(_plain(name), set()).add(value)
    for name, found in values.items():
        if name in schema.properties:
            continue
        is_number = name != "world_source" and all(NUMBER.fullmatch(v) for v in found if v)
        type_, field_type = ("number", "number") if is_number else ("string", "text")
        label = name.replace("_", " ").capitalize()
        schema.properties[name] = Property(
            name, label, type_, field_type, GROUP, created_ms=now, updated_ms=now
        )


def _define_key(portal: Portal, name: str) -> None:
    schema, now = portal.schemas[name], portal.now_ms()
    schema.groups.setdefault(GROUP, Group(GROUP, "Sandbox world"))
    schema.properties[KEY] = Property(
        KEY, "World key", "string", "text", GROUP, is_unique=True, created_ms=now, updated_ms=now
    )
    portal.tables[name].watch(KEY)


def _known(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"x_{plain}"
