"""Where the parts of a timeline's picture stand: plain numbers for the template to draw.

The score is a line, the groups behind it are areas stacked upwards, those below zero downwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from connector.report.timeline import Day, Timeline

_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 16, 44
_STEPS = (5, 10, 20, 25, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Area:
    """A group's share of the score: `outline` as SVG points."""

    group: str
    number: int
    outline: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A day on which things of one kind happened; `day` names it for the tooltip."""

    kind: str
    x: float
    y: float
    day: date


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture, `width` by `height`; the plot between `left`, `right`, `top` and `bottom`."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    zero: float
    warm: float
    hot: float
    line: str
    dots: Sequence[Mark]
    areas: Sequence[Area]
    days: Sequence[Tick]
    points: Sequence[Tick]
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class _Scale:
    """From days and points to places."""

    told: Timeline
    width: int
    height: int
    low: float
    high: float

    def x(self, day: date) -> float:
        span = max(1, (self.told.last - self.told.first).days)
        share = (day - self.told.first).days / span
        return round(_LEFT + share * (self.width - _LEFT - _RIGHT), 1)

    def y(self, points: float) -> float:
        share = (points - self.low) / (self.high - self.low)
        bottom = self.height - _BOTTOM
        return round(bottom - share * (bottom - _TOP), 1)


def drawing(told: Timeline, months: Sequence[str], *, width: int, height: int) -> Drawing:
    """Return the picture of a timeline; `months`: their twelve short names."""
    scale = _scale(told, width, height)
    line = " ".join(f"{scale.x(day.day)},{scale.y(float(day.points))}" for day in told.days)
    dots = [] if told.is_every_day else list(_dots(told, scale))
    return Drawing(
        width=width,
        height=height,
        left=_LEFT,
        right=width - _RIGHT,
        top=_TOP,
        bottom=height - _BOTTOM,
        zero=scale.y(0),
        warm=scale.y(told.limits.warm),
        hot=scale.y(told.limits.hot),
        line=line,
        dots=dots,
        areas=list(_areas(told, scale)),
        days=list(_days(told, months, scale)),
        points=list(_points(scale)),
        marks=list(_marks(told, scale)),
    )


def _scale(told: Timeline, width: int, height: int) -> _Scale:
    """Return a scale in which all groups and thresholds are in sight."""
    highest = max(told.limits.hot * 1.15, *(sum(_signed(each, 1)) for each in told.days))
    lowest = min(0.0, *(-sum(_signed(each, -1)) for each in told.days))
    step = _step(highest - lowest)
    return _Scale(told, width, height, step * (lowest // step), -step * (-highest // step))


def _signed(day: Day, sign: int) -> list[float]:
    """Return the sizes of the groups with one sign, and of the score itself."""
    sizes = [sign * float(points) for points in day.groups.values()]
    return [size for size in sizes if size > 0] or [max(0.0, sign * float(day.points))]


def _step(span: float) -> int:
    return next((step for step in _STEPS if span / step <= 6), _STEPS[-1])


def _areas(told: Timeline, scale: _Scale) -> Iterator[Area]:
    """Yield the groups' areas, each on those before it: first what gives, then what takes."""
    for sign in (1, -1):
        floor = dict.fromkeys((each.day for each in told.days), 0.0)
        for number, group in enumerate(told.groups):
            part = {each.day: _part(each, group, sign) for each in told.days}
            if any(part.values()):
                roof = {day: floor[day] + part[day] for day in floor}
                yield Area(group, number, _outline(floor, roof, scale))
                floor = roof


def _part(day: Day, group: str, sign: int) -> float:
    points = float(day.groups.get(group, "0"))
    return points if points * sign > 0 else 0.0


def _outline(floor: Mapping[date, float], roof: Mapping[date, float], scale: _Scale) -> str:
    there = [f"{scale.x(day)},{scale.y(points)}" for day, points in roof.items()]
    back = [f"{scale.x(day)},{scale.y(points)}" for day, points in reversed([*floor.items()])]
    return " ".join([*there, *back])


def _dots(told: Timeline, scale: _Scale) -> Iterator[Mark]:
    for day in told.days:
        yield Mark("day", scale.x(day.day), scale.y(float(day.points)), day.day)


def _days(told: Timeline, months: Sequence[str], scale: _Scale) -> Iterator[Tick]:
    """Yield firsts of months, or every tenth day of a short span, where there is room."""
    days = (told.last - told.first).days
    every = (told.first + timedelta(days=n) for n in range(days + 1))
    is_long = days > 62
    free_from = 0.0
    for day in every:
        if day.day != 1 and (is_long or day.day not in (11, 21)):
            continue
        x = scale.x(day)
        label = months[day.month - 1] if is_long else f"{day.day} {months[day.month - 1]}"
        label += f" {day.year}" if is_long and day.month == 1 else ""
        if x >= free_from and x + 7 * len(label) < scale.width:
            yield Tick(x, label)
            free_from = x + 12 + 7 * len(label)


def _points(scale: _Scale) -> Iterator[Tick]:
    step = _step(scale.high - scale.low)
    for number in range(round(scale.low), round(scale.high) + 1, step):
        yield Tick(scale.y(number), str(number).replace("-", "−"))


def _marks(told: Timeline, scale: _Scale) -> Iterator[Mark]:
    """Yield one mark for each day and kind: deeds below the plot, the others above it."""
    bottom = scale.height - _BOTTOM
    height = {"activities": bottom + 28, "write": bottom + 38, "move": _TOP + 16}
    seen: set[tuple[str, date]] = set()
    for event in told.events:
        if (event.kind, event.day) not in seen:
            seen.add((event.kind, event.day))
            yield Mark(event.kind, scale.x(event.day), height.get(event.kind, _TOP), event.day)
