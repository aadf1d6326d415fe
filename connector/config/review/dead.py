"""Rules, criteria and blockers that have no effect, proved."""

from collections.abc import Iterator

from connector.config.review.remark import Remark, Weight
from connector.rules.conditions import All, Condition, Test, names
from connector.rules.model import ActivityRule, Criterion, RuleSet
from connector.rules.operators import Op
from connector.rules.satisfiable import always_holds, follows, never_holds

_CORRECT = "Correct the condition, or take «{what}» out."


def dead_parts(rules: RuleSet) -> Iterator[Remark]:
    """Yield what never fires, and what always does."""
    for position, rule in enumerate(rules.rules):
        yield from _rule(rules, position, rule)
    for position, persona in enumerate(rules.fit.personas):
        for number, criterion in enumerate(persona.criteria):
            if never_met(criterion):
                yield Remark(
                    ("personas", position, "criteria", number, "is"),
                    Weight.ERROR,
                    "never_fires",
                    f"no «{criterion.field}» can ever be so: the comparisons contradict each other",
                    "Correct the comparison, or take the criterion out.",
                )
    for position, given in enumerate(rules.contact_rules):
        if never_holds(given.where):
            yield Remark(
                ("contact_rules", position, "where"),
                Weight.ERROR,
                "never_fires",
                f"«{given.id}» can never give points: {contradiction(given.where)}",
                _CORRECT.format(what=given.id),
            )
    yield from _blockers(rules)
    yield from _topics(rules)


def never_fires(rules: RuleSet, rule: ActivityRule) -> bool:
    """Tell whether a rule can never count an activity."""
    return never_holds(rule.where) or never_holds(rule.contact) or is_always_replaced(rules, rule)


def is_always_replaced(rules: RuleSet, rule: ActivityRule) -> bool:
    """Tell whether wherever the rule would count, the one that replaces it does."""
    other = next((each for each in rules.rules if each.id == rule.replaced_by), None)
    return (
        other is not None
        and other.repeated is None
        and set(rule.activities) <= set(other.activities)
        and follows(rule.where, other.where)
        and follows(rule.contact, other.contact)
    )


def never_met(criterion: Criterion) -> bool:
    """Tell whether no known value meets a persona's criterion."""
    is_known = Test(criterion.field, criterion.kind, Op.EXISTS, (True,))
    return never_holds(All((is_known, criterion.condition)))


def _rule(rules: RuleSet, position: int, rule: ActivityRule) -> Iterator[Remark]:
    path = ("rules", position)
    asked = {"where": rule.where, "contact": rule.contact}
    empty = next((key for key, condition in asked.items() if never_holds(condition)), None)
    if empty is not None:
        yield Remark(
            (*path, empty),
            Weight.ERROR,
            "never_fires",
            f"«{rule.id}» can never fire: {contradiction(asked[empty])}",
            _CORRECT.format(what=rule.id),
        )
    elif is_always_replaced(rules, rule):
        yield Remark(
            (*path, "replaced_by"),
            Weight.ERROR,
            "never_fires",
            f"«{rule.id}» can never fire: whatever it counts, «{rule.replaced_by}» counts too,"
            " and replaces it",
            f"Take out «{rule.id}», or its «replaced_by».",
        )


def contradiction(condition: Condition) -> str:
    """Return in words why a condition never holds."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    for name in dict.fromkeys(name for part in parts for name, _ in names(part)):
        own = [part for part in parts if {other for other, _ in names(part)} == {name}]
        if never_holds(All(tuple(own))):
            return f"what it asks of «{name}» contradicts itself"
    return "its conditions contradict each other"


def _blockers(rules: RuleSet) -> Iterator[Remark]:
    for position, blocker in enumerate(rules.hand_off.blockers):
        path = ("hand_off", "blockers", position, "where")
        if never_holds(blocker.where):
            yield Remark(
                path,
                Weight.ERROR,
                "never_fires",
                f"«{blocker.id}» can never block anybody: {contradiction(blocker.where)}",
                _CORRECT.format(what=blocker.id),
            )
        elif always_holds(blocker.where):
            yield Remark(
                path,
                Weight.WARNING,
                "always_blocks",
                f"«{blocker.id}» blocks every contact: nobody would ever go to sales",
                _CORRECT.format(what=blocker.id),
            )


def _topics(rules: RuleSet) -> Iterator[Remark]:
    for position, topic in enumerate(rules.interests.topics if rules.interests else ()):
        if topic.where is not None and never_holds(topic.where):
            yield Remark(
                ("interests", "topics", position, "where"),
                Weight.ERROR,
                "never_fires",
                f"no activity can ever be about «{topic.id}»: {contradiction(topic.where)}",
                "Correct the condition, or take it out.",
            )
