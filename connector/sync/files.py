"""Sends many write-backs as files, where the CRM takes them: the few that remain go by themselves.

A job's id is stored before it holds anything, and forgotten when every answer is put down; what a
crash leaves is looked after before anything else is sent.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from connector.domain.ids import RunId
from connector.domain.text import same_value
from connector.ports import FileCrm, FileJob, FileRow, OutboxEntry, Outcome, Store, WriteBack

SETTLED_AT_ONCE = 2_000
"""Answers that are put down in one transaction, and write-backs that are read together."""

Note = Callable[[Sequence[tuple[OutboxEntry, Outcome]]], None]


class FilePush:
    """One sending of files. `note` is told every answer that was put down."""

    def __init__(self, crm: FileCrm, store: Store, run: RunId, note: Note) -> None:
        self._crm = crm
        self._store = store
        self._run = run
        self._note = note

    def adopt(self) -> None:
        """Put down what became of files that an earlier run began."""
        for job in self._store.load_file_jobs():
            self._finish(job)

    def send(self) -> None:
        """Send every part of which so much waits that a file is cheaper."""
        counts = Counter(map(self._crm.part_of, self._store.load_waiting_contacts()))
        for part, count in sorted(counts.items()):
            if count >= self._crm.file_from:
                job = FileJob(self._crm.open_file(part), part)
                self._store.save_file_job(job, self._run)
                self._crm.send_file(job, self._rows(part))
                self._finish(job)

    def _rows(self, part: str) -> Iterator[WriteBack]:
        after = 0
        while entries := self._store.load_waiting("contact", SETTLED_AT_ONCE, after):
            after = entries[-1].id
            for entry in entries:
                if entry.write_back and self._crm.part_of(entry.write_back.contact) == part:
                    yield entry.write_back

    def _finish(self, job: FileJob) -> None:
        rows = iter(self._crm.finish_file(job))
        while some := list(islice(rows, SETTLED_AT_ONCE)):
            answers = list(self._answers(some))
            self._store.settle(answers, self._run)
            self._note(answers)
        self._store.forget_file_job(job.id)

    def _answers(self, rows: Sequence[FileRow]) -> Iterator[tuple[OutboxEntry, Outcome]]:
        waiting = self._store.load_waiting_of(row.write_back.contact for row in rows)
        for row in rows:
            entry = waiting.get(row.write_back.contact)
            if entry is None or row.outcome is None:
                continue  # settled before; or it waits to be sent by itself
            yield _as_sent(entry, row.write_back), row.outcome


def _as_sent(entry: OutboxEntry, sent: WriteBack) -> OutboxEntry:
    """Return the entry as it was when the file was made: a newer wish goes on waiting."""
    wished = entry.write_back.values if entry.write_back else {}
    if _is_same(wished, sent.values):
        return entry
    return OutboxEntry(entry.id, entry.kind, entry.revision - 1, entry.no, write_back=sent)


def _is_same(one: Mapping[str, str | None], other: Mapping[str, str | None]) -> bool:
    return one.keys() == other.keys() and all(same_value(one[k], other[k]) for k in one)
