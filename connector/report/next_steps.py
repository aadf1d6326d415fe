"""What sales and marketing have to do next with a contact, in words: clock, track, pressure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from connector.domain.moment import date_of, instant
from connector.ports import Evaluation
from connector.rules.explain import Words

SLA: Mapping[str, Mapping[str, str]] = {
    "running": {"en": "running", "fr": "en cours"},
    "warned": {"en": "due soon", "fr": "bientôt échu"},
    "breached": {"en": "overdue", "fr": "en retard"},
    "escalated": {"en": "long overdue", "fr": "très en retard"},
    "met": {"en": "acted on in time", "fr": "traité à temps"},
    "late": {"en": "acted on late", "fr": "traité en retard"},
}


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the clock of the last hand-off stands. `answered_at`: when sales acted."""

    state: str
    label: str
    due_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Nurture:
    """The track of a contact, and what comes next on it: id, label and address."""

    track: str
    label: str
    content: str | None
    content_label: str | None
    content_url: str | None


@dataclass(frozen=True, slots=True)
class Pressure:
    """How often a contact was touched. `do_not_press_until`: while a budget is used up."""

    touches_7d: int
    touches_30d: int
    do_not_press_until: date | None


def clock(row: Mapping[str, object], words: Words) -> Clock | None:
    """Return the clock of a row of `tables.SCORE`; None where none runs or ran."""
    state = row["sla"]
    if state is None:
        return None
    return Clock(
        state=str(state),
        label=words.label(SLA[str(state)]),
        due_at=instant(row["due_us"]),
        answered_at=instant(row["answered_us"]),
    )


def nurture(evaluation: Evaluation, words: Words) -> Nurture | None:
    """Return the track of the one contact of an evaluation; None if it is on none."""
    rows = [] if evaluation.nurture is None else evaluation.nurture.to_pylist()
    if not rows:
        return None
    (row,) = rows
    content = words.content(row["content"]) if row["content"] else None
    return Nurture(
        track=row["track"],
        label=words.track(row["track"]),
        content=row["content"],
        content_label=words.label(content.label) if content else None,
        content_url=content.url if content else None,
    )


def pressure(evaluation: Evaluation) -> Pressure | None:
    """Return the pressure on the one contact of an evaluation; None if the rules do not count."""
    if evaluation.pressure is None:
        return None
    rows = evaluation.pressure.to_pylist()
    if not rows:
        return Pressure(0, 0, None)
    (row,) = rows
    until = row["until_day"]
    return Pressure(
        touches_7d=row["touches_7d"],
        touches_30d=row["touches_30d"],
        do_not_press_until=None if until is None else date_of(until),
    )
