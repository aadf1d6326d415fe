"""An admin's cases as values: what is known of a contact at each step, and what is expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.config.mapping import CrmMapping
from connector.domain.contact import Activity, Opportunity, Value
from connector.domain.moment import moment
from connector.rules.conditions import Kind
from connector.rules.model import RuleSet
from connector.rules.opportunities import OPPORTUNITY_FIELDS
from connector.rules.plan import CompiledRules


@dataclass(frozen=True, slots=True)
class Known:
    """What a case may name. `types`: activity types; None where no mapping says which exist.

    `of_opportunities`: their fields, beside those that all have.
    """

    rules: RuleSet
    fields: Mapping[str, Kind]
    attributes: Mapping[str, Kind]
    types: frozenset[str] | None = None
    of_opportunities: Mapping[str, Kind] = field(default_factory=dict)


def known(rules: RuleSet, compiled: CompiledRules, mapping: CrmMapping | None) -> Known:
    """Return what cases may name: what the rules look at, and what the mapping reads."""
    asked = compiled.opportunities.fields if compiled.opportunities else {}
    if mapping is None:
        return Known(
            rules, compiled.fields, compiled.attributes, of_opportunities=_without_usual(asked)
        )
    shapes = mapping.shapes()
    return Known(
        rules,
        {**shapes.fields, **compiled.fields},
        {**shapes.attributes, **compiled.attributes},
        mapping.types,
        _without_usual({**shapes.of_opportunities, **asked}),
    )


def _without_usual(fields: Mapping[str, Kind]) -> Mapping[str, Kind]:
    """Return the fields of opportunities that have no words of their own in a case."""
    return {name: kind for name, kind in fields.items() if name not in OPPORTUNITY_FIELDS}


@dataclass(frozen=True, slots=True)
class People:
    """What people did in the CRM, up to a step. `verdict_us`: since when the verdict stands.

    `not_before_day`: the number of the day to come back that came with it.
    """

    verdict: str | None = None
    verdict_us: int | None = None
    task_done: bool | None = None
    stage: str | None = None
    not_before_day: int | None = None


@dataclass(frozen=True, slots=True)
class TopicExpected:
    """One of the interests. `topic`: as an evaluation names it; `written`: as the admin does.

    `points`: micro-points; None if only the order is asked for.
    """

    topic: str
    written: str
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Everything that is known at one moment, the steps before included.

    `whole_domain`: mails that all recipients of the contact's mail domain clicked like a robot.
    `expected`: {what: value}, as `score`, `points` (micro-points), `stage`, `gates.fit`,
    `reasons.white_paper` (micro-points), `reasons.cap content`, `opportunities.deal.score`; moments
    and days are texts, as of `local_text`. `interests`: all of them in order, `quarantine`:
    {activity: signs} of everything that is there; None where nothing is expected.
    """

    at: datetime
    fields: Mapping[str, Value] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
    people: People = field(default_factory=People)
    whole_domain: tuple[str, ...] = ()
    expected: Mapping[str, object] = field(default_factory=dict)
    interests: tuple[TopicExpected, ...] | None = None
    quarantine: Mapping[str, frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A contact's story. `line`: where it begins in its file."""

    name: str
    file: str
    line: int
    zone: ZoneInfo
    steps: tuple[Step, ...]


def local_text(us: int, zone: ZoneInfo) -> str:
    """Return an instant in microseconds as a case's clocks show it: equal for equal instants."""
    return moment(us).astimezone(zone).isoformat()


def unnamed(place: int) -> str:
    """Return the id of a case's activity to which the admin gave none, by its place from 0."""
    return f"{place:06}"
