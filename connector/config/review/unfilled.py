"""What rules ask of a mapping that it does not yield."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.config.document import DataPath
from connector.config.review.remark import Remark, Weight
from connector.config.rules_document import RulesDocument
from connector.config.wording import listed
from connector.domain.contact import Value
from connector.rules.conditions import ALWAYS, All, AnyOf, Condition, Kind, Not, Test
from connector.rules.model import ActivityRule, PerAttribute, RuleSet
from connector.rules.operators import Op
from connector.rules.predicate import predicate
from connector.rules.satisfiable import never_holds

_NEVER = AnyOf(())
_ALMOST_THE_SAME = 0.85


class Entry(Protocol):
    """An entry of a mapping: which activities it yields, with which attributes."""

    @property
    def type(self) -> str:
        """The activity type."""
        ...

    @property
    def is_outbound(self) -> bool:
        """Whether we did it."""
        ...

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The attributes that it may have."""
        ...

    @property
    def constants(self) -> Mapping[str, Value]:
        """Those among them that have always the same value."""
        ...


@dataclass(frozen=True, slots=True)
class Yields:
    """What a mapping yields: its activities, and the contact fields that it reads."""

    entries: Sequence[Entry]
    fields: frozenset[str]

    def of(self, types: Iterable[str]) -> list[Entry]:
        """Return the entries of some types."""
        return [entry for entry in self.entries if entry.type in set(types)]


def unfilled(rules: RuleSet, written: RulesDocument, yields: Yields) -> Iterator[Remark]:
    """Yield rules that this mapping gives nothing to count, and names that it does not know."""
    for position, rule in enumerate(rules.rules):
        yield from _rule(position, rule, yields.of(rule.activities))
    yield from _topics(rules, yields.entries)
    yield from _types(written, frozenset(entry.type for entry in yields.entries))
    yield from _reachable(rules, yields.fields)


def _rule(position: int, rule: ActivityRule, entries: Sequence[Entry]) -> Iterator[Remark]:
    if not entries or never_holds(rule.where):
        return  # said already
    inbound = [entry for entry in entries if not entry.is_outbound]
    types = listed([f"«{name}»" for name in dict.fromkeys(entry.type for entry in entries)], "and")
    if not inbound:
        yield Remark(
            ("rules", position, "activity"),
            Weight.WARNING,
            "never_counts",
            f"«{rule.id}» never fires with this mapping: {types} is what we do (outbound), and "
            "only what contacts do counts",
            "Take the rule out, or correct «direction» in the mapping.",
        )
    elif all(never_holds(as_filled(rule.where, entry)) for entry in inbound):
        yield Remark(
            ("rules", position, "where"),
            Weight.WARNING,
            "never_counts",
            f"«{rule.id}» never fires with this mapping: no activity {types} has such attributes",
            remedy(rule.where, inbound),
        )
    elif isinstance(rule.once_per, PerAttribute):
        yield from _bucket(position, rule.once_per, inbound)


def _topics(rules: RuleSet, entries: Sequence[Entry]) -> Iterator[Remark]:
    """Yield topics whose condition none of the activities that can count meets."""
    counted = {name for rule in rules.rules for name in rule.activities}
    inbound = [each for each in entries if each.type in counted and not each.is_outbound]
    for position, topic in enumerate(rules.interests.topics if rules.interests else ()):
        if topic.where is None or never_holds(topic.where) or not inbound:
            continue
        if all(never_holds(as_filled(topic.where, entry)) for entry in inbound):
            yield Remark(
                ("interests", "topics", position, "where"),
                Weight.WARNING,
                "never_counts",
                f"no activity is about «{topic.id}» with this mapping: none that a rule counts has "
                "such attributes",
                remedy(topic.where, inbound),
            )


