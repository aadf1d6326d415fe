"""What a run says of itself, for people and scripts: its plan, its answers, its price in calls."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.domain.ids import ContactId, OwnerId, RunId
from connector.ports import CallEstimate, Verdict

SAMPLE = 20
"""How many changes a plan names; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Change:
    """One property of one contact that a plan would set."""

    contact: ContactId
    property: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """A value that a person set in one of our properties: theirs, and kept."""

    contact: ContactId
    property: str


@dataclass(slots=True)
class PlanSummary:
    """Everything a plan says about itself.

    `moves`: {(from stage, to stage): contacts}; `warmings`: {(from, to temperature): contacts}.
    `stage_changes`: contacts that had a stage before and would change it. `tasks_waiting`: planned
    before, and not taken by the CRM yet. `withheld`: hand-offs for which no task is created because
    this is the first run.
    """

    contacts: int = 0
    stage_changes: int = 0
    writes: int = 0
    tasks: int = 0
    tasks_closed: int = 0
    tasks_waiting: int = 0
    hand_offs: int = 0
    withheld: int = 0
    verified: int = 0
    ownerless: int = 0
    is_first: bool = False
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    warmings: Counter[tuple[str, str]] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    tasks_by_owner: Counter[OwnerId | None] = field(default_factory=Counter)
    sample: list[Change] = field(default_factory=list)
    kept: list[KeptEdit] = field(default_factory=list)
    estimate: CallEstimate = field(default_factory=CallEstimate)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing would be written."""
        return not (self.writes or self.tasks or self.tasks_closed or self.tasks_waiting)

    def note(
        self, contact: ContactId, values: Mapping[str, str | None], was: Mapping[str, str | None]
    ) -> None:
        """Count one write-back and keep it for the sample while there is room."""
        self.writes += 1
        self.properties.update(values.keys())
        if len(self.sample) < SAMPLE:
            self.sample += [
                Change(contact, name, was.get(name), new) for name, new in values.items()
            ]


KINDS = ("contact", "task")
"""In this order: a rep who opens a task finds the score already there."""

REFUSALS_TOLD = 10


@dataclass(slots=True)
class PushResult:
    """What became of the writes.

    `refusals`: some of (kind, the CRM's words), each once.
    `last_change_at`: the latest stamp that the CRM gave one of our writes, by its own clock.
    """

    verdicts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    last_change_at: datetime | None = None

    def of(self, verdict: Verdict, kind: str | None = None) -> int:
        """Return how many writes came to a verdict, of one kind or of all."""
        return sum(self.verdicts[each, verdict] for each in ([kind] if kind else KINDS))


@dataclass(slots=True)
class RunReport:
    """What one run did. `calls`: {limit class: calls sent}; `counts`: rows read and written."""

    command: str
    run: RunId
    outcome: str = "running"
    counts: dict[str, int] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    plan: PlanSummary | None = None
    push: PushResult | None = None
    seconds: float = 0.0

    @property
    def refused(self) -> int:
        """How many writes the CRM refused in this run."""
        return self.push.of(Verdict.REFUSED) if self.push else 0
