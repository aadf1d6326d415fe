"""Working hours, pressure and nurture made up at random."""

from random import Random

from connector.rules.conditions import ALWAYS, Condition, Kind
from connector.rules.model import (
    OPEN_TASK,
    Budget,
    Content,
    Fit,
    Nurture,
    Pressure,
    Sla,
    Track,
    WorkingHours,
)
from tests.reference.made_up_conditions import ATTRIBUTES, likely, make_condition

WORKING_ZONES = (
    *(None, "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"),
    "Australia/Lord_Howe",  # clocks change by half an hour
    "Asia/Beirut",  # and at midnight
    "Pacific/Kiritimati",  # fourteen hours before everybody else
)
HOURS = (
    *(((540, 1080),), ((540, 1080),), ((540, 750), (810, 1080)), ((0, 1440),)),
    *(((1320, 1440),), ((0, 30), (60, 300), (1380, 1440)), ((360, 720),)),
    # Around the hours that clock changes skip or repeat.
    *(((60, 150), (150, 180), (180, 240)), ((135, 165),), ((150, 210),)),
)
WEEK = frozenset(range(1, 8))
WEEKDAYS: tuple[frozenset[int], ...] = (
    *(frozenset(range(1, 6)), frozenset(range(1, 6)), frozenset(range(1, 6))),
    *(WEEK, WEEK, WEEK, frozenset({6}), frozenset()),
)
NAMES = ("etude", "Étude", "A_B", "100%", " ", "Fin de série", "one", "two")
STAGES = ("suspect", "lead", "prospect", "client", "recycled", "disqualified")


def make_working(random: Random, day: int) -> WorkingHours:
    """Return when sales works; days off lie around a day."""
    return WorkingHours(
        weekdays=random.choice(WEEKDAYS),
        spans=random.choice(HOURS),
        holidays=frozenset(
            day + random.randint(-12, 6) for _ in range(random.choice((0, 0, 1, 9)))
        ),
        zone=random.choice(WORKING_ZONES),
    )


def make_sla(random: Random) -> Sla:
    """Return by when sales acts, from at once to sixty days around the clock."""
    return Sla(
        need=random.choice((1, 30, 60, 240, 540)),
        points=random.choice((60, 540, 1_440, 5 * 540, 60 * 1_440)),
        warned=random.choice((0, 333_333, 750_000, 750_000, 1_000_000)),
        escalated=random.choice((1_000_000, 2_000_000, 2_000_000, 10_000_000)),
    )


def make_pressure(random: Random, types: tuple[str, ...]) -> Pressure:
    """Return what presses, and how much of it is enough."""

    touches = random.sample((*types, OPEN_TASK), random.choice((1, 3, 6)))

    def some() -> frozenset[str]:
        return frozenset(random.sample(touches, random.randint(1, len(touches))))

    return Pressure(
        touches=frozenset(touches),
        budgets=tuple(
            Budget(some(), random.choice((1, 1, 2, 4)), random.choice((1, 7, 7, 30, 31, 90)))
            for _ in range(random.choice((0, 1, 2, 3)))
        ),
    )


def make_nurture(random: Random, fields: dict[str, Kind], fit: Fit) -> Nurture:
    """Return tracks, and what there is to send. `fields`: those that conditions may look at."""
    tracks = tuple(make_track(random, no, fields, fit) for no in range(random.choice((1, 2, 4))))
    names = random.sample(NAMES, random.choice((0, 1, 3, 6)))
    return Nurture(
        tracks=tracks,
        content=tuple(make_content(random, name, tracks) for name in names),
        attribute=random.choice(("asset", "asset", "topic")),
        where=maybe_condition(random, fields),
    )


def make_track(random: Random, no: int, fields: dict[str, Kind], fit: Fit) -> Track:
    """Return a track, for some or for all."""
    personas = [each.id for each in fit.personas]

    def some(names: tuple[str, ...] | list[str]) -> frozenset[str]:
        count = random.choice((0, 0, 1, 3))
        return frozenset(random.sample(names, min(count, len(names))))

    return Track(
        f"track_{no}",
        {"en": f"Track {no}"},
        stages=some(STAGES),
        temperatures=some(("cold", "warm", "hot")),
        personas=some(personas),
        where=maybe_condition(random, fields),
    )


def make_content(random: Random, name: str, tracks: tuple[Track, ...]) -> Content:
    """Return something to send; another may have the same name but for case and accents."""
    ids = [each.id for each in tracks]
    return Content(
        name,
        {"en": random.choice(NAMES), "fr": random.choice((*NAMES, "Inconnu"))},
        topics=tuple(random.sample(NAMES, random.choice((0, 0, 1, 2)))),
        tracks=tuple(random.sample(ids, 1)) if likely(random, 40) else (),
        where=make_condition(random, ATTRIBUTES) if likely(random, 30) else None,
    )


def maybe_condition(random: Random, fields: dict[str, Kind]) -> Condition:
    """Return a condition, most often that there is none."""
    return make_condition(random, fields) if likely(random, 35) else ALWAYS
