"""Sections 4 to 7 of the semantics: fit, facts, stage and temperature, hand-off."""

from dataclasses import replace

import pytest

from connector.domain.numbers import MILLION
from connector.rules.conditions import Kind, Test
from connector.rules.model import Blocker, Criterion, Fit, HandOff, Persona, RuleSet
from connector.rules.operators import Op
from tests.engine.story import (
    DAY_US,
    NOW,
    Row,
    deal,
    did,
    evaluate,
    moves_of,
    person,
    rule,
    score_of,
    was,
    with_folded,
)

HOUR_US = 3_600_000_000


def _says(name: str, value: str) -> Test:
    return Test(name, Kind.TEXT, Op.EQUALS, (value,))


def _persona(name: str, *, title: str) -> Persona:
    return Persona(
        name,
        {"en": name},
        (
            Criterion("title", Kind.TEXT, _says("title", title), 4),
            Criterion("country", Kind.TEXT, _says("country", "fr"), 2),
            Criterion("size", Kind.NUMBER, Test("size", Kind.NUMBER, Op.GTE, (50 * MILLION,)), 4),
        ),
    )


RULES = RuleSet(
    rules=(
        rule("point", 1, family="web"),
        rule("five", 5, activities=("five",), family="mail"),
        rule("demo", 20, activities=("demo",), is_need=True, family="need"),
    ),
    fit=Fit((_persona("first", title="a"), _persona("second", title="b"))),
)
MATCH = person(title="A", country="fr", size=60 * MILLION, first_name="Ana", email="a@b.c")
NAMED = person(first_name="Ana", email="a@b.c")


def points(number: int) -> list[Row]:
    """Return activities worth so many points."""
    return [did("five", second=-second) for second in range(number // 5)] + [
        did(second=-second) for second in range(number % 5)
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("U", None, None, "title")),
        ({"title": "a"}, ("A", "first", 100 * MILLION, None)),
        ({"country": "fr"}, ("U", None, None, "title")),
        ({"title": "c", "country": "fr"}, ("C", "first", 33_333_333, None)),
        ({"title": "b", "country": "be"}, ("B", "second", 66_666_666, None)),
        ({"title": "c"}, ("D", "first", 0, None)),
        ({"title": "", "size": 1}, ("D", "first", 0, None)),
    ],
)
def test_the_best_known_persona_gives_the_grade(fields: Row, expected: tuple[object, ...]) -> None:
    score = score_of(evaluate(RULES, people=[person() | with_folded("f_", fields)]))
    assert (score["grade"], score["persona"], score["fit"], score["missing"]) == expected


def test_without_activity_a_contact_stays_a_suspect() -> None:
    evaluation = evaluate(RULES, people=[MATCH])
    score = score_of(evaluation)
    assert (score["stage"], score["temperature"], score["stage_since_us"]) == ("suspect", "", NOW)
    assert moves_of(evaluation) == []


def test_not_engaging_activities_make_no_lead() -> None:
    rules = replace(RULES, stages=replace(RULES.stages, not_engaging=frozenset({"click"})))
    assert score_of(evaluate(rules, [did(), did("five", outbound=True)]))["stage"] == "suspect"


@pytest.mark.parametrize(
    ("before", "number", "after"),
    [
        ("", 19, "cold"),
        ("", 20, "warm"),
        ("", 50, "hot"),
        ("cold", 19, "cold"),
        ("warm", 15, "warm"),
        ("hot", 40, "hot"),
        ("cold", 49, "warm"),
    ],
)
def test_temperature_has_dead_bands(before: str, number: int, after: str) -> None:
    states = [was("lead", before)] if before else []
    assert score_of(evaluate(RULES, points(number), states=states))["temperature"] == after


