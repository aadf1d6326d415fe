"""The curve, on a terminal and as a drawing: what is shown is what was computed."""

from collections.abc import Mapping
from datetime import date, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.report.chart import timeline as drawn
from connector.report.drawing import drawing
from connector.report.timeline import Remembered, Timeline, timeline
from connector.rules.explain import Words
from connector.rules.model import ActivityRule, Group, RuleSet
from connector.rules.timeline import Deeds, ScoredDay, Share

FIRST = date(2026, 1, 1)
NUMBER = (FIRST - date(1970, 1, 1)).days
MONTHS = [str(n) for n in range(1, 13)]
RULES = RuleSet(
    rules=(
        ActivityRule(RuleId("page"), {"en": "Page"}, ("page",), 5 * MILLION, group="web"),
        ActivityRule(RuleId("call"), {"en": "[Call]"}, ("call",), 40 * MILLION),
        ActivityRule(RuleId("jobs"), {"en": "Jobs"}, ("jobs",), -10 * MILLION),
    ),
    groups=(Group("web", {"en": "Website"}, cap=15 * MILLION),),
)


def line(rule: str, points: int, kind: str = "rule") -> Share:
    return Share(kind, rule, points * MILLION, 1 if kind == "rule" else 0)


def day(number: int, *shares: Share, added: tuple[Share, ...] = ()) -> ScoredDay:
    return ScoredDay(NUMBER + number, sum(each.points for each in shares), shares, added)


def told(*days: ScoredDay, deeds: Mapping[int, tuple[Deeds, ...]] | None = None) -> Timeline:
    return timeline(
        days,
        Remembered({NUMBER + day: each for day, each in (deeds or {}).items()}, [], [], []),
        first=FIRST,
        words=Words(RULES, "en"),
        zone=ZoneInfo("UTC"),
    )


def printed(of: Timeline, width: int = 60) -> str:
    stream = StringIO()
    Console(file=stream, width=width).print(drawn(of))
    return stream.getvalue()


def heights(text: str) -> list[int]:
    """Return how many rows each column of the chart fills, up to the last that fills any."""
    rows = [row for row in text.splitlines() if "█" in row]
    return [sum(row[n : n + 1] == "█" for row in rows) for n in range(8, max(map(len, rows)))]


def test_groups_hold_their_cap_and_sum_to_the_score() -> None:
    capped = told(day(0, line("page", 25), line("web", -10, "cap"), line("call", 40)))
    assert capped.days[0].groups == {"web": "15", "": "40"}
    assert capped.days[0].raw == capped.days[0].points == "55"
    assert capped.groups == {"web": "Website", "": "Without a group"}


def test_the_bound_of_the_score_is_no_group_s() -> None:
    (bound,) = told(day(0, line("call", 120), line("engagement", -20, "bound"))).days
    assert (bound.points, bound.raw, bound.groups) == ("100", "120", {"": "120"})


def test_columns_rise_with_the_score_and_thresholds_are_in_sight() -> None:
    days = [day(n, line("call", 10 * n)) for n in range(6)]
    text = printed(told(*days))
    assert heights(text) == sorted(heights(text))
    assert "hot 50" in text
    assert "warm 20 ┄" in text
    assert "Score, 2026-01-01 to 2026-01-06" in text


def test_days_that_were_not_computed_stay_empty() -> None:
    text = printed(told(day(0, line("call", 40)), day(9, line("call", 40))))
    assert sorted(set(heights(text))) == [0, max(heights(text))]
    assert heights(text).count(0) == 8 * 4  # eight days of ten, four columns each
    assert "2 days were computed" in " ".join(text.split())


@pytest.mark.parametrize("width", [20, 47, 80, 300])
def test_no_row_is_wider_than_the_terminal(width: int) -> None:
    deeds = {n: (Deeds("page", n + 1, is_outbound=False),) for n in range(400)}
    text = printed(told(*(day(n, line("call", n % 90)) for n in range(400)), deeds=deeds), width)
    assert max(map(len, text.splitlines())) <= width
    assert "earlier ones" in " ".join(text.split())


def test_what_activities_added_is_told_and_what_is_unknown_is_not() -> None:
    did = (Deeds("call", 2, is_outbound=True),)
    added = day(2, line("call", 40), added=(line("call", 40),))
    text = printed(told(added, deeds={0: did, 2: did}))
    assert "2026-01-03     40  ·  call ×2 (by us): +40 [Call]" in text
    assert "2026-01-01" in text
    assert "no points" not in text


def test_the_drawing_stacks_what_gives_upwards_and_what_takes_downwards() -> None:
    (first, last) = (
        day(0, line("page", 10), line("jobs", -10)),
        day(1, line("page", 15), line("call", 40), line("jobs", -10)),
    )
    made = drawing(told(first, last), MONTHS, width=400, height=300)
    outlines = {area.group: area.outline for area in made.areas if area.number == 0}
    assert set(outlines) == {"web"}
    ys = [float(point.split(",")[1]) for area in made.areas for point in area.outline.split()]
    assert min(ys) >= made.top
    assert max(ys) <= made.bottom
    assert max(ys) > made.zero > made.warm > made.hot


def test_the_drawing_s_ends_are_the_ends_of_the_span() -> None:
    made = drawing(told(day(0), day(365)), MONTHS, width=400, height=300)
    first, last = (point.split(",") for point in made.line.split())
    assert (float(first[0]), float(last[0])) == (made.left, made.right)
    assert float(first[1]) == float(last[1]) == made.zero
    assert len(made.dots) == 2
    assert all(tick.at <= made.right for tick in made.days)
    assert FIRST + timedelta(days=365) == told(day(0), day(365)).last
