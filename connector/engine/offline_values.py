"""Texts of a file as canonical values, in SQL: one expression for each kind of value.

An expression is NULL where the text is empty and where it cannot be understood; the reader tells
the two apart. Numbers come out exactly as `connector.domain.numbers.to_millionths` reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.rules.conditions import Kind

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_ZONE = r"[Zz]|[+-]\d{2}(?::?\d{2})?"
_MOMENT = f"^({_DAY})(?:[T ]({_CLOCK}) ?({_ZONE})?)?$"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)$"
_MOST = 9_000_000_000_000_000_000  # as in to_millionths: what stays inside 64 bits

FORMS: Mapping[Kind, str] = {
    Kind.TEXT: "is empty",
    Kind.NUMBER: "is no number; write it like 1234.56, without separators of thousands",
    Kind.BOOLEAN: "is neither true nor false; write true, false, yes, no, 1 or 0",
    Kind.MOMENT: (
        "is no time; write it like 2026-03-28, 2026-03-28T14:30 or 2026-03-28T14:30:00+01:00"
    ),
}
"""What a message says of a value of each kind that could not be understood."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in SQL: microseconds since 1970, of UTC or, where `is_local`, of the wall clock."""

    us: str
    is_local: str


def number(text: str) -> str:
    """Return the millionths of a decimal text, rounded half to even."""
    # A float that a tool wrote as 1e-07 is spelled out first; digits beyond the 18th are its noise.
    spelled = f"CAST(TRY_CAST({text} AS DECIMAL(38, 18)) AS VARCHAR)"
    plain = f"CASE WHEN regexp_matches({text}, '[eE]') THEN {spelled} ELSE {text} END"
    plain = f"regexp_extract({plain}, '{_NUMBER}')"
    head = f"regexp_extract({plain}, '^[+-]?\\d*(?:\\.\\d{{0,6}})?')"
    tail = f"regexp_extract({plain}, '\\.\\d{{6}}(\\d+)$', 1)"
    whole = f"CAST(TRY_CAST({head} AS DECIMAL(19, 6)) * 1000000 AS HUGEINT)"
    is_down = f"{tail} < '5' OR (rtrim({tail}, '0') = '5' AND {whole} % 2 = 0)"
    away = f"CASE WHEN {is_down} THEN 0 WHEN starts_with({text}, '-') THEN -1 ELSE 1 END"
    rounded = f"({whole} + {away})"
    return f"CASE WHEN abs({rounded}) <= {_MOST} THEN CAST({rounded} AS BIGINT) END"


def boolean(text: str) -> str:
    """Return the truth value of a text."""
    return (
        f"CASE WHEN lower({text}) IN ('true', 'yes', '1') THEN TRUE"
        f" WHEN lower({text}) IN ('false', 'no', '0') THEN FALSE END"
    )


def outbound(text: str) -> str:
    """Return whether a text that names a direction means one of ours towards the contact."""
    return (
        f"CASE WHEN lower({text}) IN ('outbound', 'outgoing', 'out') THEN TRUE"
        f" WHEN lower({text}) IN ('inbound', 'incoming', 'in') THEN FALSE END"
    )


def moment(text: str) -> Moment:
    """Return the moment of an ISO 8601 text; a day alone is its midnight on the wall clock."""
    parts = f"regexp_extract({text}, '{_MOMENT}', ['day', 'clock', 'zone'])"
    day, clock, zone = (f"struct_extract({parts}, '{name}')" for name in ("day", "clock", "zone"))
    wall = f"rtrim({day} || ' ' || replace({clock}, ',', '.'))"
    us = f"epoch_us(TRY_CAST({wall} AS TIMESTAMP)) - {_offset(zone)}"
    # What nearly every tool writes is spared the regular expression.
    is_usual = f"length({text}) = 20 AND ends_with({text}, 'Z')"
    usual = f"epoch_us(TRY_CAST(left({text}, 19) AS TIMESTAMP))"
    return Moment(
        us=f"CASE WHEN {is_usual} THEN {usual} ELSE {us} END",
        is_local=f"CASE WHEN {is_usual} THEN FALSE ELSE {zone} = '' END",
    )


def _offset(zone: str) -> str:
    """Return the microseconds by which `+02` or `-05:30` is ahead of UTC; 0 of anything short."""
    minutes = f"CAST('0' || regexp_extract({zone}, '^.\\d{{2}}:?(\\d{{2}})', 1) AS BIGINT)"
    hours = f"CAST(regexp_extract({zone}, '^.(\\d{{2}})', 1) AS BIGINT)"
    sign = f"CASE WHEN starts_with({zone}, '-') THEN -60000000 ELSE 60000000 END"
    return f"CASE WHEN length({zone}) > 1 THEN ({hours} * 60 + {minutes}) * {sign} ELSE 0 END"
