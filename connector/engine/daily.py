"""A contact's points on many days, from few evaluations.

A plan knows one day of asking. So each past day becomes a contact of its own, whose history ends on
that day and is shifted towards the day of asking: every age stays what it was. Calendar periods
stay whole because the shift is a multiple of them; days that would need another shift are asked in
a turn of their own, at an earlier day of asking.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from connector.columns import OPPORTUNITY_SCHEMA, STATE_SCHEMA, contact_table
from connector.domain.moment import Moment
from connector.ports import Engine, Evaluation, Facts
from connector.rules.compile import compile_rules
from connector.rules.model import RuleSet
from connector.rules.plan import CompiledRules
from connector.rules.timeline import (
    Deeds,
    ScoredDay,
    Share,
    Span,
    concerning,
    days_to_ask,
    period,
)

_MOST_ROWS = 4_000_000
"""Activities, counted once for each day that they are asked for: about two seconds."""
_ROWS_AT_ONCE = 500_000

_Lines = Mapping[tuple[str, str], tuple[int, int]]
"""{(kind, rule): (points, count)}."""


def daily(
    engine: Engine,
    rules: RuleSet,
    activity: pa.Table,
    span: Span,
    *,
    contact: pa.Table | None = None,
    eventful: Sequence[int] = (),
) -> Sequence[ScoredDay]:
    """Return the days of `span` with their points, rising, from one contact's activities.

    `contact`: its row, for rules that give points for its fields; these are taken as they are now.

    Exact for each day that is returned. All days are, unless the rules' periods or the number of
    activities would make it slow; then `eventful` days are preferred.
    """
    past = _Past.of(activity, span)
    kept = concerning(rules, past.types)
    compiled, width = compile_rules(kept), period(kept)
    most = _MOST_ROWS // max(1, 2 * len(past.days))
    asked = days_to_ask(
        span, turns=width, most=most, eventful=[*eventful, *reversed(past.active_days)]
    )
    moments = [_Moment(day, ends) for day in asked for ends in past.ends(day)]
    found: dict[_Moment, tuple[int, _Lines]] = {}
    for turn in _turns(moments, width):
        people = _people(contact, len(turn), compiled)
        found |= _ask(engine, compiled, past, turn, span, people)
    return [_scored(day, past, found) for day in asked]


def deeds(activity: pa.Table, span: Span) -> Mapping[int, tuple[Deeds, ...]]:
    """Return {day: what happened on it, by type}, for the days of `span` on which anything did."""
    past = _Past.of(activity, span)
    return {day: past.deeds(day) for day in past.active_days if day >= span.first}


@dataclass(frozen=True, slots=True)
class _Moment:
    """A day to ask for, and how many of the activities, in order of time, exist."""

    day: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Past:
    """The activities that exist at the end of the span, in order of their days."""

    rows: pa.Table
    days: Sequence[int]

    @classmethod
    def of(cls, activity: pa.Table, span: Span) -> "_Past":
        exists = (pc.field("occurred_us") <= span.as_of_us) & (pc.field("day") <= span.last)
        rows = activity.filter(exists).sort_by("day")
        return cls(rows, rows["day"].to_pylist())

    @property
    def types(self) -> frozenset[str]:
        return frozenset(pc.unique(self.rows["type"]).to_pylist())

    @property
    def active_days(self) -> Sequence[int]:
        return [day for day, _ in groupby(self.days)]

    def ends(self, day: int) -> set[int]:
        """Return how many activities exist at the end of a day, with and without its own."""
        return {bisect_left(self.days, day), bisect_right(self.days, day)}

    def deeds(self, day: int) -> tuple[Deeds, ...]:
        """Return what happened on a day."""
        first = bisect_left(self.days, day)
        own = self.rows.slice(first, bisect_right(self.days, day) - first)
        pairs = zip(own["type"].to_pylist(), own["is_outbound"].to_pylist(), strict=True)
        counted = Counter(pairs)
        return tuple(Deeds(kind, counted[kind, out], bool(out)) for kind, out in sorted(counted))

    def shifted(self, moment: _Moment, number: int, shift: int) -> pa.Table:
        """Return the activities of a moment as those of contact `number`, `shift` days later."""
        rows = self.rows.slice(0, moment.rows)
        place = rows.schema.get_field_index
        days = pc.add(rows["day"], pa.scalar(shift, pa.int32()))
        rows = rows.set_column(place("day"), "day", days)
        numbers = pa.repeat(pa.scalar(number, pa.int64()), moment.rows)
        return rows.set_column(place("contact"), "contact", numbers)


def _turns(moments: Sequence[_Moment], width: int) -> Iterator[list[_Moment]]:
    """Yield moments that can be asked together: whole periods apart, and not too many rows."""
    together: dict[int, list[_Moment]] = {}
    for moment in moments:
        turn = together.setdefault(moment.day % width, [])
        if turn and sum(each.rows for each in turn) + moment.rows > _ROWS_AT_ONCE:
            yield together[moment.day % width]
            turn = together[moment.day % width] = []
        turn.append(moment)
    yield from together.values()


def _people(contact: pa.Table | None, count: int, compiled: CompiledRules) -> pa.Table:
    """Return the contact as so many, numbered from 0."""
    if contact is None:
        return contact_table(range(count), [{}] * count, compiled.fields)
    rows = contact.take(pa.array([0] * count, pa.int64()))
    numbers = pa.array(range(count), pa.int64())
    return rows.set_column(rows.schema.get_field_index("contact"), "contact", numbers)


def _ask(
    engine: Engine,
    compiled: CompiledRules,
    past: _Past,
    turn: Sequence[_Moment],
    span: Span,
    people: pa.Table,
) -> dict[_Moment, tuple[int, _Lines]]:
    """Return the points and lines at each moment of a turn."""
    as_of_day = max(moment.day for moment in turn)
    shifted = [
        past.shifted(moment, number, as_of_day - moment.day) for number, moment in enumerate(turn)
    ]
    facts = Facts(
        contact=people,
        activity=pa.concat_tables(shifted),
        opportunity=OPPORTUNITY_SCHEMA.empty_table(),
        state=STATE_SCHEMA.empty_table(),
    )
    answer = engine.evaluate(compiled, facts, at=Moment(span.as_of_us, as_of_day))
    lines = _lines(answer, len(turn))
    points = dict(
        zip(answer.score["contact"].to_pylist(), answer.score["points"].to_pylist(), strict=True)
    )
    return {moment: (points[number], lines[number]) for number, moment in enumerate(turn)}


def _lines(answer: Evaluation, contacts: int) -> Sequence[_Lines]:
    lines: list[dict[tuple[str, str], tuple[int, int]]] = [{} for _ in range(contacts)]
    for row in answer.reason.to_pylist():
        lines[row["contact"]][row["kind"], row["rule"]] = (row["points"], row["count"] or 0)
    return lines


def _scored(day: int, past: _Past, found: Mapping[_Moment, tuple[int, _Lines]]) -> ScoredDay:
    before, after = min(past.ends(day)), max(past.ends(day))
    points, lines = found[_Moment(day, after)]
    _, without = found[_Moment(day, before)]
    return ScoredDay(
        day=day,
        points=points,
        shares=tuple(Share(*name, *line) for name, line in lines.items()),
        added=tuple(_differences(lines, without)),
    )


def _differences(lines: _Lines, without: _Lines) -> Iterator[Share]:
    """Yield what changed between two scores, lines that are new first."""
    for name in dict.fromkeys([*lines, *without]):
        points, count = lines.get(name, (0, 0))
        less, fewer = without.get(name, (0, 0))
        if points != less or count != fewer:
            yield Share(*name, points - less, count - fewer)
