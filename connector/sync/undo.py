"""Takes back what a run wrote, where the CRM still shows it: looks, journals, sends, by waves."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from connector.domain.contact import Contact
from connector.domain.ids import ContactId, RunId
from connector.domain.text import same_value
from connector.errors import UsageError
from connector.ports import (
    CallEstimate,
    Crm,
    Fate,
    OutboxEntry,
    Outcome,
    Page,
    PlannedRestore,
    RunRecord,
    Store,
    Verdict,
    WriteBack,
    WrittenContact,
)
from connector.results import SAMPLE, Change, KeptValue, PushResult, UndoSummary
from connector.sync.progress import Progress, Silent
from connector.sync.push import IN_FLIGHT, Push
from connector.sync.restore import Decision, decide

UNDO = "undo"


def undoable(run: RunRecord | None, asked: str) -> RunRecord:
    """Return a run that can be undone; raises UsageError for any other."""
    if run is None:
        raise UsageError(
            what=f"there is no run {asked}",
            where="leadripe undo",
            do="`leadripe runs` lists the latest, with their numbers. Nothing was sent.",
        )
    if run.command == UNDO:
        raise UsageError(
            what=f"run {asked} is itself an undo",
            where="leadripe undo",
            do="`leadripe sync` writes again what the rules want. Nothing was sent.",
        )
    return run


class Undo:
    """One undoing of the run `of`, as the run `run`. With `dry_run` it only looks.

    A wave is looked at right before it is written, so that what people change meanwhile is seen.
    Cut off anywhere, the same again goes on from there.
    """

    def __init__(
        self,
        crm: Crm,
        store: Store,
        *,
        run: RunId,
        of: RunId,
        rules_hash: str,
        dry_run: bool,
    ) -> None:
        self._crm = crm
        self._store = store
        self._run = run
        self._of = of
        self._rules_hash = rules_hash
        self._push = Push(crm, store, run, Silent())
        self.summary = UndoSummary(of, is_dry_run=dry_run)
        self.result: PushResult = self._push.result

    def undo_all(self, progress: Progress) -> None:
        """Restore every contact. `summary` and `result` hold the counts also if this raises."""
        self.summary.tasks = self._store.load_tasks_left(self._of)
        numbers = self._store.load_written_numbers(self._of)
        size = self._crm.batch_size * IN_FLIGHT
        for start in range(0, len(numbers), size):
            wave = numbers[start : start + size]
            self._undo_wave(wave)
            progress.step("undoing", done=start + len(wave), total=len(numbers))

    def _undo_wave(self, numbers: Sequence[int]) -> None:
        live = self._look(numbers)
        restores: list[PlannedRestore] = []
        for contact in self._store.load_written(numbers).values():
            if any(record.run == self._of for record in contact.ledger):
                restores += self._planned(contact, live)
        cost = self._crm.estimate(contacts=len(restores), tasks=0)
        self.summary.estimate = CallEstimate(self.summary.estimate.contacts + cost.contacts)
        if restores and not self.summary.is_dry_run:
            entries = self._store.journal_undo(self._run, self._rules_hash, restores)
            self._push.send("contact", entries)

    def _look(self, numbers: Sequence[int]) -> Mapping[ContactId, Contact]:
        """Return the contacts as the CRM has them now, and let the store know."""
        written = self._store.load_written(numbers)
        living = [each for each in written.values() if each.fate is Fate.LIVING]
        found = self._fetch([each.id for each in living])
        live = {contact.id: contact for contact in found}
        self._confirm([each.waiting for each in living if each.waiting], live)
        checkpoint = self._store.load_checkpoint("contacts")
        if checkpoint is not None:
            self._store.save_page("contacts", Page(checkpoint, contacts=found))
        return live

    def _fetch(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        size, before = self._crm.batch_size, self._calls()
        parts = [ids[start : start + size] for start in range(0, len(ids), size)]
        try:
            with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="undo") as pool:
                pages = list(pool.map(self._crm.fetch_contacts, parts))
        finally:
            self.summary.reads += self._calls() - before
        return list({contact.id: contact for page in pages for contact in page}.values())

    def _calls(self) -> int:
        return sum(self._crm.calls.values())

    def _confirm(self, waiting: Sequence[OutboxEntry], live: Mapping[ContactId, Contact]) -> None:
        """Count writes whose answer was lost as accepted, where the CRM shows all their values."""
        arrived: defaultdict[RunId, list[OutboxEntry]] = defaultdict(list)
        for entry in waiting:
            if _has_arrived(entry, live):
                arrived[self._sent_by(entry)].append(entry)
        for run, entries in arrived.items():
            self._store.settle([(entry, Outcome(Verdict.ACCEPTED)) for entry in entries], run)

    def _sent_by(self, entry: OutboxEntry) -> RunId:
        """Return the run that a waiting write counts for: the last one that can have sent it.

        A later undo or sync that planned it anew is known by its number; whatever was planned
        before the run that is undone was sent by that one.
        """
        planned = entry.run or self._of
        run = self._store.load_run(planned)
        is_undo = run is not None and run.command == UNDO
        return planned if is_undo or int(planned) > int(self._of) else self._of

    def _planned(
        self, contact: WrittenContact, live: Mapping[ContactId, Contact]
    ) -> Sequence[PlannedRestore]:
        """Return what restores one contact, if anything does, and count what does not."""
        self.summary.contacts += 1
        now = live.get(contact.id)
        if now is None or contact.fate is not Fate.LIVING:
            self._count_missing(contact)
            return []
        decision = decide(contact.ledger, now.written, self._of)
        self._count(contact.id, decision)
        if not decision.values:
            return []
        write_back = WriteBack(contact.id, decision.values)
        return [PlannedRestore(contact.no, write_back, decision.shown, decision.returned)]

    def _count_missing(self, contact: WrittenContact) -> None:
        if contact.fate is Fate.MERGED:
            self.summary.merged += 1
        else:
            self.summary.deleted += 1

    def _count(self, contact: ContactId, decision: Decision) -> None:
        summary = self.summary
        summary.as_before += decision.as_before
        summary.undone += decision.undone
        for name, (why, run) in decision.kept.items():
            summary.keep(KeptValue(contact, name, why, run))
        if not decision.values:
            return
        summary.restores += 1
        summary.returned += len(decision.returned)
        summary.properties.update(decision.values.keys())
        if len(summary.sample) < SAMPLE:
            summary.sample += [
                Change(contact, name, decision.shown[name], value)
                for name, value in decision.values.items()
            ]


def _has_arrived(entry: OutboxEntry, live: Mapping[ContactId, Contact]) -> bool:
    """Tell whether the CRM shows all that a write wanted; less could be a person's doing."""
    wish = entry.write_back
    contact = live.get(wish.contact) if wish else None
    if wish is None or contact is None:
        return False
    return all(same_value(contact.written.get(name), each) for name, each in wish.values.items())
