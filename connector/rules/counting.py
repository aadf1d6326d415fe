"""What the plan has to know of each activity rule before it counts: `docs/semantics.md` section 2.

`connector.rules.hits` and `connector.rules.buckets` turn it into SQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache

from connector.domain.numbers import MILLION, divided
from connector.rules.conditions import ALWAYS, Condition
from connector.rules.decay import Decay
from connector.rules.model import ActivityRule, Each, PerAttribute, PerDays, RuleSet
from connector.rules.plan import Constants

_ALL_DAYS = 10_000_000
"""A reach in days beyond any activity."""

_NO_PERIOD = 2**30
"""A period in days that holds every day there is."""

_FIRST_DAYS = 800_000
"""So many days before 1970 the first day lies, at the least; the year 1 began 719,162 before."""


class Way(IntEnum):
    """What becomes of the activities that a rule looks at.

    `SINGLE`: each counts for itself. `DATED`: they are put into buckets of days. `KEYED`: into
    buckets that have a text as key, beside the days.
    """

    SINGLE = 0
    DATED = 1
    KEYED = 2


@dataclass(frozen=True, slots=True)
class Numbered:
    """A rule that can have an effect, with its place in the file.

    `is_kept_by_id`: whether an activity is only ever in the same bucket with itself, seen by
    another rule. `reach`: the age in days from which its activities change nothing. `gate`: the
    number of its condition on contacts, which rules with the same one share; None: it has none.
    """

    no: int
    rule: ActivityRule
    way: Way
    is_kept_by_id: bool
    reach: int
    gate: int | None = None

    @property
    def has_key(self) -> bool:
        """Whether its buckets have a text as key."""
        return self.way is Way.KEYED

    @property
    def counts_days(self) -> bool:
        """Whether a bucket holds every activity of its day, not only the latest."""
        return isinstance(self.rule.once_per, Each) and self.rule.repeated is not None

    @property
    def period(self) -> tuple[int, int]:
        """Return (days, shift): the bucket of a day is (day + shift) // days, apart from a key.

        The shift is a number of whole periods beside the one that begins them on a Monday, so that
        nothing below zero is divided: engines differ in that.
        """
        match self.rule.once_per:
            case Each():
                return 1, 0
            case PerDays(days=days):
                return period(days)
            case _:
                return _NO_PERIOD, _FIRST_DAYS


def period(days: int) -> tuple[int, int]:
    """Return (days, shift) of calendar periods of `days` days (see `PerDays`)."""
    return (1, 0) if days == 1 else (days, 3 + days * -(-_FIRST_DAYS // days))


def period_of(day: str, days_and_shift: tuple[int, int]) -> str:
    """Return what tells periods apart, as SQL."""
    days, shift = days_and_shift
    return day if days == 1 else f"({day} + {shift}) // {days}"


def numbered(rules: RuleSet) -> list[Numbered]:
    """Return the rules that can have an effect.

    Raises ValueError for a repeated id, and for a `replaced_by` that makes no sense.
    """
    by_id = {rule.id: rule for rule in rules.rules}
    if len({rule.id for rule in rules.giving}) != len(rules.giving):
        raise ValueError("two rules have the same id")
    replacing = {rule.replaced_by for rule in rules.rules if rule.replaced_by is not None}
    for rule in rules.rules:
        if rule.replaced_by is not None:
            _check_replacement(rule, by_id.get(rule.replaced_by))
    gates = _gates(rules)
    found = (
        replace(
            _numbered(no, rule, rules, is_replacing=rule.id in replacing),
            gate=gates.get(rule.contact),
        )
        for no, rule in enumerate(rules.rules)
    )
    return [each for each in found if each.reach > 0]


def _gates(rules: RuleSet) -> dict[Condition, int]:
    """Return the number of each condition on contacts."""
    conditions = dict.fromkeys(rule.contact for rule in rules.rules if rule.contact != ALWAYS)
    return {condition: number for number, condition in enumerate(conditions)}


def _check_replacement(rule: ActivityRule, other: ActivityRule | None) -> None:
    """Raise ValueError unless both rules make the same buckets."""
    if other is None or other.once_per != rule.once_per:
        message = f"rule {rule.id!r} is replaced by {rule.replaced_by!r}, which has no such buckets"
        raise ValueError(message)


def _numbered(no: int, rule: ActivityRule, rules: RuleSet, *, is_replacing: bool) -> Numbered:
    """Return a rule with what the plan has to know of it."""
    by_id = isinstance(rule.once_per, Each) and (is_replacing or rule.replaced_by is not None)
    return Numbered(
        no, rule, _way(rule, by_id=by_id), by_id, _reach(rule, rules, is_replacing=is_replacing)
    )


def _way(rule: ActivityRule, *, by_id: bool) -> Way:
    """Return what becomes of a rule's activities."""
    if by_id or isinstance(rule.once_per, PerAttribute):
        return Way.KEYED
    return Way.SINGLE if isinstance(rule.once_per, Each) and not rule.repeated else Way.DATED


