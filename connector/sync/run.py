"""One run from beginning to end: who holds the lease, in which order, what is recorded of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from connector.domain.ids import RunId
from connector.domain.moment import micros
from connector.errors import ConfigError, ConnectorError
from connector.ports import Account, Clock, Crm, Engine, Store, Verdict
from connector.results import PLURALS, HistorySummary, PlanSummary, PushResult, RunReport
from connector.sync.guard import Guards, check_contacts, check_plan
from connector.sync.histories import ask_histories, ask_history_of
from connector.sync.plan import Planner, PlanSettings
from connector.sync.progress import Progress
from connector.sync.pull import pull
from connector.sync.push import Push
from connector.sync.undo import UNDO, Undo, undoable

log = structlog.get_logger()

WROTE_FROM, WROTE_UNTIL = "wrote_from_us", "wrote_until_us"
"""Among a run's counts, in microseconds since 1970 UTC: when its writing began, by our clock, and
the latest stamp that the CRM gave one of the writes, by its own.
"""

_SAFE = "contacts_guarded"
"""The count in which a run keeps that so many contacts passed the guard."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The ports of one account, put together."""

    crm: Crm
    store: Store
    engine: Engine
    clock: Clock


@dataclass(frozen=True, slots=True)
class Stages:
    """Which stages of a sync one command runs, and how.

    `pulls`, `plans`, `pushes`: the stages. `dry_run`: plan, show, forget. `full`: read everything
    again. `create_tasks`: also on the first run. `as_of`: only with `dry_run`. `limit`: the most
    writes to send; the rest waits in the outbox. `history`: at the end, ask the CRM for what stood
    in contact fields before; with `full` of every contact again.
    """

    pulls: bool = True
    plans: bool = True
    pushes: bool = True
    dry_run: bool = False
    full: bool = False
    create_tasks: bool = False
    accept_large_change: bool = False
    as_of: datetime | None = None
    limit: int | None = None
    history: bool = False


