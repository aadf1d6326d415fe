"""Turns hand-offs into task wishes: at most one open task for each contact and reason."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from connector.domain.contact import Owner
from connector.domain.ids import OwnerId, TaskKey
from connector.domain.moment import moment
from connector.domain.numbers import shown
from connector.ports import KnownContact, PlannedTask, TaskWish
from connector.rules.explain import Line, Words
from connector.rules.model import RuleSet
from connector.rules.task_text import (
    Clocked,
    HandOffFacts,
    escalation_body,
    task_body,
    task_subject,
)
from connector.sync.capacity import addressed
from connector.sync.wanted import Row


@dataclass(slots=True)
class TaskCounts:
    """What the hand-offs of a plan come to. `withheld`: those for which no task is created."""

    hand_offs: int = 0
    created: int = 0
    closed: int = 0
    withheld: int = 0
    ownerless: int = 0
    escalated: int = 0
    by_owner: Counter[OwnerId | None] = field(default_factory=Counter)


def task_key(account: str, contact: str, reason: str, episode: datetime) -> TaskKey:
    """Return the key of a hand-off's task: the same for the same cause, on every machine, for ever.

    `episode` is when the cause began: the need was expressed, or the score became ripe.
    """
    text = "|".join((account, contact, reason, episode.date().isoformat()))
    return TaskKey("leadripe-" + hashlib.sha256(text.encode()).hexdigest()[:24])


class TaskPlanner:
    """Builds the task wishes of one plan."""

    def __init__(
        self,
        owners: Callable[[], Sequence[Owner]],
        account: str,
        rules: RuleSet,
        words: Words,
        zone: ZoneInfo,
        feedback: str | None,
    ) -> None:
        self._fetch = owners
        self._account = account
        self._rules = rules
        self._words = words
        self._zone = zone
        self._feedback = feedback
        self.routed: Mapping[int, OwnerId] = {}
        self.unknown: Sequence[str] = ()
        self._creates = False
        self._withholds = False
        self._as_of = moment(0)
        self.counts = TaskCounts()

    def begin(self, as_of: datetime, *, creates: bool, withholds: bool) -> None:
        """Start a plan as of an instant.

        Without `creates` a hand-off makes no task; with `withholds` it counts as one that should.
        """
        self._as_of = as_of
        self._creates = creates
        self._withholds = withholds
        self.counts = TaskCounts()
        self.unknown = ()

    @cached_property
    def owners(self) -> Sequence[Owner]:
        """Everybody who may own something; asked for once."""
        return self._fetch()

    @cached_property
    def _active(self) -> frozenset[OwnerId]:
        return frozenset(each.id for each in self.owners if each.is_active)

    def wishes(self, row: Row, lines: Sequence[Line], known: KnownContact) -> list[PlannedTask]:
        """Return the tasks to create or complete for one contact."""
        wishes = []
        if row["hand_off_closed"]:
            wishes += [self._completed(key, known) for key in known.open_tasks]
            self.counts.closed += len(wishes)
        if row["handed_off"]:
            self.counts.hand_offs += 1
            if row["hand_off_closed"] or not known.open_tasks:
                wishes += self._created(row, lines, known)
            # Else the store was begun anew, and the CRM holds the task of this very hand-off: its
            # cause may now be dated differently, so that its key would be another.
        if row["escalates"]:
            wishes += self._escalated(row, lines, known)
        return wishes

    def _created(self, row: Row, lines: Sequence[Line], known: KnownContact) -> list[PlannedTask]:
        if not self._creates:
            self.counts.withheld += self._withholds
            return []
        reason = str(row["hand_off_reason"])
        facts = _facts(row, lines)
        wish = TaskWish(
            key=task_key(self._account, known.id, reason, _instant(row["episode_us"])),
            contact=known.id,
            subject=task_subject(facts, self._words),
            body=task_body(facts, self._words, feedback=self._feedback),
            due_at=self._due(row),
            owner=self._active_owner(known),
            is_urgent=reason == "need",
        )
        return [self._counted(PlannedTask(known.no, wish))]

    def _escalated(self, row: Row, lines: Sequence[Line], known: KnownContact) -> list[PlannedTask]:
        """Return the task for whoever looks after hand-offs on which nobody acts."""
        named = self._rules.hand_off.sla.escalate_to
        if not self._creates or not named:
            return []
        managers = addressed(named, self.owners)
        self.unknown = managers.unknown
        if not managers.found:
            return []
        handed_off = _instant(row["handed_off_us"])
        when = Clocked(handed_off.astimezone(self._zone), self._due(row).astimezone(self._zone))
        given_to = next((each.name for each in self.owners if each.id == known.given_to), None)
        wish = TaskWish(
            key=task_key(self._account, known.id, "escalation", handed_off),
            contact=known.id,
            subject=self._words.text("subject_escalation"),
            body=escalation_body(_facts(row, lines), self._words, owner=given_to, when=when),
            due_at=self._as_of,
            owner=managers.found[0],
            is_urgent=True,
        )
        self.counts.escalated += 1
        return [self._counted(PlannedTask(known.no, wish, is_hand_off=False))]

    def _counted(self, task: PlannedTask) -> PlannedTask:
        self.counts.created += 1
        self.counts.by_owner[task.wish.owner] += 1
        return task

    def _completed(self, key: TaskKey, known: KnownContact) -> PlannedTask:
        wish = TaskWish(
            key=key, contact=known.id, subject="", body="", due_at=self._as_of, is_done=True
        )
        return PlannedTask(known.no, wish)

    def _due(self, row: Row) -> datetime:
        # Without a single working day ahead the task is due at once, rather than never.
        return self._as_of if row["due_us"] is None else _instant(row["due_us"])

    def _active_owner(self, known: KnownContact) -> OwnerId | None:
        """Return the contact's owner if still active: a task on a deactivated one would be lost.

        Else whom a route gave it to.
        """
        if known.owner in self._active:
            return known.owner
        if known.no in self.routed:
            return self.routed[known.no]
        self.counts.ownerless += 1
        return None


def _facts(row: Row, lines: Sequence[Line]) -> HandOffFacts:
    return HandOffFacts(
        score=shown(int(str(row["points"]))),
        reason=str(row["hand_off_reason"]),
        grade=str(row["grade"]),
        persona=str(row["persona"]) if row["persona"] else None,
        lines=lines,
        interests=str(row.get("interests") or ""),
    )


def _instant(micros: object) -> datetime:
    return moment(int(str(micros)))
