"""What a change of the rules would do to the contacts: totals, bars, and who moves most."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from connector.domain.numbers import from_millionths

Fate = Literal["compared", "added", "removed"]
"""What becomes of a score: both rule sets have it, or only the later, or only the earlier one."""

State = tuple[str, str]
"""Stage and temperature, '' where a stage has none."""

_LADDER = ("suspect", "lead", "prospect", "client", "recycled", "disqualified")
_TEMPERATURES = ("", "cold", "warm", "hot")
_EDGES = (1, 5, 10, 20, 50)
_WIDTH = 40
_MOST_MOVES = 12
_MOST_LINES = 12
_MOST_NAMED = 3


@dataclass(slots=True)
class LineChange:
    """One rule, cap, floor or bound: in how many contacts it differs, and by how much in all."""

    label: str
    contacts: int = 0
    micro_points: int = 0


@dataclass(slots=True)
class ScoreTotals:
    """One score by its name. `suffix`: of its columns in rows, as in `score_risk_before`.

    `changes`: {change of the shown score: contacts}, of one that is compared. `with_points`:
    contacts that have points in it, of one that only one rule set has.
    """

    name: str
    label: str
    suffix: str
    fate: Fate
    changes: Counter[int] = field(default_factory=Counter)
    with_points: int = 0

    def column(self, what: str, when: str) -> str:
        """Return the name of a column of rows: `score_risk_before`."""
        return f"{what}{self.suffix}_{when}"

    def change(self, row: Mapping[str, object], what: str = "score") -> int:
        """Return by how much a row's score, or its `points`, changes."""
        before, after = (int(str(row[self.column(what, when)])) for when in _WHEN)
        return after - before

    @property
    def up(self) -> int:
        """How many contacts gain by it."""
        return sum(count for change, count in self.changes.items() if change > 0)

    @property
    def down(self) -> int:
        """How many contacts lose by it."""
        return sum(count for change, count in self.changes.items() if change < 0)


@dataclass(frozen=True, slots=True)
class OpportunityTotals:
    """The scores of the open opportunities, which are `count`.

    `up`, `down`: how many gain and lose, where both rule sets give them a score; else `with_points`
    of them have points. `rows`: those that change most.
    """

    fate: Fate
    count: int
    up: int = 0
    down: int = 0
    with_points: int = 0
    rows: Sequence[Mapping[str, object]] = ()


@dataclass(slots=True)
class DiffReport:
    """What differs between two rule sets on the same contacts.

    `scores`: of either rule set; `leading`: what the one that leads is called, before and after.
    `differing`: contacts of which a person would see a difference; `points_only`: those whose
    points differ by less than shows. `moves`: {(state before, state after): contacts} of those that
    move. `lines`: by score, kind and rule. `rows`: the contacts that change most. `opportunities`:
    None where neither gives them a score.
    """

    as_of: datetime
    before: str
    after: str
    scores: Sequence[ScoreTotals]
    leading: tuple[str, str]
    contacts: int = 0
    differing: int = 0
    points_only: int = 0
    hand_offs_before: int = 0
    hand_offs_after: int = 0
    hand_offs_gained: int = 0
    hand_offs_lost: int = 0
    funnel_before: Counter[State] = field(default_factory=Counter)
    funnel_after: Counter[State] = field(default_factory=Counter)
    moves: Counter[tuple[State, State]] = field(default_factory=Counter)
    grades: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines: dict[tuple[str, str, str], LineChange] = field(default_factory=dict)
    rows: Sequence[Mapping[str, object]] = ()
    notes: Sequence[str] = ()
    opportunities: OpportunityTotals | None = None

    @property
    def moved(self) -> tuple[int, int]:
        """Of how many contacts the stage differs, and of how many the temperature."""
        stage, temperature = (
            sum(count for (old, new), count in self.moves.items() if old[place] != new[place])
            for place in range(2)
        )
        return stage, temperature

    @property
    def compared(self) -> Sequence[ScoreTotals]:
        """The scores that both rule sets have."""
        return [score for score in self.scores if score.fate == "compared"]

    @property
    def remarks(self) -> Iterator[str]:
        """What has to be known of the scores before figures are read, in sentences."""
        for score in self.scores:
            if score.fate != "compared":
                file = self.after if score.fate == "added" else self.before
                yield (
                    f"Score «{score.label}» is {score.fate}: only {file} has it, "
                    f"{score.with_points:,} contacts have points in it there. This counts as a "
                    "change of nobody."
                )
        if {"added", "removed"} <= {score.fate for score in self.scores}:
            yield "A score is known by its name: to compare it, keep the name and change the label."
        if not any(score.suffix == "" for score in self.scores):
            before, after = self.leading
            yield (
                f"Stages, temperature and hand-offs go by «{before}» before and by «{after}» after."
            )


