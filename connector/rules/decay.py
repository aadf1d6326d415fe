"""How points fade with age: tables of weights, built once, in integers.

A decay kind that days tell, one number of them or several, is one class here, and its place in
`IN_DAYS`: the rules file, its schema, its sentences and the made-up rule sets of the tests follow
from that.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Protocol

from connector.domain.numbers import MILLION, divided

EXPIRE_AFTER = 365
"""Default age in days from which an activity weighs nothing."""

FOREVER = 36_500
"""Horizon of a rule that never expires: ages beyond a hundred years weigh nothing."""


class Curve(Protocol):
    """How much of its points an activity keeps at an age in whole days."""

    def weight(self, age: int) -> int:
        """Return the weight at `age` (0 or more) in millionths, 0..1,000,000.

        Never rising with age.
        """
        ...


class CurveInDays(ABC):
    """A curve that days say: each field of the dataclass is a whole number of them, 1 or more.

    `key`: how the rules file calls it, `{key: 60d}` with one field, `{key: {field: 60d, …}}` with
    several; `meaning`: what its schema says of it. `words`: its sentence by language, `{field}` for
    the days of each. `ends`: whether nothing is left at some age.
    """

    __slots__ = ()
    key: ClassVar[str]
    meaning: ClassVar[str]
    words: ClassVar[Mapping[str, str]]
    ends: ClassVar[bool]

    @abstractmethod
    def weight(self, age: int) -> int:
        """Return the weight at `age`, as `Curve` does."""

    def refusal(self) -> str:
        """Return why these days make no curve; empty if they do."""
        return ""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the fields."""
        return tuple(each.name for each in fields(cls))  # type: ignore[arg-type]  # every kind is a dataclass

    @property
    def spans(self) -> Mapping[str, int]:
        """The days by the names of the fields."""
        return {name: getattr(self, name) for name in self.names()}


@dataclass(frozen=True, slots=True)
class Constant:
    """Points do not fade."""

    def weight(self, age: int) -> int:  # noqa: ARG002  every curve is asked with an age
        """Return the whole weight at every age."""
        return MILLION


@dataclass(frozen=True, slots=True)
class HalfLife(CurveInDays):
    """Points lose half their weight each `days` calendar days."""

    days: int
    key: ClassVar[str] = "half_life"
    meaning: ClassVar[str] = "Half is left after this time, a quarter after twice this time."
    words: ClassVar[Mapping[str, str]] = {
        "en": "halved every {days} days",
        "fr": "divisé par deux tous les {days} jours",
    }
    ends: ClassVar[bool] = False

    def weight(self, age: int) -> int:
        """Return the weight, rounded half to even here and nowhere else, so that sums are exact."""
        return round(MILLION * math.exp2(-age / self.days))


@dataclass(frozen=True, slots=True)
class Linear(CurveInDays):
    """Points fall on a straight line, to nothing at age `days`."""

    days: int
    key: ClassVar[str] = "linear"
    meaning: ClassVar[str] = "On a straight line, to nothing after this time."
    words: ClassVar[Mapping[str, str]] = {
        "en": "falling to nothing in {days} days",
        "fr": "décroissant jusqu’à 0 en {days} jours",
    }
    ends: ClassVar[bool] = True

    def weight(self, age: int) -> int:
        """Return the weight of the straight line, rounded half to even."""
        return max(0, divided(MILLION * (self.days - age), self.days))


IN_DAYS: tuple[type[CurveInDays], ...] = (HalfLife, Linear)


@dataclass(frozen=True, slots=True)
class Steps:
    """Points fall in steps: `steps` holds (from age in days on, weight in millionths).

    Ages rising.
    """

    steps: tuple[tuple[int, int], ...]

    def weight(self, age: int) -> int:
        """Return the weight of the last step reached; the whole weight before the first."""
        reached = [weight for start, weight in self.steps if start <= age]
        return reached[-1] if reached else MILLION


@dataclass(frozen=True, slots=True)
class Decay:
    """A curve, with a hold before it starts and an age at which it ends.

    `hold`: days at full weight before the curve begins (its age 0 is then `hold`).
    `expire_after`: age in days from which the weight is 0; None: never.
    """

    curve: Curve = Constant()
    hold: int = 0
    expire_after: int | None = EXPIRE_AFTER

    def weights(self) -> tuple[int, ...]:
        """Return the weight at each age 0, 1, 2, …, in millionths.

        Ages beyond the end weigh nothing.
        """
        horizon = FOREVER if self.expire_after is None else self.expire_after
        return tuple(self.curve.weight(max(0, age - self.hold)) for age in range(horizon))
