"""Plans what open opportunities show: their score, and why. Once all contacts are evaluated."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connector.columns import schema_of
from connector.domain.ids import OpportunityId, RunId
from connector.domain.moment import Moment, micros
from connector.domain.numbers import shown
from connector.domain.parts import in_parts
from connector.domain.text import same_value
from connector.ports import (
    Crm,
    Engine,
    Evaluation,
    KnownOpportunity,
    OpportunityEvaluation,
    OpportunityFacts,
    OpportunityWrite,
    PlannedOpportunityWrite,
    Showing,
    Store,
)
from connector.results import KeptEdit, PlanSummary
from connector.rules.conditions import Kind
from connector.rules.explain import Line, Words, reasons_text
from connector.rules.plan import CompiledRules
from connector.rules.tables import TAKING_PART
from connector.sync.compare import WritePolicy, whole_points
from connector.sync.form import form_of_opportunities
from connector.sync.progress import Progress

AT_ONCE = 10_000
"""So many opportunities are scored and looked at together: the measure of memory."""

VERIFY_AT_MOST = 500
"""So many that we wrote to before, and that were not read in this run, are read again before they
are written: a person may have changed them since. Above it that would cost as many calls as the
writing.
"""


@dataclass(frozen=True, slots=True)
class OpportunitySettings:
    """What planning opportunities needs beside the ports.

    `properties`: {`score`, `reasons`: CRM property}, as far as they are written.
    """

    compiled: CompiledRules
    properties: Mapping[str, str]
    words: Words
    zone: ZoneInfo
    policy: WritePolicy


@dataclass(frozen=True, slots=True)
class Draft:
    """An opportunity as the rules see it: micro-points and the lines that sum to them.

    `shown`: as from `to_show`.
    """

    id: OpportunityId
    points: int
    lines: Sequence[Line]
    shown: str


class OpportunityPlanner:
    """Plans the opportunities of one run, into the store and the summary of its plan."""

    def __init__(
        self,
        crm: Crm,
        store: Store,
        engine: Engine,
        settings: OpportunitySettings,
        run: RunId,
        summary: PlanSummary,
        *,
        is_offline: bool,
    ) -> None:
        self._crm = crm
        self._store = store
        self._engine = engine
        self._settings = settings
        self._run = run
        self._summary = summary
        self._form = form_of_opportunities(settings.properties, settings.words)
        self._verifies = not is_offline
        self._taking_part: list[pa.Table] = []
        self._held: list[Draft] = []
        self.waiting = 0  # writes that waited before; each is looked at

    @property
    def has_work(self) -> bool:
        """Whether the rules score opportunities, and the mapping says where to."""
        settings = self._settings
        return settings.compiled.opportunities is not None and bool(settings.properties)

    def take(self, evaluation: Evaluation) -> None:
        """Take note of who takes part in opportunities, of some of the contacts."""
        if evaluation.taking_part is not None and len(evaluation.taking_part):
            self._taking_part.append(evaluation.taking_part)

    def plan(self, as_of: datetime, progress: Progress, *, is_past: bool) -> None:
        """Stage the writes of every open opportunity, as of an instant."""
        if not self.has_work:
            return
        taking_part, self._taking_part = together(self._taking_part), []
        done = 0
        for facts, evaluation in self._scored(taking_part, as_of, is_past=is_past):
            self._look_at(facts, evaluation, as_of)
            if len(self._held) > VERIFY_AT_MOST:
                self._verifies = False
                self._stage_held(as_of)
            done += len(facts.opportunity)
            progress.step("scoring opportunities", done=done, total=None)
        self._summary.opportunities = done
        self._stage_held(as_of)

    def _scored(
        self, taking_part: pa.Table, as_of: datetime, *, is_past: bool
    ) -> Iterator[tuple[OpportunityFacts, OpportunityEvaluation]]:
        """Yield every open opportunity with what the rules say of it, some at a time."""
        compiled, at = self._settings.compiled, Moment.at(as_of, self._settings.zone)
        fields = compiled.opportunities.fields if compiled.opportunities else {}
        for facts in open_opportunities(self._store, fields, as_of, is_past=is_past):
            ids = facts.opportunity["opportunity"]
            of_these = taking_part.filter(pc.is_in(taking_part["opportunity"], value_set=ids))
            yield (
                facts,
                self._engine.score_opportunities(compiled, facts.opportunity, of_these, at=at),
            )

    def _look_at(
        self, facts: OpportunityFacts, evaluation: OpportunityEvaluation, as_of: datetime
    ) -> None:
        """Plan those that are worth writing, or hold them to be read again first."""
        show = to_show(evaluation, self._form)
        before = facts.before.take(
            pc.index_in(show["opportunity"], value_set=facts.opportunity["opportunity"])
        )
        ids = show["opportunity"].filter(differing(show, before, as_of, self._settings.policy))
        drafts = drafts_of(_of(evaluation.score, ids), _of(evaluation.reason, ids), show)
        known = self._store.load_known_opportunities([each.id for each in drafts])
        held = {each.id for each in drafts if self._needs_verifying(each, known[each.id])}
        self._held += [each for each in drafts if each.id in held]
        self._stage([each for each in drafts if each.id not in held], known, as_of)

    def _needs_verifying(self, draft: Draft, known: KnownOpportunity) -> bool:
        if not self._verifies or known.is_fresh or not known.wrote:
            return False
        return bool(self._compared(draft, known)[0])

    def _stage_held(self, as_of: datetime) -> None:
        """Plan what is held, as the CRM shows it now if that is to be verified."""
        drafts, self._held = self._held, []
        if not drafts:
            return
        for some in in_parts(drafts, self._crm.batch_size):
            ids = [each.id for each in some]
            if self._verifies:
                self._store.save_opportunities(self._crm.fetch_opportunities(ids))
            known = self._store.load_known_opportunities(ids)
            living = [each for each in some if each.id in known and not known[each.id].is_closed]
            self._stage(living, known, as_of)

    def _stage(
        self,
        drafts: Sequence[Draft],
        known: Mapping[OpportunityId, KnownOpportunity],
        as_of: datetime,
    ) -> None:
        shows = [Showing(each.id, each.shown, micros(as_of)) for each in drafts]
        planned = (self._planned(each, known[each.id]) for each in drafts)
        writes = [each for each in planned if each is not None]
        if shows:
            self._store.stage_opportunities(self._run, shows, writes)

    def _planned(self, draft: Draft, known: KnownOpportunity) -> PlannedOpportunityWrite | None:
        self.waiting += bool(known.waiting)
        values, kept = self._compared(draft, known)
        self._summary.kept += [KeptEdit(None, name, draft.id) for name in kept]
        write = OpportunityWrite(draft.id, values)
        if not values:
            return PlannedOpportunityWrite(write) if known.waiting or known.refused else None
        if values == known.refused:
            return None  # an admin has to act; the CRM would say the same again
        self._summary.note_opportunity(draft.id, values, known.found)
        return PlannedOpportunityWrite(write, {name: known.found.get(name) for name in values})

    def _compared(
        self, draft: Draft, known: KnownOpportunity
    ) -> tuple[Mapping[str, str | None], Sequence[str]]:
        """Return the values to write, and the names of those that a person holds."""
        values: dict[str, str | None] = {}
        kept: list[str] = []
        for name, value in self._wanted(draft).items():
            is_same = same_value(known.found.get(name), value)
            if is_a_person_s(name, known):
                kept += [] if is_same else [name]
            elif name in known.waiting or not is_same:
                # What waits may still arrive, so that a value is safe only once it was accepted.
                values[name] = value
        return values, kept

    def _wanted(self, draft: Draft) -> Mapping[str, str | None]:
        texts = {
            "score": str(shown(draft.points)),
            "reasons": reasons_text(
                draft.lines, self._settings.words, nothing="none_of_opportunity"
            ),
        }
        written = self._settings.properties
        return {written[name]: text for name, text in texts.items() if name in written}


def open_opportunities(
    store: Store, fields: Mapping[str, Kind], at: datetime, *, is_past: bool
) -> Iterator[OpportunityFacts]:
    """Yield the opportunities that are open at an instant, by id, some thousand at a time."""
    after = ""
    while True:
        facts = store.load_opportunities(fields, at, is_past=is_past, after=after, limit=AT_ONCE)
        ids = facts.opportunity["opportunity"]
        if not len(ids):
            return
        yield facts
        after = ids[-1].as_py()


def taking_part_of(evaluations: Sequence[Evaluation]) -> pa.Table:
    """Return who takes part in opportunities, of all contacts that were evaluated."""
    return together([each.taking_part for each in evaluations if each.taking_part is not None])


def together(parts: Sequence[pa.Table]) -> pa.Table:
    """Return who takes part in opportunities, of several sets of contacts, as one table."""
    return pa.concat_tables([schema_of(TAKING_PART).empty_table(), *parts])


def is_a_person_s(name: str, known: KnownOpportunity) -> bool:
    """Tell whether a property of ours holds what a person set there."""
    found = known.found.get(name)
    if not found or not known.wrote:
        return False  # cleared, so ours again; or nothing was ever ours
    waiting = None if name in known.returning else known.waiting.get(name)
    return not any(same_value(found, each) for each in (known.wrote.get(name), waiting))


def to_show(evaluation: OpportunityEvaluation, form: str) -> pa.Table:
    """Return of what a write-back of each opportunity would be made: `opportunity` and `shown`.

    `45/1f3a…/rule:decides:2/rule:large:`: the score, the form, the lines with their people.
    """
    ordered = evaluation.reason.sort_by(
        [("opportunity", "ascending"), ("kind", "ascending"), ("rule", "ascending")]
    )
    people = pc.fill_null(pc.cast(ordered["count"], pa.string()), "")
    lines = pc.binary_join_element_wise(ordered["kind"], ordered["rule"], people, ":")
    # On one thread a group keeps the order of its rows.
    listed = pa.table({"of": ordered["opportunity"], "line": lines}).group_by(
        "of", use_threads=False
    )
    joined = listed.aggregate([("line", "list")])
    ids = evaluation.score["opportunity"]
    told = pc.binary_join(joined["line_list"], "/").take(pc.index_in(ids, value_set=joined["of"]))
    scores = pc.cast(whole_points(evaluation.score["points"]), pa.string())
    way = pc.fill_null(told, "")
    return pa.table(
        {
            "opportunity": ids,
            "shown": pc.binary_join_element_wise(scores, form, way, "/"),
        }
    )


def differing(
    show: pa.Table, before: pa.Table, as_of: datetime, policy: WritePolicy
) -> pa.ChunkedArray:
    """Return a mask of the opportunities that are worth looking at.

    `show` as from `to_show`; `before`, in the same order, as from `OpportunityFacts`.
    """
    (score, way), (was, old_way) = _divided(show["shown"]), _divided(before["shown"])
    moved = pc.abs(pc.subtract(score, was))
    age = pc.subtract(micros(as_of), before["shown_at_us"])
    is_stale = pc.greater(age, policy.max_age // timedelta(microseconds=1))
    marks = [
        pc.is_null(before["shown"]),
        before["is_odd"],
        pc.not_equal(way, old_way),
        pc.greater_equal(moved, policy.min_change),
        pc.and_(pc.greater_equal(moved, 1), is_stale),
    ]
    mask = marks[0]
    for mark in marks[1:]:
        mask = pc.or_(mask, pc.fill_null(mark, False))  # noqa: FBT003  Arrow's own signature
    return mask


def _divided(shown: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Return the score, and the rest, of what was shown."""
    parts = pc.split_pattern(shown, "/", max_splits=1)
    return pc.cast(pc.list_element(parts, 0), pa.int64()), pc.list_element(parts, 1)


def _of(table: pa.Table, ids: pa.ChunkedArray) -> pa.Table:
    return table.filter(pc.is_in(table["opportunity"], value_set=ids))


def drafts_of(score: pa.Table, reason: pa.Table, show: pa.Table) -> list[Draft]:
    """Return each opportunity with its lines in order, of tables as the engine gives them."""
    lines: dict[str, list[Line]] = defaultdict(list)
    ordered = reason.sort_by([("opportunity", "ascending"), ("rank", "ascending")])
    for row in ordered.to_pylist():
        line = Line(row["kind"], row["rule"], row["points"], row["count"], None)
        lines[row["opportunity"]].append(line)
    shown_of = show["shown"].take(pc.index_in(score["opportunity"], value_set=show["opportunity"]))
    return [
        Draft(OpportunityId(row["opportunity"]), row["points"], lines[row["opportunity"]], told)
        for row, told in zip(score.to_pylist(), shown_of.to_pylist(), strict=True)
    ]