def _reach(rule: ActivityRule, rules: RuleSet, *, is_replacing: bool) -> int:
    """Return the age from which activities are left out at once, since they change nothing."""
    if is_replacing:
        return _ALL_DAYS
    reach = len(worth(rule.points, rule.decay))
    if rule.family:
        reach = max(reach, rules.hand_off.families_within_days)
    if rule.is_need:
        reach = max(reach, rules.stages.need_valid_days)
    return reach + rule.repeated.within if reach and rule.repeated else reach


@cache
def worth(points: int, decay: Decay) -> tuple[int, ...]:
    """Return what an activity adds at each age, in micro-points, up to the last that adds any."""
    added = [divided(points * weight, MILLION) for weight in decay.weights()]
    while added and added[-1] == 0:
        added.pop()
    return tuple(added)


# ------------------------------------------------------------------ constants


def constants(rules: list[Numbered]) -> Iterator[Constants]:
    """Yield the tables that counting joins.

    `rule_type`: which rules look at an activity type, and into which buckets they put it. `rule`:
    the worth of an activity stands in `worth` at `slot` + the lesser of age and `last_age`, before
    the age `ends`.
    """
    yield Constants(
        "rule_type",
        {
            "type": "VARCHAR",
            "rule_no": "INTEGER",
            "way": "INTEGER",
            "reach": "INTEGER",
            "days": "INTEGER",
            "shift": "INTEGER",
        },
        tuple(
            # Rules with `repeated` have a bucket for each day, until they are found to repeat.
            (activity, each.no, int(each.way), each.reach, *period(1))
            if each.rule.repeated
            else (activity, each.no, int(each.way), each.reach, *each.period)
            for each in rules
            for activity in sorted(set(each.rule.activities))
        ),
    )
    slots: dict[tuple[int, ...], int] = {}
    table: list[int] = []
    rows: list[tuple[object, ...]] = []
    for each in rules:
        added = worth(each.rule.points, each.rule.decay)
        stored = _without_level_end(added)
        if stored not in slots:
            slots[stored] = len(table)
            table.extend(stored)
        rows.append((each.no, slots[stored], len(stored) - 1, len(added)))
    yield Constants(
        "rule",
        {"rule_no": "INTEGER", "slot": "INTEGER", "last_age": "INTEGER", "ends": "INTEGER"},
        tuple(rows),
    )
    yield Constants("worth", {"slot": "INTEGER", "micro_points": "BIGINT"}, tuple(enumerate(table)))


def _without_level_end(added: tuple[int, ...]) -> tuple[int, ...]:
    """Return a table of at least one row, cut where all that follows is the same."""
    cut = list(added) or [0]
    while len(cut) > 1 and cut[-1] == cut[-2]:
        cut.pop()
    return tuple(cut)
