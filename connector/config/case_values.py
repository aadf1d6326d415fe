"""Ages, moments and points as cases write them: `21d`, `2026-03-01T10:00`, `4.454495`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, WithJsonSchema

from connector.config.amounts import duration
from connector.config.section import NonEmpty, Number, refuse
from connector.config.sla_rules import calendar_day
from connector.config.wording import found, quoted
from connector.domain.numbers import MILLION

_MOST_POINTS = 1_000_000_000
_DAY_TEXT = "2026-09-01"


@dataclass(frozen=True, slots=True)
class Span:
    """A distance in time: calendar `days` of the case's zone, then the exact `rest`.

    Days are counted on the wall clock, so that `21d` is 21 local days also where the clocks change
    in between.
    """

    days: int
    rest: timedelta

    def before(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the instant so long before another."""
        return (at.astimezone(zone) - timedelta(days=self.days)).astimezone(UTC) - self.rest

    def after(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the instant so long after another."""
        return (at.astimezone(zone) + timedelta(days=self.days)).astimezone(UTC) + self.rest


def _span(value: object) -> object:
    span = duration(value)
    if span is None:
        raise refuse("age", f"must be an age, for example 21d or 3h; {found(value)} was found")
    if str(value).strip()[-1] in "dw":
        return Span(span.days, timedelta())
    return Span(0, span)


def _moment(value: object) -> object:
    try:
        return _moment_of(value) if isinstance(value, str) else _no_moment(value)
    except ValueError:
        return _no_moment(value)


def _moment_of(text: str) -> datetime:
    if len(text) == len(_DAY_TEXT):
        return datetime.combine(date.fromisoformat(text), time())
    return datetime.fromisoformat(text)


def _no_moment(value: object) -> object:
    raise refuse(
        "moment",
        "must be a moment, for example 2026-03-01T10:00 (local) or 2026-03-01T09:00Z; "
        f"{found(value)} was found",
    )


def _moment_or_none(value: object) -> object:
    return value if value == "none" else _moment(value)


def _day_or_none(value: object) -> object:
    return value if value == "none" else calendar_day(value)


def _exact(points: Decimal) -> Decimal:
    if not points.is_finite() or abs(points) > _MOST_POINTS:
        raise refuse("points", f"must be a sum of points; {points} was found")
    if points * MILLION % 1:
        raise refuse("points", f"must have at most six decimals; {points} was found")
    return points


def _interests(value: object) -> object:
    """Return topics as {topic: points, or None}, however they are written."""
    if value == "none":
        return {}
    if isinstance(value, dict):
        return _with_points(value)
    if not isinstance(value, tuple):
        raise refuse(
            "interests",
            "must be topics in their order, for example [security, erp] or {security: 10, erp: 5}, "
            f"or none; {found(value)} was found",
        )
    for place, topic in enumerate(value):
        if not isinstance(topic, str):
            raise refuse("topic", f"a topic must be a text; {found(topic)} was found", place)
        if topic in value[:place]:
            raise refuse("topic", f"the topic {quoted(topic)} stands twice", place)
    return dict.fromkeys(value)


def _with_points(topics: Mapping[str, object]) -> object:
    for topic, points in topics.items():
        if points is None:
            message = f"how many points has {quoted(topic)}? or name the topics alone, in a list"
            raise refuse("points", message, topic)
    return topics


def _in_quarantine(value: object) -> object:
    if value == "none":
        return {}
    if not isinstance(value, dict):
        raise refuse(
            "quarantine",
            "must name activities by their id, each with its signs, for example "
            f"{{first_click: many_links}}, or none; {found(value)} was found",
        )
    return value


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def instant(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, of a moment that is local unless it says otherwise."""
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return local.astimezone(UTC)


Age = Annotated[
    InstanceOf[Span],
    BeforeValidator(_span),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[mhdw]$", "examples": ["21d", "3h"]}),
]
"""How long ago, or how much later: `90m`, `25h`, `21d`, `2w`."""

Moment = Annotated[
    InstanceOf[datetime],
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
            "examples": ["2026-03-01T10:00", "2026-03-01T09:00Z"],
        }
    ),
]
"""A moment: local time of the case's zone, unless it ends in `Z` or an offset."""

Due = Annotated[
    InstanceOf[datetime] | Literal["none"],
    BeforeValidator(_moment_or_none),
    WithJsonSchema({"type": "string", "examples": ["2026-03-01T10:00", "none"]}),
]
"""A moment, or `none`."""

DayOrNone = Annotated[
    InstanceOf[date] | Literal["none"],
    BeforeValidator(_day_or_none),
    WithJsonSchema({"type": "string", "examples": ["2026-03-01", "none"]}),
]
"""A calendar day, or `none`."""

Sum = Annotated[Number, AfterValidator(_exact)]
"""Points as they come out, exact to six decimals."""

Id = Annotated[
    NonEmpty,
    BeforeValidator(
        lambda value: str(value) if type(value) is int else value, json_schema_input_type=str | int
    ),
]
"""An id: a text or a number."""

Interests = Annotated[
    dict[NonEmpty, Sum | None],
    BeforeValidator(
        _interests,
        json_schema_input_type=tuple[NonEmpty, ...] | dict[NonEmpty, Sum] | Literal["none"],
    ),
]
"""Topics in their order: `[security, erp]`, with exact points `{security: 10, erp: 5}`, `none`."""

SignName = Literal["many_links", "at_once", "hidden_link", "gateway", "whole_domain"]
Signs = Annotated[
    tuple[SignName, ...],
    Field(min_length=1),
    BeforeValidator(_several, json_schema_input_type=SignName | tuple[SignName, ...]),
]
"""One sign of a robot, or a list of them."""

InQuarantine = Annotated[
    dict[Id, Signs],
    BeforeValidator(_in_quarantine, json_schema_input_type=dict[NonEmpty, Signs] | Literal["none"]),
]
"""Activities by their id, each with its signs: `{first: many_links}`, `none`."""
