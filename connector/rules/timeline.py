"""A contact's points day by day: which rules and days are asked for, and what the answer holds.

Points depend on the activities and on the day of asking alone, so a past day can be asked again.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from math import lcm

from connector.rules.accounts import asks_for_fit
from connector.rules.model import Fit, PerDays, RuleSet
from connector.rules.quarantine import Quarantine

MOST_TURNS = 30
"""How many evaluations one timeline may take: about two seconds."""
LEAST_DAYS = 10


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a day's score, or what activities changed in it; `kind` as in `tables.REASON`.

    `points` in micro-points; `count`: how many activities had a part in it, 0 for a limit.
    """

    kind: str
    rule: str
    points: int
    count: int


@dataclass(frozen=True, slots=True)
class Deeds:
    """How many activities of a type happened on a day."""

    type: str
    count: int
    is_outbound: bool


@dataclass(frozen=True, slots=True)
class ScoredDay:
    """A contact at the end of a local day, or at the instant of asking on the last one.

    `day`: days since 1970-01-01. `points`: the score in micro-points, the sum of `shares`.
    `added`: what the day's own activities changed: the lines with them less those without.
    """

    day: int
    points: int
    shares: tuple[Share, ...]
    added: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From which day to which points are asked for; nothing after `as_of_us` exists."""

    first: int
    last: int
    as_of_us: int


def concerning(rules: RuleSet, types: Set[str]) -> RuleSet:
    """Return the rule set cut to what can give points for activities of these types.

    It gives the same lines for them: rules count without regard to each other, except for the one
    that replaces another. Fit and blockers have no part in points; facts of accounts are fields
    like others here.
    """
    wanted = {rule.id for rule in rules.rules if not types.isdisjoint(rule.activities)}
    while more := {
        rule.replaced_by
        for rule in rules.rules
        if rule.id in wanted and rule.replaced_by and rule.replaced_by not in wanted
    }:
        wanted |= more
    return replace(
        rules,
        rules=tuple(rule for rule in rules.rules if rule.id in wanted),
        fit=rules.fit if asks_for_fit(rules) else Fit(),
        account=None,
        quarantine=Quarantine(),
        interests=None,
        pressure=None,
        nurture=None,
        opportunities=None,
        hand_off=replace(rules.hand_off, blockers=()),
    )


def period(rules: RuleSet) -> int:
    """Return the days by which a history can be shifted without moving it across a period's edge.

    Ages do not mind a shift of history and asking day together; calendar periods do, unless it is
    a multiple of all of them.
    """
    return lcm(*_periods(rules))


def _periods(rules: RuleSet) -> Iterator[int]:
    for rule in rules.rules:
        if isinstance(rule.once_per, PerDays):
            yield rule.once_per.days
        if rule.at_most and rule.at_most.per:
            yield rule.at_most.per


def days_to_ask(span: Span, *, turns: int, most: int, eventful: Iterable[int]) -> list[int]:
    """Return the days to ask for, rising: all of them, if `turns` evaluations serve that.

    Else days at a regular distance, and the latest eventful ones between them, `most` in all.
    """
    every = range(span.first, span.last + 1)
    if min(turns, len(every)) > MOST_TURNS:
        most = min(most, MOST_TURNS)
    if len(every) <= most:
        return list(every)
    most = max(most, LEAST_DAYS)
    step = -(-len(every) // (most // 2))
    chosen = set(every[::-step])
    latest = sorted({day for day in eventful if day in every} - chosen, reverse=True)
    return sorted(chosen | set(latest[: most - len(chosen)]))