def test_temperature_falls_after_a_day_in_the_lower_band() -> None:
    first = score_of(evaluate(RULES, points(39), states=[was("lead", "hot")]))
    assert (first["temperature"], first["lower_since_us"]) == ("hot", NOW)
    noted = [was("lead", "hot", lower_since_us=NOW - 24 * HOUR_US + 1)]
    assert score_of(evaluate(RULES, points(39), states=noted))["temperature"] == "hot"
    waited = [was("lead", "hot", lower_since_us=NOW - 24 * HOUR_US)]
    second = evaluate(RULES, points(39), states=waited)
    assert moves_of(second) == ["lead hot > lead warm: cooled"]
    assert score_of(second)["lower_since_us"] is None
    back = score_of(evaluate(RULES, points(45), states=noted))
    assert (back["temperature"], back["lower_since_us"]) == ("hot", None)


def test_no_stage_is_skipped() -> None:
    evaluation = evaluate(RULES, [did("demo")], people=[MATCH], deals=[deal(is_won=True)])
    assert moves_of(evaluation) == [
        "suspect  > lead hot: first_activity",
        "lead hot > prospect cold: persona_and_need",
        "prospect cold > client : won",
    ]


@pytest.mark.parametrize(
    ("before", "activities", "deals", "moves"),
    [
        (was("lead", "cold"), points(20), [], ["lead cold > lead warm: engagement"]),
        (was("lead", "cold"), [did("demo")], [], ["lead cold > lead hot: need"]),
        (was("lead", "cold"), [did("meeting_booked")], [], ["lead cold > prospect hot: meeting"]),
        (
            was("lead", "cold"),
            [],
            [deal(probability=600_000, amount=1, close_us=NOW)],
            ["lead cold > prospect hot: opportunity"],
        ),
        (
            was("lead", "cold"),
            [],
            [deal(probability=600_000, amount=1)],
            ["lead cold > prospect cold: opportunity"],
        ),
        (was("prospect", "cold"), [did(ago=60)], [], ["prospect cold > lead cold: untouched"]),
        (was("prospect", "cold"), [did(ago=59)], [], []),
        (was("prospect", "hot"), [], [deal(probability=300_000)], []),
        (
            was("prospect", "hot"),
            [],
            [deal(probability=299_999)],
            ["prospect hot > prospect cold: probability_fell"],
        ),
        (
            was("prospect", "hot"),
            [did("meeting_booked", ago=20), did("meeting_cancelled", ago=14)],
            [],
            ["prospect hot > prospect cold: meeting_lost"],
        ),
        (
            was("prospect", "hot"),
            [did("meeting_booked", ago=20), did("meeting_cancelled", ago=13)],
            [],
            [],
        ),
        (
            was("lead", "warm", verdict="rejected", verdict_us=NOW - 60 * DAY_US + 1),
            points(20),
            [],
            ["lead warm > recycled : rejected"],
        ),
        (
            was("recycled", verdict="rejected", verdict_us=NOW - 60 * DAY_US),
            [],
            [],
            ["recycled  > lead cold: cooling_off_over"],
        ),
        (
            was("recycled", verdict="rejected", verdict_us=NOW - DAY_US),
            [did("demo")],
            [],
            ["recycled  > lead hot: need"],
        ),
        (
            was("lead", "cold", verdict="accepted"),
            [did()],
            [],
            ["lead cold > prospect cold: accepted"],
        ),
        (was("disqualified"), [did("demo")], [], []),
        (was("client"), [], [], []),
        (was("lead", "cold", human_stage="client"), [], [], ["lead cold > client : person"]),
        (was("suspect", human_stage="suspect"), [did()], [], []),
    ],
)
def test_moves(before: Row, activities: list[Row], deals: list[Row], moves: list[str]) -> None:
    assert moves_of(evaluate(RULES, activities, deals=deals, states=[before])) == moves


def test_a_later_opportunity_does_not_exist() -> None:
    assert score_of(evaluate(RULES, deals=[deal(created_us=NOW + 1)]))["stage"] == "suspect"


# ------------------------------------------------------------------- hand-off

HANDED = {"hand_off_open": True, "handed_off_us": NOW - 3 * DAY_US, "hand_off_reason": "points"}


