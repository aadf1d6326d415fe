"""Durations, shares and paths as an admin writes them: `30d`, `4h`, `30%`, `rules.yaml`."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, InstanceOf, ValidationInfo, WithJsonSchema

from connector.config.section import folder_of, refuse
from connector.config.wording import found

_DURATION = re.compile(r"([0-9]{1,5})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SECONDS = re.compile(r"([0-9]{1,4})(s|m)")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")
_LARGE_PERCENT = re.compile(r"([0-9]{3,4}) ?%")
_WHOLE_PERCENT = re.compile(r"([0-9]{1,4}) ?%")
_HUNDRED = 100
_MOST_PERCENT = 1_000
_MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """A span of working hours: minutes, or whole working days, however long these are."""

    minutes: int = 0
    whole_days: int = 0

    @classmethod
    def hours(cls, number: int) -> "WorkingTime":
        """Return so many hours."""
        return cls(minutes=60 * number)

    @classmethod
    def days(cls, number: int) -> "WorkingTime":
        """Return so many working days."""
        return cls(whole_days=number)

    def in_minutes(self, minutes_a_day: int) -> int:
        """Return the span in minutes, given how long a working day is."""
        return self.minutes + self.whole_days * minutes_a_day


def duration(value: object) -> timedelta | None:
    """Return `30d`, `4h`, `90m` or `2w` as a span of time; None if it is none."""
    parts = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    return timedelta(**{_UNITS[parts[2]]: int(parts[1])}) if parts else None


def whole_days(value: object) -> int | None:
    """Return `30d` or `4w` as days; None if it is no whole number of days, or nothing."""
    span = duration(value)
    return span.days if span and span == timedelta(days=span.days) else None


def _span(value: object) -> object:
    span = duration(value)
    if span is None:
        raise refuse(
            "duration", f"must be a duration, for example 12h or 30d; {found(value)} was found"
        )
    return span


def _days(value: object) -> object:
    days = whole_days(value)
    if days is None:
        raise refuse("days", f"must be whole days, for example 30d; {found(value)} was found")
    return days


def _hours(value: object) -> object:
    span = duration(value)
    if span is None or span % timedelta(hours=1):
        raise refuse(
            "hours", f"must be whole hours or days, for example 4h; {found(value)} was found"
        )
    return span // timedelta(hours=1)


def _working_time(value: object) -> object:
    if isinstance(value, WorkingTime):
        return value
    parts = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    amount = int(parts[1]) if parts else 0
    unit = parts[2] if parts else ""
    most = {"m": _MOST_DAYS * 24 * 60, "h": _MOST_DAYS * 24, "d": _MOST_DAYS}.get(unit, 0)
    if not 1 <= amount <= most:
        raise refuse(
            "working_time",
            "must be minutes, hours or working days, up to 60d, for example 1h or 1d;"
            f" {found(value)} was found",
        )
    if unit == "d":
        return WorkingTime.days(amount)
    return WorkingTime(minutes=amount * (60 if unit == "h" else 1))


def _multiple(value: object) -> object:
    parts = _LARGE_PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if parts is None or not _HUNDRED <= int(parts[1]) <= _MOST_PERCENT:
        raise refuse(
            "multiple",
            f"must be a percentage from 100% to 1000%, for example 200%; {found(value)} was found",
        )
    return Decimal(parts[1]) / _HUNDRED


def _seconds(value: object) -> object:
    parts = _SECONDS.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = int(parts[1]) * (60 if parts[2] == "m" else 1) if parts else 0
    if not seconds:
        raise refuse("seconds", f"must be seconds, for example 10s; {found(value)} was found")
    return seconds


def percent(value: object) -> Decimal | None:
    """Return `60%` as 0.6; None if it is no percentage up to 100%."""
    parts = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if parts is None or Decimal(parts[1]) > _HUNDRED:
        return None
    return Decimal(parts[1]) / _HUNDRED


def _share(value: object) -> object:
    share = percent(value)
    if share is None:
        raise refuse(
            "percent",
            f"must be a percentage from 0% to 100%, for example 30%; {found(value)} was found",
        )
    return share


def _whole_percent(value: object) -> object:
    parts = _WHOLE_PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if parts is None or not 1 <= int(parts[1]) <= _MOST_PERCENT:
        raise refuse(
            "whole_percent",
            "must be a whole percentage from 1% to 1000%, for example 40%;"
            f" {found(value)} was found",
        )
    return int(parts[1])


def _path(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str) or not value:
        raise refuse(
            "path", f"must be a path, for example mappings/rules.yaml; {found(value)} was found"
        )
    return folder_of(info) / Path(value).expanduser()


Duration = Annotated[
    timedelta,
    BeforeValidator(_span),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[mhdw]$", "examples": ["12h", "30d"]}),
]
"""A span of time: `90m`, `12h`, `30d`, `2w`."""

Days = Annotated[
    int,
    BeforeValidator(_days),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[dw]$", "examples": ["30d"]}),
]
"""Whole days, at least one: `30d`."""

Hours = Annotated[
    int,
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[mhdw]$", "examples": ["4h", "1d"]}),
]
"""Whole hours, at least one: `4h`, `2d`."""

WorkingSpan = Annotated[
    InstanceOf[WorkingTime],
    BeforeValidator(_working_time),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[mhd]$", "examples": ["1h", "1d"]}),
]
"""Working time: `30m`, `4h`, `1d` for a working day."""

Multiple = Annotated[
    Decimal,
    BeforeValidator(_multiple),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+ ?%$", "examples": ["200%"]}),
]
"""A share of 1 or more as a number, written as a percentage: `200%`."""

Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[sm]$", "examples": ["10s"]}),
]
"""Whole seconds, at least one: `10s`, `1m`."""

Share = Annotated[
    Decimal,
    BeforeValidator(_share),
    WithJsonSchema({"type": "string", "pattern": "^[0-9.]+ ?%$", "examples": ["30%"]}),
]
"""A share as a number from 0 to 1, written as a percentage: `30%`."""

WholePercent = Annotated[
    int,
    BeforeValidator(_whole_percent),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+ ?%$", "examples": ["40%"]}),
]
"""Whole percent, from 1 to 1000: `40%`."""

FilePath = Annotated[
    InstanceOf[Path], BeforeValidator(_path), WithJsonSchema({"type": "string", "minLength": 1})
]
"""A path, seen from the folder of the file that it stands in."""
