"""A write on its way: what the store keeps until the CRM has answered it."""

from dataclasses import dataclass

from connector.domain.ids import RunId
from connector.ports.opportunities import OpportunityWrite
from connector.ports.writes import TaskWish, WriteBack


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A write that waits, was refused, or was accepted.

    `kind`: `contact`, `lead` (its `write_back` names properties as `on_lead` does), `opportunity`
    or `task`; exactly one of `write_back`, `opportunity`, `task` is set. `no`: 0 of an opportunity.
    `revision` rises with each newer wish for the same subject; an answer to an older one settles
    nothing.
    """

    id: int
    kind: str
    revision: int
    no: int
    write_back: WriteBack | None = None
    task: TaskWish | None = None
    opportunity: OpportunityWrite | None = None
    state: str = "waiting"
    reason: str = ""
    run: RunId | None = None
