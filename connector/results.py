"""What a run says of itself, for people and scripts: its plan, its answers, its price in calls."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.domain.ids import ContactId, OpportunityId, OwnerId, RunId
from connector.ports import OPPORTUNITIES, CallEstimate, TasksLeft, Verdict, told_name

SAMPLE = 20
"""How many changes a plan names; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Change:
    """One property that a plan would set, of one contact or one opportunity."""

    contact: ContactId | None
    property: str
    before: str | None
    after: str | None
    opportunity: OpportunityId | None = None


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """A value that a person set in one of our properties: theirs, and kept."""

    contact: ContactId | None
    property: str
    opportunity: OpportunityId | None = None


@dataclass(slots=True)
class PlanSummary:
    """Everything a plan says about itself.

    `writes`: contacts to write; `leads`: leads beside them. `opportunities`: those that were
    scored; `opportunity_writes`: those to write. `quarantined`: {sign: activities that
    are in quarantine by it}; one may show several. `moves`: {(from stage, to stage): contacts};
    `warmings`: {(from, to temperature): contacts}. `stage_changes`: contacts that had a stage
    before and would change it. `tasks_waiting`: planned before, and not taken by the CRM yet.
    `withheld`: hand-offs for which no task is created because this is the first run. `queued`:
    those that wait since their owner was given enough this week. `sla`: {state of the clock:
    hand-offs}; `escalations`: tasks, of `tasks`, that tell a manager. `unknown_owners`: addresses
    that the rules name and no active owner has. `rests_on`: of a past instant, where its facts come
    from, in sentences.
    """

    contacts: int = 0
    stage_changes: int = 0
    writes: int = 0
    leads: int = 0
    opportunities: int = 0
    opportunity_writes: int = 0
    tasks: int = 0
    tasks_closed: int = 0
    tasks_waiting: int = 0
    hand_offs: int = 0
    withheld: int = 0
    queued: int = 0
    verified: int = 0
    ownerless: int = 0
    is_first: bool = False
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    warmings: Counter[tuple[str, str]] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    tasks_by_owner: Counter[OwnerId | None] = field(default_factory=Counter)
    sample: list[Change] = field(default_factory=list)
    kept: list[KeptEdit] = field(default_factory=list)
    quarantined: Counter[str] = field(default_factory=Counter)
    sla: Counter[str] = field(default_factory=Counter)
    escalations: int = 0
    estimate: CallEstimate = field(default_factory=CallEstimate)
    rests_on: Sequence[str] = ()
    unknown_owners: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing would be written."""
        written = self.writes or self.leads or self.opportunity_writes
        return not (written or self.tasks or self.tasks_closed or self.tasks_waiting)

    def note(
        self,
        kind: str,
        contact: ContactId,
        values: Mapping[str, str | None],
        was: Mapping[str, str | None],
    ) -> None:
        """Count one write-back and keep it for the sample while there is room."""
        if kind == "lead":
            self.leads += 1
        else:
            self.writes += 1
        self.properties.update(map(told_name, values))
        if len(self.sample) < SAMPLE:
            self.sample += [
                Change(contact, name, was.get(name), new) for name, new in values.items()
            ]

    def note_opportunity(
        self,
        opportunity: OpportunityId,
        values: Mapping[str, str | None],
        was: Mapping[str, str | None],
    ) -> None:
        """Count one write to an opportunity, likewise."""
        self.opportunity_writes += 1
        self.properties.update(f"{OPPORTUNITIES}/{name}" for name in values)
        if len(self.sample) < SAMPLE:
            self.sample += [
                Change(None, name, was.get(name), new, opportunity) for name, new in values.items()
            ]


class KeptWhy(StrEnum):
    """Why an undo leaves a value that the run wrote."""

    PERSON = "person"  # somebody changed it since
    LATER_RUN = "later_run"  # a later run of ours wrote it: that one is to be undone first
    NOT_READ = "not_read"  # the mapping no longer names the property, or its lead is deleted


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A value that an undo leaves as it is. `run`: the later one that wrote it."""

    contact: ContactId | None
    property: str
    why: KeptWhy
    run: RunId | None = None
    opportunity: OpportunityId | None = None


