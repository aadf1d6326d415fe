"""Why a contact has its score, stage and hand-off: everything an evaluation says, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connector.domain.moment import day_of, instant
from connector.domain.numbers import from_millionths, shown
from connector.ports import Evaluation, KnownContact, LedgerRecord, MoveRecord
from connector.report.next_steps import Clock, Nurture, Pressure, clock, nurture, pressure
from connector.report.set_aside import Quarantined
from connector.report.sources import Sources
from connector.rules.explain import Line, Words

GATES: Mapping[str, Mapping[str, str]] = {
    "points": {
        "en": "points at the threshold, or an explicit need",
        "fr": "points au seuil, ou besoin exprimé",
    },
    "fit": {
        "en": "fit A or B, or C or U with a need",
        "fr": "adéquation A ou B, ou C ou U avec un besoin",
    },
    "families": {
        "en": "signals of several families lately, or a need",
        "fr": "signaux récents de plusieurs familles, ou un besoin",
    },
    "reachable": {
        "en": "a name and a way to reach the person",
        "fr": "un nom et un moyen de joindre la personne",
    },
    "free": {
        "en": "no open opportunity or hand-off, not a client, not lately rejected",
        "fr": "ni opportunité ni transmission en cours, ni client, ni rejet récent",
    },
    "unblocked": {"en": "no blocker", "fr": "aucun facteur bloquant"},
}
CAPACITY = {
    "en": "the owner has room for one more this week",
    "fr": "le propriétaire peut en recevoir un de plus cette semaine",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the score. `points`: decimal text; `when`: how often and when, in words."""

    kind: str
    rule: str
    label: str
    points: str
    count: int | None
    latest: date | None
    when: str


