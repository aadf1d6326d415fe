"""Contacts made up at random, around the edges where rules change their mind."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from connector.domain.contact import Value
from connector.rules.conditions import Kind
from tests.reference.made_up_conditions import ATTRIBUTES, FIELDS, likely, pool_of
from tests.reference.made_up_rules import TYPES
from tests.reference.story import (
    US_PER_DAY,
    US_PER_HOUR,
    US_PER_MINUTE,
    Activity,
    Instant,
    Opportunity,
    State,
    Story,
)

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
INSTANTS = (
    "2026-03-02T12:00:00",
    "2026-03-29T01:30:00",  # the night the clocks change in Europe
    "2025-10-26T00:59:59.999999",
    "2024-02-29T23:59:59",
    "2025-03-01T00:00:00",  # the day after the 365th of a leap year
    "2026-01-01T10:59:59",
    "1999-12-31T12:00:00",
    "2026-03-30T07:15:00",  # the Monday after that night
    "2026-10-26T08:30:00",
    "2026-10-25T23:59:59",
)
AGES = (0, 1, 2, 6, 7, 8, 13, 14, 29, 30, 31, 59, 60, 61, 89, 90, 91, 364, 365, 366, 400, 40_000)
DAY, YEAR = 24 * 60, 365 * 24 * 60
HANDED_OFF_MINUTES = (
    *(0, 1, 10, 23, 45, 46, 59, 60, 61, 120, 121, 240, 405, 540, 541, 1_080, 1_081),
    *(DAY, 2 * DAY, 3 * DAY, 7 * DAY, 10 * DAY, 30 * DAY, 60 * DAY, 100 * DAY),
    *(YEAR - DAY, YEAR - 1, YEAR, YEAR + 1, YEAR + 35 * DAY),
)
NEAR = (0, 1, 2, 7, 14, 29, 30)
PLACES = (
    *(("lead", heat) for heat in ("cold", "warm", "hot", "hot")),
    *(("prospect", heat) for heat in ("cold", "hot")),
    *((stage, "") for stage in ("suspect", "client", "recycled", "recycled", "disqualified")),
)
STAGES = ("suspect", "lead", "prospect", "client", "recycled", "disqualified")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_day(us: int, zone: ZoneInfo) -> int:
    """Return the calendar day of an instant."""
    local = (EPOCH + timedelta(microseconds=us)).astimezone(zone)
    return (local.date() - date(1970, 1, 1)).days


def make_as_of(random: Random) -> tuple[Instant, ZoneInfo]:
    """Return an instant of evaluation, and the account's zone."""
    zone = ZoneInfo(random.choice(ZONES))
    at = datetime.fromisoformat(random.choice(INSTANTS)).replace(tzinfo=UTC)
    us = (at - EPOCH) // timedelta(microseconds=1)
    return Instant(us, local_day(us, zone), zone.key), zone


def make_stories(random: Random, count: int, as_of: Instant, zone: ZoneInfo) -> list[Story]:
    """Return so many contacts."""
    return [make_story(random, no, as_of, zone) for no in range(1, count + 1)]


def make_story(random: Random, contact: int, as_of: Instant, zone: ZoneInfo) -> Story:
    """Return a contact with a past."""
    most = random.choice((0, 1, 2, 4, 8, 14))
    activities = tuple(make_activity(random, no, as_of, zone) for no in range(most))
    state = make_state(random, as_of) if likely(random, 65) else None
    if state is not None and state.handed_off_us is not None and likely(random, 30):
        activities = with_touches(random, activities, state.handed_off_us, zone)
    return Story(
        contact,
        fields=make_values(random, FIELDS),
        activities=activities,
        opportunities=tuple(
            make_opportunity(random, no, as_of) for no in range(random.choice((0, 0, 0, 1, 2)))
        ),
        state=state,
    )


def with_touches(
    random: Random, activities: tuple[Activity, ...], handed_off_us: int, zone: ZoneInfo
) -> tuple[Activity, ...]:
    """Return activities with some more around a hand-off, at times in the future."""
    more = []
    for no in range(random.choice((1, 1, 2, 3))):
        us = (
            handed_off_us + random.choice((0, 1, -1, 59, 60, 61, 540, 1_440, 5_000)) * US_PER_MINUTE
        )
        touch = random.choice(("call", "email_sent", "demo"))
        more.append(Activity(f"touch:{no}", touch, us, local_day(us, zone), likely(random, 60)))
    return (*activities, *more)


