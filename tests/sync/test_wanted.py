from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.moment import EPOCH, local_day, micros, moment
from connector.domain.numbers import MILLION
from connector.domain.text import same_value
from connector.rules.explain import Line, Words
from connector.rules.model import Score
from connector.sync.wanted import Scored, Wanted
from tests.sync.office import PARIS, PROPERTIES, RULES

LATE_EVENING = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 00:30 of the next day in Paris

ROW = {
    "points": 56_500_000,
    "fit": None,
    "grade": "A",
    "persona": "ops",
    "missing": None,
    "stage": "lead",
    "temperature": "",
    "need_us": micros(LATE_EVENING),
    "handed_off_us": micros(LATE_EVENING) + 123_456,
    "due_us": micros(LATE_EVENING) + 456,
    "sla": "running",
}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("45", "45.0"),
        ("45", "45.000"),
        (None, ""),
        ("lead", " lead "),
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000Z"),
        ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00+01:00"),
        ("a\nb", "a\nb "),
    ],
)
def test_spellings_of_one_value_are_the_same(one: str | None, other: str | None) -> None:
    assert same_value(one, other)
    assert same_value(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("45", "46"),
        ("0", None),
        ("0", ""),
        ("lead", "prospect"),
        ("2026-03-02", "2026-03-03"),
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:01Z"),
        ("45", "2026-03-02T09:00:00Z"),
        ("nan", "45"),
    ],
)
def test_different_values_are_not_the_same(one: str | None, other: str | None) -> None:
    assert not same_value(one, other)
    assert not same_value(other, one)


@given(st.text())
def test_every_text_is_the_same_as_itself(text: str) -> None:
    assert same_value(text, text)


@given(st.integers(0, 4_000_000_000_000_000).map(moment))
def test_an_instant_survives_the_way_to_microseconds_and_back(at: datetime) -> None:
    assert moment(micros(at)) == at


def test_a_day_is_the_account_s_own() -> None:
    assert local_day(LATE_EVENING, PARIS) == (datetime(2026, 3, 2, tzinfo=UTC) - EPOCH).days


def test_values_are_texts_as_the_crm_takes_them() -> None:
    values = Wanted(PROPERTIES, Words(RULES, "en"), PARIS).values(ROW, [])
    assert values == {
        "leadripe_score": "57",
        "leadripe_fit": None,
        "leadripe_grade": "A",
        "leadripe_persona": "Operations",
        "leadripe_stage": "lead",
        "leadripe_temperature": None,
        "leadripe_reasons": "No scored activity yet",
        "leadripe_need_at": "2026-03-02",
        "leadripe_handed_off_at": "2026-03-01T23:30:00Z",
        "leadripe_question": None,
        "leadripe_interests": None,
        "leadripe_due_at": "2026-03-01T23:30:00Z",
        "leadripe_sla": "running",
        "leadripe_segment": "lead.ops",
        "leadripe_grid": None,
        "leadripe_track": None,
        "leadripe_next_content": None,
        "leadripe_next_content_url": None,
        "leadripe_do_not_press_until": None,
        "leadripe_touches_7d": None,
        "leadripe_touches_30d": None,
    }


def test_only_what_the_mapping_names_is_wanted() -> None:
    wanted = Wanted({"score": "our_score", "stage": "our_stage"}, Words(RULES, "en"), PARIS)
    assert wanted.values({**ROW, "points": MILLION}, []) == {
        "our_score": "1",
        "our_stage": "lead",
    }


def test_a_question_is_asked_in_the_account_s_language() -> None:
    fit = replace(RULES.fit, questions={"budget": {"en": "Budget?", "fr": "Quel budget ?"}})
    words = Words(replace(RULES, fit=fit), "fr")

    def asked(missing: str | None) -> str | None:
        wanted = Wanted({"question": "q"}, words, PARIS)
        return wanted.values({**ROW, "missing": missing}, [])["q"]

    assert asked("budget") == "Quel budget ?"
    assert asked("job_title") == "Quelle est la fonction de la personne ?"
    assert asked("cost_center") == "Inconnu : cost_center"
    assert asked(None) is None


def test_each_of_several_scores_goes_to_properties_of_its_own() -> None:
    rules = replace(RULES, further=(Score("risk"),))
    properties = {"scores.risk": "r", "scores.risk.reasons": "w", "scores.engagement": "e"}
    line = Line("rule", "page", 12_500_000, 1, datetime(2026, 3, 1, tzinfo=UTC).date())
    others = {"risk": Scored(12_500_000, [line])}
    assert Wanted(properties, Words(rules, "en"), PARIS).values(ROW, [], others) == {
        "e": "57",
        "r": "13",
        "w": "+12.5 Looked at a page (on 2026-03-01)",
    }


@pytest.mark.parametrize(
    ("grade", "temperature", "grid"),
    [
        ("A", "hot", "A1"),
        ("B", "warm", "B2"),
        ("D", "cold", "D3"),
        ("U", "hot", "U1"),
        ("A", "", None),
    ],
)
def test_grade_and_temperature_stand_in_one(grade: str, temperature: str, grid: str | None) -> None:
    wanted = Wanted({"grid": "leadripe_grid"}, Words(RULES, "en"), PARIS)
    row = {**ROW, "grade": grade, "temperature": temperature}
    assert wanted.values(row, []) == {"leadripe_grid": grid}
