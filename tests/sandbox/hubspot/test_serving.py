from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import urllib3

from connector.errors import UsageError
from connector.sandbox.hubspot.fill import fill
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.state import restore
from connector.sandbox.serve import start
from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, NOON, TASKS, Desk
from tests.sandbox.hubspot.test_filling import WORLD


def test_a_stopped_sandbox_comes_back_from_its_file(open_desk: Opener, tmp_path: Path) -> None:
    state = tmp_path / "portal.json"
    first = open_desk(state=state)
    fill(first.portal, WORLD)
    first.add_property("our_key", "tasks", hasUniqueValue=True)
    task = first.task(contact="101", our_key="k1")
    first.clock.advance(timedelta(seconds=5))
    first.call("PATCH", f"{CONTACTS}/101", {"properties": {"firstname": "Anna"}})
    first.call("DELETE", f"{CONTACTS}/102")
    segment = {"name": "Ripe", "objectTypeId": "0-1", "processingType": "MANUAL"}
    first.post("/crm/lists/2026-09", segment)
    first.call("PUT", "/crm/lists/2026-09/1/memberships/add", ["101"])
    paths = [
        f"{CONTACTS}?propertiesWithHistory=firstname&associations=tasks,companies,deals",
        f"{CONTACTS}?archived=true",
        f"{TASKS}/k1?idProperty=our_key",
        "/crm/properties/2026-09/contacts",
        "/crm/owners/2026-09",
        "/crm/lists/2026-09/1/memberships",
        "/email/public/v1/events",
        "/marketing/marketing-events/2026-09",
    ]
    before = [first.get(path).json for path in paths]
    first.sandbox.stop()

    second = open_desk()
    restore(second.portal, state)
    assert [_at(second, first, path) for path in paths] == before
    assert int(second.task("Next")) == int(task) + 1


def _at(desk: Desk, other: Desk, path: str) -> object:
    text = desk.get(path).raw.decode().replace(desk.sandbox.url, other.sandbox.url)
    return orjson.loads(text)


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"x\.json"):
        restore(Portal(), path)


def test_a_sandbox_starts_filled_by_seed_and_stops(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with start(contacts=20, seed=3, limits="off", state=state, ends_at=NOON) as first:
        headers = {"Authorization": f"Bearer {first.token}"}
        reply = urllib3.request("GET", f"{first.url}{CONTACTS}?limit=100", headers=headers)
        assert len(reply.json()["results"]) == 20
        names = [record.props for record in first.portal.tables["contacts"].rows.values()]
    assert state.exists()
    with start(contacts=5, state=state) as second:
        again = [record.props for record in second.portal.tables["contacts"].rows.values()]
    assert again == names


def test_a_fault_that_does_not_exist_is_told() -> None:
    with pytest.raises(UsageError, match="teapot"):
        start(contacts=1, faults="teapot=1")


def test_a_foreign_state_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a state")
    with pytest.raises(UsageError, match=r"notes\.txt"):
        start(contacts=1, state=path)
    assert path.read_text() == "not a state"


def test_a_taken_port_is_told() -> None:
    with start(contacts=1) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(UsageError, match=str(port)):
            start(contacts=1, port=port)
