"""What the rules are in words: nothing that an admin wrote is left unsaid."""

from pathlib import Path

import pytest

from connector.config.rules_file import load_rules
from connector.config.starter import shipped
from connector.report.sentences import Said, in_sections, sentences

Told = dict[str, dict[tuple[str, str], str]]
RULES = r"""
version: 1
score: {name: engagement, label: {en: Interest, fr: Intérêt}, lowest: -10, highest: 100}
rules:
  - {id: one, label: {en: One, fr: Un}, activity: x, points: 1, family: web, at_most: 1}
  - id: careers
    label: {en: Careers, fr: Carrières}
    activity: x
    points: -2.25
    repeated: {count: 3, within: 30d}
    once_per: 30d
    at_most: {count: 2, per: 7d}
    decay: {steps: {30d: 50%, 90d: 0%}}
    group: signs
  - id: long
    label: {en: Long, fr: Long}
    activity: x
    where:
      minutes: {gte: 20.5, lt: 60}
      since: {gt: 2026-09-01}
      topic: {equals: ERP, exact: true}
      any: [{live: true}, {not: {event: {contains: test}}}, {page: {exists: false}}]
    points: 0
    need: true
groups: {signs: {label: {en: Signs, fr: Signes}, cap: 1, floor: -30}}
personas:
  - {id: cio, label: CIO, criteria: [{field: job_title, is: {matches: cio}, weight: 3}]}
fit: {grades: {a: 72.5}}
hand_off:
  threshold: 45
  families: {count: 3, within: 14d}
  reach_fields: [email, phone, mobile]
  blockers: [{id: student, label: {en: Student, fr: Étudiant}, where: {job_title: student}}]
stages: {not_engaging: [ad], probability: {hot: 62.5%}, cooling_off: 45d}
sales: {touch: [call], meeting_obtained: [], meeting_lost: [cancelled]}
"""


@pytest.fixture(name="told")
def _told(tmp_path: Path) -> Told:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    rules = load_rules(path)
    return {
        language: {(each.about, each.id): each.sentence for each in sentences(rules, language)}
        for language in ("en", "fr")
    }


ENGLISH = {
    (
        "rule",
        "one",
    ): "One: +1 point for x, only the latest counts, without decay, gone after 365 days,"
    " a signal of «web».",
    (
        "rule",
        "careers",
    ): "Careers: -2.25 points for x, from the 3rd time within 30 days, once in 30 days,"
    " the latest 2 in 7 days count, 50 % from day 30, 0 % from day 90, gone after 365 days,"
    " in group «Signs».",
    (
        "rule",
        "long",
    ): "Long: 0 points for x, an explicit need, when minutes is at least 20.5 and minutes"
    " is less than 60 and since is more than 2026-09-01 and topic is «ERP» (letter for letter)"
    " and (live is yes or not (event contains «test») or page is unknown).",
    ("group", "engagement"): "The score «Interest» is the sum of all this, from -10 to 100 points.",
    ("persona", "cio"): "CIO: job_title matches «cio» (weight 3).",
    ("blocker", "student"): "Student: job_title is «student».",
    ("gate", "points"): "Handed to sales at 45 points, or on an explicit need, if all gates are"
    " open:",
    ("gate", "families"): "- signals of 3 families within 14 days, or a need;",
    ("gate", "reachable"): "- one of first_name or last_name is known, and one of email, phone or"
    " mobile;",
    ("gate", "sales"): "Sales touches a contact by call; obtains a meeting by nothing; loses it by"
    " cancelled.",
    ("stage", "recycled"): "A rejected contact rests for 45 days, unless a need comes.",
    ("stage", "suspect"): "Suspects become leads by a first activity of their own; ad do not"
    " count.",
}
FRENCH = {
    (
        "rule",
        "careers",
    ): "Carrières : -2,25 points pour x, à partir de la 3e fois en 30 jours, une fois en"
    " 30 jours, les 2 dernières en 7 jours comptent, 50 % dès le jour 30, 0 % dès le jour 90,"
    " expire après 365 jours, dans le groupe « Signes ».",
    (
        "rule",
        "long",
    ): "Long : 0 points pour x, besoin exprimé, si minutes est au moins 20,5 et minutes est"
    " moins que 60 et since est plus que 2026-09-01 et topic est « ERP » (à la lettre)"
    " et (live est oui ou pas (event contient « test ») ou page est inconnu).",
    ("blocker", "student"): "Étudiant : job_title est « student ».",
    ("gate", "reachable"): "- un des champs first_name ou last_name est connu, et un de email,"
    " phone ou mobile ;",
}


@pytest.mark.parametrize(("about", "sentence"), ENGLISH.items())
def test_a_part_is_said_in_english(told: Told, about: tuple[str, str], sentence: str) -> None:
    assert told["en"][about] == sentence


@pytest.mark.parametrize(("about", "sentence"), FRENCH.items())
def test_a_part_is_said_in_french(told: Told, about: tuple[str, str], sentence: str) -> None:
    assert told["fr"][about] == sentence


