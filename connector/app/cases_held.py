"""What came out of an admin's case, held against what the case expects."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from connector.config.cases import Step, TopicExpected, local_text, unnamed
from connector.domain.contact import Activity
from connector.domain.moment import date_of
from connector.domain.numbers import from_millionths, shown
from connector.report.cases import Difference, ToldStep, difference
from connector.rules.quarantine import Sign

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scored:
    """What came out for an opportunity: its points, and its reasons, the most first."""

    points: int
    reasons: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out for one case at one step; rows as in `connector.rules.tables`.

    `scores`: {score: points} of every score. `interests`: the most first. `flags`: what is in
    quarantine. `pressure`, `nurture`: one row, or none. `opportunities`: the open ones, by the
    ids that the case gives them.
    """

    score: Row
    reasons: Sequence[Row]
    scores: Mapping[str, object]
    interests: Sequence[Row]
    flags: Sequence[Row]
    pressure: Sequence[Row] = ()
    nurture: Sequence[Row] = ()
    opportunities: Mapping[str, Scored] = field(default_factory=dict)


def told(step: Step, outcome: Outcome, zone: ZoneInfo) -> ToldStep:
    """Return what of a step's expectations was not met, and what came out instead.

    `zone`: the case's.
    """
    found = {**_found(outcome, zone), **_of_opportunities(step, outcome.opportunities)}
    points = {name: value for name, value in found.items() if name.startswith("reasons.")}
    quarantined = _quarantined(step, outcome.flags)
    return ToldStep(
        at=step.at,
        differences=[
            *_differences(step, found),
            *_of_interests(step.interests, outcome.interests),
            *_of_quarantine(step, quarantined),
        ],
        reasons={name.removeprefix("reasons."): _points(value) for name, value in points.items()},
        interests={str(row["spelling"]): _points(row["points"]) for row in outcome.interests},
        quarantine=quarantined,
        opportunities={
            name: {_line_name(line): _points(line["points"]) for line in scored.reasons}
            for name, scored in outcome.opportunities.items()
        },
    )


def _differences(step: Step, found: Mapping[str, object]) -> Iterator[Difference]:
    for what, wanted in step.expected.items():
        value = found.get(what, 0)  # a rule that gives nothing has no line
        if what == "hand_off" and isinstance(wanted, bool):
            value = value != "false"
        if value != wanted:
            yield difference(what, wanted, value)


def _found(outcome: Outcome, zone: ZoneInfo) -> Mapping[str, object]:
    """Return what came out, in the words in which cases expect it."""
    row = outcome.score
    points = int(str(row["points"]))
    return {
        "score": shown(points),
        "points": points,
        "stage": row["stage"],
        "temperature": row["temperature"] or "none",
        "grade": row["grade"],
        "persona": row["persona"] or "none",
        "need": row["need_us"] is not None,
        "hand_off": row["hand_off_reason"] if row["handed_off"] else "false",
        "blocker": row["blocker"] or "none",
        "sla": row["sla"] or "none",
        "due": "none" if row["due_us"] is None else local_text(int(str(row["due_us"])), zone),
        **_of_marketing(outcome),
        **{
            f"gates.{name.removeprefix('gate_')}": bool(value)
            for name, value in row.items()
            if name.startswith("gate_")
        },
        **{f"scores.{name}": points for name, points in outcome.scores.items()},
        **{_reason_name(line): line["points"] for line in outcome.reasons},
    }


def _of_marketing(outcome: Outcome) -> Mapping[str, object]:
    """Return what pressure and nurture say; a contact without a row is pressed by nothing."""
    pressed: Row = next(iter(outcome.pressure), {})
    nurtured: Row = next(iter(outcome.nurture), {})
    until = pressed.get("until_day")
    return {
        "touches_7d": pressed.get("touches_7d", 0),
        "touches_30d": pressed.get("touches_30d", 0),
        "do_not_press_until": "none" if until is None else str(date_of(int(str(until)))),
        "track": nurtured.get("track", "none"),
        "next_content": nurtured.get("content") or "none",
    }


def _of_opportunities(step: Step, scored: Mapping[str, Scored]) -> Mapping[str, object]:
    """Return what is said of each opportunity of the case; `none` of one that has no score."""
    found: dict[str, object] = {}
    for deal in step.opportunities:
        name, own = f"opportunities.{deal.id}", scored.get(deal.id)
        found[name] = "none" if own is None else "a score"
        found[f"{name}.score"] = "none" if own is None else shown(own.points)
        found[f"{name}.points"] = "none" if own is None else own.points
        for line in own.reasons if own else ():
            found[f"{name}.reasons.{_line_name(line)}"] = line["points"]
    return found


def _reason_name(line: Row) -> str:
    return f"reasons.{_line_name(line)}"


def _line_name(line: Row) -> str:
    return f"{line['kind']} {line['rule']}".removeprefix("rule ")


def _points(micro: object) -> str:
    return from_millionths(int(str(micro)))


# ------------------------------------------------------------------ interests


def _of_interests(
    wanted: Sequence[TopicExpected] | None, found: Sequence[Row]
) -> Iterator[Difference]:
    if wanted is None or _is_met(wanted, found):
        return
    with_points = any(each.points is not None for each in wanted)
    expected = [_topic(each.written, each.points) for each in wanted]
    came = [_topic(row["spelling"], row["points"] if with_points else None) for row in found]
    brackets = "{}" if with_points else "[]"
    yield Difference("interests", _listed(expected, brackets), _listed(came, brackets))


def _is_met(wanted: Sequence[TopicExpected], found: Sequence[Row]) -> bool:
    if [each.topic for each in wanted] != [row["topic"] for row in found]:
        return False
    pairs = zip(wanted, found, strict=True)
    return all(each.points in (None, row["points"]) for each, row in pairs)


def _topic(name: object, points: object) -> str:
    return str(name) if points is None else f"{name}: {_points(points)}"


def _listed(words: Sequence[str], brackets: str) -> str:
    """Return words as they stand in a file of cases."""
    return f"{brackets[0]}{', '.join(words)}{brackets[1]}" if words else "none"


# ----------------------------------------------------------------- quarantine


def _quarantined(step: Step, flags: Sequence[Row]) -> Mapping[str, Sequence[str]]:
    """Return {what an activity is called: its signs}, in the order of the case."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in flags:
        found[str(row["activity"])].add(str(row["sign"]))
    return {
        _name(place, activity): _in_order(found[activity.id])
        for place, activity in enumerate(step.activities)
        if activity.id in found
    }


def _in_order(signs: Collection[str]) -> Sequence[str]:
    return [sign.value for sign in Sign if sign in signs]


def _of_quarantine(step: Step, found: Mapping[str, Sequence[str]]) -> Iterator[Difference]:
    """Yield a difference for each activity that shows other signs than expected."""
    if step.quarantine is None:
        return
    for place, activity in enumerate(step.activities):
        name = _name(place, activity)
        wanted, came = _in_order(step.quarantine.get(activity.id, ())), found.get(name, ())
        if list(came) != wanted:
            yield Difference(f"quarantine.{name}", _signs(wanted), _signs(came))


def _name(place: int, activity: Activity) -> str:
    """Return an activity's id, or which one of the case it is."""
    is_named = activity.id != unnamed(place)
    return activity.id if is_named else f"{activity.type} (activity {place + 1})"


def _signs(signs: Sequence[str]) -> str:
    return signs[0] if len(signs) == 1 else _listed(signs, "[]")
