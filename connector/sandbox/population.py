"""Who is in a made-up market: the vendor's reps, the companies it knows and the people there."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connector.sandbox import catalogue, names
from connector.sandbox.names import Market, Title
from connector.sandbox.stories import Cast, Plot
from connector.sandbox.world import Company, Person, Rep

_INDUSTRIES = (
    "manufacturing", "logistics", "professional_services", "healthcare_non_clinical", "retail",
    "energy", "food",
)  # fmt: skip
_SOURCES = ("inbound_marketing", "sdr_outbound", "partner_referral", "trade_fair", "import")


class Site(NamedTuple):
    """A company and what its people share."""

    company: Company
    market: Market
    has_gateway: bool


@dataclass(frozen=True, slots=True)
class Character:
    """A person before the story: everything but when the CRM first heard of them."""

    person: Person
    zone: ZoneInfo
    has_gateway: bool


class Population:
    """The vendor's reps and the companies it knows; hands out people who work there."""

    def __init__(self, rng: random.Random, people: int) -> None:
        self._rng = rng
        self._addresses: dict[str, int] = {}
        self._zones = {zone: ZoneInfo(zone) for market in names.MARKETS for zone in market.zones}
        self._epoch = datetime(1970, 1, 1, tzinfo=UTC)
        self.reps = [self._rep(number) for number in range(1, 4 + min(people // 250, 37))]
        self._insiders: dict[Cast, list[Site]] = {
            "staff": [self._site("own", catalogue.OWN_COMPANY, catalogue.OWN_DOMAIN)],
            "competitor": self._sites("rival", catalogue.COMPETITORS),
            "student": self._sites("school", catalogue.SCHOOLS),
        }
        self._customers = list(self._companies(max(1, people // 3)))
        self.sites = [
            *self._customers,
            *(site for sites in self._insiders.values() for site in sites),
        ]

    def person(self, number: int, plot: Plot) -> Character:
        """Return somebody fit for the plot, with gaps where a CRM has them."""
        rng = self._rng
        site = self._workplace(plot)
        market = site.market if site else _draw_market(rng)
        is_woman = rng.random() < 0.5
        first = names.first_name(rng, language=market.language, is_woman=is_woman)
        last = names.last_name(rng, language=market.language)
        title = _title(rng, plot)
        # Sales has completed what it knows of those it talks to.
        known = 0.93 if plot.cast == "buyer" else 0.75
        says_title = rng.random() < known or plot.cast != "anybody"
        person = Person(
            key=f"p{number}",
            email=self._address(first, last, self._mail_domain(site)),
            first_name=first,
            last_name=last,
            job_title=title.worded(language=market.language, is_woman=is_woman)
            if says_title
            else "",
            created_at=self._epoch,
            company=site.company.key if site else "",
            rep=self._owner(plot),
            country=market.country if rng.random() < known + 0.05 else "",
            language=market.language,
            phone=names.phone_number(rng, market) if rng.random() < known - 0.3 else "",
            source=rng.choice(_SOURCES),
            seniority=title.seniority if says_title and rng.random() < known else "",
            role=title.role if says_title and rng.random() < known else "",
        )
        return Character(person, self._zones[rng.choice(market.zones)], _is_scanned(site))

    def _workplace(self, plot: Plot) -> Site | None:
        """Return where somebody works; a few companies employ many people, most one or two."""
        insiders = self._insiders.get(plot.cast)
        if insiders:
            return self._rng.choice(insiders)
        if plot.cast == "anybody" and self._rng.random() < 0.1:
            return None
        return self._customers[int(len(self._customers) * self._rng.random() ** 1.7)]

    def _owner(self, plot: Plot) -> str:
        if plot.cast == "buyer" or self._rng.random() < 0.5:
            return self._rng.choice(self.reps).key
        return ""

    def _mail_domain(self, site: Site | None) -> str:
        """Return the employer's domain, or now and then a free mail provider's."""
        # Staff, competitors and students (sites without an industry) show where they belong.
        if site and (self._rng.random() < 0.93 or not site.company.industry):
            return site.company.domain
        return self._rng.choice(names.FREE_MAIL_DOMAINS)

    def _address(self, first: str, last: str, domain: str) -> str:
        """Return an address that nobody has yet."""
        address = f"{names.slug(first)}.{names.slug(last)}"
        taken = self._addresses[f"{address}@{domain}"] = (
            self._addresses.get(f"{address}@{domain}", 0) + 1
        )
        return f"{address}{taken if taken > 1 else ''}@{domain}"

    def _rep(self, number: int) -> Rep:
        rng = self._rng
        language = "fr" if number % 2 else "en"
        first = names.first_name(rng, language=language, is_woman=rng.random() < 0.5)
        last = names.last_name(rng, language=language)
        address = self._address(first, last, catalogue.OWN_DOMAIN)
        return Rep(key=f"r{number}", first_name=first, last_name=last, email=address)

    def _companies(self, how_many: int) -> Iterator[Site]:
        taken: dict[str, int] = {}
        for number in range(how_many):
            market = _draw_market(self._rng)
            name = names.company_name(self._rng, language=market.language)
            namesakes = taken[names.slug(name)] = taken.get(names.slug(name), 0) + 1
            if namesakes > 1:
                name = f"{name} {namesakes}"
            yield Site(
                company=self._company(f"c{number + 1}", name, market),
                market=market,
                # The company with the most people always has one, so that every world has robots.
                has_gateway=number == 0 or self._rng.random() < 0.08,
            )

    def _company(self, key: str, name: str, market: Market) -> Company:
        rng = self._rng
        employees = int(10 * 10 ** (rng.random() * 2.7))
        return Company(
            key=key,
            name=name,
            domain=f"{names.slug(name)}.example",
            industry=rng.choice(_INDUSTRIES),
            country=market.country,
            employees=employees if rng.random() < 0.8 else None,
            revenue=employees * rng.randrange(60, 400) * 1_000 if rng.random() < 0.6 else None,
        )

    def _sites(self, kind: str, known: Sequence[tuple[str, str]]) -> list[Site]:
        return [
            self._site(f"{kind}{number}", name, domain)
            for number, (name, domain) in enumerate(known, start=1)
        ]

    def _site(self, key: str, name: str, domain: str) -> Site:
        market = _draw_market(self._rng)
        company = Company(key=key, name=name, domain=domain, country=market.country)
        return Site(company, market, has_gateway=False)


def _draw_market(rng: random.Random) -> Market:
    return rng.choices(names.MARKETS, names.MARKET_SHARES)[0]


def _is_scanned(site: Site | None) -> bool:
    return site is not None and site.has_gateway


def _title(rng: random.Random, plot: Plot) -> Title:
    if plot.cast == "student":
        return rng.choice(names.STUDENT_TITLES)
    if plot.cast in ("staff", "competitor"):
        return rng.choice(names.SELLER_TITLES)
    if plot.cast == "buyer" or rng.random() < 0.4:
        return rng.choice(names.BUYER_TITLES)
    return rng.choice(names.OTHER_TITLES)