def make_values(random: Random, kinds: dict[str, Kind]) -> dict[str, Value]:
    """Return values of some names; unknown ones are left out, None or empty."""
    values: dict[str, Value] = {}
    for name, kind in kinds.items():
        if likely(random, 70):
            values[name] = random.choice(pool_of(kind))
        elif likely(random, 50):
            values[name] = "" if kind is Kind.TEXT else None
    return values


def make_activity(random: Random, no: int, as_of: Instant, zone: ZoneInfo) -> Activity:
    """Return something that happened, often at the same instant or day as another thing."""
    ages = NEAR if likely(random, 60) else AGES
    us = (
        as_of.us
        - random.choice(ages) * US_PER_DAY
        + random.choice((0, 0, 0, -1, 1, -US_PER_HOUR, -7 * US_PER_HOUR, -30_000_000))
    )
    return Activity(
        id=f"{random.choice(('mail', 'Éte', 'form', ''))}:{no}",
        type=random.choice(TYPES),
        occurred_us=us,
        day=local_day(us, zone),
        is_outbound=likely(random, 15),
        attributes=make_values(random, ATTRIBUTES),
    )


def make_past(random: Random, as_of: Instant) -> int:
    """Return an instant of the past, often exactly at an edge."""
    spans = (0, 1, 23, 24, 25, 47, 48, 24 * 10, 24 * 30, 24 * 59, 24 * 60, 24 * 61, 24 * 100)
    return as_of.us - random.choice(spans) * US_PER_HOUR + random.choice((0, 0, 1, -1)) * 1


def make_opportunity(random: Random, no: int, as_of: Instant) -> Opportunity:
    """Return a deal, at times one of tomorrow."""
    created = make_past(random, as_of) + (US_PER_DAY if likely(random, 10) else 0)
    return Opportunity(
        id=f"deal:{no}",
        created_us=created,
        changed_us=max(created, make_past(random, as_of)),
        amount=random.choice((None, 0, 10**10, 10**10)),
        probability=random.choice((None, 0, 290_000, 300_000, 499_999, 500_000, 600_000, 10**6)),
        close_us=random.choice((None, as_of.us, as_of.us + 30 * US_PER_DAY)),
        is_closed=likely(random, 30),
        is_won=likely(random, 10),
        fields=make_values(random, {"region": Kind.TEXT, "renewal": Kind.BOOLEAN}),
    )


def make_state(random: Random, as_of: Instant) -> State:
    """Return what may be remembered of a contact, and what people may have said."""
    verdict = random.choice((None, None, None, "accepted", "rejected"))
    said: dict[str, object] = {
        "not_before_day": make_not_before(random, as_of),
        "verdict": verdict,
        "verdict_us": make_past(random, as_of) if verdict else None,
        "human_stage": random.choice(STAGES) if likely(random, 12) else None,
    }
    if likely(random, 5):  # a person spoke before the first evaluation
        return State(**said)  # type: ignore[arg-type]  # columns by name
    stage, temperature = random.choice(PLACES)
    return State(
        **said,  # type: ignore[arg-type]  # columns by name
        stage=stage,
        temperature=temperature,
        stage_since_us=make_past(random, as_of),
        lower_since_us=make_past(random, as_of) if stage == "lead" and likely(random, 40) else None,
        ripe_since_us=make_past(random, as_of) if likely(random, 40) else None,
        task_done=random.choice((None, False, False, True)),
        **(make_handed_off(random, as_of) if likely(random, 50) else {"hand_off_open": False}),
    )


def make_handed_off(random: Random, as_of: Instant) -> dict[str, object]:
    """Return what is remembered of a hand-off, of minutes or of more than a year ago."""
    minutes = random.choice(HANDED_OFF_MINUTES)
    ago_us = max(0, minutes * US_PER_MINUTE + random.choice((0, 0, 1, -1)))
    is_open = likely(random, 60)
    answered_us = as_of.us - random.choice((0, ago_us // 3, ago_us // 2, max(0, ago_us - 1)))
    return {
        "handed_off_us": as_of.us - ago_us,
        "hand_off_reason": random.choice(("need", "points")),
        "hand_off_open": is_open,
        "answered_us": answered_us if not is_open and likely(random, 70) else None,
        "escalated_us": as_of.us - ago_us // 4 if likely(random, 25) else None,
    }


def make_not_before(random: Random, as_of: Instant) -> int | None:
    """Return a day to come back, past or future; most often none."""
    if likely(random, 60):
        return None
    return as_of.day + random.choice((-100, -60, -11, -10, -9, -1, 0, 1, 5, 30, 400))
