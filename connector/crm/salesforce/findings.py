"""What a checkup found, in the order in which it looked."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector.ports import Finding, Severity

MAPPING = "mappings/salesforce.yaml"
PROVISION = "Run `leadripe provision`."
_MOST_LISTED = 12


@dataclass(slots=True)
class Findings:
    """Collects findings, each with its remedy."""

    found: list[Finding] = field(default_factory=list)

    def ok(self, what: str) -> None:
        """Note that something is as it should be, or is worth knowing."""
        self.found.append(Finding(Severity.OK, what))

    def warn(self, what: str, do: str) -> None:
        """Note what a sync can live with."""
        self.found.append(Finding(Severity.WARNING, what, do))

    def error(self, what: str, do: str) -> None:
        """Note what stops a sync, or makes it wrong."""
        self.found.append(Finding(Severity.ERROR, what, do))


def listed(names: Iterable[str]) -> str:
    """Return names as a person lists them, not all of very many."""
    known = list(names)
    more = len(known) - _MOST_LISTED
    return ", ".join(known[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