@dataclass(frozen=True, slots=True)
class OtherScore:
    """A score beside the leading one, whose reasons sum to it. `points`: decimal text, exact."""

    name: str
    label: str
    score: int
    points: str
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of the hand-off, and whether it is open."""

    id: str
    label: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Interest:
    """A topic in words, and what counted activities on it brought. `points`: decimal text."""

    topic: str
    label: str
    points: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A contact as the rules see it at an instant. Points are decimal texts, exact.

    `rests_on`: of an instant that was asked for, where its facts come from.
    """

    contact: str
    as_of: datetime
    time_zone: str
    score: int
    points: str
    raw: str
    fit: int | None
    grade: str
    persona: str | None
    missing: str | None
    question: str | None
    stage: str
    temperature: str
    need_at: datetime | None
    handed_off_at: datetime | None
    hand_off_reason: str | None
    hand_off_open: bool
    would_hand_off: bool
    blocker: str | None
    reasons: Sequence[Reason]
    others: Sequence[OtherScore]
    gates: Sequence[Gate]
    moves: Sequence[MoveRecord]
    written: Sequence[LedgerRecord]
    kept: Sequence[str]
    rules_hash: str
    rests_on: Sources | None = None
    quarantined: Quarantined | None = None
    interests: Sequence[Interest] = ()
    clock: Clock | None = None
    nurture: Nurture | None = None
    pressure: Pressure | None = None

    def as_json(self) -> Mapping[str, object]:
        """Return everything as plain values; instants are ISO 8601 in UTC."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class History:
    """What the store remembers of a contact."""

    moves: Sequence[MoveRecord]
    written: Sequence[LedgerRecord]


def explanation(
    known: KnownContact,
    evaluation: Evaluation,
    history: History,
    *,
    words: Words,
    zone: ZoneInfo,
    as_of: datetime,
    rules_hash: str,
    rests_on: Sources | None = None,
    has_room: bool | None = None,
) -> Explanation:
    """Return the explanation of the one contact of an evaluation.

    `has_room`: whether the owner may be given one more this week; None: there is no limit.
    """
    row = evaluation.score.to_pylist()[0]
    blocker = next(
        (each for each in words.rules.hand_off.blockers if each.id == row["blocker"]), None
    )
    return Explanation(
        contact=known.id,
        as_of=as_of,
        time_zone=zone.key,
        score=shown(row["points"]),
        points=from_millionths(row["points"]),
        raw=from_millionths(row["raw"]),
        fit=None if row["fit"] is None else shown(row["fit"]),
        grade=row["grade"],
        persona=row["persona"],
        missing=row["missing"],
        question=words.question(row["missing"]) if row["missing"] else None,
        stage=row["stage"],
        temperature=row["temperature"],
        need_at=instant(row["need_us"]),
        handed_off_at=instant(row["handed_off_us"]),
        hand_off_reason=row["hand_off_reason"],
        hand_off_open=bool(row["hand_off_open"]),
        would_hand_off=bool(row["handed_off"]),
        blocker=words.label(blocker.label) if blocker else None,
        reasons=[_reason(each, words, zone) for each in evaluation.reason.to_pylist()],
        others=list(_others(evaluation, words, zone)),
        gates=list(_gates(row, words, has_room=has_room)),
        moves=history.moves,
        written=history.written,
        kept=sorted(_kept(known)),
        rules_hash=rules_hash,
        interests=_interests(evaluation, words),
        clock=clock(row, words),
        nurture=nurture(evaluation, words),
        pressure=pressure(evaluation),
        rests_on=rests_on,
    )


def _gates(row: Mapping[str, object], words: Words, *, has_room: bool | None) -> Iterator[Gate]:
    for gate, label in GATES.items():
        yield Gate(gate, words.label(label), bool(row[f"gate_{gate}"]))
    if has_room is not None:
        yield Gate("capacity", words.label(CAPACITY), has_room)


def _others(evaluation: Evaluation, words: Words, zone: ZoneInfo) -> Iterator[OtherScore]:
    """Yield the scores beside the leading one, in the order of the file."""
    if evaluation.other_score is None or evaluation.other_reason is None:
        return
    points = {row["score"]: row["points"] for row in evaluation.other_score.to_pylist()}
    lines = evaluation.other_reason.to_pylist()
    for name in (score.id for score in words.rules.further):
        yield OtherScore(
            name=name,
            label=words.score(name),
            score=shown(points[name]),
            points=from_millionths(points[name]),
            reasons=[_reason(each, words, zone) for each in lines if each["score"] == name],
        )


def _interests(evaluation: Evaluation, words: Words) -> list[Interest]:
    rows = evaluation.interest.to_pylist() if evaluation.interest is not None else []
    return [
        Interest(
            row["topic"],
            words.topic(row["topic"], row["spelling"]),
            from_millionths(row["points"]),
        )
        for row in rows
    ]


def _kept(known: KnownContact) -> list[str]:
    """Return the properties of ours that show something else than we wrote."""
    return [
        name
        for name, value in known.wrote.items()
        if value and known.found.get(name) and known.found[name] != value
    ]


def _reason(row: Mapping[str, object], words: Words, zone: ZoneInfo) -> Reason:
    latest, count = row["latest_us"], row["count"]
    points = row["points"]
    line = Line(
        kind=str(row["kind"]),
        rule=str(row["rule"]),
        points=points if isinstance(points, int) else 0,
        count=count if isinstance(count, int) else None,
        latest=day_of(latest, zone) if isinstance(latest, int) else None,
    )
    return reason_of(line, words)


def reason_of(line: Line, words: Words) -> Reason:
    """Return a line in words."""
    return Reason(
        kind=line.kind,
        rule=line.rule,
        label=words.line(line),
        points=from_millionths(line.points),
        count=line.count,
        latest=line.latest,
        when=words.when(line),
    )


def bar(points: str, *, most: int, width: int = 24) -> str:
    """Return a bar of blocks as long as the points are of `most`, for a terminal."""
    share = abs(float(points)) / max(1, most)
    return "█" * max(1, min(width, round(share * width)))
