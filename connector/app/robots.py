"""What is asked of all contacts of files before they are evaluated."""

from collections.abc import Iterator, Mapping
from functools import partial

from connector.engine.offline_parts import Offline
from connector.rules.quarantine import SIGN_LABELS, Sign
from connector.sync.robots import Part, Parts


def parts_of_files(offline: Offline) -> Parts:
    """Return the parts of what was read from files."""

    def parts() -> Iterator[Part]:
        for number in range(offline.parts_total if offline.contacts else 0):
            yield Part(offline.activities_of(number), partial(offline.people_of, number))

    return parts


def quarantine_notes(counts: Mapping[str, int]) -> list[str]:
    """Return a sentence on what is in quarantine, if anything is."""
    told = [f"{counts[sign]:,} ({SIGN_LABELS[sign]['en']})" for sign in Sign if counts.get(sign)]
    return [f"activities in quarantine, counting for nothing: {', '.join(told)}"] if told else []
