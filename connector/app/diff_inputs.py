"""`leadripe rules diff`: which contacts the command line means."""

from dataclasses import astuple, dataclass
from pathlib import Path

from connector.engine.offline import Inputs
from connector.errors import UsageError

COMMAND = "leadripe rules diff"
STORE = "store"
_ENDINGS = ("", ".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class FilesNamed:
    """Files, folders or patterns that were named one by one."""

    contacts: str | None = None
    activities: str | None = None
    opportunities: str | None = None


def inputs_of(on: str, files: FilesNamed) -> Inputs | None:
    """Return the files to compare on; None for what was pulled."""
    if on != STORE and any(astuple(files)):
        raise UsageError(
            what="--on and --contacts, --activities or --opportunities name different data",
            where=COMMAND,
            do="Give a folder with --on, or the files one by one.",
        )
    if on != STORE:
        return _of_folder(Path(on))
    if files.contacts is not None:
        return Inputs(files.contacts, files.activities, files.opportunities)
    if any(astuple(files)):
        raise UsageError(
            what="--activities and --opportunities go with --contacts",
            where=COMMAND,
            do="Name the contacts' file too; without files, what was pulled is compared.",
        )
    return None


def _of_folder(folder: Path) -> Inputs:
    contacts = _found(folder, "contacts")
    if contacts is None:
        raise UsageError(
            what=f"there is neither contacts.csv nor contacts.parquet in {folder}",
            where=f"{COMMAND} --on",
            do="Put the export there, with activities and opportunities beside it; "
            "or name the files with --contacts, --activities and --opportunities.",
        )
    return Inputs(contacts, _found(folder, "activities"), _found(folder, "opportunities"))


def _found(folder: Path, name: str) -> str | None:
    """Return where a table is in a folder: a folder of its own, a CSV or a Parquet file."""
    paths = (folder / f"{name}{ending}" for ending in _ENDINGS)
    return next((str(path) for path in paths if path.exists()), None)