def totals(report: DiffReport) -> Mapping[str, object]:
    """Return how much differs, as plain values; an instant is ISO 8601."""
    stage, temperature = report.moved
    hand_offs = {
        "before": report.hand_offs_before,
        "after": report.hand_offs_after,
        "gained": report.hand_offs_gained,
        "lost": report.hand_offs_lost,
    }
    return {
        "before": report.before,
        "after": report.after,
        "as_of": report.as_of.isoformat(),
        "contacts": report.contacts,
        "differing": report.differing,
        "points_only": report.points_only,
        "scores": [_score_totals(score) for score in report.scores],
        "stage": stage,
        "temperature": temperature,
        "grade": report.grades.total(),
        "hand_off": hand_offs,
        "moves": [
            {"from": " ".join(old).strip(), "to": " ".join(new).strip(), "contacts": count}
            for (old, new), count in report.moves.most_common()
        ],
        "opportunities": _opportunity_totals(report.opportunities),
        "notes": [*report.remarks, *report.notes],
    }


def _opportunity_totals(told: OpportunityTotals | None) -> Mapping[str, object] | None:
    if told is None:
        return None
    common = {"fate": told.fate, "open": told.count}
    if told.fate == "compared":
        return {**common, "more": told.up, "less": told.down, "most": list(told.rows)}
    return {**common, "with_points": told.with_points}


def _score_totals(score: ScoreTotals) -> Mapping[str, object]:
    told = {"name": score.name, "label": score.label, "fate": score.fate}
    if score.fate == "compared":
        return {**told, "more": score.up, "less": score.down}
    return {**told, "with_points": score.with_points}


def rules_diff(report: DiffReport) -> RenderableType:
    """Return the whole report."""
    head = (
        f"{report.contacts:,} contacts under {report.before}, then under {report.after}: "
        f"{report.differing:,} would look different."
    )
    parts: list[RenderableType] = [Text(head)]
    if report.points_only:
        less = f"{report.points_only:,} more differ by less than the shown scores tell."
        parts.append(Text(less))
    parts += [Text(remark) for remark in report.remarks]
    if report.differing:
        for table in _tables(report):
            parts += [Text(), table]
    if report.opportunities is not None:
        parts += [Text(), *_opportunities(report, report.opportunities)]
    parts += [Text(note) for note in report.notes]
    return Group(*parts)


def _opportunities(report: DiffReport, told: OpportunityTotals) -> Iterator[RenderableType]:
    """Yield how the scores of opportunities differ."""
    if told.fate != "compared":
        file = report.after if told.fate == "added" else report.before
        yield Text(
            f"Opportunities: only {file} gives them a score; {told.with_points:,} of {told.count:,}"
            " open ones have points by it."
        )
        return
    yield Text(
        f"Opportunities: the score of {told.up + told.down:,} of {told.count:,} open ones would "
        f"differ ({told.up:,} more, {told.down:,} less)."
    )
    if told.rows:
        table = _table("Opportunities that change most", "id", "score", "because of")
        for row in told.rows:
            score = f"{row['score_before']} → {row['score_after']}"
            change = _signed(int(str(row["score_change"])))
            table.add_row(
                escape(str(row["id"])), f"{score} ({change})", escape(_because(row["changes"]))
            )
        yield table


def _tables(report: DiffReport) -> Iterator[RenderableType]:
    yield _totals(report)
    yield _funnel(report)
    if report.moves:
        yield _moves(report)
    if report.grades:
        yield _grades(report)
    for score in report.compared:
        if score.up or score.down:
            yield _histogram(score)
    yield Text(
        f"Hand-offs: {report.hand_offs_before:,} → {report.hand_offs_after:,} "
        f"({report.hand_offs_gained:,} gained, {report.hand_offs_lost:,} lost)"
    )
    if report.lines:
        yield _lines(report)
    if report.rows:
        yield _rows(report)


def _totals(report: DiffReport) -> Table:
    """Return of how many contacts each thing differs, and in which direction."""
    table = _table("What differs", "what", " contacts", " more", " less")
    for score in report.compared:
        counts = score.up + score.down, score.up, score.down
        table.add_row(escape(f"score «{score.label}»"), *(f"{count:,}" for count in counts))
    for name, moved in zip(("stage", "temperature"), report.moved, strict=True):
        table.add_row(name, f"{moved:,}", "", "")
    table.add_row("grade", f"{report.grades.total():,}", "", "")
    gained, lost = report.hand_offs_gained, report.hand_offs_lost
    table.add_row("hand-off", f"{gained + lost:,}", f"{gained:,}", f"{lost:,}")
    return table


