"""What each command does on a configured account."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from connector.app.account import Opened, open_account, zone_of_store
from connector.app.explain import explained
from connector.app.then import sources_of
from connector.domain.ids import RunId
from connector.errors import UsageError
from connector.ports import Crm, Finding, OutboxEntry, Provision, RunRecord, Severity
from connector.report.explanation import Explanation
from connector.results import RunReport
from connector.rules.model import HandOff
from connector.store import EmbeddedStore
from connector.sync.capacity import addressed, named_in
from connector.sync.plan import Planner
from connector.sync.progress import Progress
from connector.sync.run import Stages as Stages  # a command says which stages it wants
from connector.sync.run import check_account

RUNS_REMEMBERED = 50
"""How many runs back our own writes are still told from changes: two days of hourly runs."""


def run(config: Path, command: str, stages: Stages, progress: Progress) -> RunReport:
    """Run stages of a sync on the account."""
    if stages.as_of is not None and not stages.dry_run:
        raise UsageError(
            what="--as-of needs --dry-run",
            where=command,
            do="What was true at another time can be looked at, not written to the CRM.",
        )
    opened = open_account(config)
    with opened.store(read_only=False) as store:
        crm = opened.crm(store.load_runs(RUNS_REMEMBERED))
        report = opened.runner(crm, store).run(command, stages, progress)
        _tell_sources(report, opened, store, stages.as_of)
        return report


def _tell_sources(
    report: RunReport, opened: Opened, store: EmbeddedStore, as_of: datetime | None
) -> None:
    """Let a plan of a past instant say what it rests on."""
    told = sources_of(opened, store, as_of, language="en")
    if told is not None and report.plan is not None:
        report.plan.rests_on = told.sentences


def plan_offline(
    config: Path, *, create_tasks: bool, as_of: datetime | None, progress: Progress
) -> RunReport:
    """Plan from what was read last: no call, no lease, nothing recorded. Works beside a sync."""
    opened = open_account(config)
    with opened.store(read_only=True) as store:
        account, zone = zone_of_store(store)
        settings = opened.plan_settings(account, zone)
        report = RunReport("plan", RunId("none"), outcome="done")
        planner = Planner(opened.crm(), store, opened.engine, settings, report.run, is_offline=True)
        wanted = create_tasks or store.has_accepted_plan()
        at = as_of or opened.clock.now()
        report.plan = planner.plan(as_of=at, create_tasks=wanted, progress=progress, then=as_of)
        _tell_sources(report, opened, store, as_of)
        return report


def check(config: Path) -> Sequence[Finding]:
    """Look at everything a first run needs, from the files to the CRM; changes nothing."""
    opened = open_account(config)
    found = [Finding(Severity.OK, f"{config}, mapping and rules are valid")]
    warnings = opened.loaded.settings.connect.warnings
    found += [Finding(Severity.WARNING, warning) for warning in warnings]
    crm = opened.crm()
    check_account(crm.account(), opened.loaded.settings.account, where=f"{config}, account")
    found += crm.check()
    if any(each.severity is Severity.ERROR for each in found):
        return found
    return [*found, *_unknown_owners(opened.loaded.rules.hand_off, crm)]


def _unknown_owners(hand_off: HandOff, crm: Crm) -> list[Finding]:
    """Return a warning for each address of the rules that no active owner has."""
    named = named_in(hand_off)
    return [
        Finding(
            Severity.WARNING,
            f"the rules name {mail} for tasks, whose address no active owner has",
            "Correct the address in the rules, or activate the user in the CRM.",
        )
        for mail in (addressed(named, crm.owners()).unknown if named else ())
    ]


def provision(config: Path, *, dry_run: bool) -> Sequence[Provision]:
    """Create in the CRM what is missing."""
    opened = open_account(config)
    crm = opened.crm()
    check_account(crm.account(), opened.loaded.settings.account, where=f"{config}, account")
    return crm.provision(dry_run=dry_run)


def explain(config: Path, contact: str, as_of: datetime | None) -> Explanation:
    """Explain one contact from the store; asks the CRM nothing."""
    return explained(config, contact, as_of).explanation


def highest(config: Path) -> int:
    """Return the most points a score can have."""
    return open_account(config).loaded.rules.highest // 1_000_000


def runs(config: Path, limit: int) -> Sequence[RunRecord]:
    """Return the latest runs, newest first."""
    with open_account(config).store(read_only=True) as store:
        return store.load_runs(limit)


def funnel(config: Path) -> Mapping[tuple[str, str], int]:
    """Return how many contacts stand at each (stage, temperature)."""
    with open_account(config).store(read_only=True) as store:
        return store.funnel()


def outbox(config: Path, state: str | None) -> Sequence[OutboxEntry]:
    """Return the writes that wait or were refused."""
    with open_account(config).store(read_only=True) as store:
        return store.load_outbox(state)


def outbox_retry(config: Path) -> int:
    """Make refused writes wait again; returns how many."""
    opened = open_account(config)
    with opened.store(read_only=False) as store, store.lease():
        return store.retry_refused()


def outbox_drop(config: Path, ids: Sequence[int]) -> int:
    """Forget waiting or refused writes; returns how many."""
    opened = open_account(config)
    with opened.store(read_only=False) as store, store.lease():
        return store.drop_outbox(ids)
