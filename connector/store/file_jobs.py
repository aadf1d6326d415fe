"""Which files of writes are on their way, by the jobs that the CRM works on."""

from connector.domain.ids import JobId, RunId
from connector.ports import FileJob
from connector.store.database import Database


class FileJobs:
    """Jobs that were begun; each is forgotten once all its answers are put down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, job: FileJob, run: RunId, now_us: int) -> None:
        """Remember a job."""
        with self._database.writing():
            self._database.run(
                "INSERT OR IGNORE INTO file_job (id, part, run, started_us) VALUES (?, ?, ?, ?)",
                (job.id, job.part, int(run), now_us),
            )

    def load(self) -> list[FileJob]:
        """Return all, the oldest first."""
        rows = self._database.rows("SELECT id, part FROM file_job ORDER BY started_us, id")
        return [FileJob(JobId(str(id_)), str(part)) for id_, part in rows]

    def forget(self, job: JobId) -> None:
        """Forget a job."""
        with self._database.writing():
            self._database.run("DELETE FROM file_job WHERE id = ?", [job])
