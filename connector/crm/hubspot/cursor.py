"""Checkpoints of the streams that are no objects: a JSON object, read with care."""

from dataclasses import dataclass, field

import orjson


@dataclass(slots=True)
class MailCursor:
    """Where reading of mail events stands; moments in milliseconds.

    `read`: up to when. `start`, `end`: the window under way, `types` what of it is still to be read
    ('' for all at once), `offset` HubSpot's cursor inside the first of them.
    """

    read: int = 0
    start: int = 0
    end: int = 0
    types: list[str] = field(default_factory=list)
    offset: str = ""


@dataclass(slots=True)
class FormCursor:
    """Where reading of form submissions stands; moments in milliseconds.

    `forms`: {form: when the round began in which it was read}; it moves only once a form is read to
    its end. `read`: when the last complete round began, `converted`: the latest submission of any
    contact known by then. `began`: when the round under way did, `todo`: forms still to be read in
    it, the first of them from `after` on.
    """

    forms: dict[str, int] = field(default_factory=dict)
    read: int = 0
    converted: int = 0
    began: int = 0
    todo: list[str] = field(default_factory=list)
    after: str = ""


@dataclass(slots=True)
class EventCursor:
    """Where reading of marketing events stands.

    `seen`: {event: what its counters were when its participants were read}. `todo`: events still to
    be read, the first of them from `after` on.
    """

    seen: dict[str, str] = field(default_factory=dict)
    todo: list[str] = field(default_factory=list)
    after: str = ""


Cursor = MailCursor | FormCursor | EventCursor


def dump(cursor: Cursor) -> str:
    """Return the checkpoint."""
    return orjson.dumps(cursor).decode()


def fields(checkpoint: str | None) -> dict[str, object]:
    """Return what a checkpoint holds; nothing, so that all is read again, if it cannot be read."""
    try:
        data = orjson.loads(checkpoint or "{}")
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}
