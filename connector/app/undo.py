"""The command `undo`: takes back what a run wrote, and tells it."""

from collections.abc import Mapping
from pathlib import Path

from connector.app import show
from connector.app.account import open_account
from connector.app.commands import RUNS_REMEMBERED
from connector.domain.ids import RunId
from connector.report import terminal
from connector.report import undo as words
from connector.results import KeptWhy, RunReport, UndoSummary
from connector.sync.progress import Progress
from connector.sync.undo import undoable


def undo(config: Path, asked: str, *, dry_run: bool, progress: Progress) -> RunReport:
    """Take back what a run wrote, where the CRM still shows it; with `dry_run`, only look."""
    opened = open_account(config)
    with opened.store(read_only=False) as store:
        undoable(store.load_run(RunId(asked)), asked)  # before anybody is called
        crm = opened.crm(store.load_runs(RUNS_REMEMBERED))
        return opened.runner(crm, store).undo(RunId(asked), progress, dry_run=dry_run)


def tell(report: RunReport, *, as_json: bool) -> None:
    """Print what an undo did, or would do."""
    if report.undo is None:
        return
    if as_json:
        show.json({**show.report_json(report), "undo": _plain(report.undo)})
        return
    terminal.show(show.console(), words.undo(report.undo), terminal.run(report))


def _plain(summary: UndoSummary) -> Mapping[str, object]:
    return {
        "of": summary.of,
        "is_dry_run": summary.is_dry_run,
        "contacts": summary.contacts,
        "restores": summary.restores,
        "opportunities_written": summary.opportunities_written,
        "opportunities": summary.opportunities,
        "properties": summary.properties,
        "returned": summary.returned,
        "as_before": summary.as_before,
        "undone": summary.undone,
        "kept": summary.kept_values,
        "kept_counts": {why.value: summary.kept[why] for why in KeptWhy},
        "later_runs": summary.later_runs,
        "deleted": summary.deleted,
        "merged": summary.merged,
        "tasks_open": summary.tasks.still_open,
        "tasks_waiting": summary.tasks.waiting,
        "sample": summary.sample,
        "calls": {"look": summary.reads, "write": summary.estimate.total},
    }
