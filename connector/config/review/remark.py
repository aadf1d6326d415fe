"""What a review finds, before and after it has a place in a file."""

from dataclasses import dataclass
from enum import StrEnum

from connector.config.document import DataPath


class Weight(StrEnum):
    """How much a remark weighs.

    `error`: proved to be without any effect, or worse. `warning`: hardly what was meant. `note`:
    worth knowing, often meant so.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding at a way into the rules file; `of_key`: at the key, not its value.

    `code`: a word that stays the same, for scripts. `do`: what to do about it.
    """

    path: DataPath
    weight: Weight
    code: str
    what: str
    do: str
    of_key: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark in a file. `line` and `column` count from 1; 0 means the file as a whole."""

    file: str
    line: int
    column: int
    weight: Weight
    code: str
    what: str
    do: str = ""

    def __str__(self) -> str:
        """Return `file:line:column: error: message`, the form that editors jump to."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        told = f"{place}: {self.weight}: {self.what} ({self.code})"
        return f"{told}\n    what to do: {self.do}" if self.do else told
