"""What of a contact is in quarantine, why, and what it would be worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.domain.numbers import from_millionths
from connector.ports import Evaluation
from connector.rules.explain import Line, Words
from connector.rules.quarantine import SIGN_LABELS, Sign

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    """By how much a line of the score would differ if the activities counted. Decimal text."""

    kind: str
    rule: str
    label: str
    points: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Everything of a contact that is in quarantine. `points`: what the score would gain by it."""

    activities: Sequence[SetAside]
    withheld: Sequence[Withheld]
    points: str


def quarantined(
    evaluation: Evaluation, trusting: Evaluation, *, words: Words
) -> Quarantined | None:
    """Return what an evaluation of one contact left out; `trusting` counted it all the same."""
    if evaluation.flag is None or not len(evaluation.flag):
        return None
    points = trusting.score["points"][0].as_py() - evaluation.score["points"][0].as_py()
    return Quarantined(
        activities=_activities(evaluation.flag.to_pylist(), words),
        withheld=_withheld(_lines(evaluation), _lines(trusting), words),
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
        at=_EPOCH + timedelta(microseconds=int(str(rows[0]["occurred_us"]))),
        signs=[sign.value for sign in signs],
        why=", ".join(words.label(SIGN_LABELS[sign]) for sign in signs),
    )


def _lines(evaluation: Evaluation) -> dict[tuple[str, str], int]:
    rows = evaluation.reason.to_pylist()
    return {(row["kind"], row["rule"]): row["points"] for row in rows}


def _withheld(
    now: Mapping[tuple[str, str], int], then: Mapping[tuple[str, str], int], words: Words
) -> list[Withheld]:
    differences = {name: then.get(name, 0) - now.get(name, 0) for name in {**then, **now}}
    return [
        Withheld(kind, rule, words.line(Line(kind, rule, 0, None, None)), from_millionths(points))
        for (kind, rule), points in differences.items()
        if points
    ]
