"""What a case expects, as plain values that can be held against what comes out."""

from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from connector.config.case_values import instant
from connector.config.cases import TopicExpected, local_text
from connector.config.cases_document import ExpectSection, ScoredSection
from connector.config.found import Found
from connector.config.points import micro
from connector.config.wording import likely, quoted
from connector.domain.moment import micros
from connector.rules.interests import folded_name, own_names
from connector.rules.model import RuleSet
from connector.rules.nurture import PAUSED
from connector.rules.opportunities import BOUND

_PLAIN = ("score", "stage", "temperature", "grade", "need", "hand_off")
_OF_MARKETING = ("track", "next_content", "touches_7d", "touches_30d")


def expected(section: ExpectSection, zone: ZoneInfo) -> Mapping[str, object]:
    """Return {what: value} as in `connector.config.cases.Step`; `zone`: the case's."""
    return {
        **dict(_expected(section)),
        **dict(_of_opportunities(section)),
        **dict(_days(section, zone)),
    }


def interests(section: ExpectSection, rules: RuleSet) -> tuple[TopicExpected, ...] | None:
    """Return the interests that are expected, named as an evaluation does."""
    if section.interests is None:
        return None
    own = own_names(rules.interests) if rules.interests else {}
    return tuple(
        TopicExpected(
            own.get(folded_name(name), folded_name(name)),
            name,
            None if points is None else micro(points),
        )
        for name, points in section.interests.items()
    )


def quarantine(section: ExpectSection) -> Mapping[str, frozenset[str]] | None:
    """Return what is expected to be in quarantine, by the activity's id."""
    if section.quarantine is None:
        return None
    return {id_: frozenset(signs) for id_, signs in section.quarantine.items()}


def _expected(section: ExpectSection) -> Iterator[tuple[str, object]]:
    """Yield what is expected, in the order in which a person would ask."""
    for name in (*_PLAIN, "persona", "blocker", "sla", *_OF_MARKETING):
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


def _of_opportunities(section: ExpectSection) -> Iterator[tuple[str, object]]:
    for id_, scored in (section.opportunities or {}).items():
        yield from _scored(f"opportunities.{id_}", scored)


def _scored(name: str, scored: ScoredSection | str) -> Iterator[tuple[str, object]]:
    """Yield what is expected of an opportunity."""
    if isinstance(scored, str):
        yield name, scored
        return
    if scored.score is not None:
        yield f"{name}.score", scored.score
    if scored.points is not None:
        yield f"{name}.points", micro(scored.points)
    for rule, points in (scored.reasons or {}).items():
        yield f"{name}.reasons.{rule}", micro(points)


def _days(section: ExpectSection, zone: ZoneInfo) -> Iterator[tuple[str, object]]:
    """Yield moments and days as texts, as `connector.config.cases.local_text` does."""
    if section.due is not None:
        due = section.due
        yield "due", due if isinstance(due, str) else local_text(micros(instant(due, zone)), zone)
    if section.do_not_press_until is not None:
        yield "do_not_press_until", str(section.do_not_press_until)


def mistakes(
    section: ExpectSection,
    rules: RuleSet,
    activities: Iterable[str],
    opportunities: Iterable[str] = (),
) -> Iterator[Found]:
    """Yield what neither the rules nor the case have; ids: those of the case's."""
    if not section.model_fields_set:
        yield Found((), "nothing is expected; say what, for example `{score: 20}`")
    personas = [persona.id for persona in rules.fit.personas]
    yield from _unknown("persona", section.persona, personas)
    yield from _unknown("blocker", section.blocker, [each.id for each in rules.hand_off.blockers])
    yield from _of_marketing(section, rules)
    scores = [rules.score, *(score.id for score in rules.further)]
    yield from _unknown_keys("scores", section.scores, scores)
    yield from _unknown_keys("reasons", section.reasons, list(reason_names(rules)))
    yield from _no_interests(section.interests or {}, rules)
    yield from _never_there(section.quarantine or {}, rules, activities)
    yield from _never_scored(section, rules, opportunities)


