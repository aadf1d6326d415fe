"""Durations, shares and paths as an admin writes them: `30d`, `4h`, `30%`, `rules.yaml`."""

import re
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
_HUNDRED = 100


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


def _seconds(value: object) -> object:
    parts = _SECONDS.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = int(parts[1]) * (60 if parts[2] == "m" else 1) if parts else 0
    if not seconds:
        raise refuse("seconds", f"must be seconds, for example 10s; {found(value)} was found")
    return seconds


def _share(value: object) -> object:
    parts = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if parts is None or Decimal(parts[1]) > _HUNDRED:
        raise refuse(
            "percent",
            f"must be a percentage from 0% to 100%, for example 30%; {found(value)} was found",
        )
    return Decimal(parts[1]) / _HUNDRED


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

FilePath = Annotated[
    InstanceOf[Path], BeforeValidator(_path), WithJsonSchema({"type": "string", "minLength": 1})
]
"""A path, seen from the folder of the file that it stands in."""