def _table(title: str, *columns: str) -> Table:
    """Return an empty table; a column whose name begins with a blank stands to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        justify = "right" if name.startswith(" ") else "left"
        table.add_column(name.strip(), justify=justify, overflow="fold")  # type: ignore[arg-type]  # of two words
    return table


def _funnel(report: DiffReport) -> Table:
    table = _table("Stages", "stage", "temperature", " before", " after", " change")
    for stage in _LADDER:
        for temperature in _TEMPERATURES:
            state = stage, temperature
            before, after = report.funnel_before[state], report.funnel_after[state]
            if before or after:
                counts = f"{before:,}", f"{after:,}", _signed(after - before)
                table.add_row(stage, temperature, *counts)
    return table


def _moves(report: DiffReport) -> Table:
    table = _table("Who moves", "from", "to", " contacts")
    for (before, after), count in report.moves.most_common(_MOST_MOVES):
        table.add_row(" ".join(before).strip(), " ".join(after).strip(), f"{count:,}")
    _rest(table, len(report.moves) - _MOST_MOVES)
    return table


def _grades(report: DiffReport) -> Table:
    table = _table("Grades", "from", "to", " contacts")
    for (before, after), count in report.grades.most_common(_MOST_MOVES):
        table.add_row(before, after, f"{count:,}")
    _rest(table, len(report.grades) - _MOST_MOVES)
    return table


def _rest(table: Table, more: int) -> None:
    if more > 0:
        table.add_row(f"and {more:,} more", "")


def _histogram(score: ScoreTotals) -> Table:
    table = _table(f"Change of the score «{escape(score.label)}»", "points", " contacts", "")
    bins: Counter[int] = Counter()
    for change, count in score.changes.items():
        bins[_bin(change)] += count
    most = max((count for place, count in bins.items() if place), default=1)
    for place in range(-len(_EDGES), len(_EDGES) + 1):
        count = bins[place]
        # Most contacts stay as they are: a bar for them would leave no room for the others.
        blocks = "█" * max(1, round(count / most * _WIDTH)) if place and count else ""
        colour = "red" if place < 0 else "green"
        if count:
            table.add_row(_bin_name(place), f"{count:,}", Text(blocks, colour))
    return table


def _bin(change: int) -> int:
    """Return how many of the edges a change reaches, negative for a loss."""
    reached = sum(abs(change) >= edge for edge in _EDGES)
    return -reached if change < 0 else reached


def _bin_name(place: int) -> str:
    if not place:
        return "0"
    sign = "-" if place < 0 else "+"
    first = _EDGES[abs(place) - 1]
    if abs(place) == len(_EDGES):
        return f"{sign}{first} and more"
    return f"{sign}{first} to {sign}{_EDGES[abs(place)] - 1}"


def _lines(report: DiffReport) -> Table:
    table = _table("Because of", "rule", " contacts", " points in all")
    lines = sorted(report.lines.items(), key=lambda one: (-one[1].contacts, one[0]))
    for _, line in lines[:_MOST_LINES]:
        sum_ = _signed_points(line.micro_points)
        table.add_row(escape(line.label), f"{line.contacts:,}", sum_)
    _rest(table, len(lines) - _MOST_LINES)
    return table


def _rows(report: DiffReport) -> Table:
    table = _table("Who changes most", "id", "scores", "stage", "grade", "hand-off", "because of")
    for row in report.rows:
        stages = (
            f"{row[f'stage_{when}']} {row[f'temperature_{when}'] or ''}".strip() for when in _WHEN
        )
        hand_offs = ("yes" if row[f"hand_off_{when}"] else "no" for when in _WHEN)
        table.add_row(
            escape(str(row["id"])),
            escape("; ".join(_scores(report.compared, row))),
            _arrow(stages),
            _arrow(str(row[f"grade_{when}"]) for when in _WHEN),
            _arrow(hand_offs),
            escape(_because(row["changes"])),
        )
    return table


def _scores(compared: Sequence[ScoreTotals], row: Mapping[str, object]) -> Iterator[str]:
    """Yield the scores of a row: the only one, or of several those that change, with their name."""
    for score in compared:
        before, after = (row[score.column("score", when)] for when in _WHEN)
        told = f"{before} → {after} ({_signed(score.change(row))})"
        if len(compared) == 1:
            yield told
        elif score.change(row):
            yield f"{score.label} {told}"


_WHEN = ("before", "after")


def _arrow(pair: Iterator[str]) -> str:
    before, after = pair
    return before if before == after else f"{before} → {after}"


def _because(changes: object) -> str:
    lines = changes if isinstance(changes, list) else []
    named = [f"{_signed_points(line['change'])} {line['label']}" for line in lines[:_MOST_NAMED]]
    more = len(lines) - _MOST_NAMED
    return "; ".join(named) + (f"; and {more} more" if more > 0 else "")


def _signed(number: int) -> str:
    return f"{number:+,}" if number else "0"


def _signed_points(micro: int) -> str:
    tenths = round(micro, -5)
    return ("+" if micro > 0 else "") + from_millionths(tenths)
