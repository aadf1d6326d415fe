"""Evaluates every contact and plans the writes that turn what the CRM holds into what we want."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.contact import Owner
from connector.domain.ids import ContactId, LeadId, RunId
from connector.domain.moment import EPOCH, Moment, micros
from connector.domain.parts import in_parts
from connector.domain.text import same_value
from connector.ports import (
    LEADS,
    Accounts,
    Crm,
    Engine,
    Evaluation,
    FileCrm,
    KnownContact,
    LeadCrm,
    Native,
    Page,
    PlannedWrite,
    Store,
    WriteBack,
)
from connector.results import KeptEdit, PlanSummary
from connector.rules.explain import Line, Words
from connector.rules.model import RuleSet
from connector.rules.plan import CompiledRules
from connector.sync.batches import Batch, batches
from connector.sync.capacity import WEEK, Candidates, Part, give, joined
from connector.sync.compare import WritePolicy, differing, to_show
from connector.sync.form import form_of
from connector.sync.handoff import TaskPlanner
from connector.sync.leads import label_values, lagging
from connector.sync.native import native_values, open_deals, places, standing_column
from connector.sync.opportunities import OpportunityPlanner, OpportunitySettings
from connector.sync.progress import Progress
from connector.sync.robots import by_sign, parts_of, robot_domains, with_robots
from connector.sync.untold import untold
from connector.sync.wanted import Row, Scored, Wanted

VERIFY_AT_MOST = 500
"""So many contacts, written before and not read in this run, are read again before they are
written, and so are their leads.

Above it the re-reading would cost as many calls as the writing; the changes that this run's pull
has seen are then the guard against overwriting a person's edit. Five calls of a hundred, and five
for as many leads.
"""


DRAFTED = 10_000
"""So many contacts that differ are looked at together, as objects: the measure of memory."""


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """What planning needs beside the ports.

    `properties`: {output: CRM property}, see `wanted.OUTPUTS`; `opportunity_properties`: the same
    of opportunities. `fields`: those of a contact that the mapping fills and the rules look at.
    """

    account: str
    rules: RuleSet
    compiled: CompiledRules
    properties: Mapping[str, str]
    zone: ZoneInfo
    language: str = "en"
    policy: WritePolicy = field(default_factory=WritePolicy)
    feedback: str | None = None
    has_tasks: bool = True
    natives: Sequence[Native] = ()
    fields: Sequence[str] = ()
    label: Native | None = None
    opportunity_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A contact worth looking at: its row of the evaluation, its score's lines, other scores."""

    row: Row
    lines: Sequence[Line]
    others: Mapping[str, Scored]

    @property
    def no(self) -> int:
        return int(str(self.row["contact"]))


@dataclass(frozen=True, slots=True)
class _Target:
    """What a write-back of one kind goes to: what is shown there, and what was sent before."""

    kind: str
    found: Mapping[str, str | None]
    waiting: Mapping[str, str | None]
    refused: Mapping[str, str | None]


