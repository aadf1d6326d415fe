"""Sends what waits in the outbox, several batches at a time, and records every answer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

import structlog

from connector.domain.contact import Gone
from connector.domain.ids import RunId
from connector.domain.parts import in_parts
from connector.ports import Crm, FileCrm, LeadCrm, OutboxEntry, Outcome, Store, Verdict
from connector.results import KINDS, REFUSALS_TOLD, KeptEdit, PushResult
from connector.sync.files import FilePush
from connector.sync.progress import Progress

log = structlog.get_logger()

IN_FLIGHT = 4
"""Batches on the way at once: four kept-alive connections fill the window at 150 ms latency."""


class Push:
    """One sending of the outbox. `limit`: send at most so many writes; the rest goes on waiting."""

    def __init__(
        self, crm: Crm, store: Store, run: RunId, progress: Progress, *, limit: int | None = None
    ) -> None:
        self._crm = crm
        self._store = store
        self._run = run
        self._progress = progress
        self._done = 0
        waiting = store.count().get("waiting", 0)
        self._is_limited = limit is not None
        self._total = waiting if limit is None else min(waiting, limit)
        self._left = self._total
        self.result = PushResult()

    def send_all(self) -> PushResult:
        """Send every waiting write once.

        Raises what the CRM's refusal or silence as a whole raises; what was answered is recorded by
        then, the rest goes on waiting. `result` holds the counts also then.
        """
        self._look_once_more()
        if isinstance(self._crm, FileCrm):
            files = FilePush(self._crm, self._store, self._run, self._note_file)
            files.adopt()
            if not self._is_limited:
                files.send()
            # Some rows have to be sent by themselves, and a newer wish may wait behind an older.
            self._left = min(self._left, self._store.count().get("waiting", 0))
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="push") as pool:
            for kind in KINDS:
                for wave in self._waves(kind):
                    self._send_wave(pool, kind, wave)
        return self.result

    def _look_once_more(self) -> None:
        """Read what people changed since the pull, and leave alone what is theirs by now."""
        if not self._crm.sees_at_once or not self._total:
            return
        contacts = self._crm.streams()[0]
        for page in self._crm.pages(contacts, self._store.load_checkpoint(contacts.name)):
            waiting = self._store.load_waiting_of(gone.id for gone in page.gone)
            edited = self._store.save_look(contacts.name, page)
            self._note_gone([gone for gone in page.gone if gone.id in waiting])
            for contact, names in edited.items():
                self.result.kept += [KeptEdit(contact, name) for name in names]

    def _note_gone(self, gone: Sequence[Gone]) -> None:
        self.result.moved += [(each.id, each.into) for each in gone if each.into]
        self.result.deleted += [each.id for each in gone if not each.into]

    def _note_file(self, answers: Sequence[tuple[OutboxEntry, Outcome]]) -> None:
        self._note_answers("contact", answers)

    def send(self, kind: str, wave: Sequence[OutboxEntry]) -> None:
        """Send these alone, a few batches; what else waits goes on waiting."""
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="push") as pool:
            self._send_wave(pool, kind, wave)

    def _waves(self, kind: str) -> Iterator[Sequence[OutboxEntry]]:
        after, size = 0, self._crm.batch_size * IN_FLIGHT
        while wave := self._store.load_waiting(kind, min(size, self._left), after):
            after = wave[-1].id
            self._left -= len(wave)
            yield wave

    def _send_wave(self, pool: ThreadPoolExecutor, kind: str, wave: Sequence[OutboxEntry]) -> None:
        # In the context of the run, so that what its calls log carries its number.
        sent = [
            (part, pool.submit(copy_context().run, self._send, kind, part))
            for part in self._parts(wave)
        ]
        failures = [self._settle(kind, part, answer) for part, answer in sent]
        for failure in failures:
            if failure is not None:
                raise failure

    def _parts(self, wave: Sequence[OutboxEntry]) -> Iterator[Sequence[OutboxEntry]]:
        """Yield batches; tasks to complete go apart from those to create, as was estimated."""
        size = self._crm.batch_size
        for is_done in (False, True):
            some = [each for each in wave if bool(each.task and each.task.is_done) is is_done]
            yield from in_parts(some, size)

    def _send(self, kind: str, part: Sequence[OutboxEntry]) -> Sequence[Outcome]:
        if kind == "task":
            return self._crm.write_tasks([each.task for each in part if each.task])
        if kind == "opportunity":
            wishes = [each.opportunity for each in part if each.opportunity]
            return self._crm.write_opportunities(wishes)
        write_backs = [each.write_back for each in part if each.write_back]
        if kind == "lead" and isinstance(self._crm, LeadCrm):
            return self._crm.write_leads(write_backs)
        return self._crm.write(write_backs)

    def _settle(
        self, kind: str, part: Sequence[OutboxEntry], answer: Future[Sequence[Outcome]]
    ) -> BaseException | None:
        """Record one batch's answers; return instead what kept it from having any.

        Whatever that was, the batches sent beside it have answers that must not be lost.
        """
        failure = answer.exception()
        if failure is not None:
            return failure
        answers = list(zip(part, answer.result(), strict=True))
        self._store.settle(answers, self._run)
        self._note_answers(kind, answers)
        return None

    def _note_answers(self, kind: str, answers: Sequence[tuple[OutboxEntry, Outcome]]) -> None:
        for entry, outcome in answers:
            self._note(kind, outcome)
            wish = entry.write_back or entry.task
            if wish and outcome.contact and outcome.contact != wish.contact:
                self.result.moved.append((wish.contact, outcome.contact))
            if outcome.verdict is Verdict.REFUSED:
                self._note_refusal(entry, outcome.reason)
            if outcome.verdict is Verdict.UNAVAILABLE:
                _keep(self.result.waiting, (kind, outcome.reason))
            is_gone = outcome.verdict is Verdict.GONE and kind != "lead"
            if is_gone and wish and not outcome.contact:
                self.result.deleted.append(wish.contact)
        self._done += len(answers)
        self._progress.step("writing", done=min(self._done, self._total), total=self._total)

    def _note(self, kind: str, outcome: Outcome) -> None:
        self.result.verdicts[kind, outcome.verdict] += 1
        if kind in {"lead", "opportunity"}:
            return  # no contact or task changes by it: a later span would hide edits for nothing
        stamps = (self.result.last_change_at, outcome.changed_at)
        self.result.last_change_at = max(filter(None, stamps), default=None)

    def _note_refusal(self, entry: OutboxEntry, reason: str) -> None:
        wish = entry.write_back or entry.task
        if entry.opportunity is not None:
            of = {"opportunity": str(entry.opportunity.opportunity)}
        else:
            of = {"contact": str(wish.contact) if wish else ""}
        log.info("write_back.refused", kind=entry.kind, reason=reason, **of)
        _keep(self.result.refusals, (entry.kind, reason))


def _keep(told: list[tuple[str, str]], one: tuple[str, str]) -> None:
    if one not in told and len(told) < REFUSALS_TOLD:
        told.append(one)
