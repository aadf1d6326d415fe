"""Ages, moments and points as cases write them: `21d`, `2026-03-01T10:00`, `4.454495`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, InstanceOf, WithJsonSchema

from connector.config.amounts import duration
from connector.config.section import Number, refuse
from connector.config.wording import found
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


def _exact(points: Decimal) -> Decimal:
    if not points.is_finite() or abs(points) > _MOST_POINTS:
        raise refuse("points", f"must be a sum of points; {points} was found")
    if points * MILLION % 1:
        raise refuse("points", f"must have at most six decimals; {points} was found")
    return points


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

Sum = Annotated[Number, AfterValidator(_exact)]
"""Points as they come out, exact to six decimals."""