class Planner:
    """Plans one run. Staged in the store batch by batch; nothing counts before it is accepted.

    With `is_offline` the CRM is asked nothing: what was read last has to do, and a store that is
    open for reading only.
    """

    def __init__(
        self,
        crm: Crm,
        store: Store,
        engine: Engine,
        settings: PlanSettings,
        run: RunId,
        *,
        is_offline: bool = False,
    ) -> None:
        self._crm = crm
        self._store = store
        self._engine = engine
        self._settings = settings
        self._run = run
        words = Words(settings.rules, settings.language)
        self._wanted = Wanted(settings.properties, words, settings.zone)
        self._form = form_of(settings.properties, words)
        owners = store.load_owners if is_offline else self._fetch_owners
        rules, feedback = settings.rules, settings.feedback
        self._tasks = TaskPlanner(owners, settings.account, rules, words, settings.zone, feedback)
        self._summary = PlanSummary()
        self._held: list[_Draft] = []
        self._held_show: list[pa.Table] = []
        # Where changes show at once, the pull has seen them all, and the push looks once more.
        self._verifies = not is_offline and not crm.sees_at_once
        self._withholds = False
        self._with_deals: set[int] = set()  # contacts with an open deal, where it tells
        self._parts: Counter[str] = Counter()
        self._gives = False  # whether hand-offs go to owners in an order, after all are known
        self._queue: list[Part] = []  # who is handed off, until then
        self._today = EPOCH.date()
        self._waiting = 0  # write-backs that wait; the contacts of all are looked at
        self._opportunities = OpportunityPlanner(
            crm,
            store,
            engine,
            OpportunitySettings(
                settings.compiled,
                settings.opportunity_properties,
                words,
                settings.zone,
                settings.policy,
            ),
            run,
            self._summary,
            is_offline=is_offline,
        )

    def plan(
        self,
        *,
        as_of: datetime,
        create_tasks: bool,
        progress: Progress,
        then: datetime | None = None,
    ) -> PlanSummary:
        """Stage the writes for every contact, as of an instant, and return what they come to.

        Planning again after every write was accepted stages nothing. `then`: look at the facts of
        that past instant, as far as the store kept them.
        """
        self._summary.is_first = not self._store.has_accepted_plan()
        has_tasks = self._settings.has_tasks
        self._withholds = has_tasks and not create_tasks
        creates = has_tasks and create_tasks
        hand_off = self._settings.rules.hand_off
        self._gives = creates and (hand_off.weekly_limit is not None or bool(hand_off.routes))
        self._today = as_of.astimezone(self._settings.zone).date()
        self._tasks.begin(as_of, creates=creates, withholds=self._withholds)
        done, total = 0, len(self._store.buckets())
        progress.step("scoring", done=done, total=total)
        compiled, at = self._settings.compiled, Moment.at(as_of, self._settings.zone)
        domains = robot_domains(self._engine, compiled, parts_of(self._store), as_of_us=at.us)
        accounts = self._accounts(as_of, then, domains)
        every = (
            (batch, replace(with_robots(batch.facts, domains), accounts=accounts))
            for batch in batches(self._store, compiled, as_of=then)
        )
        with closing(self._engine.evaluate_each(compiled, every, at=at)) as evaluated:
            for batch, evaluation in evaluated:
                self._plan_batch(batch, evaluation, at.us)
                done += len(batch.buckets)
                progress.step("scoring", done=done, total=total)
        self._plan_queue(as_of)
        self._verify()
        self._opportunities.plan(as_of, progress, is_past=then is not None)
        return self._finished()

    def _fetch_owners(self) -> Sequence[Owner]:
        owners = self._crm.owners()
        self._store.save_owners(owners)
        return owners

    def _accounts(
        self, as_of: datetime, then: datetime | None, domains: pa.Table | None
    ) -> Accounts | None:
        """Return what is known of accounts, if the rules look at them: a turn of its own."""
        compiled = self._settings.compiled
        every = batches(self._store, compiled, as_of=then)
        return self._engine.gather(
            compiled,
            (with_robots(batch.facts, domains) for batch in every),
            at=Moment.at(as_of, self._settings.zone),
        )

    def _plan_batch(self, batch: Batch, evaluation: Evaluation, as_of_us: int) -> None:
        self._opportunities.take(evaluation)
        if self._withholds:
            evaluation = untold(evaluation)
        deals = open_deals(batch.facts.opportunity, as_of_us)
        found = [no for bucket in batch.buckets for no in self._store.load_edited(bucket)]
        found += self._lagging(batch, evaluation.score, deals)
        part = Part(evaluation, batch.facts.state, deals, pa.array(found, pa.int64()))
        if self._gives:
            handed_off, part = part.divided()
            self._queue.append(handed_off)
        self._plan_part(part, as_of_us)

    def _plan_queue(self, as_of: datetime) -> None:
        """Plan who is handed off, and to whom, as far as owners have room for them this week."""
        if not self._queue:
            return
        part, self._queue = joined(self._queue), []
        score, hand_off = part.evaluation.score, self._settings.rules.hand_off
        owners = Candidates(self._tasks.owners, hand_off.routes)
        candidates = {
            no: owners.of(each)
            for some in in_parts(score["contact"].to_pylist(), DRAFTED)
            for no, each in self._store.load_contacts(some).items()
        }
        had = self._store.count_given(as_of - WEEK, as_of)
        given = give(score, candidates, had, hand_off.weekly_limit)
        self._tasks.routed = given.owners
        self._summary.queued = len(given.waiting)
        self._summary.unknown_owners = owners.unknown
        self._plan_part(part.waiting(given.waiting), micros(as_of))

    def _plan_part(self, part: Part, as_of_us: int) -> None:
        evaluation = part.evaluation
        self._count(evaluation, part.state)
        uses_deals = self._settings.natives or self._settings.label
        self._with_deals.update(part.deals.to_pylist() if uses_deals else ())
        standing = standing_column(evaluation.score, part.deals, self._settings.natives)
        written = self._settings.properties
        show = to_show(
            evaluation, at_us=as_of_us, written=written, form=self._form, standing=standing
        )
        differ = differing(show, part.state, evaluation.score, self._settings.policy)
        self._stage(evaluation.score, evaluation.move, show, (), {})
        numbers = pc.unique(_joined(differ, part.edited))
        for start in range(0, len(numbers), DRAFTED):
            self._stage_drafts(self._drafts(evaluation, numbers.slice(start, DRAFTED)), show)

    def _lagging(self, batch: Batch, score: pa.Table, deals: pa.Array) -> list[int]:
        """Return the contacts whose open lead has to be looked at."""
        label = self._settings.label
        if label is None:
            return []
        leads = (self._store.load_leads(bucket, label.name) for bucket in batch.buckets)
        return [no for each in leads for no in lagging(label, each, score, deals).to_pylist()]

    def _count(self, evaluation: Evaluation, state: pa.Table) -> None:
        self._summary.contacts += len(evaluation.score)
        self._summary.quarantined += by_sign(evaluation.flag)
        for row in pc.value_counts(pc.drop_null(evaluation.score["sla"])).to_pylist():
            self._summary.sla[row["values"]] += row["counts"]
        self._summary.stage_changes += _restaged(evaluation.move, state)
        moves = evaluation.move.group_by(
            ["from_stage", "to_stage", "from_temperature", "to_temperature"]
        ).aggregate([("contact", "count")])
        for row in moves.to_pylist():
            if row["from_stage"] != row["to_stage"]:
                self._summary.moves[row["from_stage"], row["to_stage"]] += row["contact_count"]
            else:
                step = (row["from_temperature"], row["to_temperature"])
                self._summary.warmings[step] += row["contact_count"]

    def _drafts(self, evaluation: Evaluation, numbers: pa.Array) -> list[_Draft]:
        lines: dict[int, list[Line]] = defaultdict(list)
        for row in _of(evaluation.reason, numbers):
            lines[int(str(row["contact"]))].append(self._wanted.line(row))
        others = self._others(evaluation, numbers)
        rows = _of(evaluation.score, numbers)
        interests = self._interests(evaluation, numbers)
        more: dict[int, Row] = defaultdict(dict)
        for table in (evaluation.nurture, evaluation.pressure):
            for row in [] if table is None else _of(table, numbers):
                no = int(str(row["contact"]))
                more[no] = {**more[no], **row}
        numbered = (
            (no, {**row, **more[no], "interests": interests.get(no)})
            for row in rows
            for no in (int(str(row["contact"])),)
        )
        return [_Draft(row, lines[no], others.get(no, {})) for no, row in numbered]

    def _interests(self, evaluation: Evaluation, numbers: pa.Array) -> Mapping[int, str]:
        """Return {contact: interests in words} of those who have any."""
        found: dict[int, list[Row]] = defaultdict(list)
        if evaluation.interest is not None:
            for row in _of(evaluation.interest, numbers):
                found[int(str(row["contact"]))].append(row)
        return {no: self._wanted.interests(rows) for no, rows in found.items()}

    def _others(
        self, evaluation: Evaluation, numbers: pa.Array
    ) -> Mapping[int, Mapping[str, Scored]]:
        """Return {contact: {score: what it is}} of the scores beside the leading one."""
        found: dict[int, dict[str, Scored]] = defaultdict(dict)
        if evaluation.other_score is None or evaluation.other_reason is None:
            return found
        lines: dict[tuple[int, str], list[Line]] = defaultdict(list)
        for row in _of(evaluation.other_reason, numbers):
            lines[int(str(row["contact"])), str(row["score"])].append(self._wanted.line(row))
        for row in _of(evaluation.other_score, numbers):
            no, name = int(str(row["contact"])), str(row["score"])
            found[no][name] = Scored(int(str(row["points"])), lines[no, name])
        return found

    def _stage_drafts(self, drafts: list[_Draft], show: pa.Table) -> None:
        known = self._store.load_contacts([draft.no for draft in drafts])
        held = [draft for draft in drafts if self._needs_verifying(draft, known.get(draft.no))]
        numbers = {draft.no for draft in held}
        self._held += held
        self._held_show.append(_rows_of(show, list(numbers)))
        now = [draft for draft in drafts if draft.no not in numbers]
        self._stage(None, None, show, now, known)
        if len(self._held) > VERIFY_AT_MOST:
            self._verifies = False
            self._stage_held()

    def _needs_verifying(self, draft: _Draft, known: KnownContact | None) -> bool:
        if not self._verifies or known is None:
            return False
        return self._is_stale(draft, known) or self._has_stale_lead(draft, known)

    def _is_stale(self, draft: _Draft, known: KnownContact) -> bool:
        # A contact that we never wrote to holds nothing of ours that a person could have changed.
        if not known.wrote or known.is_fresh:
            return False
        return bool(self._compared(draft, known)[0])

    def _has_stale_lead(self, draft: _Draft, known: KnownContact) -> bool:
        # Also one that we never wrote to: a person may just have chosen a warmer label than ours.
        if known.lead is None or known.lead.is_fresh:
            return False
        return bool(self._label(draft, known)[0])

    def _verify(self) -> None:
        """Read what is held again, so that an edit made since the last pull is seen."""
        if not self._held:
            return
        known = self._store.load_contacts([draft.no for draft in self._held])
        pairs = [(draft, known[draft.no]) for draft in self._held if draft.no in known]
        contacts = [one.id for draft, one in pairs if self._is_stale(draft, one)]
        stale = [one.lead for draft, one in pairs if self._has_stale_lead(draft, one)]
        self._read_again(contacts, [lead.id for lead in stale if lead])
        self._summary.verified = len(contacts)
        self._stage_held()

    def _read_again(self, contacts: Sequence[ContactId], leads: Sequence[LeadId]) -> None:
        crm, store = self._crm, self._store
        checkpoint = store.load_checkpoint("contacts")
        for some in in_parts(contacts, crm.batch_size):
            found = crm.fetch_contacts(some)
            if checkpoint is not None:
                store.save_page("contacts", Page(checkpoint, contacts=found))
        checkpoint = store.load_checkpoint(LEADS)
        if checkpoint is not None and isinstance(crm, LeadCrm):
            for lead_ids in in_parts(leads, crm.batch_size):
                store.save_page(LEADS, Page(checkpoint, leads=crm.fetch_leads(lead_ids)))

    def _stage_held(self) -> None:
        drafts, self._held = self._held, []
        show, self._held_show = pa.concat_tables(self._held_show), []
        known = self._store.load_contacts([draft.no for draft in drafts])
        self._stage(None, None, show, drafts, known)

    def _stage(
        self,
        score: pa.Table | None,
        move: pa.Table | None,
        show: pa.Table,
        drafts: Sequence[_Draft],
        known: Mapping[int, KnownContact],
    ) -> None:
        living = [draft for draft in drafts if draft.no in known]
        writes = [write for draft in living for write in self._writes(draft, known[draft.no])]
        tasks = [
            task
            for draft in living
            for task in self._tasks.wishes(draft.row, draft.lines, known[draft.no])
        ]
        self._store.stage_plan(
            self._run,
            score=score,
            move=move,
            shown=_rows_of(show, [draft.no for draft in living]),
            writes=writes,
            tasks=tasks,
        )

    def _writes(self, draft: _Draft, known: KnownContact) -> Iterator[PlannedWrite]:
        """Yield what goes to a contact, and what to its open lead."""
        values, kept = self._compared(draft, known)
        labels, kept_labels = self._label(draft, known)
        self._summary.kept += [KeptEdit(known.id, name) for name in (*kept, *kept_labels)]
        shown = known.lead.found if known.lead else {}
        contact = _Target("contact", known.found, known.waiting, known.refused)
        lead = _Target("lead", shown, known.lead_waiting, known.lead_refused)
        for target, wanted in ((contact, values), (lead, labels)):
            planned = self._planned(known, target, wanted)
            if planned is not None:
                yield planned

    def _planned(
        self, known: KnownContact, target: _Target, values: Mapping[str, str | None]
    ) -> PlannedWrite | None:
        self._waiting += bool(target.waiting)
        write_back = WriteBack(known.id, values)
        if not values:
            is_open = target.waiting or target.refused
            return PlannedWrite(known.no, write_back, {}, target.kind) if is_open else None
        if values == target.refused:
            return None  # an admin has to act; the CRM would say the same again
        self._summary.note(target.kind, known.id, values, target.found)
        if target.kind == "contact" and isinstance(self._crm, FileCrm):
            self._parts[self._crm.part_of(known.id)] += 1
        before = {name: target.found.get(name) for name in values}
        return PlannedWrite(known.no, write_back, before, target.kind)

    def _compared(
        self, draft: _Draft, known: KnownContact
    ) -> tuple[Mapping[str, str | None], Sequence[str]]:
        """Return the values to write, and the names of those that a person holds."""
        values: dict[str, str | None] = {}
        kept: list[str] = []
        for name, value in self._wanted.values(draft.row, draft.lines, draft.others).items():
            found = known.found.get(name)
            is_same = same_value(found, value)
            if _is_a_person_s(name, known):
                kept += [] if is_same else [name]
            elif value is None and self._wanted.is_over(name, found, self._today):
                continue
            elif name in known.waiting or not is_same:
                # What waits may still arrive, so that a value is safe only once it was accepted.
                values[name] = value
        return values | self._native(draft, known), kept

    def _native(self, draft: _Draft, known: KnownContact) -> dict[str, str]:
        """Return what the CRM's own fields are to be set to."""
        return native_values(self._settings.natives, self._standing(draft), known)

    def _label(self, draft: _Draft, known: KnownContact) -> tuple[Mapping[str, str], Sequence[str]]:
        """Return what the open lead is to be set to, and the names of what a person holds there."""
        label = self._settings.label
        return label_values(label, self._standing(draft), known) if label else ({}, [])

    def _standing(self, draft: _Draft) -> Sequence[str]:
        return places(draft.row, has_deal=draft.no in self._with_deals)

    def _finished(self) -> PlanSummary:
        summary, tasks = self._summary, self._tasks.counts
        summary = replace(
            summary,
            tasks=tasks.created,
            tasks_closed=tasks.closed,
            hand_offs=tasks.hand_offs,
            withheld=tasks.withheld,
            ownerless=tasks.ownerless,
            escalations=tasks.escalated,
            unknown_owners=[*summary.unknown_owners, *self._tasks.unknown],
            tasks_by_owner=tasks.by_owner,
        )
        counts = self._store.count()
        of_opportunities = counts.get("waiting_opportunities", 0)
        waiting = counts.get("waiting", 0) - of_opportunities
        summary.tasks_waiting = max(0, waiting - self._waiting)
        summary.estimate = self._crm.estimate(
            contacts=summary.writes,
            tasks=summary.tasks + summary.tasks_waiting,
            done=summary.tasks_closed,
            leads=summary.leads,
            # Those that wait are planned anew, but for opportunities that closed in between.
            opportunities=summary.opportunity_writes
            + max(0, of_opportunities - self._opportunities.waiting),
            parts=self._parts,
        )
        if self._crm.sees_at_once and not summary.is_empty:
            summary.estimate = replace(summary.estimate, looking=1)
        return summary


