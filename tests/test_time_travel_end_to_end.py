"""A past moment asked of a real store: processes, a sandbox over HTTP, people who change things."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import SimplePublicObjectInput

from connector.app.demo_crm import write_files
from connector.sandbox.hubspot.portal import Options
from connector.sandbox.salesforce.people import People
from connector.sandbox.serve import start
from tests.leadripe_process import leadripe, prepare

NO_LAG = Options(index_lag=timedelta(0))

NOBODY_WE_SELL_TO = {"seniority": "entry", "industry": "Retail", "numemployees": "3"}
"""Said, since whom the sandbox makes up depends on the hour, and with them every grade."""


def now() -> str:
    return datetime.now(UTC).isoformat()


def test_before_and_after_an_edit_in_the_crm(tmp_path: Path) -> None:
    with start(contacts=30, seed=11, options=NO_LAG) as sandbox:
        folder = prepare(tmp_path, sandbox.url)
        client = HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)
        assert leadripe("provision", cwd=folder).code == 0
        id_ = client.crm.contacts.basic_api.get_page(limit=1).results[0].id
        edit(client, id_, **NOBODY_WE_SELL_TO)
        edit(client, id_, jobtitle="Head of operations", country="France")
        assert leadripe("sync", cwd=folder).code == 0
        between = now()
        edit(client, id_, jobtitle="Student", leadripe_feedback="rejected_wrong_profile")
        assert leadripe("sync", cwd=folder).code == 0

        def told(*asked: str) -> dict[str, object]:
            found = leadripe("explain", id_, "--json", *asked, cwd=folder)
            assert found.code == 0, found.err
            return dict(found.json())

        then, today = told("--as-of", between), told()
        assert (then["grade"], then["blocker"]) == ("B", None)
        assert (today["grade"], today["blocker"]) == ("D", "Student or job seeker")
        assert then["stage"] != "recycled"
        assert today["stage"] == "recycled"
        assert then["rests_on"]["is_reliable"] is True  # type: ignore[index]  # an object of the JSON
        events = today["timeline"]["events"]  # type: ignore[index]  # likewise
        changed = [each["changes"][0] for each in events if each["kind"] == "change"]
        assert changed == [
            {
                "property": "job_title",
                "before": "Head of operations",
                "after": "Student",
                "by": None,
            },
            {"property": "verdict", "before": None, "after": "rejected", "by": None},
        ]


def edit(client: HubSpot, id_: str, **properties: str) -> None:
    client.crm.contacts.basic_api.update(id_, SimplePublicObjectInput(properties=properties))


DAY = timedelta(days=1)
LIVES = (
    {"job_title": "Intern", "country": ""},
    {"job_title": "Head of operations", "country": "France"},
    {"job_title": "Student", "country": "France"},
)
"""What somebody was three days ago, two days ago and since yesterday."""

Lived = tuple[str, Callable[[str], None]]
"""The id of a contact, and what gives it another title, in the name of somebody."""


@contextmanager
def lived_in_hubspot(folder: Path) -> Iterator[Lived]:
    """Yield a contact that lived before anybody read it, in a folder that reads it."""
    with start(contacts=3, seed=11, options=NO_LAG) as sandbox:
        write_files(folder, "hubspot", sandbox)
        client = HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)
        clock = sandbox.portal.clock
        clock.advance(-3 * DAY)
        made = SimplePublicObjectInput(properties={"email": "ana@example.org"})
        id_ = client.crm.contacts.basic_api.create(made).id
        for life in LIVES:
            edit(client, id_, jobtitle=life["job_title"], country=life["country"])
            clock.advance(DAY)

        def rename(title: str) -> None:
            edit(client, id_, jobtitle=title)
            versions = sandbox.portal.tables["contacts"].rows[int(id_)].history or {}
            for version in versions["jobtitle"]:
                version.user = next(iter(sandbox.portal.owners.values())).user_id

        yield id_, rename


@contextmanager
def lived_in_salesforce(folder: Path) -> Iterator[Lived]:
    """Yield a lead that lived before anybody read it, in a folder that reads it."""
    with start(crm="salesforce", contacts=3, seed=11) as sandbox:
        write_files(folder, "salesforce", sandbox)
        clock, people = sandbox.org.clock, People(sandbox.org)
        clock.advance(-3 * DAY)
        named: dict[str, object] = {
            "LastName": "Silva",
            "Company": "Acme",
            "Email": "ana@example.org",
        }
        id_ = people.create_slowly("Lead", 0, named)
        for life in LIVES:
            people.edit(id_, Title=life["job_title"], Country=life["country"] or None)
            clock.advance(DAY)
        yield id_, lambda title: people.edit(id_, Title=title)


@pytest.mark.parametrize("lived", [lived_in_hubspot, lived_in_salesforce])
def test_before_the_first_pull_the_crm_tells_what_was(tmp_path: Path, lived: Any) -> None:
    def told(id_: str, *asked: str) -> Any:
        found = leadripe("explain", id_, *asked, "--days", "5", "--json", cwd=tmp_path)
        assert found.code == 0, found.err
        return found.json()

    def at(days: float) -> tuple[str, ...]:
        return ("--as-of", (datetime.now(UTC) - days * DAY).isoformat())

    with lived(tmp_path) as (id_, rename):
        assert leadripe("provision", cwd=tmp_path).code == 0
        assert leadripe("pull", cwd=tmp_path).code == 0

        then = told(id_, *at(1.5))
        assert (then["grade"], then["blocker"]) == ("D", "Student or job seeker")
        assert then["rests_on"]["is_reliable"] is False
        assert then["rests_on"]["fields"]["job_title"]["unasked"] == 1

        assert told(id_, *at(1.5), "--history")["blocker"] is None
        others = leadripe("pull", "--history", "--json", cwd=tmp_path).json()["history"]
        assert others["contacts"] == 3, "of the fourth it was asked already"

        pulled = leadripe("pull", "--full", "--history", "--json", cwd=tmp_path)
        assert pulled.code == 0, pulled.err
        history, counts = pulled.json()["history"], pulled.json()["counts"]
        assert history["calls"] == history["estimate"] == counts["history_calls"]
        assert history["contacts"] == counts["contacts"]
        assert f"about {history['estimate']} calls: 0 of {history['contacts']}" in pulled.err
        assert "Intern" not in pulled.err + pulled.out, "values are nobody's but the contact's"

        then = told(id_, *at(1.5))
        assert (then["grade"] in {"A", "B"}, then["blocker"]) == (True, None)
        assert then["rests_on"]["fields"]["job_title"]["told"] == 1
        assert told(id_, *at(2.5))["grade"] not in {"A", "B"}
        today = told(id_)
        assert today["blocker"] == "Student or job seeker"
        changes = [one for each in today["timeline"]["events"] for one in each["changes"] or ()]
        titles = [
            (one["before"], one["after"]) for one in changes if one["property"] == "job_title"
        ]
        assert titles == [
            (None, "Intern"),
            ("Intern", "Head of operations"),
            ("Head of operations", "Student"),
        ]
        shown = leadripe("explain", id_, *at(1.5), cwd=tmp_path).out
        assert "taken from the CRM's own history" in shown
        scored = leadripe("score", *at(1.5), "--json", cwd=tmp_path)
        assert "taken from the CRM's own history" in scored.err

        again = leadripe("pull", "--history", "--json", cwd=tmp_path).json()["history"]
        assert (again["contacts"], again["calls"]) == (0, 0)

        rename("Chief of staff")
        assert leadripe("pull", cwd=tmp_path).code == 0
        changes = [one for each in told(id_)["timeline"]["events"] for one in each["changes"] or ()]
        assert changes[-1]["after"] == "Chief of staff"
        assert changes[-1]["by"] is None, "it was not asked about since"
        events = told(id_, "--history")["timeline"]["events"]
        changes = [one for each in events for one in each["changes"] or ()]
        authors = {one["by"] for one in changes if one["property"] == "job_title"}
        assert len(authors) == 1, authors
        (author,) = authors
        assert author is not None
        assert not author.startswith("user:"), "by name, though a plan was never made"
        page = tmp_path / "page.html"
        assert leadripe("explain", id_, "--html", str(page), cwd=tmp_path).code == 0
        assert f"Chief of staff (by {author})" in page.read_text()
        shown = leadripe("explain", id_, cwd=tmp_path).out
        assert f"(by {author})" in shown
