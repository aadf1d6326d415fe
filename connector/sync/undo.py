"""Takes back what a run wrote, where the CRM still shows it: looks, journals, sends, by waves."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from connector.domain.contact import Lead
from connector.domain.ids import ContactId, LeadId, RunId
from connector.domain.parts import in_parts
from connector.domain.text import same_value
from connector.errors import UsageError
from connector.ports import (
    LEADS,
    Crm,
    Fate,
    LeadCrm,
    OutboxEntry,
    Outcome,
    Page,
    PlannedRestore,
    RunRecord,
    Store,
    Verdict,
    WriteBack,
    WrittenContact,
    lead_and_name,
    told_name,
)
from connector.results import SAMPLE, Change, KeptValue, PushResult, UndoSummary
from connector.sync.progress import Progress, Silent
from connector.sync.push import IN_FLIGHT, Push
from connector.sync.restore import Decision, decide
from connector.sync.undo_opportunities import OpportunityUndo

UNDO = "undo"

Live = Mapping[ContactId, dict[str, str | None]]
"""{contact: its properties as the CRM shows them, those of its leads among them}."""

_Id = TypeVar("_Id")
_Row = TypeVar("_Row")


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
        OpportunityUndo(
            self._crm,
            self._store,
            self._push,
            self.summary,
            run=self._run,
            rules_hash=self._rules_hash,
            sent_by=self._sent_by,
        ).undo_all()

    def _undo_wave(self, numbers: Sequence[int]) -> None:
        live = self._look(numbers)
        restores: list[PlannedRestore] = []
        for contact in self._store.load_written(numbers).values():
            if any(record.run == self._of for record in contact.ledger):
                restores += self._planned(contact, live)
        kinds = Counter(each.kind for each in restores)
        cost = self._crm.estimate(contacts=kinds["contact"], tasks=0, leads=kinds["lead"])
        before = self.summary.estimate
        self.summary.estimate = replace(
            before, contacts=before.contacts + cost.contacts, leads=before.leads + cost.leads
        )
        if restores and not self.summary.is_dry_run:
            entries = self._store.journal_undo(self._run, self._rules_hash, restores)
            for kind in kinds:
                self._push.send(kind, [entry for entry in entries if entry.kind == kind])

    def _look(self, numbers: Sequence[int]) -> Live:
        """Return the contacts as the CRM has them now, and let the store know."""
        written = self._store.load_written(numbers)
        living = [each for each in written.values() if each.fate is Fate.LIVING]
        found = self._fetch(self._crm.fetch_contacts, [each.id for each in living])
        contacts = list({contact.id: contact for contact in found}.values())
        leads = self._look_at_leads(living)
        live = {contact.id: dict(contact.written) for contact in contacts}
        for each in living:
            live.get(each.id, {}).update(_shown(self._names(each), leads))
        self._confirm([entry for each in living for entry in each.waiting], live)
        checkpoint = self._store.load_checkpoint("contacts")
        if checkpoint is not None:
            self._store.save_page("contacts", Page(checkpoint, contacts=contacts))
        return live

    def _look_at_leads(self, living: Sequence[WrittenContact]) -> Mapping[LeadId, Lead]:
        """Return the leads that the run wrote to as they are now, and let the store know."""
        names = (lead_and_name(name) for each in living for name in self._names(each))
        ids = list(dict.fromkeys(found[0] for found in names if found))
        if not ids or not isinstance(self._crm, LeadCrm):
            return {}
        leads = self._fetch(self._crm.fetch_leads, ids)
        checkpoint = self._store.load_checkpoint(LEADS)
        if checkpoint is not None:
            self._store.save_page(LEADS, Page(checkpoint, leads=leads))
        return {lead.id: lead for lead in leads}

    def _names(self, contact: WrittenContact) -> set[str]:
        """Return what the run wrote, or may have written, to a contact and its lead."""
        sent = [record.values for record in contact.ledger if record.run == self._of]
        sent += [entry.write_back.values for entry in contact.waiting if entry.write_back]
        return {name for values in sent for name in values}

    def _fetch(
        self, fetch: Callable[[Sequence[_Id]], Sequence[_Row]], ids: Sequence[_Id]
    ) -> list[_Row]:
        size, before = self._crm.batch_size, self._calls()
        parts = list(in_parts(ids, size))
        try:
            with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="undo") as pool:
                return [row for page in pool.map(fetch, parts) for row in page]
        finally:
            self.summary.reads += self._calls() - before

    def _calls(self) -> int:
        return sum(self._crm.calls.values())

    def _confirm(self, waiting: Sequence[OutboxEntry], live: Live) -> None:
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

    def _planned(self, contact: WrittenContact, live: Live) -> Iterator[PlannedRestore]:
        """Yield what restores one contact and its lead, and count what does not."""
        self.summary.contacts += 1
        now = live.get(contact.id)
        if now is None or contact.fate is not Fate.LIVING:
            self._count_missing(contact)
            return
        decision = decide(contact.ledger, now, self._of)
        self._count(contact.id, decision)
        for kind in ("contact", "lead"):
            values = {k: v for k, v in decision.values.items() if _kind_of(k) == kind}
            if values:
                self._count_restore(kind)
                returned = [name for name in decision.returned if name in values]
                shown = {name: decision.shown[name] for name in values}
                write_back = WriteBack(contact.id, values)
                yield PlannedRestore(contact.no, write_back, shown, returned, kind)

    def _count_restore(self, kind: str) -> None:
        if kind == "lead":
            self.summary.leads += 1
        else:
            self.summary.restores += 1

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
        summary.returned += len(decision.returned)
        summary.properties.update(map(told_name, decision.values))
        if len(summary.sample) < SAMPLE:
            summary.sample += [
                Change(contact, name, decision.shown[name], value)
                for name, value in decision.values.items()
            ]


def _kind_of(name: str) -> str:
    return "lead" if lead_and_name(name) else "contact"


def _shown(names: Iterable[str], leads: Mapping[LeadId, Lead]) -> Iterator[tuple[str, str | None]]:
    """Yield what leads show in these properties; those of contacts, and deleted leads, left out."""
    for called in names:
        found = lead_and_name(called)
        lead = leads.get(found[0]) if found else None
        if found and lead and found[1] in lead.written:
            yield called, lead.written[found[1]]


def _has_arrived(entry: OutboxEntry, live: Live) -> bool:
    """Tell whether the CRM shows all that a write wanted; less could be a person's doing."""
    wish = entry.write_back
    shown = live.get(wish.contact) if wish else None
    if wish is None or shown is None:
        return False
    return all(same_value(shown.get(name), each) for name, each in wish.values.items())
