"""Users, accounts, leads, contacts and opportunities of a world, as records of an org."""

import re
from collections.abc import Mapping

from connector.sandbox.salesforce.catalogue import FORECAST_LABELS, STAGES
from connector.sandbox.salesforce.filling import Book
from connector.sandbox.salesforce.moments import bulk_moment, to_s
from connector.sandbox.salesforce.org import user_values
from connector.sandbox.salesforce.table import Record, Values
from connector.sandbox.world import Company, Deal, Person, World

PERSON_FIELDS = (
    "World_Key__c string(40)",
    "World_Source__c string(80)",
    "Seniority__c string(80)",
    "Buyer_Role__c string(80)",
    "Language__c string(10)",
    "pi__score__c double(18,0)",
    "pi__first_activity__c datetime",
    "pi__last_activity__c datetime",
)
DEAL_STAGES = {
    "qualification": "Qualification",
    "demo": "Needs Analysis",
    "proposal": "Proposal/Price Quote",
    "negotiation": "Negotiation/Review",
    "won": "Closed Won",
    "lost": "Closed Lost",
}
SOURCES = {"partner": "Partner Referral", "referral": "Partner Referral", "phone": "Phone Inquiry"}
EVERY = 4  # one in so many people without a deal is a contact already
NUMBER = re.compile(r"-?\d{1,14}(?:\.\d{1,4})?")


def fill_users(book: Book, world: World) -> None:
    """Create the reps, and a queue for leads that nobody has taken."""
    org, begins = book.org, _begins(world)
    profile = next(iter(org.table("Profile").rows))
    for rep in sorted(world.reps, key=lambda rep: rep.key):
        values = user_values(
            rep.email, rep.first_name, rep.last_name, profile, org.options.time_zone
        )
        book.owners[rep.key] = book.add("User", values, begins).id
    queue: Values = {"Name": "New leads", "DeveloperName": "New_leads", "Type": "Queue"}
    book.queue = book.add("Group", queue, begins).id


def fill_people(book: Book, world: World) -> None:
    """Create accounts, leads and contacts; whoever has a deal is a contact."""
    book.define(("Lead", "Contact"), *PERSON_FIELDS)
    numbers = _define_extra(book, world)
    accounts = _accounts(book, world)
    with_deal = {deal.person for deal in world.deals}
    people = sorted(world.people, key=lambda person: (person.created_at, person.key))
    for place, person in enumerate(people):
        company, account = accounts.get(person.company, (None, ""))
        is_contact = person.key in with_deal or (bool(account) and place % EVERY == 0)
        values = _person(book, person) | _extra(person, numbers)
        if is_contact:
            values |= {"AccountId": account, "MailingCountry": person.country}
        else:
            values |= _lead(person, company)
            values["OwnerId"] = book.owners.get(person.rep, book.queue)
        kind = "Contact" if is_contact else "Lead"
        book.people[person.key] = book.add(kind, values, to_s(person.created_at))


def fill_deals(book: Book, world: World) -> None:
    """Create the opportunities, each with the role of its contact."""
    book.define(("Opportunity",), "World_Key__c string(40)")
    for deal in sorted(world.deals, key=lambda deal: (deal.created_at, deal.key)):
        person = book.people[deal.person]
        values = _deal(deal) | {
            "AccountId": person.values.get("AccountId"),
            "OwnerId": book.owners.get(deal.rep, book.org.main_user),
        }
        at_s = to_s(deal.created_at)
        opportunity = book.add("Opportunity", values, at_s)
        if deal.close_at is not None and opportunity.values["IsClosed"]:
            book.touch(opportunity, to_s(deal.close_at))
        role: Values = {
            "OpportunityId": opportunity.id, "ContactId": person.id,
            "Role": "Decision Maker", "IsPrimary": True,
        }  # fmt: skip
        book.add("OpportunityContactRole", role, at_s)


