"""An owner's weekly limit in both CRMs: by processes, over HTTP, as an admin sets it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from connector.app.account import open_account
from connector.app.demo_crm import write_files
from connector.domain.contact import Owner
from connector.sandbox.serve import start
from tests.leadripe_process import leadripe

CONTACTS = 200


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_first_run_with_tasks_gives_no_owner_more_than_the_limit(
    tmp_path: Path, crm: str
) -> None:
    with start(crm=crm, contacts=CONTACTS, seed=5) as sandbox:  # type: ignore[call-overload]  # one of two
        write_files(tmp_path, crm, sandbox)
        rules = tmp_path / "mappings" / "rules.yaml"
        text = rules.read_text(encoding="utf-8")
        rules.write_text(text.replace("hand_off:\n", "hand_off:\n  weekly_limit: 2\n", 1))
        assert leadripe("provision", cwd=tmp_path).code == 0
        planned = leadripe("plan", "--create-tasks", "--json", cwd=tmp_path).json()["plan"]
        owned = [count for owner, count in planned["tasks_by_owner"].items() if owner != "none"]
        assert planned["queued"] > 0
        assert max(owned) == 2
        assert planned["contacts"] == CONTACTS
        synced = leadripe("sync", "--create-tasks", cwd=tmp_path)
        assert synced.code == 0, synced.err
        assert f"{planned['queued']} hand-offs wait: their owners were given" in synced.out
        again = leadripe("sync", "--json", cwd=tmp_path).json()["plan"]
        assert (again["writes"], again["tasks"], again["queued"]) == (0, 0, planned["queued"])

        waiting = _ripe(tmp_path)
        assert len(waiting) == planned["queued"]
        told = leadripe("explain", waiting[0], "--json", cwd=tmp_path).json()
        assert [each["id"] for each in told["gates"] if not each["is_open"]] == ["capacity"]
        assert (told["would_hand_off"], told["handed_off_at"]) == (False, None)


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_tasks_of_contacts_without_an_owner_are_routed(tmp_path: Path, crm: str) -> None:
    with start(crm=crm, contacts=CONTACTS, seed=5) as sandbox:  # type: ignore[call-overload]  # one of two
        write_files(tmp_path, crm, sandbox)
        assert leadripe("provision", cwd=tmp_path).code == 0
        before = leadripe("plan", "--create-tasks", "--json", cwd=tmp_path).json()["plan"]
        unowned = before["tasks_by_owner"].pop("none")
        desk = next(each for each in _owners(tmp_path) if each.is_active)
        rules = tmp_path / "mappings" / "rules.yaml"
        text = rules.read_text(encoding="utf-8")
        route = f"hand_off:\n  routing: [{{owners: [gone@example.org, {desk.email}]}}]\n"
        rules.write_text(text.replace("hand_off:\n", route, 1))
        found = leadripe("check", "--json", cwd=tmp_path).json()
        unknown = [each for each in found if "no active owner has" in each["what"]]
        assert [each["severity"] for each in unknown] == ["warning"]
        assert "gone@example.org" in unknown[0]["what"]
        synced = leadripe("sync", "--create-tasks", "--json", cwd=tmp_path)
        assert synced.code == 0, synced.err
        plan = synced.json()["plan"]
        expected = dict(before["tasks_by_owner"])
        expected[desk.id] = expected.get(desk.id, 0) + unowned
        assert plan["tasks_by_owner"] == expected
        assert plan["quarantined"] == before["quarantined"]
        assert before["quarantined"] or crm == "salesforce", "clicks are HubSpot's"
        assert (plan["contacts"], plan["moves"]) == (before["contacts"], before["moves"])
        assert (plan["ownerless"], plan["unknown_owners"]) == (0, ["gone@example.org"])
        assert leadripe("sync", "--json", cwd=tmp_path).json()["plan"]["writes"] == 0


def _owners(folder: Path) -> Sequence[Owner]:
    opened = open_account(folder / "leadripe.yaml")
    with opened.store(read_only=True) as store:
        return store.load_owners()


def _ripe(folder: Path) -> list[str]:
    """Return the ids of those whom the rules alone would hand over now."""
    file = folder / "scored.jsonl"
    assert leadripe("score", "--out", str(file), cwd=folder).code == 0
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [row["id"] for row in rows if row["hand_off"]]