@dataclass(slots=True)
class UndoSummary:
    """What taking back a run comes to.

    `contacts`: those it wrote to, of which `restores` are written again, and `deleted` and `merged`
    left alone; `leads`: those beside them that are written again. `opportunities_written`,
    `opportunities`: the same of opportunities; those that are gone are among `deleted`. In values:
    `properties` restored, by name; `returned`, of these, what was a person's and is again;
    `as_before`, shown already as before the run; `undone`, taken back by an earlier undo; `kept`,
    by reason, and `later_runs`, by the run that wrote them. `kept_values` names each that a person
    changed, and a sample of the others. `reads`: calls that looked; the estimate is of those that
    write.
    """

    of: RunId
    is_dry_run: bool = False
    contacts: int = 0
    restores: int = 0
    leads: int = 0
    opportunities_written: int = 0
    opportunities: int = 0
    deleted: int = 0
    merged: int = 0
    returned: int = 0
    as_before: int = 0
    undone: int = 0
    reads: int = 0
    properties: Counter[str] = field(default_factory=Counter)
    kept: Counter[KeptWhy] = field(default_factory=Counter)
    later_runs: Counter[RunId] = field(default_factory=Counter)
    kept_values: list[KeptValue] = field(default_factory=list)
    sample: list[Change] = field(default_factory=list)
    tasks: TasksLeft = field(default_factory=TasksLeft)
    estimate: CallEstimate = field(default_factory=CallEstimate)

    def keep(self, value: KeptValue) -> None:
        """Count a value that is left, and name it if a person changed it or there is room."""
        self.kept[value.why] += 1
        if value.run is not None:
            self.later_runs[value.run] += 1
        if value.why is KeptWhy.PERSON or len(self.kept_values) < SAMPLE:
            self.kept_values.append(value)


def owner_of(one: Change | KeptEdit | KeptValue) -> str:
    """Return whose property it is, for people."""
    return one.contact or f"opportunity {one.opportunity}"


KINDS = ("contact", "lead", "opportunity", "task")
"""In this order: a rep who opens a task finds score and label already there."""

PLURALS: Mapping[str, str] = {
    "contact": "contacts",
    "lead": "leads",
    "opportunity": "opportunities",
    "task": "tasks",
}

REFUSALS_TOLD = 10


@dataclass(slots=True)
class PushResult:
    """What became of the writes.

    `refusals`: some of (kind, the CRM's words), each once.
    `waiting`: some of (kind, reason) of writes that got no answer and go on waiting, each once.
    `last_change_at`: the latest stamp that the CRM gave one of our writes to contacts or tasks, by
    its own clock.
    `kept`: values that people changed between the pull and the push, which were left alone.
    `moved`: (contact, who it is now) of those that were merged or converted in between; `deleted`:
    those that are no longer there.
    """

    verdicts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    last_change_at: datetime | None = None
    kept: list[KeptEdit] = field(default_factory=list)
    moved: list[tuple[ContactId, ContactId]] = field(default_factory=list)
    deleted: list[ContactId] = field(default_factory=list)

    def of(self, verdict: Verdict, kind: str | None = None) -> int:
        """Return how many writes came to a verdict, of one kind or of all."""
        return sum(self.verdicts[each, verdict] for each in ([kind] if kind else KINDS))


@dataclass(slots=True)
class HistorySummary:
    """What asking the CRM for its own history of contact fields came to.

    `contacts`: those that it told of; `values`: earlier values that were kept. `unkept`: {field:
    contacts of which the CRM keeps no earlier values of it}. `estimate`: calls foreseen, before any
    was sent; `calls`: those that it took.
    """

    contacts: int = 0
    values: int = 0
    estimate: int = 0
    calls: int = 0
    unkept: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class RunReport:
    """What one run did. `calls`: {limit class: calls sent}; `counts`: rows read and written.

    `note`: what `leadripe runs` says beside it.
    """

    command: str
    run: RunId
    outcome: str = "running"
    counts: dict[str, int] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    plan: PlanSummary | None = None
    push: PushResult | None = None
    undo: UndoSummary | None = None
    history: HistorySummary | None = None
    note: str = ""
    seconds: float = 0.0

    @property
    def refused(self) -> int:
        """How many writes the CRM refused in this run."""
        return self.push.of(Verdict.REFUSED) if self.push else 0
