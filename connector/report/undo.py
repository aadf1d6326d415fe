"""What people read of an undo: what was restored, what was left and why, what to do next."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from connector.results import KeptWhy, UndoSummary, owner_of

_KEPT = {
    KeptWhy.PERSON: "values kept, a person changed them",
    KeptWhy.LATER_RUN: "values kept, a later run wrote them",
    KeptWhy.NOT_READ: "values kept, no longer named by the mapping or their lead deleted",
}


def undo(summary: UndoSummary) -> RenderableType:
    """Return what taking back a run comes to."""
    sample: list[RenderableType] = [Text(), _sample(summary)] if summary.sample else []
    return Group(_counts(summary), *sample, Text(), *(Text(note) for note in _notes(summary)))


def _counts(summary: UndoSummary) -> Table:
    title = f"Undo of run {summary.of}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_row("contacts that it wrote to", f"{summary.contacts:,}")
    table.add_row("contacts to restore", f"{summary.restores:,}")
    if summary.leads:
        table.add_row("leads to restore", f"{summary.leads:,}")
    if summary.opportunities_written:
        table.add_row("opportunities that it wrote to", f"{summary.opportunities_written:,}")
        table.add_row("opportunities to restore", f"{summary.opportunities:,}")
    for name, count in summary.properties.most_common():
        table.add_row(f"  {escape(name)}", f"{count:,}")
    rows = {
        "values that a person had set, back again": summary.returned,
        "values that show already what stood there": summary.as_before,
        "values restored by an earlier undo": summary.undone,
        **{words: summary.kept[why] for why, words in _KEPT.items()},
        "contacts and opportunities left out, deleted since": summary.deleted,
        "contacts left out, merged since": summary.merged,
    }
    for words, count in rows.items():
        if count:
            table.add_row(words, f"{count:,}")
    table.add_row("calls to look", f"{summary.reads:,}")
    table.add_row("calls to write", f"{summary.estimate.total:,}")
    return table


def _sample(summary: UndoSummary) -> Table:
    table = Table(title="Some of the values", title_justify="left", box=None, pad_edge=False)
    for column in ("contact", "property", "now", "then"):
        table.add_column(column, overflow="fold")
    for change in summary.sample[:12]:
        table.add_row(owner_of(change), change.property, _cell(change.before), _cell(change.after))
    return table


def _cell(value: str | None) -> str:
    first, _, rest = (value or "–").partition("\n")
    return escape(first[:60] + (" …" if rest or len(first) > 60 else ""))


def _notes(summary: UndoSummary) -> Iterable[str]:
    persons = [value for value in summary.kept_values if value.why is KeptWhy.PERSON]
    if persons:
        named = ", ".join(f"{owner_of(value)} {value.property}" for value in persons[:5])
        more = f" and {len(persons) - 5:,} more" if len(persons) > 5 else ""
        yield f"Changed by people since, and kept: {named}{more}."
    for run, count in sorted(summary.later_runs.items(), key=lambda each: -int(each[0])):
        yield f"{count:,} values are by run {run}: `leadripe undo {run}` first, then this again."
    yield from _task_notes(summary)
    if summary.is_dry_run:
        yield f"Nothing was written. `leadripe undo {summary.of}` restores them."
    restored = summary.restores or summary.leads or summary.opportunities
    if restored or summary.as_before or summary.undone:
        yield "The next sync would write them again: correct the rules first."


def _task_notes(summary: UndoSummary) -> Iterable[str]:
    if summary.tasks.still_open:
        yield (
            f"{summary.tasks.still_open:,} tasks that it created are still open, and stay: "
            "somebody may be at work on them. Close them in the CRM if they are not wanted."
        )
    if summary.tasks.waiting:
        yield (
            f"{summary.tasks.waiting:,} of its tasks wait to be created: `leadripe outbox list` "
            "names them, `leadripe outbox drop` forgets them."
        )
