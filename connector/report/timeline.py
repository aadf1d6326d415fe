"""What became of a contact, day by day, in words: points, activities, moves, hand-offs, writes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from connector.domain.moment import EPOCH, date_of
from connector.domain.numbers import from_millionths, shown
from connector.ports import LedgerRecord, MoveRecord
from connector.report.changes import PersonChange
from connector.rules.explain import Line, Words
from connector.rules.model import Label, RuleSet
from connector.rules.timeline import Deeds, ScoredDay, Share

OTHER = ""
"""The group of rules without a group."""

_OTHER: Label = {"en": "Without a group", "fr": "Hors groupe"}


@dataclass(frozen=True, slots=True)
class Added:
    """What the activities of a day changed in one line of the score.

    `points`: decimal text, exact; `shown`: rounded, with its sign, for people.
    """

    kind: str
    rule: str
    label: str
    points: str
    shown: str


@dataclass(frozen=True, slots=True)
class Done:
    """How many activities of a type happened on a day."""

    type: str
    count: int
    is_outbound: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The score at the end of a local day. `groups`: {group: its points after cap and floor}.

    Points are decimal texts, exact; the groups sum to `raw`, which the score's bounds then clamp.
    """

    day: date
    score: int
    points: str
    raw: str
    groups: Mapping[str, str]
    added: Sequence[Added]


@dataclass(frozen=True, slots=True)
class Change:
    """One property: what stood there, and what we wrote, or what it changed to in the CRM.

    `by`: who changed it there, if the CRM told.
    """

    property: str
    before: str | None
    after: str | None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a day is remembered for. Which of the parts are filled, `kind` says.

    `change`: in the CRM, not by us: a field by which the rules judge, a person's stage, a verdict.
    `added` is None for activities of a day whose score was not computed.
    """

    day: date
    at: datetime | None
    kind: Literal["activities", "move", "hand_off", "change", "write"]
    move: MoveRecord | None = None
    added: Sequence[Added] | None = ()
    done: Sequence[Done] = ()
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A property of ours that shows what a person set, not what we wrote last."""

    property: str
    wrote: str | None
    holds: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Where temperatures begin and where the scale ends, in points."""

    warm: float
    hot: float
    most: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The days from `first` to `last`, rising. `is_every_day`: none of them was left out.

    `groups`: {group: its label}, of those that have points on some day.
    """

    first: date
    last: date
    is_every_day: bool
    limits: Limits
    groups: Mapping[str, str]
    days: Sequence[Day]
    events: Sequence[Event]
    held: Sequence[Held]

    def as_json(self) -> Mapping[str, object]:
        """Return everything as plain values; instants are ISO 8601 in UTC."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the store remembers of a contact, up to the instant of asking.

    `deeds`: {day since 1970-01-01: what happened on it}.
    """

    deeds: Mapping[int, Sequence[Deeds]]
    moves: Sequence[MoveRecord]
    written: Sequence[LedgerRecord]
    hand_offs: Sequence[datetime]
    held: Sequence[Held] = ()
    changes: Sequence[PersonChange] = ()


def timeline(
    days: Sequence[ScoredDay],
    remembered: Remembered,
    *,
    first: date,
    words: Words,
    zone: ZoneInfo,
) -> Timeline:
    """Return the timeline of scored days (at least one, the last is that of asking)."""
    told = [_day(each, words) for each in days]
    last = told[-1].day
    events = [each for each in _events(told, remembered, zone) if first <= each.day <= last]
    return Timeline(
        first=first,
        last=last,
        is_every_day=len(told) == (last - first).days + 1,
        limits=_limits(words.rules),
        groups=_groups(told, words),
        days=told,
        events=sorted(events, key=_in_time),
        held=remembered.held,
    )


def _limits(rules: RuleSet) -> Limits:
    million = 1_000_000
    stages = rules.stages
    return Limits(stages.warm_enter / million, stages.hot_enter / million, rules.highest // million)


def _day(scored: ScoredDay, words: Words) -> Day:
    by_group: dict[str, int] = {}
    groups = {rule.id: rule.group or OTHER for rule in words.rules.giving}
    for share in scored.shares:
        if share.kind != "bound":
            group = groups[share.rule] if share.kind == "rule" else share.rule  # type: ignore[index]  # ids of this rule set
            by_group[group] = by_group.get(group, 0) + share.points
    return Day(
        day=date_of(scored.day),
        score=shown(scored.points),
        points=from_millionths(scored.points),
        raw=from_millionths(sum(by_group.values())),
        groups={name: from_millionths(points) for name, points in by_group.items()},
        added=[_added(each, words) for each in scored.added],
    )


def _added(share: Share, words: Words) -> Added:
    label = words.line(Line(share.kind, share.rule, share.points, None, None))
    points = share.points
    return Added(share.kind, share.rule, label, from_millionths(points), words.points(points))


def _groups(days: Sequence[Day], words: Words) -> Mapping[str, str]:
    """Return the groups that have points, in the order of the file, those without one last."""
    present = {name for day in days for name in day.groups}
    known = {each.id: words.label(each.label) for each in words.rules.groups}
    known[OTHER] = words.label(_OTHER)
    return {name: label for name, label in known.items() if name in present}


def _events(days: Sequence[Day], remembered: Remembered, zone: ZoneInfo) -> Iterator[Event]:
    """Yield what happened; of one day, activities first, then what followed from them."""
    asked = {each.day: each.added for each in days}
    for number, deeds in sorted(remembered.deeds.items()):
        day = date_of(number)
        done = [Done(each.type, each.count, each.is_outbound) for each in deeds]
        yield Event(day, None, "activities", added=asked.get(day), done=done)
    for move in remembered.moves:
        yield Event(_local(move.at, zone), move.at, "move", move=move)
    for at in remembered.hand_offs:
        yield Event(_local(at, zone), at, "hand_off")
    for change in remembered.changes:
        told = Change(change.name, change.before, change.after, change.by)
        yield Event(_local(change.at, zone), change.at, "change", changes=[told])
    for write in remembered.written:
        yield Event(_local(write.at, zone), write.at, "write", changes=_changes(write))


def _in_time(event: Event) -> tuple[date, bool, datetime]:
    """Sort by day; of one day, activities first, and then as it happened."""
    return (event.day, event.at is not None, event.at or EPOCH)


def _changes(write: LedgerRecord) -> Sequence[Change]:
    return [Change(name, write.before.get(name), new) for name, new in write.values.items()]


def _local(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
