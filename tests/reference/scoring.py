"""Section 3: from lines to the score. Section 4: fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.domain.contact import Value
from connector.domain.numbers import MILLION
from connector.rules.model import Fit, Group, Opportunities, Persona, RuleSet, Score
from tests.reference.conditions import holds, is_known
from tests.reference.counting import Counted


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a score. `count` and `latest_us` stand only with rules."""

    kind: str
    rule: str
    points: int
    count: int | None = None
    latest_us: int | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """The score: what it is made of, the sum before the bounds, and after."""

    lines: tuple[Line, ...]
    raw: int
    total: int


def score(
    rules: RuleSet,
    counted: Sequence[Counted],
    fields: Mapping[str, Value],
    further: Score | None = None,
) -> Points:
    """Add up lines, clamp groups, clamp the sum; each clamp is a line of its own.

    Of the leading score, or of one beside it.
    """
    name = further.id if further else None
    bounds = further or rules
    lines = rule_lines(rules, [each for each in counted if each.rule.score == name])
    given = [rule for rule in rules.contact_rules if rule.score == name]
    lines += [
        Line("rule", rule.id, rule.points)
        for rule in given
        if rule.points and holds(rule.where, fields)
    ]
    groups = [group for group in rules.groups if group.score == name]
    group_of: dict[str, str | None] = {rule.id: rule.group for rule in rules.giving}
    return clamped(lines, groups, group_of, Line("bound", name or rules.score, 0), bounds)


def clamped(
    lines: Sequence[Line],
    groups: Sequence[Group],
    group_of: Mapping[str, str | None],
    bound: Line,
    bounds: RuleSet | Score | Opportunities,
) -> Points:
    """Add up lines; what a group's limits or the bounds of the sum take or add is a line too.

    `group_of`: each rule's. `bound`: the line of the bounds, without points.
    """
    told = list(lines)
    by_rule = [(line, group_of.get(line.rule)) for line in lines if line.kind == "rule"]
    for group in groups:
        total = sum(line.points for line, its_group in by_rule if its_group == group.id)
        if group.cap is not None and total > group.cap:
            told.append(Line("cap", group.id, group.cap - total))
        elif group.floor is not None and total < group.floor:
            told.append(Line("floor", group.id, group.floor - total))
    raw = sum(line.points for line in told)
    total = min(max(raw, bounds.lowest), bounds.highest)
    if total != raw:
        told.append(replace(bound, points=total - raw))
    # Python's sort keeps the order of equals: rules, caps and floors, bound, each as in the file.
    return Points(tuple(sorted(told, key=lambda line: -line.points)), raw, total)


def rule_lines(rules: RuleSet, counted: Sequence[Counted]) -> list[Line]:
    """Sum each rule's contributions, in the order of the file; sums of 0 are left out."""
    lines = []
    for rule in rules.rules:
        telling = [each for each in counted if each.rule is rule and each.points != 0]
        if telling:
            latest_us = max(each.activity.occurred_us for each in telling)
            points = sum(each.points for each in telling)
            lines.append(Line("rule", rule.id, points, len(telling), latest_us))
    return lines


@dataclass(frozen=True, slots=True)
class Match:
    """How a contact fits. `fit` in micro-points, None while too little is known."""

    grade: str
    fit: int | None = None
    persona: str | None = None
    missing: str | None = None

    @property
    def is_good(self) -> bool:
        """Tell whether the persona matches."""
        return self.grade in ("A", "B")


def judged(fields: Mapping[str, Value], match: Match) -> Mapping[str, Value]:
    """Return a contact's fields with what its fit is, as conditions of rules see them."""
    return {**fields, "grade": match.grade, "persona": match.persona}


def fit(settings: Fit, fields: Mapping[str, Value]) -> Match:
    """Find the persona that fits best among those of which enough is known."""
    best: Match | None = None
    for persona in settings.personas:
        points = fit_of(persona, settings.known_enough, fields)
        if points is not None and (best is None or best.fit is None or points > best.fit):
            best = Match(grade(settings, points), points, persona.id)
    return best or Match("U", missing=most_telling(settings, fields))


def fit_of(persona: Persona, known_enough: int, fields: Mapping[str, Value]) -> int | None:
    """Return earned by known weight as 0 to 100 points; None if too little is known."""
    known = [each for each in persona.criteria if is_known(fields.get(each.field))]
    known_weight = sum(each.weight for each in known)
    all_weight = sum(each.weight for each in persona.criteria)
    if known_weight == 0 or known_weight * 100 < known_enough * all_weight:
        return None
    earned = sum(each.weight for each in known if holds(each.condition, fields))
    return earned * 100 * MILLION // known_weight


def grade(settings: Fit, points: int) -> str:
    """Return the letter of a known fit."""
    for letter, lowest in (
        ("A", settings.grade_a),
        ("B", settings.grade_b),
        ("C", settings.grade_c),
    ):
        if points >= lowest:
            return letter
    return "D"


def most_telling(settings: Fit, fields: Mapping[str, Value]) -> str | None:
    """Name the unknown field that would settle most, the first of equals.

    That is: make the most personas known enough; after that, have the most weight.
    """
    asked = [each.field for persona in settings.personas for each in persona.criteria]
    unknown = [name for name in asked if not is_known(fields.get(name))]

    def told(name: str) -> tuple[int, int]:
        settled = [persona for persona in settings.personas if would_settle(persona, name)]
        weights = [
            each.weight
            for persona in settings.personas
            for each in persona.criteria
            if each.field == name
        ]
        return len(settled), sum(weights)

    def would_settle(persona: Persona, name: str) -> bool:
        if all(each.field != name for each in persona.criteria):
            return False
        known = [
            each.weight
            for each in persona.criteria
            if each.field == name or is_known(fields.get(each.field))
        ]
        whole = sum(each.weight for each in persona.criteria)
        return sum(known) * 100 >= settings.known_enough * whole

    return max(unknown, key=told, default=None)
