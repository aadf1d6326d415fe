"""A past moment asked of a real store: processes, a sandbox over HTTP, people who change things."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hubspot import HubSpot
from hubspot.crm.contacts import SimplePublicObjectInput

from connector.sandbox.hubspot.portal import Options
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
            {"property": "job_title", "before": "Head of operations", "after": "Student"},
            {"property": "verdict", "before": None, "after": "rejected"},
        ]


def edit(client: HubSpot, id_: str, **properties: str) -> None:
    client.crm.contacts.basic_api.update(id_, SimplePublicObjectInput(properties=properties))
