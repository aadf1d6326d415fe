"""How values stand in the file: JSON texts of one form each, instants as microseconds."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import orjson

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_json(value: object) -> str:
    """Return JSON text; equal values give equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def json_list(values: Iterable[object]) -> str:
    """Return values as the one bound text that `json_each(?)` takes apart again."""
    return orjson.dumps(list(values)).decode()


def json_map(text: object) -> dict[str, object]:
    """Return the mapping in a JSON text that we wrote."""
    value: dict[str, object] = orjson.loads(str(text))
    return value


def property_map(text: object) -> dict[str, str | None]:
    """Return {property: value} from a JSON text that we wrote."""
    value: dict[str, str | None] = orjson.loads(str(text))
    return value


def count_map(text: object) -> dict[str, int]:
    """Return {name: count} from a JSON text that we wrote."""
    value: dict[str, int] = orjson.loads(str(text))
    return value


def text_list(text: object) -> list[str]:
    """Return the list of texts in a JSON text that we wrote."""
    value: list[str] = orjson.loads(str(text))
    return value


def to_us(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Return microseconds since 1970 as an instant in UTC."""
    return _EPOCH + us * _MICROSECOND


def is_edited(found: Mapping[str, str | None], wrote: Mapping[str, str | None]) -> bool:
    """Tell whether the CRM shows another value than we last wrote.

    A property that is not read any more, since the mapping changed, tells nothing.
    """
    return any(found[name] != value for name, value in wrote.items() if name in found)


def known(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return a copy that JSON can write, of whatever mapping it was."""
    return dict(values)