def test_a_need_hands_off_once() -> None:
    score = score_of(evaluate(RULES, [did("demo", ago=2)], people=[NAMED]))
    assert score["handed_off"]
    assert (score["hand_off_reason"], score["handed_off_us"]) == ("need", NOW)
    assert score["episode_us"] == score["need_us"] == NOW - 2 * DAY_US
    after = was("lead", "hot", handed_off_us=NOW - DAY_US, hand_off_reason="need")
    again = score_of(evaluate(RULES, [did("demo", ago=2)], people=[NAMED], states=[after]))
    assert (again["handed_off"], again["hand_off_reason"]) == (False, "need")


def test_points_hand_off_when_ripe_and_again_after_they_fell() -> None:
    ripe = [*points(45), *points(5), did(ago=1)]
    score = score_of(evaluate(RULES, ripe, people=[MATCH]))
    assert (score["handed_off"], score["hand_off_reason"]) == (True, "points")
    assert score["episode_us"] == score["ripe_since_us"] == NOW
    state = was("lead", "hot", ripe_since_us=NOW - 9, handed_off_us=NOW - 5)
    assert not score_of(evaluate(RULES, ripe, people=[MATCH], states=[state]))["handed_off"]
    fell = score_of(evaluate(RULES, points(39), people=[MATCH], states=[state]))
    assert fell["ripe_since_us"] is None
    stays = score_of(evaluate(RULES, points(40), people=[MATCH], states=[state]))
    assert stays["ripe_since_us"] == NOW - 9


@pytest.mark.parametrize(
    ("state", "activities", "deals", "closed"),
    [
        ({"task_done": True}, [did("call", outbound=True)], [], "task_done"),
        ({"verdict": "accepted", "verdict_us": NOW}, [], [], "verdict"),
        ({"verdict": "accepted", "verdict_us": NOW - 3 * DAY_US}, [], [], None),
        ({}, [did("call", ago=2, outbound=True)], [], "touched"),
        ({}, [did("call", ago=3, outbound=True)], [], None),
        ({}, [], [deal()], "opportunity"),
        ({}, [], [], None),
    ],
)
def test_a_hand_off_closes_by_itself(
    state: Row, activities: list[Row], deals: list[Row], closed: str | None
) -> None:
    before = was("lead", "hot", **HANDED, **state)
    score = score_of(evaluate(RULES, activities, deals=deals, states=[before]))
    assert (score["hand_off_closed"], score["hand_off_open"]) == (closed, closed is None)


def test_each_gate_says_whether_it_is_open() -> None:
    rules = replace(
        RULES, hand_off=HandOff(blockers=(Blocker("rival", {"en": "R"}, _says("kind", "rival")),))
    )
    score = score_of(
        evaluate(rules, [did()], people=[person(kind="Rival", email="a@b.c")], deals=[deal()])
    )
    gates = {name.removeprefix("gate_"): held for name, held in score.items() if "gate_" in name}
    assert gates == dict.fromkeys(
        ["points", "fit", "families", "reachable", "free", "unblocked"], False
    )
    assert score["blocker"] == "rival"
    ready = [*points(50), did()]
    score = score_of(evaluate(rules, ready, people=[MATCH]))
    assert all(held for name, held in score.items() if "gate_" in name)
    assert score["families"] == 2


def test_a_rejection_keeps_the_gate_closed_unless_there_is_a_need() -> None:
    rejected = was("lead", "hot", verdict="rejected", verdict_us=NOW - 59 * DAY_US)
    rules = replace(RULES, stages=replace(RULES.stages, cooling_off_days=1))
    assert not score_of(evaluate(rules, points(50), states=[rejected]))["gate_free"]
    assert score_of(evaluate(rules, [did("demo")], states=[rejected]))["gate_free"]
    older = was("lead", "hot", verdict="rejected", verdict_us=NOW - 60 * DAY_US)
    assert score_of(evaluate(rules, points(50), states=[older]))["gate_free"]
