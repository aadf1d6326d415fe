"""A timeline on a terminal: the curve in blocks, and below it what happened, day by day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from connector.report.timeline import Change, Day, Event, Limits, Timeline

_ROWS = 10
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_AXIS = 7
_MARKS = {
    "hand_off": ("★", "magenta"),
    "move": ("◆", "cyan"),
    "change": ("✎", "yellow"),
    "activities": ("·", "green"),
}
_EVENTS_SHOWN = 40


def timeline(told: Timeline) -> RenderableType:
    """Return the chart of a timeline and its events, oldest first."""
    parts: list[RenderableType] = [Curve(told), Text(), _events(told)]
    if told.held:
        parts += [Text(), _held(told)]
    return Group(*parts)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the chart: the days it stands for, and the latest of them that was asked."""

    first: date
    last: date
    day: Day | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The score over the days, as wide as the terminal."""

    told: Timeline

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the rows of the chart."""
        columns = list(_columns(self.told, max(10, options.max_width - _AXIS - 1)))
        top = _top(self.told)
        yield Text(f"Score, {self.told.first} to {self.told.last}", style="italic")
        for row in reversed(range(_ROWS)):
            yield _row(columns, self.told.limits, row, top)
        yield _marks(columns, self.told.events)
        yield _dates(columns)
        yield Text(_legend(self.told), style="dim")


def _columns(told: Timeline, width: int) -> Iterator[_Column]:
    """Yield columns of equally many days, or several columns for each day where there is room."""
    count = (told.last - told.first).days + 1
    asked = {each.day: each for each in told.days}
    each_has = -(-count // width)
    repeats = max(1, width // count) if each_has == 1 else 1
    # Counted back from the last day, so that the last column ends with it.
    for end in reversed(range(0, count, each_has)):
        last = told.last - timedelta(days=end)
        first = max(told.first, last - timedelta(days=each_has - 1))
        days = (last - timedelta(days=n) for n in range((last - first).days + 1))
        shown = next((asked[day] for day in days if day in asked), None)
        yield from [_Column(first, last, shown)] * min(repeats, 4)


def _top(told: Timeline) -> float:
    """Return the score at the top of the chart: the thresholds are always in sight."""
    highest = max([*(float(each.points) for each in told.days), told.limits.hot])
    return max(_ROWS, min(told.limits.most, highest * 1.1))


def _row(columns: Sequence[_Column], limits: Limits, row: int, top: float) -> Text:
    """Return one row of blocks, `row` counted from the bottom."""
    lower, upper = row * top / _ROWS, (row + 1) * top / _ROWS
    name = next((n for n in ("hot", "warm") if lower <= getattr(limits, n) < upper), "")
    label = f"{name} {getattr(limits, name):g}" if name else f"{lower:.0f}"
    line = Text(f"{label:>{_AXIS}} ", style="dim")
    for column in columns:
        points = float(column.day.points) if column.day else 0.0
        eighths = round((points - lower) / (upper - lower) * 8)
        block = _EIGHTHS[max(0, min(8, eighths))]
        if row == 0 and points > 0 and block == " ":
            block = _EIGHTHS[1]
        if block == " " and name:
            line.append("┄", "dim")
        else:
            line.append(block, _colour(points, limits))
    return line


def _colour(points: float, limits: Limits) -> str:
    if points >= limits.hot:
        return "red"
    return "yellow" if points >= limits.warm else "blue"


def _marks(columns: Sequence[_Column], events: Sequence[Event]) -> Text:
    """Return the row below the blocks: of each column the rarest thing that happened."""
    line = Text(" " * (_AXIS + 1))
    before: date | None = None
    for column in columns:
        kinds = {each.kind for each in events if column.first <= each.day <= column.last}
        found = next((_MARKS[kind] for kind in _MARKS if kind in kinds), None)
        is_first = column.last != before
        line.append(*(found if found and is_first else (" ", "")))
        before = column.last
    return line


def _dates(columns: Sequence[_Column]) -> Text:
    first, last = columns[0].first.isoformat(), columns[-1].last.isoformat()
    middle = columns[len(columns) // 2].last.isoformat()
    room = len(columns) - len(first) - len(last)
    if room < len(middle) + 2:
        return Text(" " * (_AXIS + 1) + first + (" " * max(1, room)) + last, style="dim")
    left = len(columns) // 2 - len(first) - len(middle) // 2
    right = room - left - len(middle)
    spaces = (" " * (_AXIS + 1), " " * left, " " * right)
    return Text(spaces[0] + first + spaces[1] + middle + spaces[2] + last, style="dim")


def _legend(told: Timeline) -> str:
    note = "· activities  ◆ stage or temperature  ★ hand-off  ✎ changed in the CRM"
    if not told.is_every_day:
        note += f"; {len(told.days)} days were computed, the others are left empty"
    return " " * (_AXIS + 1) + note


def _events(told: Timeline) -> RenderableType:
    if not told.events:
        return Text("Nothing happened in these days.")
    score = {each.day: each.score for each in told.days}
    table = Table(title="What happened", title_justify="left", box=None, pad_edge=False)
    table.add_column("day", no_wrap=True)
    table.add_column("score", justify="right")
    table.add_column("")
    table.add_column("what", overflow="fold")
    kept = told.events[-_EVENTS_SHOWN:]
    before: date | None = None
    for event in kept:
        is_new = event.day != before
        day = event.day.isoformat() if is_new else ""
        points = str(score.get(event.day, "")) if is_new else ""
        mark, colour = _MARKS.get(event.kind, ("→", "white"))
        table.add_row(day, points, Text(mark, colour), Text(_said(event)))
        before = event.day
    left = len(told.events) - len(kept)
    if not left:
        return table
    return Group(table, Text(f"and {left:,} earlier ones; --json and --html tell all", style="dim"))


def _said(event: Event) -> str:
    """Return an event in a line."""
    if event.kind == "activities":
        return _activities(event)
    if event.kind == "hand_off":
        return "handed to sales"
    if event.move is not None:
        move = event.move
        before = f"{move.from_stage} {move.from_temperature}".strip()
        after = f"{move.to_stage} {move.to_temperature}".strip()
        because = f" ({move.reason.replace('_', ' ')})" if move.reason else ""
        return f"{before} → {after}{because}"
    head = "changed in the CRM: " if event.kind == "change" else "written: "
    return head + "; ".join(_change(each) for each in event.changes)


def _activities(event: Event) -> str:
    done = ", ".join(
        each.type.replace("_", " ")
        + (f" ×{each.count}" if each.count > 1 else "")
        + (" (by us)" if each.is_outbound else "")
        for each in event.done
    )
    if event.added is None:
        return done
    added = ", ".join(f"{each.shown} {each.label}" for each in event.added)
    return f"{done}: {added}" if added else f"{done}: no points"


def _change(change: Change) -> str:
    by = f" (by {change.by})" if change.by else ""
    return f"{change.property} {_short(change.before)} → {_short(change.after)}{by}"


def _short(value: str | None) -> str:
    """Return a value on one line, cut."""
    if not value:
        return "–"
    first, _, rest = value.partition("\n")
    return first[:40] + (" …" if rest or len(first) > 40 else "")


def _held(told: Timeline) -> Table:
    title = "Kept: a person set these"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("property", "we wrote", "a person set"):
        table.add_column(column, overflow="fold")
    for each in told.held:
        values = (_short(each.wrote), _short(each.holds))
        table.add_row(each.property, *(escape(value) for value in values))
    return table
