"""What is sent to a CRM, and its answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.domain.ids import ContactId, OwnerId, TaskId, TaskKey


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Properties to set on one contact: {CRM property: text as it takes it; None clears}.

    `takes_back`: it restores what stood there, also where the CRM would only go forward by itself.
    """

    contact: ContactId
    values: Mapping[str, str | None]
    takes_back: bool = False


@dataclass(frozen=True, slots=True)
class TaskWish:
    """A task that should exist once, or (`is_done`) be completed, recognised by its key.

    `body` is plain text. `due_at` aware.
    """

    key: TaskKey
    contact: ContactId
    subject: str
    body: str
    due_at: datetime
    owner: OwnerId | None = None
    is_urgent: bool = False
    is_done: bool = False


class Verdict(StrEnum):
    """What became of one write."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # the CRM said no: a person must act
    UNAVAILABLE = "unavailable"  # it did not answer, or nothing is known: send again
    GONE = "gone"  # the record is deleted: nothing is left to do


@dataclass(frozen=True, slots=True)
class Outcome:
    """The CRM's answer to one write.

    `reason`: the CRM's own words, cut and cleaned of personal data. `values`: what the reply says
    the properties hold now, where it says so. `contact`: the id it answered with, if a merge or a
    conversion changed it; of a record that is gone, the one that it went into. `task`: the id of
    the task. `changed_at`: the CRM's stamp of the write, to recognise our own echo.
    """

    verdict: Verdict
    reason: str = ""
    values: Mapping[str, str | None] = field(default_factory=dict)
    contact: ContactId | None = None
    task: TaskId | None = None
    changed_at: datetime | None = None