class Runner:
    """Runs commands on one account."""

    def __init__(self, parts: Parts, settings: PlanSettings, guards: Guards) -> None:
        self._parts = parts
        self._settings = settings
        self._guards = guards

    def run(self, command: str, stages: Stages, progress: Progress) -> RunReport:
        """Hold the lease and run the stages in order; the run is recorded however it ends.

        Raises what stopped it. Everything committed until then stands, and the next run goes on
        from there: reading at the last stored page, writing at the first write without an answer.
        """
        with self._started(command) as report:
            self._run_stages(report, stages, progress)
        return report

    def undo(self, asked: RunId, progress: Progress, *, dry_run: bool) -> RunReport:
        """Take back what a run wrote, where the CRM still shows it; with `dry_run`, only look.

        Raises UsageError for a run that cannot be undone, and what stopped it otherwise. The same
        again goes on from there.
        """
        of = undoable(self._parts.store.load_run(asked), asked)
        with self._started(UNDO) as report:
            report.note = f"of run {of.id}, only looked" if dry_run else f"of run {of.id}"
            self._undo(report, of.id, progress, dry_run=dry_run)
        return report

    def ask_history(self, no: int) -> RunReport:
        """Ask the CRM for the past of one contact."""
        with self._started("explain") as report:
            report.note = "field history of one contact"
            with self._counting_histories(report) as summary:
                fields = self._settings.fields
                ask_history_of(self._parts.crm, self._parts.store, no, fields, summary)
            self._learn_names(no)
        return report

    def _learn_names(self, no: int) -> None:
        """Ask who is who, if the CRM told of a contact's past with numbers of users unknown yet."""
        store = self._parts.store
        known = {f"user:{each.user}" for each in store.load_owners()}
        authors = {each.by for each in store.load_former_values(no) if each.by}
        if any(each.startswith("user:") for each in authors - known):
            store.save_owners(self._parts.crm.owners())

    @contextmanager
    def _started(self, command: str) -> Iterator[RunReport]:
        store, clock = self._parts.store, self._parts.clock
        with store.lease():
            began = clock.now()
            run = store.start_run(command, began, self._settings.compiled.hash)
            report = RunReport(command, run)
            with self._recorded(report, began):
                yield report

    @contextmanager
    def _recorded(self, report: RunReport, began: datetime) -> Iterator[None]:
        with structlog.contextvars.bound_contextvars(run=report.run):
            try:
                yield
            except ConnectorError as error:
                self._end(report, began, "failed", f"{error.what} ({error.code})")
                raise
            except KeyboardInterrupt:
                self._end(report, began, "interrupted", "interrupted before its end")
                raise
            except Exception:
                log.exception("run.crashed", command=report.command)
                self._end(report, began, "failed", "a bug of ours; see the log")
                raise
            self._end(report, began, "partial" if _is_partial(report) else "done", report.note)

    def _end(self, report: RunReport, began: datetime, outcome: str, message: str) -> None:
        ended = self._parts.clock.now()
        report.outcome = outcome
        report.calls = dict(self._parts.crm.calls)
        report.seconds = (ended - began).total_seconds()
        report.counts["calls"] = sum(report.calls.values())
        report.counts["contacts"] = self._parts.store.count().get("contacts", 0)
        self._parts.store.end_run(report.run, ended, outcome, report.counts, message)
        log.info("run.ended", outcome=outcome, seconds=round(report.seconds, 3), **report.counts)

    def _run_stages(self, report: RunReport, stages: Stages, progress: Progress) -> None:
        if stages.pulls:
            self._pull(report, stages, progress)
        if stages.plans:
            self._plan(report, stages, progress)
        if stages.pushes and not stages.dry_run:
            self._push(report, stages, progress)
        if stages.history:
            self._ask_histories(report, stages, progress)

    def _pull(self, report: RunReport, stages: Stages, progress: Progress) -> None:
        if stages.full:
            self._parts.store.forget_checkpoints()
        before = self._last_safe_number()
        report.counts.update(pull(self._parts.crm, self._parts.store, progress))
        now = self._parts.store.count().get("contacts", 0)
        if not stages.accept_large_change:
            check_contacts(self._guards, before=before, now=now)
        if not stages.dry_run:
            report.counts[_SAFE] = now

    def _plan(self, report: RunReport, stages: Stages, progress: Progress) -> None:
        parts = self._parts
        planner = Planner(parts.crm, parts.store, parts.engine, self._settings, report.run)
        create_tasks = stages.create_tasks or parts.store.has_accepted_plan()
        as_of = stages.as_of or parts.clock.now()
        try:
            plan = planner.plan(
                as_of=as_of, create_tasks=create_tasks, progress=progress, then=stages.as_of
            )
            report.plan = plan
            self._note_plan(report, plan)
            if not stages.accept_large_change:
                check_plan(self._guards, plan)
        except BaseException:
            parts.store.discard_plan(report.run)
            raise
        if stages.dry_run:
            parts.store.discard_plan(report.run)
        else:
            parts.store.accept_plan(report.run, self._settings.compiled.hash)

    def _push(self, report: RunReport, stages: Stages, progress: Progress) -> None:
        sending = Push(self._parts.crm, self._parts.store, report.run, progress, limit=stages.limit)
        report.push = sending.result
        began = self._parts.clock.now()
        before = self._calls()
        try:
            sending.send_all()
        finally:
            report.counts["write_calls"] = self._calls() - before
            report.counts["waiting"] = self._parts.store.count().get("waiting", 0)
            self._note_answers(report, began, sending.result)

    def _ask_histories(self, report: RunReport, stages: Stages, progress: Progress) -> None:
        if stages.full:
            self._parts.store.forget_histories()
        fields = self._settings.fields
        with self._counting_histories(report) as summary:
            ask_histories(self._parts.crm, self._parts.store, fields, progress, summary)

    @contextmanager
    def _counting_histories(self, report: RunReport) -> Iterator[HistorySummary]:
        """Let what is asked be counted, also what was answered before something stops it."""
        report.history = summary = HistorySummary()
        try:
            yield summary
        finally:
            report.counts["histories_read"] = summary.contacts
            report.counts["planned_history_calls"] = summary.estimate
            report.counts["history_calls"] = summary.calls

    def _undo(self, report: RunReport, of: RunId, progress: Progress, *, dry_run: bool) -> None:
        parts, rules_hash = self._parts, self._settings.compiled.hash
        undo = Undo(
            parts.crm, parts.store, run=report.run, of=of, rules_hash=rules_hash, dry_run=dry_run
        )
        report.undo = undo.summary
        if not dry_run:
            report.push = undo.result
        began, before = parts.clock.now(), self._calls()
        try:
            undo.undo_all(progress)
        finally:
            report.counts["undone_run"] = int(of)
            report.counts["planned_calls"] = undo.summary.estimate.total
            report.counts["write_calls"] = self._calls() - before - undo.summary.reads
            self._note_answers(report, began, undo.result)

    def _note_answers(self, report: RunReport, began: datetime, result: PushResult) -> None:
        self._note_span(report, began, result.last_change_at)
        for (kind, verdict), count in result.verdicts.items():
            report.counts[f"{PLURALS[kind]}_{verdict}"] = count

    def _calls(self) -> int:
        return sum(self._parts.crm.calls.values())

    def _note_span(self, report: RunReport, began: datetime, last: datetime | None) -> None:
        """Remember when this run wrote: the next process tells its echoes from changes by it."""
        if last is None:
            return
        self._parts.crm.wrote(since=began, until=last)
        report.counts[WROTE_FROM] = micros(began)
        report.counts[WROTE_UNTIL] = micros(last)

    def _note_plan(self, report: RunReport, plan: PlanSummary) -> None:
        report.counts["planned_writes"] = plan.writes
        report.counts["planned_leads"] = plan.leads
        report.counts["planned_opportunities"] = plan.opportunity_writes
        report.counts["planned_tasks"] = plan.tasks
        report.counts["kept_edits"] = len(plan.kept)
        report.counts["planned_calls"] = plan.estimate.total

    def _last_safe_number(self) -> int:
        """Return how many contacts the last run that passed the guard found; 0 before the first.

        Runs that the guard stopped do not count, however many of them a scheduler has started.
        """
        limit, runs = 1, self._parts.store.load_runs(1)
        while not any(_SAFE in run.counts for run in runs) and len(runs) == limit:
            limit *= 10
            runs = self._parts.store.load_runs(limit)
        return next((run.counts[_SAFE] for run in runs if _SAFE in run.counts), 0)


def _is_partial(report: RunReport) -> bool:
    push = report.push
    return push is not None and push.of(Verdict.REFUSED) + push.of(Verdict.UNAVAILABLE) > 0


def check_account(account: Account, expected: str | None, *, where: str) -> None:
    """Raise ConfigError if the credentials open another account than the one configured."""
    if expected is not None and account.id != expected:
        raise ConfigError(
            what=f"the credentials open account {account.id}, the configuration names {expected}",
            where=where,
            do="Use the token of the account you mean, or correct `account`. Nothing was sent.",
        )


def zone_of(account: Account, configured: str | None) -> ZoneInfo:
    """Return the time zone in which days are counted: the configured one, else the account's."""
    return ZoneInfo(configured or account.time_zone)
