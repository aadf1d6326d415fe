from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.numbers import MILLION
from connector.rules.explain import Line, Words, reasons_text
from connector.rules.task_text import HandOffFacts, task_body, task_subject
from tests.sync.office import RULES

ENGLISH, FRENCH = Words(RULES, "en"), Words(RULES, "fr")

DEMO = Line("rule", "demo", 30 * MILLION, 1, date(2026, 3, 2))
PAGE = Line("rule", "page", 24_600_000, 3, date(2026, 3, 1))
CLICK = Line("rule", "click", 1 * MILLION, 1, date(2026, 2, 27))
BOUND = Line("bound", "engagement", -7 * MILLION, None, None)


def facts(*lines: Line, reason: str = "need") -> HandOffFacts:
    return HandOffFacts(score=56, reason=reason, grade="A", persona="ops", lines=lines)


def test_reasons_name_points_rule_count_and_day() -> None:
    assert reasons_text([DEMO, PAGE, BOUND], ENGLISH) == (
        "+30 Asked for a demo (on 2026-03-02)\n"
        "+24.6 Looked at a page (3 times, last on 2026-03-01)\n"
        "-7 Limit of the score"
    )


def test_reasons_speak_french() -> None:
    assert reasons_text([PAGE], FRENCH) == (
        "+24,6 A consulté une page (3 fois, la dernière le 2026-03-01)"
    )


def test_reasons_that_do_not_fit_are_summed_up() -> None:
    text = reasons_text([DEMO, PAGE, CLICK, BOUND], ENGLISH, most=2)
    assert text.splitlines()[-1] == "and 2 more, -6"


def test_without_activities_the_reasons_say_so() -> None:
    assert reasons_text([], ENGLISH) == "No scored activity yet"
    assert reasons_text([], FRENCH) == "Aucune activité notée pour l’instant"


@given(st.lists(st.integers(-30, 30), min_size=1, max_size=12), st.integers(1, 8))
def test_the_reasons_shown_always_sum_to_the_score(points: list[int], most: int) -> None:
    lines = [Line("rule", "demo", each * MILLION, 1, date(2026, 3, 2)) for each in points]
    shown = reasons_text(lines, ENGLISH, most=most).splitlines()
    listed = [row for row in shown if not row.startswith("and ")]
    rest = [row.rpartition(", ")[2] for row in shown if row.startswith("and ")]
    assert sum(int(row.split()[0]) for row in listed) + sum(map(int, rest)) == sum(points)


def test_a_rule_that_left_the_file_goes_by_its_id() -> None:
    gone = Line("rule", "booth", 5 * MILLION, 1, date(2026, 3, 2))
    assert reasons_text([gone], ENGLISH) == "+5 booth (on 2026-03-02)"


def test_a_need_task_is_named_after_the_latest_need() -> None:
    assert task_subject(facts(PAGE, DEMO), ENGLISH) == (
        "Call back: explicit need (Asked for a demo)"
    )
    assert task_subject(facts(PAGE, DEMO), FRENCH) == (
        "À rappeler : besoin exprimé (A demandé une démo)"
    )


def test_a_need_whose_points_have_faded_is_still_a_need() -> None:
    assert task_subject(facts(PAGE), ENGLISH) == "Call back: explicit need"


def test_a_ripe_lead_s_task_is_named_after_its_score() -> None:
    assert task_subject(facts(PAGE, reason="points"), ENGLISH) == (
        "Ripe lead: 56 points, get in touch"
    )


def test_a_task_tells_score_fit_and_why_now() -> None:
    assert task_body(facts(DEMO, PAGE), ENGLISH, feedback="Verdict") == (
        "Score 56 of 100, Fit A, persona Operations\n"
        "Why now:\n"
        "- Asked for a demo, on 2026-03-02 (+30)\n"
        "- Looked at a page, 3 times, last on 2026-03-01 (+24.6)\n"
        "\n"
        "When you have acted, say in «Verdict» whether the lead was good."
    )


def test_a_task_tells_interests() -> None:
    told = replace(facts(DEMO), interests="ERP, Cloud")
    assert task_body(told, ENGLISH, feedback=None).splitlines()[1] == "Interests: ERP, Cloud"
    assert "Centres d’intérêt : ERP, Cloud" in task_body(told, FRENCH, feedback=None)


def test_a_task_speaks_french() -> None:
    assert task_body(facts(DEMO), FRENCH, feedback=None) == (
        "Score 56 sur 100, Adéquation A, persona Exploitation\n"
        "Pourquoi maintenant :\n"
        "- A demandé une démo, le 2026-03-02 (+30)"
    )