def _is_a_person_s(name: str, known: KnownContact) -> bool:
    found = known.found.get(name)
    if not found or not known.wrote:
        return False  # cleared, so ours again; or nothing was ever ours
    waiting = None if name in known.returning else known.waiting.get(name)
    ours = (known.wrote.get(name), waiting)
    return not any(same_value(found, each) for each in ours)


def _restaged(move: pa.Table, state: pa.Table) -> int:
    """Count the contacts that change stage; one that never had any is placed, not changed."""
    placed = state["contact"].filter(pc.is_valid(state["stage"]))
    is_change = pc.and_(
        pc.not_equal(move["from_stage"], move["to_stage"]),
        pc.is_in(move["contact"], value_set=placed),
    )
    return int(pc.count_distinct(move["contact"].filter(is_change)).as_py())


def _joined(one: pa.Array | pa.ChunkedArray, other: pa.Array) -> pa.ChunkedArray:
    chunks = one.chunks if isinstance(one, pa.ChunkedArray) else [one]
    return pa.chunked_array([*chunks, other], type=pa.int64())


def _of(table: pa.Table, numbers: pa.Array) -> list[Row]:
    """Return the rows of some contacts, in their order."""
    rows: list[Row] = table.filter(pc.is_in(table["contact"], value_set=numbers)).to_pylist()
    return rows


def _rows_of(table: pa.Table, numbers: Sequence[int]) -> pa.Table:
    return table.filter(pc.is_in(table["contact"], value_set=pa.array(numbers, pa.int64())))
