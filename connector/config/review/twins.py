"""Rules that count the same activities, blockers and personas that stand behind their equals."""

from collections.abc import Iterator
from itertools import combinations

from connector.config.review.dead import never_fires
from connector.config.review.remark import Remark, Weight
from connector.domain.numbers import from_millionths
from connector.rules.model import ActivityRule, Blocker, Persona, RuleSet
from connector.rules.satisfiable import follows, never_holds


def twins(rules: RuleSet) -> Iterator[Remark]:
    """Yield what says again what was said above it."""
    fires = [
        (position, rule)
        for position, rule in enumerate(rules.rules)
        if not never_fires(rules, rule)
    ]
    for (_, first), (position, second) in combinations(fires, 2):
        yield from _rules(first, position, second)
    for (_, former), (position, latter) in combinations(enumerate(rules.hand_off.blockers), 2):
        yield from _blockers(former, position, latter)
    for (_, one), (position, other) in combinations(enumerate(rules.fit.personas), 2):
        yield from _personas(one, position, other)


def _rules(first: ActivityRule, position: int, second: ActivityRule) -> Iterator[Remark]:
    if first.score != second.score:
        return
    is_wider, is_narrower = _counts_all_of(first, second), _counts_all_of(second, first)
    if is_wider and is_narrower and _counts_alike(first, second):
        yield Remark(
            ("rules", position, "id"),
            Weight.WARNING,
            "duplicate",
            f"«{second.id}» counts the very activities that «{first.id}» counts"
            f"{_together(first, second)}",
            "Keep one of the two, or give them different conditions.",
        )
    elif (is_wider or is_narrower) and _both_pay(first, second):
        wide, narrow = (first, second) if is_wider else (second, first)
        yield Remark(
            ("rules", position, "id"),
            Weight.NOTE,
            "counted_twice",
            f"each activity of «{narrow.id}» is one of «{wide.id}» too{_together(first, second)}",
            f"If «{narrow.id}» is meant as an extra, leave it; else exclude it from «{wide.id}» "
            "with `not`.",
        )


def _counts_all_of(wide: ActivityRule, narrow: ActivityRule) -> bool:
    return (
        set(narrow.activities) <= set(wide.activities)
        and follows(narrow.where, wide.where)
        and follows(narrow.contact, wide.contact)
    )


def _counts_alike(first: ActivityRule, second: ActivityRule) -> bool:
    return (first.once_per, first.at_most, first.repeated) == (
        second.once_per,
        second.at_most,
        second.repeated,
    ) and not _replaces(first, second)


def _both_pay(first: ActivityRule, second: ActivityRule) -> bool:
    is_paid = first.points * second.points > 0  # a bonus and a malus are hardly one mistake
    return is_paid and not _replaces(first, second)


def _replaces(first: ActivityRule, second: ActivityRule) -> bool:
    return second.replaced_by == first.id or first.replaced_by == second.id


def _together(first: ActivityRule, second: ActivityRule) -> str:
    if not first.points or not second.points:
        return ""
    points = (from_millionths(each.points) for each in (first, second))
    return f": one may give {' and '.join(points)} points"


def _blockers(first: Blocker, position: int, second: Blocker) -> Iterator[Remark]:
    if never_holds(second.where) or not follows(second.where, first.where):
        return
    is_same = follows(first.where, second.where)
    yield Remark(
        ("hand_off", "blockers", position, "id"),
        Weight.WARNING if is_same else Weight.NOTE,
        "duplicate" if is_same else "shadowed",
        f"«{second.id}» is never named: whom it blocks, «{first.id}» above it blocks already",
        "Take it out." if is_same else f"Put it above «{first.id}», so that reps read its name.",
    )


def _personas(first: Persona, position: int, second: Persona) -> Iterator[Remark]:
    if set(first.criteria) == set(second.criteria) and len(first.criteria) == len(second.criteria):
        yield Remark(
            ("personas", position, "id"),
            Weight.WARNING,
            "shadowed",
            f"no contact can be «{second.id}»: «{first.id}» has the same criteria and stands first",
            "Give them different criteria, or take one out.",
        )
