"""What the core asks of a CRM, a store, an engine and a clock, and the values that these carry."""

from connector.ports.clock import Clock
from connector.ports.crm import (
    Account,
    CallEstimate,
    Crm,
    Finding,
    Outcome,
    Page,
    Provision,
    Severity,
    Stream,
    TaskWish,
    Verdict,
    WriteBack,
)
from connector.ports.engine import Accounts, Engine, Evaluation, Facts
from connector.ports.files import FileCrm, FileJob, FileRow
from connector.ports.native import Native
from connector.ports.outbox import OutboxEntry
from connector.ports.quarantine import Decision, DecisionRecord, Quarantining
from connector.ports.store import (
    SHOWN,
    FormerContact,
    KnownContact,
    MoveRecord,
    PlannedTask,
    PlannedWrite,
    RunRecord,
    Shapes,
    Store,
    Watched,
)
from connector.ports.undo import (
    Fate,
    LedgerRecord,
    PlannedRestore,
    TasksLeft,
    Undoing,
    WrittenContact,
)

__all__ = [
    "SHOWN",
    "Account",
    "Accounts",
    "CallEstimate",
    "Clock",
    "Crm",
    "Decision",
    "DecisionRecord",
    "Engine",
    "Evaluation",
    "Facts",
    "Fate",
    "FileCrm",
    "FileJob",
    "FileRow",
    "Finding",
    "FormerContact",
    "KnownContact",
    "LedgerRecord",
    "MoveRecord",
    "Native",
    "OutboxEntry",
    "Outcome",
    "Page",
    "PlannedRestore",
    "PlannedTask",
    "PlannedWrite",
    "Provision",
    "Quarantining",
    "RunRecord",
    "Severity",
    "Shapes",
    "Store",
    "Stream",
    "TaskWish",
    "TasksLeft",
    "Undoing",
    "Verdict",
    "Watched",
    "WriteBack",
    "WrittenContact",
]
