"""Rules of opportunities that never give points, give them twice, or come to nothing."""

from collections.abc import Iterator
from itertools import combinations

from connector.config.review.dead import contradiction
from connector.config.review.remark import Remark, Weight
from connector.config.review.tracks import TEMPERATURES
from connector.domain.numbers import MILLION
from connector.rules.conditions import All, AnyOf, Condition, Kind, Test
from connector.rules.model import Group, Opportunities, OpportunityRule, RuleSet
from connector.rules.operators import Op
from connector.rules.satisfiable import follows, never_holds

_CORRECT = "Correct the condition, or take «{what}» out."
_LIKELY = AnyOf(
    (
        All(
            (
                Test("probability", Kind.NUMBER, Op.GTE, (0,)),
                Test("probability", Kind.NUMBER, Op.LTE, (MILLION,)),
            )
        ),
        Test("probability", Kind.NUMBER, Op.EXISTS, (False,)),
    )
)
"""A probability is from 0 to 1, or unknown."""


def opportunity_rules(rules: RuleSet) -> Iterator[Remark]:
    """Yield what there is to say of `opportunities`."""
    told = rules.opportunities
    if told is None:
        return
    can_be = _can_be(rules)
    for position, rule in enumerate(told.rules):
        yield from _dead(position, rule, can_be)
        if rule.share is None and not rule.points:
            yield Remark(
                ("opportunities", "rules", position, "points"),
                Weight.WARNING,
                "worth_nothing",
                f"«{rule.id}» gives 0 points: no opportunity changes by it",
                "Give it points, or take it out.",
            )
    for (_, first), (position, second) in combinations(enumerate(told.rules), 2):
        if _asks_the_same(first, second):
            yield Remark(
                ("opportunities", "rules", position, "id"),
                Weight.WARNING,
                "duplicate",
                f"«{second.id}» gives points to the very opportunities of «{first.id}»",
                "Keep one of the two, or give them different conditions.",
            )
    for group in told.groups:
        yield from _group(told, group)


def unwritten_opportunities(rules: RuleSet, *, is_written: bool) -> Iterator[Remark]:
    """Yield that the score of opportunities reaches nobody."""
    if rules.opportunities is not None and not is_written:
        yield Remark(
            ("opportunities",),
            Weight.NOTE,
            "not_written",
            "opportunities get a score, and the mapping names no property for it",
            "Name one under `opportunities: {write: {score: …}}` of the mapping, if people are to "
            "see it in the CRM.",
            of_key=True,
        )


def _dead(position: int, rule: OpportunityRule, can_be: Condition) -> Iterator[Remark]:
    path = ("opportunities", "rules", position)
    never = f"«{rule.id}» can never give points"
    do = _CORRECT.format(what=rule.id)
    if never_holds(rule.where):
        what = f"{never}: {contradiction(rule.where)}"
        yield Remark((*path, "where"), Weight.ERROR, "never_fires", what, do)
    elif never_holds(All((rule.where, _LIKELY))):
        what = f"{never}: a probability is from 0 to 1"
        do = "Write for example 0.6 or 60%."
        yield Remark((*path, "where"), Weight.ERROR, "never_fires", what, do)
    if rule.contact is None:
        return
    if never_holds(rule.contact):
        what = f"{never}: {contradiction(rule.contact)}"
        yield Remark((*path, "contact"), Weight.ERROR, "never_fires", what, do)
    elif never_holds(All((rule.contact, can_be))):
        what = f"{never}: no contact has such a grade, persona, stage and temperature at once"
        yield Remark((*path, "contact"), Weight.ERROR, "never_fires", what, do)


def _can_be(rules: RuleSet) -> Condition:
    """Return what holds of every contact by what these rules can make of it."""
    personas = tuple(persona.id for persona in rules.fit.personas)
    fits: list[Condition] = [All((_is("grade", "U"), _is("persona")))]
    if personas:
        fits.append(All((_is("grade", "A", "B", "C", "D"), _is("persona", *personas))))
    places = [
        All((_is("stage", stage), _is("temperature", *filter(None, possible))))
        for stage, possible in TEMPERATURES.items()
    ]
    return All((AnyOf(tuple(fits)), AnyOf(tuple(places))))


def _is(name: str, *values: str) -> Test:
    """Return that a result is one of these; of none, that it is unknown."""
    if not values:
        return Test(name, Kind.TEXT, Op.EXISTS, (False,))
    return Test(name, Kind.TEXT, Op.IN, values)


def _asks_the_same(first: OpportunityRule, second: OpportunityRule) -> bool:
    if (first.people, first.share) != (second.people, second.share):
        return False
    return _same(first.where, second.where) and _same(first.contact, second.contact)


def _same(first: Condition | None, second: Condition | None) -> bool:
    """Tell whether two conditions hold of the same; those that never hold are told of alone."""
    if first is None or second is None:
        return first is second
    if never_holds(first) or never_holds(second):
        return False
    return follows(first, second) and follows(second, first)


def _group(told: Opportunities, group: Group) -> Iterator[Remark]:
    members = [rule for rule in told.rules if rule.group == group.id]
    if not members:
        yield _of_group(group, "unused", "no rule is in it", "Name it in a rule, or take it out.")
    elif _leaves_nothing(group, members):
        what = "its limits leave nothing of its rules' points"
        yield _of_group(group, "worth_nothing", what, "Raise the cap, or lower the floor.")


def _leaves_nothing(group: Group, members: list[OpportunityRule]) -> bool:
    """Tell whether a group comes to 0 whatever its rules give; a share may be below 0."""
    can_rise = any(rule.share or rule.points > 0 for rule in members)
    can_fall = any(rule.share or rule.points < 0 for rule in members)
    is_capped = not can_rise or group.cap == 0
    is_floored = not can_fall or group.floor == 0
    return (can_rise or can_fall) and is_capped and is_floored


def _of_group(group: Group, code: str, what: str, do: str) -> Remark:
    path = ("opportunities", "groups", group.id)
    return Remark(path, Weight.WARNING, code, f"«{group.id}»: {what}", do, of_key=True)
