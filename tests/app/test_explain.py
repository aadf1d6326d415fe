"""`leadripe explain` over time: from a real store to curve, events and page."""

import dataclasses
import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from connector.app.account import open_account
from connector.app.explain import Explained, explained, write_page
from connector.columns import schema_of, table_of
from connector.config.starter import write_starter
from connector.domain.contact import Activity, Contact, Value
from connector.domain.ids import ActivityId, ContactId
from connector.domain.moment import micros
from connector.errors import UsageError
from connector.ports import Account, MoveRecord, Page, Verdict
from connector.rules.tables import MOVE
from tests.fakes.clock import MONDAY, FakeClock
from tests.leadripe_process import leadripe
from tests.store.shelf import accept, answer, memory, write

PAPER = {"asset_kind": "white_paper", "asset": "Guide"}
SHOWS = {"leadripe_score": "99"}
TODAY = MONDAY + timedelta(hours=3)


def did(kind: str, days_ago: int, **attributes: Value) -> Activity:
    at = micros(MONDAY - timedelta(days=days_ago))
    return Activity(
        ActivityId(f"{kind}-{days_ago}"), kind, at, ContactId("7"), attributes=attributes
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose store holds a contact that did things, was moved, and written to."""
    write_starter(tmp_path, "hubspot", None)
    config = tmp_path / "leadripe.yaml"
    person = Contact(
        ContactId("7"), MONDAY, {"first_name": "Ana"}, written=SHOWS, emails=("ana@example.org",)
    )
    idle = Contact(ContactId("8"), MONDAY)
    deeds = [did("content_download", 60, **PAPER), did("demo_request", 2), did("page_view", 2)]
    clock = FakeClock()
    with open_account(config, clock).store(read_only=False) as store, store.lease():
        store.bind("hubspot", Account("1", "Europe/Paris"), "Europe/Paris")
        store.save_page("contacts", Page("c", contacts=[person, idle], activities=deeds))
        store.settle_activities()
        known = store.find_contact("7")
        assert known is not None
        score = memory(known.no, handed_off_us=micros(MONDAY), hand_off_reason="need")
        values = {"leadripe_score": "23", "leadripe_handed_off_at": "2026-03-02T09:00:00Z"}
        planned = write(known.no, "7", {"leadripe_score": "<b>9</b>"}, **values)
        accept(store, score=score, move=moved(known.no), writes=[planned])
        answer(store, Verdict.ACCEPTED, **values)
        later = Page("d", contacts=[dataclasses.replace(person, updated_at=TODAY)])
        store.save_page("contacts", later)
    return tmp_path


def moved(no: int) -> pa.Table:
    row = {"contact": no, "position": 1, "from_stage": "suspect", "from_temperature": ""}
    row |= {"to_stage": "lead", "to_temperature": "hot", "reason": "first_activity"}
    return table_of(schema_of(MOVE), [[row[name] for name in MOVE]])


def of(project: Path, contact: str = "7", as_of: datetime = TODAY) -> Explained:
    return explained(project / "leadripe.yaml", contact, as_of)


def test_the_curve_ends_with_the_score_that_is_explained(project: Path) -> None:
    told = of(project)
    days = told.timeline(180).days
    assert len(days) == 181
    assert days[-1].points == told.explanation.points
    by_day = {each.day.isoformat(): each.points for each in days}
    assert by_day["2026-01-01"] == "5"  # the white paper, halved in 60 days
    assert by_day["2026-02-27"] == "2.58816"  # at age 57
    assert by_day["2026-02-28"] == "23.558435"
    for day in days:
        assert sum(map(Decimal, day.groups.values())) == Decimal(day.raw)


def several_scores(project: Path) -> None:
    """Give the project's page visits to a score of their own."""
    file = project / "mappings" / "rules.yaml"
    text = file.read_text(encoding="utf-8")
    start, end = text.index("\nscore:"), text.index("\nrules:")
    scores = "\nscores: {engagement: {}, interest: {label: {en: Interest, fr: Curiosité}}}\n"
    rules = (
        "\nrules:\n  - {id: visit, label: A visit, activity: page_view, points: 7.5,"
        " score: interest}"
    )
    text = text[:start] + scores + rules + text[end + len("\nrules:") :]
    file.write_text(text, encoding="utf-8")


def test_another_score_is_told_with_reasons_that_sum_to_it(project: Path) -> None:
    before = of(project)
    several_scores(project)
    told = of(project)
    assert told.explanation.reasons == before.explanation.reasons
    (interest,) = told.explanation.others
    assert (interest.name, interest.label, interest.points) == ("interest", "Interest", "7.5")
    assert [(each.label, each.points) for each in interest.reasons] == [("A visit", "7.5")]
    assert interest.score == 8
    assert "<h2>Interest (8)</h2>" in told.page(told.timeline(10))
    assert "Interest: 8 (7.5 points)" in leadripe("explain", "7", cwd=project).out


def test_interests_are_told_with_their_points_in_every_form(project: Path) -> None:
    file = project / "mappings" / "rules.yaml"
    text = file.read_text(encoding="utf-8")
    topics = "topics: [{id: security, label: {en: Security, fr: Sécurité}, where: {page: /s}}]"
    file.write_text(text.replace("\n  top: 3 ", f"\n  {topics}\n  top: 3 "), encoding="utf-8")
    more = [
        did("webinar_attended", 0, event="One", topic="<Cloud>"),
        did("key_page_view", 21, page="/s"),
    ]
    with (
        open_account(project / "leadripe.yaml", FakeClock()).store(read_only=False) as store,
        store.lease(),
    ):
        store.save_page("more", Page("e", activities=more))
        store.settle_activities()
    expected = [("<cloud>", "<Cloud>", "10"), ("security", "Security", "2.5")]
    told = of(project)
    found = told.explanation.interests
    assert [(each.topic, each.label, each.points) for each in found] == expected
    at = f"--as-of={TODAY.isoformat()}"
    shown = leadripe("explain", "7", at, cwd=project).out
    assert "Interests, with the points behind each: <Cloud> 10, Security 2.5\n" in shown
    plain = leadripe("explain", "7", at, "--json", cwd=project).json()["interests"]
    assert [tuple(each.values()) for each in plain] == expected
    settings = project / "leadripe.yaml"
    settings.write_text(
        settings.read_text("utf-8").replace("language: en", "language: fr"), "utf-8"
    )
    french = of(project)
    page = french.page(french.timeline(10))
    assert "<h2>Centres d’intérêt, avec les points de chacun</h2>" in page
    assert '&lt;Cloud&gt; <span class="soft">(10)</span>, Sécurité <span class="soft">(2,5)' in page


def test_events_say_what_was_done_moved_handed_off_and_written(project: Path) -> None:
    events = of(project).timeline(180).events
    assert [each.kind for each in events] == [
        "activities",
        "activities",
        "move",
        "hand_off",
        "write",
    ]
    first, second, move, hand_off, written = events
    assert first.day.isoformat() == "2026-01-01"
    assert [(each.rule, each.points) for each in first.added or ()] == [("white_paper", "5")]
    assert {each.type for each in second.done} == {"demo_request", "page_view"}
    assert isinstance(move.move, MoveRecord)
    assert hand_off.at == MONDAY
    change = next(each for each in written.changes if each.property == "leadripe_score")
    assert (change.before, change.after) == ("<b>9</b>", "23")


def test_a_value_that_a_person_holds_is_told_with_both_values(project: Path) -> None:
    (held,) = of(project).timeline(10).held
    assert (held.property, held.wrote, held.holds) == ("leadripe_score", "23", "99")


def test_nothing_after_an_earlier_instant_is_told(project: Path) -> None:
    told = of(project, as_of=MONDAY - timedelta(days=30))
    timeline = told.timeline(90)
    assert timeline.last.isoformat() == "2026-01-31"
    assert [each.kind for each in timeline.events] == ["activities"]
    assert timeline.days[-1].points == told.explanation.points
    assert not timeline.held
    assert not told.explanation.moves
    assert not told.explanation.written


def test_a_contact_that_did_nothing_has_a_flat_curve_and_a_page(project: Path) -> None:
    told = of(project, "8")
    timeline = told.timeline(30)
    assert {each.points for each in timeline.days} == {"0"}
    assert timeline.events == []
    assert "No activity gives points." in told.page(timeline)


def test_a_page_needs_nothing_from_elsewhere_and_escapes_what_it_quotes(project: Path) -> None:
    rules = project / "mappings" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    label = "White paper or guide downloaded"
    rules.write_text(text.replace(label, "<script>alert(1)</script> & paper"), encoding="utf-8")
    told = of(project)
    page = told.page(told.timeline(180))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; paper" in page
    assert "&lt;b&gt;9&lt;/b&gt;" in page
    assert not re.search(r"https?:|//[a-z]|\bsrc=|\bhref=|@import|url\(|javascript:", page)
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "ana@example.org" not in page
    assert "Ana" not in page


def test_the_page_speaks_the_account_s_language(project: Path) -> None:
    settings = project / "leadripe.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(re.sub(r"(?m)^language: en\b", "language: fr", text), encoding="utf-8")
    told = of(project)
    page = told.page(told.timeline(180))
    assert '<html lang="fr">' in page
    assert "Livre blanc ou guide téléchargé" in page
    assert "suspect → lead chaud" in page


def test_the_page_for_scripts_names_keys_that_are_there(project: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")
    table = text.partition("\n## For scripts\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    keys = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    assert len(keys) > 7
    assert keys <= leadripe("explain", "7", "--json", cwd=project).json().keys()


def test_a_page_is_private_and_replaces_a_link_rather_than_follow_it(tmp_path: Path) -> None:
    other, file = tmp_path / "other", tmp_path / "page.html"
    other.write_text("mine")
    file.symlink_to(other)
    write_page(file, "page")
    assert (file.read_text(), file.is_symlink(), other.read_text()) == ("page", False, "mine")
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other", "page.html"]


def test_a_page_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="page"):
        write_page(tmp_path / "nowhere" / "page.html", "page")
    with pytest.raises(UsageError, match="page"):
        write_page(tmp_path, "page")
    assert list(tmp_path.iterdir()) == []


def test_the_command_draws_prints_and_writes_a_page(project: Path) -> None:
    at = ("--as-of", "2026-03-02T12:00Z")
    drawn = leadripe("explain", "ana@example.org", *at, cwd=project)
    assert drawn.code == 0, drawn.err
    assert "Score, 2025-09-03 to 2026-03-02" in drawn.out
    assert "hot 50 ┄" in drawn.out
    assert "suspect → lead hot (first activity)" in drawn.out
    assert "handed to sales" in drawn.out
    told = leadripe("explain", "7", *at, "--days", "60", "--json", cwd=project).json()
    assert len(told["timeline"]["days"]) == 61
    assert told["timeline"]["days"][-1]["points"] == told["points"]
    assert told["timeline"]["events"][0]["added"][0]["label"] == "White paper or guide downloaded"
    written = leadripe("explain", "7", *at, "--html", "why.html", cwd=project)
    assert (written.code, written.out) == (0, "")
    assert "why.html" in written.err
    page = (project / "why.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "Demo requested" in page
