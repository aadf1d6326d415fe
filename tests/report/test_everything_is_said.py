"""Every key of a rules file has its sentence: another value, and the sentences say something else.

Whoever adds a key to the file, or a section, meets this test until the key is said.
"""

import copy
import json
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from connector.config.points import LabelSection
from connector.config.rules_document import RulesDocument
from connector.config.rules_file import load_rules
from connector.config.where import Comparison, Where
from connector.report.sentences import Said, in_sections, sentences

TRAP = {"urls": ["/trap"]}
BEFORE: dict[str, Any] = {
    "version": 1,
    "scores": {
        "engagement": {"label": "Engagement", "lowest": 0, "highest": 100},
        "risk": {"label": "Risk"},
    },
    "rules": [
        {
            "id": "paper",
            "label": "Paper",
            "activity": "download",
            "where": {"kind": "paper"},
            "points": 5,
            "once_per": "asset",
            "at_most": {"count": 3, "per": "7d"},
            "replaced_by": "guide",
            "decay": {"half_life": "60d", "hold": "5d", "expire_after": "100d"},
            "group": "content",
            "family": "content",
            "need": False,
        },
        {
            "id": "guide",
            "activity": "download",
            "points": 2,
            "once_per": "asset",
            "decay": {"linear": "90d"},
        },
        {"id": "visit", "activity": "visit", "points": 1, "decay": {"steps": {"30d": "50%"}}},
        {
            "id": "careers",
            "activity": "visit",
            "points": -1,
            "repeated": {"count": 3, "within": "30d"},
            "once_per": "30d",
        },
        {"id": "ticket", "activity": "ticket", "points": 3, "score": "risk"},
    ],
    "contact_rules": [
        {
            "id": "ours",
            "label": "Ours",
            "where": {"country": "France"},
            "points": 5,
            "group": "content",
        },
        {"id": "small", "where": {"size": "small"}, "points": -5},
    ],
    "account": {"by": "company", "role": "seniority", "engaged_from": 10, "sum_cap": 300},
    "groups": {"content": {"label": "Content", "cap": 25, "floor": -5}, "web": {"cap": 9}},
    "personas": [
        {
            "id": "it",
            "label": "IT",
            "criteria": [
                {"field": "job_title", "is": "cio", "weight": 3},
                {"field": "plants", "is": 2},
            ],
        },
        {"id": "finance", "criteria": [{"field": "job_title", "is": "cfo"}]},
    ],
    "fit": {
        "grades": {"a": 70, "b": 50, "c": 30},
        "known_enough": "40%",
        "questions": {"plants": "How many plants?"},
    },
    "stages": {
        "score": "engagement",
        "not_engaging": ["open"],
        "warm": {"enter": 20, "leave": 15},
        "hot": {"enter": 50, "leave": 40},
        "probability": {"hot": "50%", "cold": "30%"},
    },
    "hand_off": {
        "threshold": 50,
        "families": {"count": 2, "within": "30d"},
        "routing": [{"where": {"country": "France"}, "owners": ["lea@example.com"]}],
        "blockers": [{"id": "student", "label": "Student", "where": {"job_title": "student"}}],
    },
    "interests": {
        "attribute": "topic",
        "top": 3,
        "topics": [{"id": "erp", "label": "ERP", "where": {"page": "/erp"}}],
    },
    "quarantine": {"hidden_link": TRAP},
    "pressure": {
        "touches": ["call", "email_sent", "open_task"],
        "budget": [{"at_most": 3, "within": "7d"}],
    },
    "nurture": {
        "where": {"opted_out": False},
        "tracks": [
            {
                "id": "welcome",
                "label": "Welcome",
                "stages": ["lead"],
                "temperatures": ["cold"],
                "personas": ["finance"],
                "where": {"country": "France"},
            },
            {"id": "others"},
        ],
        "content": [
            {
                "id": "guide",
                "label": "Guide",
                "url": "https://www.example.com/guide",
                "topics": ["erp"],
                "tracks": ["welcome"],
                "seen": {"page": "/guide"},
            },
            {"id": "tour"},
        ],
    },
    "opportunities": {
        "groups": {"people": {"label": "People", "cap": 40, "floor": -5}, "deal": {"cap": 9}},
        "rules": [
            {"id": "large", "label": "Large", "where": {"amount": {"gte": 10000}}, "points": 10},
            {
                "id": "fit",
                "contact": {"grade": "A"},
                "points": 5,
                "people": 2,
                "group": "people",
            },
            {"id": "engaged", "share": {"of": "best", "percent": "40%", "score": "risk"}},
        ],
    },
}
OTHER: dict[str, object] = {
    "scores{engagement}.label": "Interest",
    "scores{engagement}.lowest": -10,
    "scores{risk}.highest": 50,
    "rules[0].id": "papers",
    "rules[0].label": "White paper",
    "rules[0].activity": ["download", "upload"],
    "rules[0].where": {"kind": "guide"},
    "rules[0].contact": {"country": "France"},
    "scores{risk}.contact": {"country": "France"},
    "rules[0].points": 6,
    "rules[3].once_per": "ever",
    "rules[0].at_most": None,
    "rules[0].at_most.count": 1,
    "rules[0].at_most.per": "8d",
    "rules[3].repeated": None,
    "rules[3].repeated.count": 4,
    "rules[3].repeated.within": "31d",
    "rules[0].replaced_by": None,
    "rules[0].decay.half_life": "61d",
    "rules[1].decay.linear": "91d",
    "rules[2].decay.steps": {"30d": "40%"},
    "rules[0].decay.hold": "6d",
    "rules[0].decay.expire_after": "101d",
    "rules[0].group": "web",
    "rules[4].score": "engagement",
    "rules[0].family": "reading",
    "rules[0].need": True,
    "contact_rules[0].id": "country",
    "contact_rules[0].label": "Where we sell",
    "contact_rules[0].where": {"country": "Belgium"},
    "contact_rules[0].points": 6,
    "contact_rules[0].group": None,
    "contact_rules[1].score": "risk",
    "account.by": "domain",
    "account.role": None,
    "account.engaged_from": 11,
    "account.sum_cap": None,
    "groups{content}.label": "Contents",
    "groups{content}.cap": 26,
    "groups{content}.floor": -6,
    "personas[0].id": "it_lead",
    "personas[0].label": "IT lead",
    "personas[0].criteria[0].field": "role",
    "personas[0].criteria[0].is": "cto",
    "personas[0].criteria[0].weight": 4,
    "fit.grades.a": 71,
    "fit.grades.b": 51,
    "fit.grades.c": 31,
    "fit.known_enough": "41%",
    "fit.questions": {"plants": "How many sites?"},
    "stages.score": "risk",
    "stages.not_engaging": ["click"],
    "stages.warm.enter": 21,
    "stages.warm.leave": 16,
    "stages.hot.enter": 51,
    "stages.hot.leave": 41,
    "stages.fall_after": "25h",
    "stages.need_valid": "91d",
    "stages.prospect_untouched": "61d",
    "stages.probability.hot": "51%",
    "stages.probability.cold": "31%",
    "stages.meeting_replaced_within": "15d",
    "stages.cooling_off": "62d",
    "hand_off.threshold": 51,
    "hand_off.families.count": 3,
    "hand_off.families.within": "31d",
    "hand_off.not_rejected_within": "63d",
    "hand_off.weekly_limit": 7,
    "hand_off.routing[0].where": {"country": "Belgium"},
    "hand_off.routing[0].owners": ["tom@example.com"],
    "hand_off.name_fields": ["last_name"],
    "hand_off.reach_fields": ["phone"],
    "hand_off.due.need": "5h",
    "hand_off.due.points": "2d",
    "hand_off.working_hours.days": ["mon", "wed"],
    "hand_off.working_hours.hours": ["09:00-12:30", "13:30-18:00"],
    "hand_off.working_hours.holidays": ["2026-12-25"],
    "hand_off.working_hours.time_zone": "Europe/Paris",
    "hand_off.sla.warned": "60%",
    "hand_off.sla.escalated": "250%",
    "hand_off.sla.escalate_to": ["head@example.com"],
    "hand_off.blockers[0].id": "students",
    "hand_off.blockers[0].label": "At school",
    "hand_off.blockers[0].where": {"job_title": "intern"},
    "hand_off.blockers[0].unless_need": True,
    "sales.touch": ["call"],
    "sales.meeting_obtained": ["meeting"],
    "sales.meeting_lost": ["no_show"],
    "interests.attribute": "subject",
    "interests.top": 1,
    "interests.topics[0].id": "planning",
    "interests.topics[0].label": "Planning",
    "interests.topics[0].where": {"page": "/planning"},
    "quarantine.clicks": ["click"],
    "quarantine.deliveries": ["delivered"],
    "quarantine.many_links": False,
    "quarantine.many_links.links": 4,
    "quarantine.many_links.within": "11s",
    "quarantine.many_links.alone": False,
    "quarantine.at_once": False,
    "quarantine.at_once.within": "3s",
    "quarantine.hidden_link": False,
    "quarantine.hidden_link.urls": ["/honey"],
    "quarantine.gateway": False,
    "quarantine.gateway.user_agents": ["acme"],
    "quarantine.gateway.flagged": "robot",
    "quarantine.whole_domain": False,
    "quarantine.whole_domain.recipients": 3,
    "quarantine.attributes.mail": "mail",
    "quarantine.attributes.link": "link",
    "quarantine.attributes.user_agent": "agent",
    "quarantine.attributes.delivered_at": "sent_at",
    "pressure.touches": ["call", "email_sent"],
    "pressure.budget": [],
    "pressure.budget[0].touches": ["email_sent"],
    "pressure.budget[0].at_most": 1,
    "pressure.budget[0].within": "1d",
    "nurture.where": None,
    "nurture.attribute": "paper",
    "nurture.tracks[1].id": "rest",
    "nurture.tracks[0].label": "Greet",
    "nurture.tracks[0].stages": ["lead", "prospect"],
    "nurture.tracks[0].temperatures": ["cold", "warm"],
    "nurture.tracks[0].personas": [],
    "nurture.tracks[0].where": {"country": "Belgium"},
    "nurture.content[0].id": "handbook",
    "nurture.content[0].label": "Handbook",
    "nurture.content[0].url": "https://www.example.com/handbook",
    "nurture.content[0].topics": [],
    "nurture.content[0].tracks": ["others"],
    "nurture.content[0].seen": None,
    "opportunities.lowest": -5,
    "opportunities.highest": 50,
    "opportunities.groups{people}.label": "Persons",
    "opportunities.groups{people}.cap": 41,
    "opportunities.groups{people}.floor": None,
    "opportunities.rules[0].id": "big",
    "opportunities.rules[0].label": "Big",
    "opportunities.rules[0].where": {"amount": {"gte": 20000}},
    "opportunities.rules[0].points": 11,
    "opportunities.rules[1].contact": {"grade": "B"},
    "opportunities.rules[1].people": 3,
    "opportunities.rules[1].group": "deal",
    "opportunities.rules[2].share.of": "sum",
    "opportunities.rules[2].share.percent": "41%",
    "opportunities.rules[2].share.score": None,
}
"""By key of the file, another value than `BEFORE` has, or than is usual where it has none."""

