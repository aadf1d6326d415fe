"""Section 7, the clock of a hand-off: working time, walked day by day on the wall clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from connector.domain.numbers import MILLION
from connector.rules.model import RuleSet, WorkingHours
from tests.reference.facts import of_types
from tests.reference.story import US_PER_DAY, US_PER_MINUTE, Activity, Instant, State

REMEMBERED_US = 365 * US_PER_DAY
DUE_WITHIN_DAYS = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, TWO_HOURS = timedelta(minutes=1), timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class HandedOff:
    """The last hand-off, as this evaluation leaves it. `us` is None if there was none.

    `is_new`: it happened in this evaluation.
    """

    us: int | None
    reason: str | None
    is_open: bool
    answered_us: int | None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the clock stands, and by when sales had to act."""

    sla: str | None = None
    due_us: int | None = None


def answered(
    rules: RuleSet, state: State, activities: Sequence[Activity], as_of: Instant
) -> int | None:
    """Return when sales acted on a hand-off that closes now."""
    handed_off_us = state.handed_off_us or 0
    acts = [each.occurred_us for each in of_types(activities, rules.sales.touch)]
    if state.verdict_us is not None:
        acts.append(state.verdict_us)
    return min((act for act in acts if act > handed_off_us), default=as_of.us)


def clock(rules: RuleSet, last: HandedOff, as_of: Instant) -> Clock:
    """Read the clock of the last hand-off; an empty one where none runs or ran."""
    has_clock = last.is_open or last.answered_us is not None
    if last.us is None or not has_clock or last.us <= as_of.us - REMEMBERED_US:
        return Clock()
    settings, hours = rules.hand_off.sla, rules.hand_off.working
    allowed = (settings.need if last.reason == "need" else settings.points) * US_PER_MINUTE
    zone = ZoneInfo(hours.zone or as_of.zone)
    stopped_us = as_of.us if last.answered_us is None else last.answered_us
    elapsed = worked(hours, zone, last.us, stopped_us)
    due_us = due(hours, zone, last.us, allowed, until_day=as_of.day + DUE_WITHIN_DAYS)
    if last.answered_us is not None:
        return Clock("met" if elapsed < allowed else "late", due_us)
    shares = (
        ("escalated", settings.escalated),
        ("breached", MILLION),
        ("warned", settings.warned),
    )
    reached = (name for name, share in shares if elapsed * MILLION >= allowed * share)
    return Clock(next(reached, "running"), due_us)


def worked(hours: WorkingHours, zone: ZoneInfo, from_us: int, to_us: int) -> int:
    """Return the working time between two instants in microseconds."""
    days = range(day_of(from_us, zone), day_of(to_us, zone) + 1)
    overlaps = (
        min(end, to_us) - max(start, from_us) for start, end in spans(hours, zone, iter(days))
    )
    return sum(overlap for overlap in overlaps if overlap > 0)


def due(
    hours: WorkingHours, zone: ZoneInfo, from_us: int, allowed: int, *, until_day: int
) -> int | None:
    """Return the first instant by which so much time was worked; None if no day before has it."""
    left = allowed
    for start, end in spans(hours, zone, iter(range(day_of(from_us, zone), until_day))):
        begins = max(start, from_us)
        if begins < end:
            if left <= end - begins:
                return begins + left
            left -= end - begins
    return None


def spans(hours: WorkingHours, zone: ZoneInfo, days: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Yield the spans in which sales works on some local days."""
    for day in days:
        weekday = (EPOCH.date() + timedelta(days=day)).isoweekday()
        if weekday in hours.weekdays and day not in hours.holidays:
            for first, last in hours.spans:
                yield first_shown(day, first, zone), first_shown(day, last, zone)


@lru_cache(maxsize=200_000)
def first_shown(day: int, minute: int, zone: ZoneInfo) -> int:
    """Return the first instant at which the clock on the wall shows this minute, or a later one."""
    wanted = datetime(1970, 1, 1) + timedelta(days=day, minutes=minute)  # noqa: DTZ001  on the wall
    # However the clocks change, they show it less than two hours from where they would otherwise.
    at = wanted.replace(tzinfo=zone).astimezone(UTC) - TWO_HOURS
    while at.astimezone(zone).replace(tzinfo=None) < wanted:
        at += MINUTE
    return (at - EPOCH) // timedelta(microseconds=1)


def day_of(us: int, zone: ZoneInfo) -> int:
    """Return the number of the local day of an instant."""
    local = (EPOCH + timedelta(microseconds=us)).astimezone(zone)
    return (local.date() - date(1970, 1, 1)).days
