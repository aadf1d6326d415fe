"""`leadripe quarantine` on a real store: what is listed, released, put there, and what follows."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.app import quarantine
from connector.app.account import open_account
from connector.app.explain import explained
from connector.app.quarantine import Chosen
from connector.config.starter import write_starter
from connector.domain.contact import Activity, Contact, Gone, Value
from connector.domain.ids import ActivityId, ContactId
from connector.domain.moment import micros
from connector.errors import UsageError
from connector.ports import Account, Page
from tests.fakes.clock import MONDAY, FakeClock
from tests.leadripe_process import leadripe

SENT = datetime.now(UTC).replace(hour=1) - timedelta(days=2)
NAMES = {"1": "a@acme.example", "2": "b@acme.example", "3": "c@calm.example"}


def mail(contact: str, no: int, seconds: float, **attributes: Value) -> Activity:
    """Return a click in the mail «spring», so many seconds after it was sent."""
    told: dict[str, Value] = {"campaign": "spring", "url": f"https://x.example/{no}", **attributes}
    at = micros(SENT + timedelta(seconds=seconds))
    id_ = ActivityId(f"email_events:{contact}-{no}")
    return Activity(id_, "email_click", at, ContactId(contact), attributes=told)


def burst(contact: str) -> list[Activity]:
    return [mail(contact, no, 60 + no) for no in range(3)]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder whose store holds a robot's clicks, a person's, and one by a gateway's name."""
    write_starter(tmp_path, "hubspot", None)
    config = tmp_path / "leadripe.yaml"
    people = [
        Contact(ContactId(no), MONDAY, {"first_name": "Ana", "email": email}, emails=(email,))
        for no, email in NAMES.items()
    ]
    clicks = [
        *burst("1"),
        mail("1", 9, 5_000),
        mail("2", 7, 70, user_agent="Barracuda Sentinel"),
        mail("2", 8, 90),
        mail("3", 1, 80),
    ]
    with open_account(config, FakeClock()).store(read_only=False) as store, store.lease():
        store.bind("hubspot", Account("1", "UTC"), "UTC")
        store.save_page("contacts", Page("c", contacts=people, activities=clicks))
        store.settle_activities()
    return config


def listed(config: Path, **chosen: str) -> dict[str, list[str]]:
    found = quarantine.listed(config, Chosen(**chosen))
    return {each.activity.removeprefix("email_events:"): list(each.signs) for each in found}


BURST = {f"1-{no}": ["many_links"] for no in range(3)}
GATEWAY = {"2-7": ["gateway"]}


def test_what_robots_did_is_listed_with_its_signs(config: Path) -> None:
    assert listed(config) == {**BURST, **GATEWAY}
    assert listed(config, contact="a@acme.example") == BURST
    assert listed(config, sign="gateway") == GATEWAY
    assert listed(config, domain="calm.example") == {}
    assert listed(config, activity="email_events:2-7") == GATEWAY


def test_what_is_released_counts_again_and_is_not_flagged_by_that_sign(config: Path) -> None:
    assert points(config, "1") == "0.936118"  # the one click of a person, after two days
    looked = quarantine.release(config, Chosen(contact="1"), always=False, dry_run=True)
    assert (looked.number, looked.activities, looked.signs) == (0, 3, {"many_links": 3})
    assert listed(config) == {**BURST, **GATEWAY}
    done = quarantine.release(config, Chosen(contact="1"), always=False, dry_run=False)
    assert (done.number, done.activities) == (1, 3)
    assert listed(config) == GATEWAY
    assert points(config, "1") == "2.808354"  # three a week count


def points(config: Path, contact: str) -> str:
    return explained(config, contact, None).explanation.points


def test_a_release_is_of_what_happened_by_then_unless_it_is_for_always(config: Path) -> None:
    quarantine.release(config, Chosen(domain="ACME.example"), always=False, dry_run=False)
    assert listed(config) == {}
    to_come = (datetime.now(UTC) - SENT).total_seconds() + 3_600
    more = [mail("2", 20, to_come, user_agent="barracuda")]
    add(config, more)
    later = datetime.now(UTC) + timedelta(hours=2)
    assert [e.activity for e in quarantine.listed(config, Chosen(), later)] == ["email_events:2-20"]
    quarantine.release(config, Chosen(sign="gateway"), always=True, dry_run=False)
    assert quarantine.listed(config, Chosen(), later) == []
    assert [
        (each.decision.domain, each.decision.sign) for each in quarantine.decisions(config)
    ] == [
        ("acme.example", ""),
        (None, "gateway"),
    ]


def add(config: Path, activities: list[Activity]) -> None:
    with open_account(config, FakeClock()).store(read_only=False) as store, store.lease():
        store.save_page("more", Page("d", activities=activities))
        store.settle_activities()


def test_a_person_puts_there_and_takes_back_out(config: Path) -> None:
    chosen = Chosen(activity="email_events:3-1")
    quarantine.put(config, chosen, always=False, dry_run=False)
    assert listed(config, contact="3") == {"3-1": ["by_hand"]}
    assert points(config, "3") == "0"
    quarantine.release(config, chosen, always=False, dry_run=False)
    assert listed(config, contact="3") == {}
    assert points(config, "3") == "0.936118"


