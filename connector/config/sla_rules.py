"""The part of a rules file that says by when sales acts, in its working hours."""

import re
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from connector.config.amounts import Multiple, Share, WorkingSpan, WorkingTime
from connector.config.section import Section, refuse
from connector.config.settings import ZoneName
from connector.config.wording import found
from connector.rules.working import span_text

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEK: tuple[Weekday, ...] = get_args(Weekday)
_SPAN = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9]) ?- ?([01]?[0-9]|2[0-4]):([0-5][0-9])")
_MIDNIGHT = 24 * 60


def _span(value: object) -> object:
    parts = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if parts is None:
        message = f"must be from and to, for example 09:00-18:00; {found(value)} was found"
        raise refuse("span", message)
    hours, minutes, until, past = (int(part) for part in parts.groups())
    span = (60 * hours + minutes, 60 * until + past)
    if not span[0] < span[1] <= _MIDNIGHT:
        raise refuse("span", f"must end after it starts, on the same day; {value} was found")
    return span


def calendar_day(value: object) -> object:
    """Return a calendar day as an admin writes it, or refuse the value."""
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        message = f"must be a date, for example 2026-12-25; {found(value)} was found"
        raise refuse("day", message) from None


Span = Annotated[
    tuple[int, int],
    BeforeValidator(_span),
    WithJsonSchema({"type": "string", "examples": ["09:00-18:00"]}),
]
"""From and to, as minutes after midnight."""

Day = Annotated[
    date,
    BeforeValidator(calendar_day),
    WithJsonSchema({"type": "string", "examples": ["2026-12-25"]}),
]
"""A calendar day."""


def _apart(spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    ordered = tuple(sorted(spans))
    for first, second in pairwise(ordered):
        if second[0] < first[1]:
            both = f"{span_text(first)} and {span_text(second)}"
            raise refuse("spans", f"{both} overlap: write each hour once")
    return ordered


class WorkingHoursSection(Section):
    """When sales works: the clock of a hand-off runs then."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEK[:5]
    """The days of the week."""
    hours: Annotated[tuple[Span, ...], Field(min_length=1), AfterValidator(_apart)] = ((540, 1080),)
    """From and to, of each such day."""
    holidays: tuple[Day, ...] = ()
    """Days off."""
    time_zone: ZoneName | None = None
    """Where sales works; by default the time zone of the CRM account."""


class DueSection(Section):
    """By when sales acts, in working hours; `1d` is a working day."""

    need: WorkingSpan = WorkingTime.hours(1)
    """After an explicit need."""
    points: WorkingSpan = WorkingTime.days(1)
    """After a hand-off by points."""


class SlaSection(Section):
    """What becomes of a hand-off on which nobody acts in time."""

    warned: Share = Decimal("0.75")
    """From this share of the time on it is about to be late."""
    escalated: Multiple = Decimal(2)
    """From this multiple of the time on it is a matter for a manager."""
    escalate_to: tuple[str, ...] = ()
    """E-mail addresses of owners in the CRM: the first active one gets a task then."""
