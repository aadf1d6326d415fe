"""Between which points a score can lie, whatever a contact does.

Bounds that hold for certain: no contact is ever beyond them. They need not be reached, since two
rules may exclude each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connector.domain.numbers import MILLION, divided
from connector.rules.model import ActivityRule, ContactRule, Ever, Group, PerDays, RuleSet


@dataclass(frozen=True, slots=True)
class Reach:
    """The least and the most micro-points; None: there is no limit."""

    least: int | None
    most: int | None

    def within(self, lowest: int | None, highest: int | None) -> "Reach":
        """Return what is left of it between two bounds, where there are any."""
        return Reach(
            lowest if self.least is None else _clamped(self.least, lowest, highest),
            highest if self.most is None else _clamped(self.most, lowest, highest),
        )


def score_reach(rules: RuleSet, counting: Iterable[ActivityRule] | None = None) -> Reach:
    """Return the bounds of the leading score if only rules in `counting` (all, if not given) fire.

    They are those of the points that move stages and hand off.
    """
    some: list[ActivityRule | ContactRule] = [*rules.contact_rules]
    some += rules.rules if counting is None else counting
    fires = [rule for rule in some if rule.score is None]
    groups = {group.id for group in rules.groups}
    parts = [group_reach(group, fires) for group in rules.groups if group.score is None]
    parts += [rule_reach(rule) for rule in fires if rule.group not in groups]
    return _sum(parts).within(rules.lowest, rules.highest)


def group_reach(group: Group, rules: Iterable[ActivityRule | ContactRule]) -> Reach:
    """Return the bounds of what a group adds to the score."""
    members = [rule_reach(rule) for rule in rules if rule.group == group.id]
    return _sum(members).within(group.floor, group.cap)


def rule_reach(rule: ActivityRule | ContactRule) -> Reach:
    """Return the bounds of what one rule adds."""
    if isinstance(rule, ContactRule):
        return Reach(min(0, rule.points), max(0, rule.points))
    worth = [divided(rule.points * weight, MILLION) for weight in rule.decay.weights()]
    if not worth or worth[0] == 0:  # weights never rise with age
        return Reach(0, 0)
    limit = min(map(abs, _limits(rule, worth)), default=None)
    if rule.points > 0:
        return Reach(0, limit)
    return Reach(None if limit is None else -limit, 0)


def _limits(rule: ActivityRule, worth: Sequence[int]) -> Iterator[int]:
    """Yield for each limit on repeats the most that is counted, all of it as young as it can be."""
    per = rule.once_per
    if isinstance(per, Ever):
        yield worth[0]
    if isinstance(per, PerDays):
        yield sum(_one_each(per.days, worth))
    if rule.at_most is None:
        return
    if rule.at_most.per is not None:
        yield rule.at_most.count * sum(_one_each(rule.at_most.per, worth))
    elif isinstance(per, PerDays):
        yield sum(_one_each(per.days, worth)[: rule.at_most.count])
    else:
        yield rule.at_most.count * worth[0]


def _one_each(days: int, worth: Sequence[int]) -> Sequence[int]:
    """Return what one activity is worth in the running period, in the one before it, and so on.

    The running period may have begun today, so that the one before ended yesterday.
    """
    return [worth[0], *worth[1::days]]


def _sum(parts: Sequence[Reach]) -> Reach:
    least = [part.least for part in parts]
    most = [part.most for part in parts]
    return Reach(_total(least), _total(most))


def _total(limits: Sequence[int | None]) -> int | None:
    known = [limit for limit in limits if limit is not None]
    return sum(known) if len(known) == len(limits) else None


def _clamped(value: int, lowest: int | None, highest: int | None) -> int:
    value = value if lowest is None else max(value, lowest)
    return value if highest is None else min(value, highest)
