"""What of a contact is in quarantine, why, and what it would be worth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connector.domain.moment import moment
from connector.domain.numbers import from_millionths
from connector.ports import Evaluation
from connector.rules.explain import Line, Words
from connector.rules.quarantine import SIGN_LABELS, Sign

_Line = tuple[str, str, str]
"""Score, kind and rule of a line."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """An activity in quarantine. `signs`: their names; `why`: the same in words."""

    activity: str
    type: str
    at: datetime
    signs: Sequence[str]
    why: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """By how much a line of a score would differ if the activities counted. Decimal text.

    `label`: in words; of a score beside the leading one with that score's name.
    """

    score: str
    kind: str
    rule: str
    label: str
    points: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Everything of a contact that is in quarantine.

    `points`: what the leading score would gain by it.
    """

    activities: Sequence[SetAside]
    withheld: Sequence[Withheld]
    points: str


@dataclass(frozen=True, slots=True)
class SetAsideDay:
    """How many activities of a type show the same signs on a day. `why`: in words, and by name."""

    day: date
    type: str
    why: str
    count: int


def by_day(found: Quarantined, zone: ZoneInfo) -> list[SetAsideDay]:
    """Return what is in quarantine, like with like: a robot may have clicked every link of a mail.

    In the order in which each first comes.
    """
    counts = Counter(
        (each.at.astimezone(zone).date(), each.type, f"{each.why} ({', '.join(each.signs)})")
        for each in found.activities
    )
    return [SetAsideDay(*like, count) for like, count in counts.items()]


def quarantined(
    evaluation: Evaluation, trusting: Evaluation, *, words: Words
) -> Quarantined | None:
    """Return what an evaluation of one contact left out; `trusting` counted it all the same."""
    if evaluation.flag is None or not len(evaluation.flag):
        return None
    points = trusting.score["points"][0].as_py() - evaluation.score["points"][0].as_py()
    leading = words.rules.score
    return Quarantined(
        activities=_activities(evaluation.flag.to_pylist(), words),
        withheld=_withheld(_lines(evaluation, leading), _lines(trusting, leading), words),
        points=from_millionths(points),
    )


def _activities(rows: Sequence[Mapping[str, object]], words: Words) -> list[SetAside]:
    by_activity: dict[str, list[Mapping[str, object]]] = {}
    for row in rows:
        by_activity.setdefault(str(row["activity"]), []).append(row)
    return [_set_aside(activity, found, words) for activity, found in by_activity.items()]


def _set_aside(activity: str, rows: Sequence[Mapping[str, object]], words: Words) -> SetAside:
    shown = {row["sign"] for row in rows}
    signs = [sign for sign in Sign if sign in shown]
    return SetAside(
        activity=activity,
        type=str(rows[0]["type"]),
        at=moment(int(str(rows[0]["occurred_us"]))),
        signs=[sign.value for sign in signs],
        why=", ".join(words.label(SIGN_LABELS[sign]) for sign in signs),
    )


def _lines(evaluation: Evaluation, leading: str) -> dict[_Line, int]:
    """Return the points of each line of every score."""
    lines = {
        (leading, row["kind"], row["rule"]): row["points"] for row in evaluation.reason.to_pylist()
    }
    others = evaluation.other_reason
    for row in others.to_pylist() if others is not None else ():
        lines[row["score"], row["kind"], row["rule"]] = row["points"]
    return lines


def _withheld(now: Mapping[_Line, int], then: Mapping[_Line, int], words: Words) -> list[Withheld]:
    differences = {line: then.get(line, 0) - now.get(line, 0) for line in {**then, **now}}
    return [
        Withheld(*line, _label(line, words), from_millionths(points))
        for line, points in differences.items()
        if points
    ]


def _label(line: _Line, words: Words) -> str:
    score, kind, rule = line
    label = words.line(Line(kind, rule, 0, None, None))
    return label if score == words.rules.score else f"{label} ({words.score(score)})"
