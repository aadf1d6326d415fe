"""Thresholds that no contact can reach, or that every contact meets."""

from collections.abc import Iterator, Sequence
from itertools import product

from connector.config.document import DataPath
from connector.config.review.dead import never_fires
from connector.config.review.remark import Remark, Weight
from connector.domain.numbers import MILLION, from_millionths
from connector.rules.conditions import All, Test
from connector.rules.model import ActivityRule, ContactRule, Criterion, Fit, Group, Persona, RuleSet
from connector.rules.operators import Op
from connector.rules.reach import Reach, group_reach, score_reach
from connector.rules.satisfiable import never_holds

_MOST_CRITERIA = 12
_HUNDREDTH = MILLION // 100


def out_of_reach(rules: RuleSet) -> Iterator[Remark]:
    """Yield bounds, bands, gates and grades that no combination of rules serves."""
    fires = [rule for rule in rules.rules if not never_fires(rules, rule)]
    reach = score_reach(rules, fires)
    for path, points, becomes in _thresholds(rules):
        yield from _threshold(reach, path, points, becomes)
    for path, points, name in (
        (("stages", "warm", "leave"), rules.stages.warm_leave, "warm"),
        (("stages", "hot", "leave"), rules.stages.hot_leave, "hot"),
    ):
        yield from _never_left(reach, path, points, name)
    yield from _families(rules, fires)
    for group in rules.groups:
        yield from _group(group, rules.giving)
    for position, persona in enumerate(rules.fit.personas):
        yield from _persona(rules.fit, position, persona)


def _thresholds(rules: RuleSet) -> Iterator[tuple[DataPath, int, str]]:
    yield ("stages", "warm", "enter"), rules.stages.warm_enter, "no lead becomes warm"
    hot = "a lead becomes hot by an explicit need alone"
    yield ("stages", "hot", "enter"), rules.stages.hot_enter, hot
    handed = "nobody is handed off but for an explicit need"
    yield ("hand_off", "threshold"), rules.hand_off.threshold, handed


def _threshold(reach: Reach, path: DataPath, points: int, becomes: str) -> Iterator[Remark]:
    wanted = from_millionths(points)
    if reach.most is not None and points > reach.most:
        most = from_millionths(reach.most // _HUNDREDTH * _HUNDREDTH)
        yield Remark(
            path,
            Weight.WARNING,
            "out_of_reach",
            f"no contact can reach {wanted} points: with these rules, groups and bounds a score is "
            f"{most} at most, so {becomes}",
            f"Lower it to {most} or less, or raise what limits the score.",
        )
    elif reach.least is not None and points <= reach.least:
        yield Remark(
            path,
            Weight.WARNING,
            "always_reached",
            f"every contact has at least {from_millionths(reach.least)} points, so that {wanted} "
            "tells nobody apart",
            "Raise it above the least score.",
        )


def _never_left(reach: Reach, path: DataPath, points: int, name: str) -> Iterator[Remark]:
    if reach.least is not None and points <= reach.least:
        yield Remark(
            path,
            Weight.WARNING,
            "never_left",
            f"no score falls below {from_millionths(points)} points: a lead that is {name} stays so"
            " for ever",
            "Raise it above the least score.",
        )


def _families(rules: RuleSet, fires: Sequence[ActivityRule]) -> Iterator[Remark]:
    families = {rule.family for rule in fires if rule.family}
    if rules.hand_off.families > len(families):
        yield Remark(
            ("hand_off", "families", "count"),
            Weight.WARNING,
            "out_of_reach",
            f"a hand-off by points wants {rules.hand_off.families} families of signals, and the "
            f"rules have {len(families)}: nobody is handed off but for an explicit need",
            "Give rules a «family», or lower the count.",
        )


def _group(group: Group, rules: Sequence[ActivityRule | ContactRule]) -> Iterator[Remark]:
    members = [rule for rule in rules if rule.group == group.id]
    reach = group_reach(group, rules)
    if not members:
        yield _of_group(group, "unused", "no rule is in it", "Name it in a rule, or take it out.")
    elif reach.least == reach.most == 0 and any(rule.points for rule in members):
        what = "its limits leave nothing of its rules' points"
        yield _of_group(group, "worth_nothing", what, "Raise the cap, or lower the floor.")
    elif reach.least is not None and reach.least > 0:
        least = from_millionths(reach.least)
        what = f"its floor gives every contact {least} points, whoever does nothing too"
        do = "Set it to 0 or less: it is meant as the least that bad signs can take away."
        yield _of_group(group, "always_reached", what, do)


def _of_group(group: Group, code: str, what: str, do: str) -> Remark:
    path = ("groups", group.id)
    return Remark(path, Weight.WARNING, code, f"«{group.id}»: {what}", do, of_key=True)


def _persona(fit: Fit, position: int, persona: Persona) -> Iterator[Remark]:
    best = best_fit(persona, fit.known_enough)
    if best is None:
        return
    letter, grade = ("B", fit.grade_b) if best < fit.grade_b else ("A", fit.grade_a)
    if best < grade:
        yield Remark(
            ("personas", position, "id"),
            Weight.WARNING,
            "out_of_reach",
            f"no contact can be more than {from_millionths(best)} % «{persona.id}», and grade "
            f"{letter} begins at {from_millionths(grade)}"
            + (": it never matches" if letter == "B" else ""),
            "Criteria of the same field exclude each other: put their values into one list.",
        )


def best_fit(persona: Persona, known_enough: int) -> int | None:
    """Return a fit in micro-points that no contact exceeds; None if that takes too long to tell."""
    by_field: dict[str, list[Criterion]] = {}
    for criterion in persona.criteria:
        by_field.setdefault(criterion.field, []).append(criterion)
    if len(persona.criteria) > _MOST_CRITERIA:
        return None
    fields = [(_weight(parts), _most_earned(parts)) for parts in by_field.values()]
    total = sum(known for known, _ in fields)
    best = 0
    for chosen in product((False, True), repeat=len(fields)):
        known = sum(field[0] for field, is_known in zip(fields, chosen, strict=True) if is_known)
        earned = sum(field[1] for field, is_known in zip(fields, chosen, strict=True) if is_known)
        if known and known * 100 >= known_enough * total:
            best = max(best, earned * 100 * MILLION // known)
    return best


def _weight(criteria: Sequence[Criterion]) -> int:
    return sum(criterion.weight for criterion in criteria)


def _most_earned(criteria: Sequence[Criterion]) -> int:
    """Return the most weight that criteria of one field can earn together."""
    best = 0
    for chosen in product((False, True), repeat=len(criteria)):
        some = [each for each, is_in in zip(criteria, chosen, strict=True) if is_in]
        known = (Test(one.field, one.kind, Op.EXISTS, (True,)) for one in some)
        together = All((*known, *(one.condition for one in some)))
        if _weight(some) > best and not never_holds(together):
            best = _weight(some)
    return best