def as_filled(condition: Condition, entry: Entry) -> Condition:
    """Return what is left of a condition for an entry's activities.

    Attributes that it sets are known, those that it does not name are unknown.
    """
    match condition:
        case Test(name=name) if name in entry.constants or name not in entry.kinds:
            holds = predicate(condition)({name: entry.constants.get(name)})
            return ALWAYS if holds else _NEVER
        case Test():
            return condition
        case Not(part=part):
            return Not(as_filled(part, entry))
        case All(parts=parts):
            return All(tuple(as_filled(part, entry) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(tuple(as_filled(part, entry) for part in parts))


def remedy(condition: Condition, entries: Sequence[Entry]) -> str:
    """Return what to do about a condition that no activity of these entries meets."""
    for test in _tests(condition):
        set_ = dict.fromkeys(
            str(entry.constants[test.name]) for entry in entries if test.name in entry.constants
        )
        if set_ and test.op in (Op.EQUALS, Op.IN):
            values = listed([f"«{value}»" for value in set_], "and")
            return f"The mapping sets «{test.name}» to {values} only: name one of these."
    has = sorted({name for entry in entries for name in entry.kinds})
    names = f"they have {listed([f'«{name}»' for name in has], 'and')}" if has else "they have none"
    return f"Correct the condition, or fill the attribute in the mapping: {names}."


def _tests(condition: Condition) -> Iterator[Test]:
    match condition:
        case Test():
            yield condition
        case Not(part=part):
            yield from _tests(part)
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _tests(part)


def _bucket(position: int, per: PerAttribute, entries: Sequence[Entry]) -> Iterator[Remark]:
    lacking = dict.fromkeys(entry.type for entry in entries if per.attribute not in entry.kinds)
    if lacking:
        types = listed([f"«{name}»" for name in lacking], "and")
        yield Remark(
            ("rules", position, "once_per"),
            Weight.WARNING,
            "not_filled",
            f"the mapping fills no «{per.attribute}» of {types}: of all these activities only the "
            "latest counts",
            f"Fill «{per.attribute}» in the mapping, or count once per another attribute or time.",
        )


def _types(written: RulesDocument, known: frozenset[str]) -> Iterator[Remark]:
    """Yield types named outside of rules: each that looks misspelt, and lists that match nothing.

    Others may be there for the day when the mapping reads more.
    """
    for path, names in (
        (("stages", "not_engaging"), written.stages.not_engaging),
        (("sales", "touch"), written.sales.touch),
        (("sales", "meeting_obtained"), written.sales.meeting_obtained),
        (("sales", "meeting_lost"), written.sales.meeting_lost),
    ):
        yield from misspelt_among(path, names, known)
        if names and known and known.isdisjoint(names):
            yield Remark(
                path,
                Weight.WARNING,
                "not_filled",
                f"the mapping yields none of the types in «{path[-1]}»",
                f"Name types that it yields, such as {listed(sorted(known)[:6])}.",
            )


def misspelt_among(path: DataPath, names: Sequence[str], known: frozenset[str]) -> Iterator[Remark]:
    """Yield each type that is almost certainly another one. `known`: the types that there are."""
    for position, name in enumerate(names):
        guess = _misspelt(name, known - set(names)) if name not in known else None
        if guess:
            yield Remark(
                (*path, position),
                Weight.WARNING,
                "not_filled",
                f"no activity of the mapping is of the type «{name}»",
                f"Did you mean «{guess}»?",
            )


def _misspelt(name: str, known: Iterable[str]) -> str | None:
    """Return the type that was almost certainly meant."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=_ALMOST_THE_SAME)
    return near[0] if near else None


def _reachable(rules: RuleSet, fields: frozenset[str]) -> Iterator[Remark]:
    for key, names in (
        ("name_fields", rules.hand_off.name_fields),
        ("reach_fields", rules.hand_off.reach_fields),
    ):
        if fields.isdisjoint(names):
            yield Remark(
                ("hand_off", key),
                Weight.WARNING,
                "not_filled",
                f"the mapping reads none of {listed([f'«{name}»' for name in names], 'and')}: "
                "nobody would ever be handed off",
                "Read one of them in the mapping, under `contact: {fields: …}`, or name others.",
            )
