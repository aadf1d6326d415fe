"""Other ways to score the same contacts: a loop in plain Python, and an engine of rules.

The loop does all that the shipped activity rules ask for, as somebody would write it by hand:
scores and reasons, but no fit, no stages and no hand-off. The engine of rules only says which rules
an activity meets: it knows no time, no repeats and no caps.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.contact import Value
from connector.rules.conditions import ALWAYS, Test
from connector.rules.counting import worth
from connector.rules.model import ActivityRule, Each, Ever, PerAttribute, PerDays, RuleSet
from connector.rules.operators import Op
from connector.rules.predicate import Holds, predicate


@dataclass(frozen=True, slots=True)
class Deed:
    """An inbound activity."""

    id: str
    type: str
    occurred_us: int
    day: int
    attributes: Mapping[str, Value]


Reasons = Mapping[str, int]
"""{rule or group: micro-points}, what caps take away among them."""


class Loop:
    """Scores one contact after the other."""

    def __init__(self, rules: RuleSet, as_of_day: int) -> None:
        self._rules = rules
        self._as_of_day = as_of_day
        self._by_type: dict[str, list[tuple[ActivityRule, Holds]]] = defaultdict(list)
        for rule in rules.rules:
            for kind in rule.activities:
                self._by_type[kind].append((rule, predicate(rule.where)))

    def score(self, deeds: Sequence[Deed]) -> tuple[int, Reasons]:
        """Return a contact's points in micro-points, and its reasons, highest first."""
        met: dict[str, list[Deed]] = defaultdict(list)
        for deed in sorted(deeds, key=lambda each: (each.occurred_us, each.id)):
            for rule, holds in self._by_type.get(deed.type, ()):
                if holds(deed.attributes):
                    met[rule.id].append(deed)
        buckets = {rule.id: _buckets(rule, met[rule.id]) for rule in self._rules.rules}
        lines: dict[str, int] = {}
        for rule in self._rules.rules:
            kept = buckets[rule.id]
            if rule.replaced_by:
                kept = {key: kept[key] for key in kept.keys() - buckets[rule.replaced_by].keys()}
            lines[rule.id] = self._points(rule, list(kept.values()))
        return self._capped(lines)

    def _points(self, rule: ActivityRule, deeds: list[Deed]) -> int:
        table, shares = worth(rule.points, rule.decay), defaultdict[int, int](int)
        points = 0
        for deed in sorted(deeds, key=lambda each: each.occurred_us, reverse=True):
            if rule.at_most:
                share = (deed.day + 3) // rule.at_most.per if rule.at_most.per else 0
                shares[share] += 1
                if shares[share] > rule.at_most.count:
                    continue
            age = max(0, self._as_of_day - deed.day)
            points += table[age] if age < len(table) else 0
        return points

    def _capped(self, lines: dict[str, int]) -> tuple[int, Reasons]:
        for group in self._rules.groups:
            total = sum(lines[rule.id] for rule in self._rules.rules if rule.group == group.id)
            if group.cap is not None and total > group.cap:
                lines[f"cap {group.id}"] = group.cap - total
        raw = sum(lines.values())
        points = min(max(raw, self._rules.lowest), self._rules.highest)
        lines["bound"] = points - raw
        ranked = sorted(lines.items(), key=lambda line: -line[1])
        return points, {name: part for name, part in ranked if part}


def _buckets(rule: ActivityRule, deeds: Sequence[Deed]) -> dict[Hashable, Deed]:
    """Return the latest of each bucket; `deeds` come in order of time."""
    if rule.repeated:
        within, count = rule.repeated.within, rule.repeated.count
        days = [deed.day for deed in deeds]
        deeds = [
            deed
            for deed in deeds
            if sum(deed.day - within < day <= deed.day for day in days) >= count
        ]
    return {_bucket(rule, deed): deed for deed in deeds}


def _bucket(rule: ActivityRule, deed: Deed) -> Hashable:
    match rule.once_per:
        case Each():
            return deed.id
        case PerAttribute(attribute=name):
            return deed.attributes.get(name)
        case PerDays(days=days):
            return (deed.day + 3) // days
        case Ever():
            return None


# ------------------------------------------------------- an engine of rules


class RulesEngine:
    """business-rules, off the shelf: tells which rules an activity meets."""

    def __init__(self, rules: RuleSet) -> None:
        from business_rules.actions import BaseActions, rule_action
        from business_rules.variables import BaseVariables, string_rule_variable

        class Variables(BaseVariables):  # type: ignore[misc]  # ships no types
            def __init__(self, deed: Deed) -> None:
                self.deed = deed

            @string_rule_variable()  # type: ignore[untyped-decorator]
            def type(self) -> str:
                return self.deed.type

            @string_rule_variable()  # type: ignore[untyped-decorator]
            def asset_kind(self) -> str:
                return str(self.deed.attributes.get("asset_kind") or "")

        class Actions(BaseActions):  # type: ignore[misc]  # ships no types
            def __init__(self) -> None:
                self.met = 0

            @rule_action()  # type: ignore[untyped-decorator]
            def meet(self) -> None:
                self.met += 1

        self._variables = Variables
        self._actions = Actions()
        self._rules = [
            {"conditions": _conditions(rule), "actions": [{"name": "meet", "params": {}}]}
            for rule in rules.rules
        ]

    def met(self, deeds: Iterator[Deed]) -> int:
        """Return how often an activity meets a rule."""
        from business_rules import run_all

        self._actions.met = 0
        for deed in deeds:
            run_all(self._rules, self._variables(deed), self._actions)
        return int(self._actions.met)


def _conditions(rule: ActivityRule) -> Mapping[str, object]:
    """Return what a rule asks of an activity's type and kind of asset, all that the rules ask."""
    parts: list[object] = [{"any": [_equals("type", kind) for kind in rule.activities]}]
    if rule.where != ALWAYS:
        match rule.where:
            case Test(name="asset_kind", op=Op.IN | Op.EQUALS, values=values):
                parts.append({"any": [_equals("asset_kind", str(each)) for each in values]})
            case _:
                message = f"rule {rule.id!r} asks for more than this comparison can say"
                raise ValueError(message)
    return {"all": parts}


def _equals(name: str, value: str) -> Mapping[str, object]:
    return {"name": name, "operator": "equal_to", "value": value}