ONE_SCORE: dict[str, object] = {
    "score.name": "interest",
    "score.label": "Interest",
    "score.lowest": -1,
    "score.highest": 50,
    "score.contact": {"country": "France"},
}
"""The same for the one score of a file that has no `scores`."""

UNSAID = {"version"}
"""What says nothing of the rules: the version of the file's format."""


def keys(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Yield the way to each value that the file may hold: `rules.points`, `groups.cap`."""
    for name, field in model.model_fields.items():
        way = above + (field.alias or name)
        sections = list(sections_in(field.annotation))
        if not sections:
            yield way
        for section in sections:
            yield from keys(section, f"{way}.")


def sections_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the sections that may stand at a place; texts and conditions are values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not issubclass(annotation, LabelSection | Where | Comparison):
            yield annotation
        return
    for part in typing.get_args(annotation):
        yield from sections_in(part)


def test_every_key_of_the_file_is_listed_here() -> None:
    listed = {re.sub(r"[\[{]\w+[]}]", "", way) for way in [*OTHER, *ONE_SCORE]}
    assert set(keys(RulesDocument)) - UNSAID - listed == set()


def changed(before: dict[str, Any], way: str, value: object) -> dict[str, Any]:
    """Return the file with another value at one place; None takes the key out."""
    rules = copy.deepcopy(before)
    *above, key = [
        int(step) if step.isdigit() else step
        for step in re.split(r"[.\[{]", re.sub("[]}]", "", way))
    ]
    at: Any = rules
    for step in above:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    at[key] = value
    if value is None:
        del at[key]
    return rules


def told(folder: Path, rules: dict[str, Any], language: str) -> list[Said]:
    file = folder / "rules.yaml"
    file.write_text(json.dumps(rules), encoding="utf-8")  # JSON is YAML
    return list(sentences(load_rules(file), language))


WITH_TWO_SCORES = ("scores", "contact_rules", "opportunities")


def one_score() -> dict[str, Any]:
    """Return a file with one score, and without what is of the other."""
    rules = {name: part for name, part in BEFORE.items() if name not in WITH_TWO_SCORES}
    rules["stages"] = {name: part for name, part in BEFORE["stages"].items() if name != "score"}
    return rules | {"rules": BEFORE["rules"][:-1]}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("way", "value"), OTHER.items(), ids=OTHER)
def test_another_value_is_said_otherwise(
    tmp_path: Path, language: str, way: str, value: object
) -> None:
    assert told(tmp_path, changed(BEFORE, way, value), language) != told(tmp_path, BEFORE, language)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("way", "value"), ONE_SCORE.items(), ids=ONE_SCORE)
def test_the_one_score_is_said(tmp_path: Path, language: str, way: str, value: object) -> None:
    rules = one_score()
    assert told(tmp_path, changed(rules, way, value), language) != told(tmp_path, rules, language)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_is_left_out_of_the_page(tmp_path: Path, language: str) -> None:
    said = told(tmp_path, BEFORE, language)
    lines = {line.strip() for line in in_sections(said, language)}
    assert {each.sentence for each in said} <= lines