def _accounts(book: Book, world: World) -> dict[str, tuple[Company, str]]:
    held: dict[str, tuple[Company, str]] = {}
    begins = _begins(world)
    for company in sorted(world.companies, key=lambda company: company.key):
        values: Values = {
            "Name": company.name[:255],
            "Website": company.domain,
            "Industry": company.industry,
            "BillingCountry": company.country,
            "NumberOfEmployees": company.employees,
            "AnnualRevenue": None if company.revenue is None else float(company.revenue),
            "OwnerId": book.org.main_user,
        }
        held[company.key] = (company, book.add("Account", values, begins).id)
    return held


def _person(book: Book, person: Person) -> Values:
    last = person.last_name or person.email.partition("@")[0] or "Unknown"
    return {
        "FirstName": person.first_name[:40],
        "LastName": last[:80],
        "Name": f"{person.first_name} {last}".strip()[:121],
        "Email": person.email[:80],
        "Title": person.job_title[:128],
        "Phone": person.phone[:40],
        "LeadSource": _source(person.source),
        "OwnerId": book.owners.get(person.rep, book.org.main_user),
        "World_Key__c": person.key,
        "World_Source__c": person.source[:80],
        "Seniority__c": person.seniority[:80],
        "Buyer_Role__c": person.role[:80],
        "Language__c": person.language[:10],
    }


def _lead(person: Person, company: Company | None) -> Values:
    values: Values = {
        "Company": person.email.partition("@")[2] or "[not provided]",
        "Status": "Open - Not Contacted",
        "Country": person.country,
    }
    if company is None:
        return values
    return values | {
        "Company": company.name[:255],
        "Industry": company.industry,
        "Website": company.domain,
        "Country": person.country or company.country,
        "NumberOfEmployees": company.employees,
        "AnnualRevenue": None if company.revenue is None else float(company.revenue),
    }


def _source(source: str) -> str:
    if not source:
        return ""
    return next((name for part, name in SOURCES.items() if part in source.lower()), "Web")


def _deal(deal: Deal) -> Values:
    name, chance, closed, won, forecast = next(
        stage for stage in STAGES if stage[0] == DEAL_STAGES[deal.stage]
    )
    amount = None if deal.amount is None else float(deal.amount)
    closes_at = deal.close_at or deal.created_at
    return {
        "Name": deal.name[:120],
        "StageName": name,
        "$stage": name,
        "Amount": amount,
        "Probability": float(chance),
        "ExpectedRevenue": None if amount is None else amount * chance / 100,
        "CloseDate": bulk_moment(to_s(closes_at))[:10],
        "IsClosed": closed,
        "IsWon": won,
        "ForecastCategory": forecast,
        "ForecastCategoryName": FORECAST_LABELS[forecast],
        "World_Key__c": deal.key,
    }


def _define_extra(book: Book, world: World) -> frozenset[str]:
    """Define a field for each further column, and return those that hold numbers alone."""
    seen: dict[str, bool] = {}
    for person in world.people:
        for name, value in person.extra.items():
            is_number = not value or NUMBER.fullmatch(value) is not None
            seen[api_name(name)] = seen.get(api_name(name), True) and is_number
    numbers = frozenset(name for name, is_number in seen.items() if is_number)
    for name in seen:
        type_ = "double(18,4)" if name in numbers else "string(255)"
        book.define(("Lead", "Contact"), f"{name} {type_}")
    return numbers


def _extra(person: Person, numbers: frozenset[str]) -> Values:
    values: Values = {}
    for name, value in person.extra.items():
        if value:
            api = api_name(name)
            values[api] = float(value) if api in numbers else value[:255]
    return values


def api_name(name: str) -> str:
    """Return the name of a custom field for a column's heading."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:36]
    return f"{plain if plain[:1].isalpha() else 'X_' + plain}__c"


def _begins(world: World) -> int:
    return min((to_s(person.created_at) for person in world.people), default=to_s(world.ends_at))


def kind_of(book: Book, person: Record) -> Mapping[str, object]:
    """Return the reference by which a campaign member knows a person."""
    name = "ContactId" if book.org.kind_of(person.id) == "Contact" else "LeadId"
    return {name: person.id}
