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
    ("stage", "recycled"): "A rejected contact rests for 45 days, or until the day that"
    " sales named, unless a need comes.",
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


KEPT = """
version: 1
rules: [{id: a, activity: x, points: 1}]
hand_off:
  due: {need: 90m, points: 2d}
  working_hours:
    days: [tue, thu]
    hours: ["13:30-18:00", "09:00-12:30"]
    holidays: [2027-01-01, 2026-12-25]
    time_zone: Europe/Paris
  sla: {warned: 62.5%, escalated: 150%, escalate_to: [lea@example.com, tom@example.com]}
"""


def test_the_clock_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(KEPT, encoding="utf-8")
    en, fr = (
        {each.id: each.sentence for each in sentences(load_rules(path), language) if is_clock(each)}
        for language in ("en", "fr")
    )
    assert en == {
        "due": "Sales has 1 hour 30 minutes after a need and 2 working days of 8 hours after a"
        " hand-off by points, counted in working hours; then the task is due.",
        "working_hours": "Sales works on Tuesday and Thursday, 09:00-12:30 and 13:30-18:00, in the"
        " time zone Europe/Paris, but not on 2026-12-25 and 2027-01-01.",
        "sla": "As long as sales does not act, the hand-off is warned from 62.5 % of that time on,"
        " breached from 100 %, escalated from 150 %; once sales acted, met or late.",
        "escalation": "When it escalates, a further task goes to the first active owner of:"
        " lea@example.com, tom@example.com.",
    }
    assert fr["due"].startswith("Les ventes ont 1 heure 30 minutes après un besoin et 2 jours ")
    assert fr["working_hours"] == (
        "Les ventes travaillent le mardi et le jeudi, 09:00-12:30 et 13:30-18:00, dans le fuseau"
        " horaire Europe/Paris, sauf 2026-12-25 et 2027-01-01."
    )
    assert "en alerte (warned) dès 62,5 %" in fr["sla"]
    assert fr["escalation"].endswith("parmi : lea@example.com, tom@example.com.")


def is_clock(said: Said) -> bool:
    return said.about == "clock"


@pytest.mark.parametrize(
    ("due", "says"),
    [
        ("1h", "1 hour"),
        ("8h", "1 working day of 8 hours"),
        ("9h", "9 hours"),
        ("1m", "1 minute"),
        ("960m", "2 working days of 8 hours"),
        ("1d", "1 working day of 8 hours"),
    ],
)
def test_a_time_is_said_in_days_where_it_is_days(tmp_path: Path, due: str, says: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(KEPT.replace("90m", due), encoding="utf-8")
    said = {each.id: each.sentence for each in sentences(load_rules(path), "en")}
    assert said["due"].startswith(f"Sales has {says} after a need and 2 working days")


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ("mon, tue, wed, thu, fri, sat, sun", "from Monday to Sunday"),
        ("wed, mon, tue", "from Monday to Wednesday"),
        ("sat, sun", "on Saturday and Sunday"),
        ("mon, tue, thu", "on Monday, Tuesday and Thursday"),
        ("fri", "on Friday"),
    ],
)
def test_working_days_are_said_as_people_say_them(tmp_path: Path, days: str, says: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(KEPT.replace("tue, thu", days), encoding="utf-8")
    said = {each.id: each.sentence for each in sentences(load_rules(path), "en")}
    assert said["working_hours"].startswith(f"Sales works {says}, 09:00-12:30")


OF_MARKETING = """
version: 1
rules: [{id: a, activity: x, points: 1}]
personas:
  - {id: it, label: {en: IT lead, fr: Informatique}, criteria: [{field: title, is: cio}]}
  - {id: finance, criteria: [{field: title, is: cfo}]}
interests: {}
pressure:
  touches: [open_task, call, mail]
  budget:
    - {at_most: 3, within: 7d}
    - {touches: [mail], at_most: 1, within: 1d}
    - {touches: [open_task, mail], at_most: 2, within: 30d}
nurture:
  where: {opted_out: false}
  tracks:
    - id: deepen
      label: {en: Deepen, fr: Approfondir}
      stages: [prospect, lead]
      temperatures: [hot, warm]
      personas: [finance, it]
      where: {country: France}
    - {id: rest}
  content:
    - id: guide
      label: {en: Guide, fr: Manuel}
      url: https://www.example.com/guide
      topics: [erp, security]
      tracks: [rest, deepen]
    - {id: tour, seen: {page: {contains: /tour}}}
"""


def test_pressure_tracks_and_contents_are_said(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(OF_MARKETING, encoding="utf-8")
    en, fr = (
        {
            (each.about, each.id): each.sentence
            for each in sentences(load_rules(path), language)
            if each.about in ("pressure", "track", "content")
        }
        for language in ("en", "fr")
    )
    then = "; then nobody should press the contact until there is room again."
    assert en == {
        ("pressure", "touches"): "A contact is touched by call, mail and the task of a hand-off"
        " while it is open.",
        ("pressure", "budget 1"): f"At most 3 touches in 7 days{then}",
        ("pressure", "budget 2"): f"At most 1 touch by mail in 1 day{then}",
        ("pressure", "budget 3"): "At most 2 touches by mail or the task of a hand-off while it is"
        f" open in 30 days{then}",
        ("track", "where"): "Marketing may write to contacts of whom this holds: opted_out is no."
        " Others have no track.",
        ("track", "first"): "A contact is on the first of these tracks that fits; while sales has"
        " it, its track is «paused» and nothing comes next.",
        ("track", "deepen"): "Deepen («deepen»): stage lead or prospect, temperature warm or hot,"
        " persona «IT lead» or «Finance», when country is «France».",
        ("track", "rest"): "Rest («rest»): every contact.",
        ("content", "next"): "Next comes the first of these contents that is for the contact's"
        " track and that it has not seen; those about its strongest interest go before.",
        ("content", "guide"): "Guide («guide»): at https://www.example.com/guide, about «erp» or"
        " «security», for the track «Deepen» or «Rest», seen when asset is «guide» or «Manuel».",
        ("content", "tour"): "Tour («tour»): for every track, seen when page contains «/tour».",
    }
    assert list(fr) == list(en)
    assert fr["track", "deepen"] == (
        "Approfondir (« deepen ») : étape lead ou prospect, température tiède ou chaude, persona"
        " « Informatique » ou « Finance », si country est « France »."
    )
    assert fr["content", "guide"].endswith("vu si asset est « guide » ou « Manuel ».")
    assert fr["pressure", "budget 2"].startswith("Au plus 1 sollicitation par mail en 1 jour ;")


def test_touches_without_a_budget_are_said_to_be_counted_only(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "version: 1\nrules: [{id: a, activity: x, points: 1}]\n"
        "pressure: {touches: [open_task]}\nnurture: {tracks: [{id: all}]}\n",
        encoding="utf-8",
    )
    said = {(each.about, each.id): each.sentence for each in sentences(load_rules(path), "en")}
    assert said["pressure", "touches"] == (
        "A contact is touched by the task of a hand-off while it is open."
    )
    assert said["pressure", "budget"].startswith("Touches are only counted")
    assert said["track", "where"] == "Marketing may write to every contact."
    assert not [about for about, _ in said if about == "content"]
