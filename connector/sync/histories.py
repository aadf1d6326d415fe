"""Asks the CRM what stood in the fields of contacts before we read them, batch by batch."""

from collections.abc import Collection, Iterator, Sequence

from connector.ports import ContactHistory, Crm, PastOf, Store
from connector.results import HistorySummary
from connector.sync.progress import Progress


def ask_histories(
    crm: Crm, store: Store, fields: Collection[str], progress: Progress, summary: HistorySummary
) -> None:
    """Ask for the past of every contact that was not asked about yet, and keep the answers.

    Each answer is one transaction: cut off anywhere, the next time goes on with the rest. What is
    known is put down in `summary` as it comes.
    """
    total = store.count_unasked(fields) if fields else 0
    if not total:
        return
    summary.estimate = crm.estimate_histories(total)
    step = f"reading field history, about {summary.estimate:,} calls"
    progress.step(step, done=0, total=total)
    done = 0
    for contacts in _batches(crm, store, fields):
        _ask(crm, store, contacts, fields, summary)
        done += len(contacts)
        progress.step(step, done=done, total=total)


def ask_history_of(
    crm: Crm, store: Store, no: int, fields: Collection[str], summary: HistorySummary
) -> None:
    """Ask for the past of one contact, also if it was asked about: there may be more of it now."""
    store.forget_histories(no)
    waiting = store.load_unasked(fields, 1, no - 1) if fields else ()
    contacts = [each for each in waiting if each.no == no]
    if contacts:
        summary.estimate = crm.estimate_histories(1)
        _ask(crm, store, contacts, fields, summary)


def _batches(crm: Crm, store: Store, fields: Collection[str]) -> Iterator[Sequence[PastOf]]:
    after = 0
    while contacts := store.load_unasked(fields, crm.history_size, after):
        yield contacts
        after = contacts[-1].no


def _ask(
    crm: Crm,
    store: Store,
    contacts: Sequence[PastOf],
    fields: Collection[str],
    summary: HistorySummary,
) -> None:
    before = sum(crm.calls.values())
    try:
        histories = crm.fetch_histories(contacts, fields)
    finally:
        summary.calls += sum(crm.calls.values()) - before
    numbers = {each.id: each.no for each in contacts}
    store.save_histories(fields, {numbers[each.contact]: each for each in histories})
    for each in histories:
        _note(each, fields, summary)


def _note(history: ContactHistory, fields: Collection[str], summary: HistorySummary) -> None:
    summary.contacts += 1
    summary.values += sum(len(each.former) for each in history.fields.values())
    summary.unkept.update(name for name in fields if name not in history.fields)
