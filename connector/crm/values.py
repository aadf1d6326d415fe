"""A CRM's texts as canonical values: every property is read as text, or as nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from connector.domain.contact import Value
from connector.domain.numbers import MILLION, to_millionths
from connector.rules.conditions import Kind

Convert = Callable[[str], Value]
"""Reads a text that is not empty; None if it is none of its kind."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = len("2026-03-02")
_SHORT = 13  # digits of a number that surely fits once multiplied
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})


def text(value: str) -> str:
    """Return the text itself."""
    return value


def number(value: str) -> int | None:
    """Return millionths."""
    if value.isdecimal() and value.isascii() and len(value) < _SHORT:
        return int(value) * MILLION
    return to_millionths(value)


def boolean(value: str) -> bool | None:
    """Return whether it says yes; CRMs write `true` and `false`."""
    word = value.strip().lower()
    if word in _YES:
        return True
    return False if word in _NO else None


def moment(value: str) -> int | None:
    """Return microseconds since 1970 UTC of an ISO moment, a day (its start in UTC) or epoch ms.

    A day is a day everywhere to HubSpot, kept as midnight UTC; any other zone would shift it. Where
    a day is the account's own, read it by `moment_in`.
    """
    bare = value.strip()
    # Digits first: Python would read `1700101012345` as a day in the year 1700, and a time.
    if bare.removeprefix("-").isdecimal() and bare.isascii():
        return int(bare) * 1_000 if len(bare) <= _SHORT + 2 else None
    try:
        at = datetime.fromisoformat(bare)
    except ValueError:
        return None
    return micros(at if at.tzinfo is not None else at.replace(tzinfo=UTC))


def moment_in(zone: tzinfo) -> Convert:
    """Return a conversion like `moment`, in which a day alone begins at midnight of a time zone."""

    def convert(value: str) -> int | None:
        if len(value) != _DAY:
            return moment(value)
        try:
            return micros(datetime.fromisoformat(value).replace(tzinfo=zone))
        except ValueError:
            return None

    return convert


def micros(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970 UTC."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * MILLION + since.microseconds


def millis(at: datetime) -> int:
    """Return an aware instant as the milliseconds since 1970."""
    return micros(at) // 1_000


def divided(by: Decimal) -> Convert:
    """Return a conversion to millionths of a number divided, rounded half to even."""

    def convert(value: str) -> int | None:
        try:
            quotient = Decimal(value.strip()) / by
        except InvalidOperation:
            return None
        return to_millionths(str(quotient)) if quotient.is_finite() else None

    return convert


_CONVERT: dict[Kind, Convert] = {
    Kind.TEXT: text,
    Kind.NUMBER: number,
    Kind.BOOLEAN: boolean,
    Kind.MOMENT: moment,
}


def converter(
    kind: Kind, divide_by: Decimal | float | None = None, zone: tzinfo | None = None
) -> Convert:
    """Return the conversion of a kind; with `divide_by` of a number, with `zone` of days in it."""
    if divide_by:
        return divided(Decimal(str(divide_by)))
    return moment_in(zone) if zone is not None and kind is Kind.MOMENT else _CONVERT[kind]
