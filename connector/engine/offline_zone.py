"""The wall clock of a zone as instants, for columns."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
# Beyond these years a date is a slip of the keyboard: it is read with the offset of the last day.
_FIRST, _LAST = (date(1900, 1, 1) - _EPOCH).days, (date(2199, 12, 31) - _EPOCH).days


def to_instants(wall: pa.ChunkedArray, zone: str) -> pa.ChunkedArray:
    """Return microseconds since 1970 UTC of microseconds on the wall clock of an IANA zone.

    As Python reads them: an hour that comes twice is meant the first time, one that is left out is
    counted from the clock before the change.
    """
    # A timestamp's calendar is floored before 1970 too, which an integer division is not.
    days = pc.cast(pc.cast(pc.cast(wall, pa.timestamp("us")), pa.date32()), pa.int32())
    distinct = pc.drop_null(pc.unique(days))
    there = ZoneInfo(zone)
    changes = [_change(day, there) for day in distinct.to_pylist()]
    before, at, after = (
        pa.array([change[place] for change in changes], pa.int64()) for place in range(3)
    )
    row = pc.index_in(days, value_set=distinct)
    offset = pc.if_else(pc.greater_equal(wall, pc.take(at, row)), after.take(row), before.take(row))
    return pc.subtract(wall, offset)


def _change(day: int, zone: ZoneInfo) -> tuple[int, int, int]:
    """Return the offset at the start of a day, when on the wall clock it changes, and to what.

    All in microseconds; a day without a change says that it changes at its end, to the same.
    """
    midnight = datetime.combine(
        _EPOCH + timedelta(days=min(max(day, _FIRST), _LAST)), datetime.min.time()
    )
    before, after = (_offset(midnight + timedelta(days=ahead), zone) for ahead in range(2))
    end = (day + 1) * _DAY_US
    if before == after:
        return before, end, after
    low, high = 0, 86_400
    while high - low > 1:
        middle = (low + high) // 2
        is_after = _offset(midnight + timedelta(seconds=middle), zone) == after
        low, high = (low, middle) if is_after else (middle, high)
    return before, day * _DAY_US + high * 1_000_000, after


def _offset(wall: datetime, zone: ZoneInfo) -> int:
    span = wall.replace(tzinfo=zone).utcoffset() or timedelta()
    return span // timedelta(microseconds=1)
