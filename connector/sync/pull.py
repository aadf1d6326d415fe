"""Reads what changed in the CRM into the store, page by page."""

from collections import Counter
from collections.abc import Mapping

from connector.ports import Crm, Page, Store, Stream
from connector.sync.progress import Progress


def pull(crm: Crm, store: Store, progress: Progress) -> Mapping[str, int]:
    """Bring the store up to the CRM's present state, and return how many rows were read, by kind.

    Each page is stored with the checkpoint behind it, so a pull that is cut off goes on where it
    stopped.
    """
    read: Counter[str] = Counter()
    crm.expect({stream: store.load_checkpoint(stream.name) for stream in crm.streams()})
    for stream in crm.streams():
        _pull_stream(crm, store, stream, progress, read)
    store.settle_activities()
    return dict(read)


def _pull_stream(
    crm: Crm, store: Store, stream: Stream, progress: Progress, read: Counter[str]
) -> None:
    done = 0
    for page in crm.pages(stream, store.load_checkpoint(stream.name)):
        store.save_page(stream.name, page)
        rows = _rows(page)
        read.update(rows)
        done += sum(rows.values())
        if done:
            progress.step(f"reading {stream.label}", done=done, total=page.total)
    progress.step(f"reading {stream.label}", done=done, total=done)


def _rows(page: Page) -> Mapping[str, int]:
    return {
        "contacts_read": len(page.contacts),
        "activities_read": len(page.activities),
        "opportunities_read": len(page.opportunities),
        "tasks_read": len(page.tasks),
        "leads_read": len(page.leads),
        "contacts_gone": len(page.gone),
    }