def test_both_languages_say_the_same_things(told: Told) -> None:
    assert list(told["en"]) == list(told["fr"])
    assert "72,5 %" in told["fr"]["persona", "fit"]
    assert "62.5 %" in told["en"]["stage", "prospect_hot"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_everything_shipped_is_said(language: str) -> None:
    rules = load_rules(shipped() / "rules.yaml")
    said = sentences(rules, language)
    ids = {(each.about, each.id) for each in said}
    assert {("rule", each.id) for each in rules.rules} <= ids
    assert {("group", each.id) for each in rules.groups} <= ids
    assert {("persona", each.id) for each in rules.fit.personas} <= ids
    assert {("blocker", each.id) for each in rules.hand_off.blockers} <= ids
    assert [each for each in said if "{" in each.sentence.replace("{2,}", "")] == []


def test_the_page_for_admins_quotes_what_is_said() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    chapter = page.partition("\n### `leadripe rules show`")[2].partition("\n### ")[0]
    quoted = chapter.split("```\n")[3].replace("\n  ", " ").splitlines()
    said = {each.sentence for each in sentences(load_rules(shipped() / "rules.yaml"), "en")}
    assert len(quoted) == 2
    assert set(quoted) <= said


def test_a_section_without_sentences_has_no_heading() -> None:
    assert list(in_sections([Said("rule", "a", "A.")], "fr")) == ["Points", "  A."]


SEVERAL = """
version: 1
scores: {engagement: {}, risk: {label: {en: Churn risk, fr: Risque de départ}, highest: 50}}
rules:
  - {id: visit, label: Visite, activity: page_view, points: 2}
  - {id: missed, label: Absence, activity: missed, points: 15, score: risk}
"""


def test_rules_say_which_score_they_give_points_to(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(SEVERAL, encoding="utf-8")
    found = load_rules(path)
    assert [each.sentence for each in sentences(found, "en")][:5] == [
        "Visite: +2 points for page_view, without decay, gone after 365 days.",
        "Absence: +15 points for missed, without decay, gone after 365 days,"
        " for the score «Churn risk».",
        "The score «Engagement» is the sum of its rules, from 0 to 100 points.",
        "The score «Churn risk» is the sum of its rules, from 0 to 50 points.",
        "The score «Engagement» moves stages and hands off.",
    ]
    assert [each.sentence for each in sentences(found, "fr")][1] == (
        "Absence : +15 points pour missed, sans décroissance, expire après 365 jours,"
        " pour le score « Risque de départ »."
    )


OF_ACCOUNTS = """
version: 1
rules: [{id: a, activity: x, points: 1}]
account: {by: company, role: seniority, sum_cap: 300}
contact_rules:
  - id: two
    label: {en: Two engaged, fr: Deux engagés}
    where: {account_people: {gte: 2}}
    points: 2.5
    group: web
groups: {web: {label: Web, cap: 5}}
"""


def test_rules_of_contacts_and_the_account_are_said(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(OF_ACCOUNTS, encoding="utf-8")
    rules = load_rules(path)
    en, fr = (
        {each.id: each.sentence for each in sentences(rules, language)} for language in ("en", "fr")
    )
    assert en["two"] == (
        "Two engaged: +2.5 points, while account_people is at least 2, in group «Web»."
    )
    assert en["account"] == (
        "Contacts with the same «company» are of one account, a person with 10 points of its own "
        "activities is engaged, roles are told apart by «seniority», account_sum is 300 points at"
        " most."
    )
    assert fr["two"].startswith("Deux engagés : +2,5 points, tant que account_people")
    assert fr["account"].startswith("Les contacts de même « company » forment un compte")


OF_TOPICS = """
version: 1
rules: [{id: a, activity: [x, y, z], points: 1}]
personas: [{id: it, criteria: [{field: plants, is: {gte: 2}}]}]
fit: {questions: {plants: {en: How many plants?, fr: Combien de sites ?}}}
interests:
  top: 2
  attribute: subject
  topics:
    - {id: erp}
    - id: pay
      label: {en: Payables, fr: Factures}
      where: {page: {contains: /pay}, asset: pay}
quarantine:
  gateway: {user_agents: [acme, other]}
  hidden_link: {urls: [/trap]}
"""


def test_interests_signs_and_questions_are_said(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(OF_TOPICS, encoding="utf-8")
    rules = load_rules(path)
    en, fr = (
        {(each.about, each.id): each.sentence for each in sentences(rules, language)}
        for language in ("en", "fr")
    )
    assert en["rule", "a"].startswith("A: +1 point for x, y or z, ")
    assert en["persona", "plants"] == (
        "Where plants is what fit lacks, the rep is told to ask: «How many plants?»"
    )
    interests = {id_: sentence for (about, id_), sentence in en.items() if about == "interest"}
    assert interests == {
        "top": "A contact's interests are the topics of what gives it points for «Engagement», the"
        " 2 that bring the most.",
        "attribute": "An activity's «subject» names its topics, with «;» between several.",
        "erp": "Erp: when subject names «erp».",
        "pay": "Payables: when page contains «/pay» and asset is «pay», or when subject names"
        " «pay», «Payables» or «Factures».",
    }
    assert fr["interest", "pay"] == (
        "Factures : si page contient « /pay » et asset est « pay », ou si subject nomme « pay »,"
        " « Payables » ou « Factures »."
    )
    assert en["sign", "clicks"].startswith("Signs of robots are looked for in email_click; ")
    assert en["sign", "gateway"] == (
        "A click of a known gateway is a robot's: user_agent contains «acme» or «other», or"
        " filtered is true, since the CRM itself takes it for one."
    )
    assert fr["sign", "hidden_link"].endswith("son adresse contient « /trap ».")
