"""Every error an admin can meet, cut by what happens next.

ConnectorError
├── UsageError            the command was called wrongly: nothing was done (exit 2)
├── ConfigError           a file has to be corrected: nothing was sent (exit 4)
├── CredentialsError      the CRM does not accept who we are: nothing was sent (exit 5)
├── CrmUnavailableError   the CRM did not answer in time: the next run goes on (exit 6)
├── CrmRefusedError       the CRM said no: a person must act (exit 3)
├── GuardError            a run stopped before harm: a person must look (exit 3)
├── StoreError            the local store cannot be trusted or written: stop before sending (exit 1)
└── BusyError             another run holds the lease (exit 7)

Anything else that escapes is a bug of ours (exit 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(eq=False)
class ConnectorError(Exception):
    """An error to be shown to an admin: what happened, where, what to do, and what was lost.

    Attributes:
        what: one sentence, with the admin's own names and no personal data.
        where: file:line:column, command, or CRM object.
        do: the next step, a command where there is one; says whether anything was lost.
    """

    code: ClassVar[str] = "connector"  # stable: docs, logs and scripts search for it
    exit_code: ClassVar[int] = 1

    what: str
    where: str = ""
    do: str = ""

    def __str__(self) -> str:
        """Return the whole message, three lines at most."""
        lines = [f"{self.what} ({self.code})"]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.do:
            lines.append(f"  what to do: {self.do}")
        return "\n".join(lines)


class UsageError(ConnectorError):
    """The command was called wrongly; nothing was done."""

    code = "usage"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file. `line` and `column` count from 1; 0 means the file as a whole."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Return `file:line:column: message`, the form that editors jump to."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


@dataclass(eq=False)
class ConfigError(ConnectorError):
    """A file has to be corrected. Every mistake found is in `problems`; nothing was sent."""

    code = "config"
    exit_code = 4

    problems: Sequence[Problem] = ()

    def __str__(self) -> str:
        """Return the message with every problem on a line of its own."""
        listed = [f"  {problem}" for problem in self.problems]
        return "\n".join([super().__str__(), *listed])


class CredentialsError(ConnectorError):
    """The CRM does not accept who we are, or a secret cannot be found."""

    code = "credentials"
    exit_code = 5


@dataclass(eq=False)
class CrmUnavailableError(ConnectorError):
    """The CRM did not answer, or asks to wait longer than a run may. The next run goes on.

    `retry_at`: when the CRM said that it can be asked again, if it said so.
    """

    code = "crm.unavailable"
    exit_code = 6

    retry_at: datetime | None = None


@dataclass(eq=False)
class CrmRefusedError(ConnectorError):
    """The CRM understood and said no: asking again changes nothing.

    `status`: the HTTP status; `scopes`: the permissions that it named as missing.
    """

    code = "crm.refused"
    exit_code = 3

    status: int = 0
    scopes: tuple[str, ...] = ()


class GuardError(ConnectorError):
    """A guard stopped the run before it wrote: the change is larger than the admin allowed."""

    code = "guard"
    exit_code = 3


class StoreError(ConnectorError):
    """The local store is damaged, foreign, full or not writable.

    Nothing is sent until it is mended.
    """

    code = "store"
    exit_code = 1


class BusyError(ConnectorError):
    """Another run of this account is under way, or the store's writer lease is held."""

    code = "busy"
    exit_code = 7
