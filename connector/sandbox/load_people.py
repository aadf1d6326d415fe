"""Who stands behind the ids of the CSV set: companies, people, reps; made up where it is silent."""

import random
from collections.abc import Mapping
from datetime import datetime
from zlib import crc32

from connector.sandbox import catalogue, names
from connector.sandbox.csv_rows import Row
from connector.sandbox.names import UNITED_KINGDOM, UNITED_STATES, Market
from connector.sandbox.world import Company, Person, Rep

_MARKETS: Mapping[str, Market] = {"US": UNITED_STATES, "UK": UNITED_KINGDOM}

# The lowest and the highest number in each of the set's bands: employees, and revenue in dollars.
_EMPLOYEES: Mapping[str, tuple[int, int]] = {
    "200-499": (200, 499),
    "500-999": (500, 999),
    "1000-1999": (1_000, 1_999),
    "2000+": (2_000, 9_999),
}
_MILLION = 1_000_000
_REVENUES: Mapping[str, tuple[int, int]] = {
    "$1M-$10M": (_MILLION, 10 * _MILLION - 1),
    "$10M-$50M": (10 * _MILLION, 50 * _MILLION - 1),
    "$50M-$200M": (50 * _MILLION, 200 * _MILLION - 1),
    "$200M+": (200 * _MILLION, 2_000 * _MILLION),
}
# Whoever writes from a free mail provider's address; of `unknown` domains nothing can be told, and
# the company's is the commonest.
_PRIVATE = "personal"


def company(row: Row) -> Company:
    """Return the company of a line of accounts.csv."""
    key = row["account_id"]
    market = _MARKETS.get(row["region"])
    if market is None:
        row.reject(f"region {row.quoted('region')} is not one of {', '.join(_MARKETS)}")
    return Company(
        key=key,
        name=row["company_name"],
        domain=f"{names.slug(key)}.example",
        industry=row["industry"],
        country=market.country if market else "",
        employees=_inside(row, "employee_band", _EMPLOYEES),
        revenue=_inside(row, "estimated_revenue_band", _REVENUES),
    )


def _inside(row: Row, column: str, bands: Mapping[str, tuple[int, int]]) -> int | None:
    """Return a number inside the band, always the same for an account; None for an empty band."""
    band = row[column]
    if not band:
        return None
    if band not in bands:
        row.reject(f"{column} {row.quoted(column)} is not one of {', '.join(bands)}")
        return None
    low, high = bands[band]
    return low + crc32(f"{column} {row['account_id']}".encode()) % (high - low + 1)


def person(lead: Row, contact: Row, account: Company, *, created_at: datetime) -> Person:
    """Return the person behind a lead. Leads of one contact share a name, not an address."""
    rng = _seeded(contact["contact_id"])
    first = names.first_name(rng, language="en", is_woman=rng.random() < 0.5)
    last = names.last_name(rng, language="en")
    is_private = contact["email_domain_type"] == _PRIVATE
    domain = rng.choice(names.FREE_MAIL_DOMAINS) if is_private else account.domain
    market = next((one for one in _MARKETS.values() if one.country == account.country), None)
    local = f"{names.slug(first)}.{names.slug(last)}.{names.slug(lead['lead_id'])}"
    return Person(
        key=lead["lead_id"],
        email=f"{local}@{domain}",
        first_name=first,
        last_name=last,
        job_title=contact["job_title"],
        created_at=created_at,
        company=account.key,
        rep=lead["owner_rep_id"],
        country=account.country,
        phone=names.phone_number(rng, market) if market else "",
        source=lead["lead_source"],
        seniority=contact["seniority"],
        role=contact["buyer_role"],
    )


def rep(key: str) -> Rep:
    """Return the sales rep of an id."""
    rng = _seeded(key)
    first = names.first_name(rng, language="en", is_woman=rng.random() < 0.5)
    last = names.last_name(rng, language="en")
    address = f"{names.slug(first)}.{names.slug(last)}.{names.slug(key)}@{catalogue.OWN_DOMAIN}"
    return Rep(key=key, first_name=first, last_name=last, email=address)


def _seeded(key: str) -> random.Random:
    """Return a source of choices that are always the same for a key."""
    return random.Random(crc32(key.encode()))  # noqa: S311 - made up to be repeated, not to be secret