def _of_marketing(section: ExpectSection, rules: RuleSet) -> Iterator[Found]:
    """Yield what is expected of sections that the rules have not, or have not so."""
    for key in ("touches_7d", "touches_30d", "do_not_press_until"):
        if rules.pressure is None and getattr(section, key) not in (None, 0, "none"):
            yield Found((key,), "the rules have no section «pressure», so nothing is counted")
    tracks = rules.nurture.tracks if rules.nurture else ()
    content = rules.nurture.content if rules.nurture else ()
    yield from _unknown("track", section.track, [PAUSED, *(each.id for each in tracks)])
    yield from _unknown(
        "next_content", section.next_content, [each.id for each in content], noun="content"
    )


def _no_interests(named: Mapping[str, object], rules: RuleSet) -> Iterator[Found]:
    """Yield why a contact never has these interests."""
    if named and rules.interests is None:
        yield Found(("interests",), "the rules have no section «interests», so there are none")
    elif rules.interests and len(named) > rules.interests.top:
        most = rules.interests.top
        message = f"the rules tell {most} at the most (`top`), and {len(named)} are named"
        yield Found(("interests",), message)


def _never_there(
    named: Mapping[str, tuple[str, ...]], rules: RuleSet, activities: Iterable[str]
) -> Iterator[Found]:
    """Yield why an activity never is in quarantine by these signs."""
    for id_, signs in named.items():
        path = ("quarantine", id_)
        if id_ not in activities:
            hint = likely(id_, activities) or f"; write `id: {id_}` where the activity stands"
            message = f"no activity of the case has the id {quoted(id_)}{hint}"
            yield Found(path, message, of_key=True)
        for sign in signs:
            if sign not in rules.quarantine.signs:
                yield Found(path, f"the rules do not look for the sign «{sign}»")


def _never_scored(
    section: ExpectSection, rules: RuleSet, opportunities: Iterable[str]
) -> Iterator[Found]:
    """Yield why an opportunity never has such a score."""
    if section.opportunities and rules.opportunities is None:
        message = "the rules have no section «opportunities», so none has a score"
        yield Found(("opportunities",), message, of_key=True)
        return
    names = list(opportunity_reason_names(rules))
    for id_, scored in (section.opportunities or {}).items():
        path = ("opportunities", id_)
        if id_ not in opportunities:
            hint = likely(id_, opportunities) or f"; write `id: {id_}` where it stands"
            message = f"no opportunity of the case has the id {quoted(id_)}{hint}"
            yield Found(path, message, of_key=True)
        for found in _unknown_keys("reasons", _reasons_of(scored), names):
            yield Found((*path, *found.path), found.message, found.of_key)


def _reasons_of(scored: ScoredSection | str) -> Mapping[str, object] | None:
    return None if isinstance(scored, str) else scored.reasons


def _unknown(
    key: str, name: str | None, names: Iterable[str], *, noun: str = ""
) -> Iterator[Found]:
    if name is not None and name not in ("none", *names):
        yield Found((key,), f"the rules have no {noun or key} {quoted(name)}{likely(name, names)}")


def _unknown_keys(
    key: str, named: Mapping[str, object] | None, names: list[str]
) -> Iterator[Found]:
    for name in named or {}:
        if name not in names:
            message = f"the rules have no {key[:-1]} {quoted(name)}{likely(name, names)}"
            yield Found((key, name), message, of_key=True)


def opportunity_reason_names(rules: RuleSet) -> Iterator[str]:
    """Yield the same of the score of an opportunity."""
    if rules.opportunities is None:
        return
    yield from (str(rule.id) for rule in rules.opportunities.rules)
    for group in rules.opportunities.groups:
        yield from (f"cap {group.id}", f"floor {group.id}")
    yield f"bound {BOUND}"


def reason_names(rules: RuleSet) -> Iterator[str]:
    """Yield what a line of a score can be called: a rule's id, or `cap content`."""
    yield from (str(rule.id) for rule in rules.giving)
    for group in rules.groups:
        yield from (f"cap {group.id}", f"floor {group.id}")
    yield from (f"bound {name}" for name in (rules.score, *(each.id for each in rules.further)))
