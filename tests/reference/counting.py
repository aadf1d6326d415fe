"""Section 2: which activities a rule counts, and what each contributes."""

import functools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from connector.domain.contact import Value
from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.conditions import Kind
from connector.rules.decay import Decay
from connector.rules.model import ActivityRule, AtMost, Each, Ever, PerAttribute, PerDays, RuleSet
from tests.reference.conditions import comparable, holds, is_known
from tests.reference.story import Activity, Instant


@dataclass(frozen=True, slots=True)
class Counted:
    """An activity that passed every step for a rule, with the micro-points it brings."""

    rule: ActivityRule
    activity: Activity
    age: int
    points: int


def count(
    rules: RuleSet,
    activities: Sequence[Activity],
    fields: Mapping[str, Value],
    as_of: Instant,
) -> list[Counted]:
    """Return what every rule counts. `activities` are those that exist at `as_of`."""
    by_id = {rule.id: rule for rule in rules.rules if holds(rule.contact, fields)}
    counted = []
    for rule in by_id.values():
        kept = latest_of_each_bucket(rule, activities)
        better = by_id.get(rule.replaced_by or RuleId(""))
        if better is not None:
            taken = {bucket_of(better, each) for each in latest_of_each_bucket(better, activities)}
            kept = [each for each in kept if bucket_of(rule, each) not in taken]
        kept = at_most(rule.at_most, kept)
        counted += [contribution(rule, each, as_of) for each in kept]
    return counted


def latest_of_each_bucket(rule: ActivityRule, activities: Sequence[Activity]) -> list[Activity]:
    """Steps 1 to 3: what matches, repeated often enough, the latest of each bucket."""
    matching = [each for each in activities if matches(rule, each)]
    if rule.repeated is not None:
        count, within = rule.repeated.count, rule.repeated.within
        days = [each.day for each in matching]
        matching = [
            each
            for each in matching
            if sum(each.day - within + 1 <= day <= each.day for day in days) >= count
        ]
    latest: dict[Hashable, Activity] = {}
    for each in in_time(matching):
        latest[bucket_of(rule, each)] = each
    return list(latest.values())


def matches(rule: ActivityRule, activity: Activity) -> bool:
    """Step 1: type, direction and `where`."""
    return (
        activity.type in rule.activities
        and not activity.is_outbound
        and holds(rule.where, activity.attributes)
    )


def bucket_of(rule: ActivityRule, activity: Activity) -> Hashable:
    """Return which bucket of `once_per` an activity falls in."""
    match rule.once_per:
        case Each():
            return activity.id
        case PerAttribute(attribute=attribute, kind=kind):
            return attribute_bucket(activity, attribute, kind)
        case PerDays(days=days):
            return period_of(activity, days)
        case Ever():
            return "ever"


def attribute_bucket(activity: Activity, attribute: str, kind: Kind) -> Hashable:
    """Return the folded value. Activities without one share a bucket; a lone accent is none."""
    value = comparable(activity.attributes.get(attribute), kind, exact=False)
    return value if is_known(value) else None


def period_of(activity: Activity, days: int) -> int:
    """Return the number of the calendar period, counted from Monday 1969-12-29."""
    return (activity.day + 3) // days


def at_most(limit: AtMost | None, activities: list[Activity]) -> list[Activity]:
    """Step 5: the latest `count` of the contact, or of each period."""
    if limit is None:
        return activities
    periods: defaultdict[int, list[Activity]] = defaultdict(list)
    for each in in_time(activities):
        periods[period_of(each, limit.per) if limit.per is not None else 0].append(each)
    return [each for period in periods.values() for each in period[-limit.count :]]


def contribution(rule: ActivityRule, activity: Activity, as_of: Instant) -> Counted:
    """Step 6: points · weight of age, to the nearest micro-point, half to even."""
    age = max(0, as_of.day - activity.day)
    weights = weights_of(rule.decay)
    weight = weights[age] if age < len(weights) else 0
    return Counted(rule, activity, age, round(Fraction(rule.points * weight, MILLION)))


@functools.cache
def weights_of(decay: Decay) -> tuple[int, ...]:
    """Return the table of weights of a decay setting, built once."""
    return decay.weights()


def in_time(activities: Iterable[Activity]) -> list[Activity]:
    """Sort from the earliest to the latest."""
    return sorted(activities, key=lambda each: each.recency)
