"""What an org keeps of cursors, bulk jobs and deploys."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.sandbox.salesforce.refusals import Json

if TYPE_CHECKING:
    from connector.sandbox.salesforce.snapshot import Snapshot


@dataclass(slots=True)
class Cursor:
    """The rest of a query's answer. `page` makes the rows from a place on that fit into one."""

    count: int
    expires_s: int
    page: Callable[[int], list[Json]]


@dataclass(slots=True)
class BulkJob:
    """One job of Bulk API 2.0, a query or an ingest, with its files."""

    id: str
    is_query: bool
    operation: str
    sobject: str
    user: str
    version: str
    at_s: int
    state: str
    query: str = ""
    external_id: str = ""
    line_ending: str = "LF"
    delimiter: str = "COMMA"
    assignment_rule: str = ""
    is_chunked: bool = True
    polls: int = 0
    closed_s: int = 0
    error: str = ""
    upload: bytes = b""
    columns: list[str] = field(default_factory=list)
    processed: int = 0
    failures: int = 0
    successful: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)
    found: "Snapshot | None" = None
    work: "Generator[None, None, None] | None" = (
        None  # what is left to do; each step takes a moment
    )

    @property
    def count(self) -> int:
        """How many rows a query has found."""
        return len(self.found.rows) if self.found else 0


@dataclass(slots=True)
class Deploy:
    """One deploy of metadata and what came of it."""

    id: str
    options: Json
    at_s: int
    by: str
    polls: int = 0
    successes: list[Json] = field(default_factory=list)
    failures: list[Json] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether everything in it was taken."""
        return not self.failures