def test_an_explanation_tells_what_does_not_count_and_what_it_would_be_worth(config: Path) -> None:
    told = explained(config, "1", None).explanation.quarantined
    assert told is not None
    assert {each.activity for each in told.activities} == {f"email_events:1-{n}" for n in range(3)}
    assert {each.why for each in told.activities} == {"many links of one mail within seconds"}
    assert [(each.rule, each.points) for each in told.withheld] == [("email_click", "1.872236")]
    assert told.points == "1.872236"
    assert explained(config, "3", None).explanation.quarantined is None


def test_what_a_further_score_would_gain_is_told_too(config: Path) -> None:
    rules = config.parent / "mappings" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    start, end = text.index("\nscore:"), text.index("\nrules:")
    scores = "\nscores: {engagement: {}, reach: {label: {en: Reach, fr: Portée}}}\n"
    rule = (
        "\n  - {id: any, label: {en: A click, fr: Un clic}, activity: email_click, points: 2.5,"
        " score: reach}"
    )
    rules.write_text(
        text[:start] + scores + "\nrules:" + rule + text[end + len("\nrules:") :], encoding="utf-8"
    )
    told = explained(config, "1", None)
    found = told.explanation.quarantined
    assert found is not None
    assert [(each.score, each.label, each.points) for each in found.withheld] == [
        ("engagement", "Link in an e-mail clicked", "1.872236"),
        ("reach", "A click (Reach)", "7.5"),
    ]
    assert found.points == "1.872236"  # of the score that leads


def test_every_form_of_an_explanation_has_quarantine_with_its_signs(config: Path) -> None:
    folder = config.parent
    told = leadripe("explain", "1", cwd=folder).out
    day = SENT.date().isoformat()
    assert re.search(
        rf"{day} +3 × email_click +many links of one mail within seconds \(many_links\)", told
    )
    assert "leadripe quarantine release --contact 1\n" in told
    found = leadripe("explain", "1", "--json", cwd=folder).json()["quarantined"]
    assert [each["signs"] for each in found["activities"]] == [["many_links"]] * 3
    assert leadripe("explain", "1", "--html", "why.html", cwd=folder).code == 0
    page = (folder / "why.html").read_text(encoding="utf-8")
    assert f"<li>{day}: 3 × email_click, " in page
    assert "many links of one mail within seconds (many_links)" in page


def test_a_whole_domain_is_seen_from_one_contact_too(config: Path) -> None:
    add(config, burst("2"))
    add(config, [delivered("1"), delivered("2"), delivered("3")])
    signs = listed(config)
    assert signs["1-9"] == ["whole_domain"]  # of the other clicks as well
    assert signs["1-0"] == ["many_links", "whole_domain"]
    told = explained(config, "1", None).explanation.quarantined
    assert told is not None
    assert {each.activity: each.signs for each in told.activities}["email_events:1-9"] == [
        "whole_domain"
    ]
    assert points(config, "1") == "0"


def delivered(contact: str) -> Activity:
    at = micros(SENT)
    id_ = ActivityId(f"email_events:delivered-{contact}")
    attributes: dict[str, Value] = {"campaign": "spring"}
    return Activity(id_, "email_delivered", at, ContactId(contact), None, True, attributes)


def test_what_was_said_of_a_contact_goes_for_the_one_it_was_merged_into(config: Path) -> None:
    quarantine.release(config, Chosen(contact="1"), always=True, dry_run=False)
    with open_account(config, FakeClock()).store(read_only=False) as store, store.lease():
        store.save_page("gone", Page("e", gone=[Gone(ContactId("1"), ContactId("3"))]))
        store.settle_activities()
    assert listed(config) == GATEWAY


@pytest.mark.parametrize(
    ("chosen", "what"),
    [
        (Chosen(), "nothing is named"),
        (Chosen(contact="1", domain="x.example"), "--activity, --contact and --domain exclude"),
        (Chosen(contact="77"), "no such contact"),
        (Chosen(activity="calls:1"), "no such activity"),
    ],
)
def test_what_makes_no_sense_is_refused(config: Path, chosen: Chosen, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        quarantine.release(config, chosen, always=False, dry_run=False)
    assert quarantine.decisions(config) == []


def test_the_command_line_lists_and_releases(config: Path) -> None:
    folder = config.parent
    rows = json.loads(leadripe("quarantine", "list", "--json", cwd=folder).out)
    assert {row["activity"]: row["signs"] for row in rows}["email_events:2-7"] == ["gateway"]
    shown = leadripe("quarantine", "list", cwd=folder).out
    assert "4 activities of 2 contacts are in quarantine." in shown
    done = leadripe("quarantine", "release", "--sign", "many_links", "--json", cwd=folder)
    assert json.loads(done.out)["activities"] == 3
    assert "many_links" not in leadripe("quarantine", "list", cwd=folder).out
    assert "released" in leadripe("quarantine", "list", "--decisions", cwd=folder).out
    assert leadripe("quarantine", "add", cwd=folder).code == 2
    assert "In quarantine" in leadripe("explain", "2", cwd=folder).out
