"""Another property, language or name is shown at once, though no score moved."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.rules.compile import compile_rules
from connector.rules.explain import Words
from connector.rules.model import RuleSet
from connector.sync.form import form_of
from connector.sync.run import Stages
from tests.fakes.people import activity, ana, bob
from tests.sync.office import DAY, PROPERTIES, RULES, Office

WITHOUT_GRID = {name: to for name, to in PROPERTIES.items() if name != "grid"}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an account whose mapping does not write `grid`; Ana looked at a page; all is shown."""
    office = Office(tmp_path, [ana(), bob()])
    office.settings = replace(office.settings, properties=WITHOUT_GRID)
    office.desk.add(activity("1", "page_view", ana(), office.clock.now()))
    office.begin()
    office.sync()
    assert office.plan().is_empty
    return office


def another(office: Office, **settings: Any) -> None:
    office.settings = replace(office.settings, **settings)


def with_label(en: str) -> RuleSet:
    *others, page, click = RULES.rules
    return replace(RULES, rules=(*others, replace(page, label={**page.label, "en": en}), click))


def test_a_property_that_the_mapping_adds_is_filled_by_the_next_run(office: Office) -> None:
    another(office, properties=PROPERTIES)
    office.sync()
    assert office.says(ana(), "grid") == "A3"
    assert office.plan().is_empty


def test_another_name_of_a_property_fills_that_one(office: Office) -> None:
    another(office, properties={**WITHOUT_GRID, "segment": "leadripe_grid"})
    office.sync()
    assert [office.desk.shows(each, "leadripe_grid") for each in (ana(), bob())] == [
        "lead.cold.ops",
        "suspect",
    ]


def test_another_language_is_spoken_to_everybody(office: Office) -> None:
    another(office, language="fr")
    office.sync()
    assert "A consulté une page" in (office.says(ana(), "reasons") or "")
    assert office.says(bob(), "question") != "What is the person’s role?"
    assert office.plan().is_empty


def test_a_rule_by_another_name_is_called_so(office: Office) -> None:
    rules = with_label("Viewed a page")
    another(office, rules=rules, compiled=compile_rules(rules))
    office.sync()
    assert "Viewed a page" in (office.says(ana(), "reasons") or "")
    assert office.plan().is_empty


def test_what_waits_of_a_first_few_is_written_by_the_next_run(office: Office) -> None:
    another(office, language="fr")
    office.run("sync", Stages(limit=1))
    assert office.sync().outcome == "done"
    assert "A consulté" in (office.says(ana(), "reasons") or "")
    assert office.says(bob(), "question") != "What is the person’s role?"
    assert office.plan().is_empty


def test_a_value_that_a_person_holds_stays_theirs(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="99")
    another(office, properties=PROPERTIES)
    office.sync()
    assert (office.says(ana(), "score"), office.says(ana(), "grid")) == ("99", "A3")


def test_who_shows_it_all_costs_no_write(office: Office) -> None:
    with sqlite3.connect(office.folder / "state.db") as connection:
        connection.execute("UPDATE state SET shown_form = NULL")  # as an older release left it
    connection.close()
    assert office.plan().is_empty
    office.sync()
    with sqlite3.connect(office.folder / "state.db") as connection:
        forms = connection.execute("SELECT DISTINCT shown_form FROM state").fetchall()
    connection.close()
    assert [len(form) for (form,) in forms] == [12]


def test_fading_alone_is_no_other_form(office: Office) -> None:
    office.clock.turn(2 * DAY)
    assert office.plan().is_empty


@pytest.mark.parametrize(
    ("properties", "rules", "language"),
    [
        ({"score": "other"}, RULES, "en"),
        ({"score": "score", "fit": "fit"}, RULES, "en"),
        ({"score": "score"}, with_label("Viewed a page"), "en"),
        ({"score": "score"}, RULES, "fr"),
    ],
)
def test_the_form_tells_them_apart(
    properties: Mapping[str, str], rules: RuleSet, language: str
) -> None:
    usual = form_of({"score": "score"}, Words(RULES, "en"))
    assert form_of(properties, Words(rules, language)) != usual
    assert form_of({"score": "score"}, Words(replace(RULES, lowest=-5), "en")) == usual
