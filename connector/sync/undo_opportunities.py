"""Takes back what a run wrote to opportunities: looks, journals, sends, by waves."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connector.domain.ids import OpportunityId, RunId
from connector.domain.parts import in_parts
from connector.domain.text import same_value
from connector.ports import (
    OPPORTUNITIES,
    Crm,
    OpportunityWrite,
    OutboxEntry,
    Outcome,
    PlannedOpportunityWrite,
    Store,
    Verdict,
    WrittenOpportunity,
)
from connector.results import SAMPLE, Change, KeptValue, UndoSummary
from connector.sync.push import IN_FLIGHT, Push
from connector.sync.restore import Decision, decide

Shown = Mapping[OpportunityId, Mapping[str, str | None]]
"""{opportunity: its properties as the CRM shows them}."""


class OpportunityUndo:
    """The part of an undo that is about opportunities; `Undo` says what it promises."""

    def __init__(
        self,
        crm: Crm,
        store: Store,
        push: Push,
        summary: UndoSummary,
        *,
        run: RunId,
        rules_hash: str,
        sent_by: Callable[[OutboxEntry], RunId],
    ) -> None:
        self._crm = crm
        self._store = store
        self._push = push
        self._summary = summary
        self._run = run
        self._rules_hash = rules_hash
        self._sent_by = sent_by

    def undo_all(self) -> None:
        """Restore every opportunity that the run wrote to, or may have."""
        of, limit = self._summary.of, self._crm.batch_size * IN_FLIGHT
        after = ""
        while wave := self._store.load_written_opportunities(of, after=after, limit=limit):
            live = self._look(wave)
            self._confirm(wave, live)
            # What was confirmed stands in the ledger now.
            wave = self._store.load_written_opportunities(of, after=after, limit=limit)
            self._restore(wave, live)
            after = wave[-1].id

    def _look(self, wave: Sequence[WrittenOpportunity]) -> Shown:
        """Return the opportunities as the CRM has them now, and let the store know."""
        ids = [each.id for each in wave if each.is_there]
        before = sum(self._crm.calls.values())
        found = [
            one
            for some in in_parts(ids, self._crm.batch_size)
            for one in self._crm.fetch_opportunities(some)
        ]
        self._summary.reads += sum(self._crm.calls.values()) - before
        self._store.save_opportunities(found)
        return {one.id: one.written for one in found}

    def _confirm(self, wave: Sequence[WrittenOpportunity], live: Shown) -> None:
        """Count writes whose answer was lost as accepted, where the CRM shows all their values."""
        arrived: defaultdict[RunId, list[OutboxEntry]] = defaultdict(list)
        for each in wave:
            entry = each.waiting
            if entry is not None and _has_arrived(entry, live.get(each.id, {})):
                arrived[self._sent_by(entry)].append(entry)
        for run, entries in arrived.items():
            self._store.settle([(entry, Outcome(Verdict.ACCEPTED)) for entry in entries], run)

    def _restore(self, wave: Sequence[WrittenOpportunity], live: Shown) -> None:
        restores: list[PlannedOpportunityWrite] = []
        for each in wave:
            if all(record.run != self._summary.of for record in each.ledger):
                continue
            self._summary.opportunities_written += 1
            if each.id not in live:
                self._summary.deleted += 1
                continue
            decision = decide(each.ledger, live[each.id], self._summary.of)
            self._count(each.id, decision)
            if decision.values:
                write = OpportunityWrite(each.id, decision.values)
                restores.append(PlannedOpportunityWrite(write, decision.shown, decision.returned))
        self._summary.opportunities += len(restores)
        cost = self._crm.estimate(contacts=0, tasks=0, opportunities=len(restores))
        estimate = self._summary.estimate
        self._summary.estimate = replace(
            estimate, opportunities=estimate.opportunities + cost.opportunities
        )
        if restores and not self._summary.is_dry_run:
            entries = self._store.journal_opportunity_undo(self._run, self._rules_hash, restores)
            self._push.send("opportunity", entries)

    def _count(self, of: OpportunityId, decision: Decision) -> None:
        summary = self._summary
        summary.as_before += decision.as_before
        summary.undone += decision.undone
        for name, (why, run) in decision.kept.items():
            summary.keep(KeptValue(None, name, why, run, of))
        summary.returned += len(decision.returned)
        summary.properties += Counter(f"{OPPORTUNITIES}/{name}" for name in decision.values)
        if len(summary.sample) < SAMPLE:
            summary.sample += [
                Change(None, name, decision.shown[name], value, of)
                for name, value in decision.values.items()
            ]


def _has_arrived(entry: OutboxEntry, found: Mapping[str, str | None]) -> bool:
    wish = entry.opportunity
    return wish is not None and all(
        name in found and same_value(found[name], value) for name, value in wish.values.items()
    )
