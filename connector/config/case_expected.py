"""What a case expects, as plain values that can be held against what comes out."""

from collections.abc import Iterable, Iterator, Mapping

from connector.config.cases_document import ExpectSection
from connector.config.points import micro
from connector.config.rules_check import Found
from connector.config.wording import likely, quoted
from connector.rules.model import RuleSet

_PLAIN = ("score", "stage", "temperature", "grade", "need", "hand_off")


def expected(
    section: ExpectSection | None, rules: RuleSet
) -> tuple[Mapping[str, object], list[Found]]:
    """Return {what: value} as in `connector.config.cases.Step`, and what the rules do not have."""
    if section is None:
        return {}, []
    return dict(_expected(section)), list(_mistakes(section, rules))


def _expected(section: ExpectSection) -> Iterator[tuple[str, object]]:
    """Yield what is expected, in the order in which a person would ask."""
    for name in (*_PLAIN, "persona", "blocker"):
        value = getattr(section, name)
        if value is not None:
            yield name, value
    if section.points is not None:
        yield "points", micro(section.points)
    for name, is_open in section.gates or ():
        if is_open is not None:
            yield f"gates.{name}", is_open
    for name, points in (section.scores or {}).items():
        yield f"scores.{name}", micro(points)
    for name, points in (section.reasons or {}).items():
        yield f"reasons.{name}", micro(points)


def _mistakes(section: ExpectSection, rules: RuleSet) -> Iterator[Found]:
    if not section.model_fields_set:
        yield Found((), "nothing is expected; say what, for example `{score: 20}`")
    personas = [persona.id for persona in rules.fit.personas]
    yield from _unknown("persona", section.persona, personas)
    yield from _unknown("blocker", section.blocker, [each.id for each in rules.hand_off.blockers])
    scores = [rules.score, *(score.id for score in rules.further)]
    yield from _unknown_keys("scores", section.scores, scores)
    yield from _unknown_keys("reasons", section.reasons, list(reason_names(rules)))


def _unknown(key: str, name: str | None, names: Iterable[str]) -> Iterator[Found]:
    if name is not None and name not in ("none", *names):
        yield Found((key,), f"the rules have no {key} {quoted(name)}{likely(name, names)}")


def _unknown_keys(
    key: str, named: Mapping[str, object] | None, names: list[str]
) -> Iterator[Found]:
    for name in named or {}:
        if name not in names:
            message = f"the rules have no {key[:-1]} {quoted(name)}{likely(name, names)}"
            yield Found((key, name), message, of_key=True)


def reason_names(rules: RuleSet) -> Iterator[str]:
    """Yield what a line of a score can be called: a rule's id, or `cap content`."""
    yield from (str(rule.id) for rule in rules.giving)
    for group in rules.groups:
        yield from (f"cap {group.id}", f"floor {group.id}")
    yield from (f"bound {name}" for name in (rules.score, *(each.id for each in rules.further)))
