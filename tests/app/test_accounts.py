"""Facts of accounts: the same in files however parted, in the store, in a sync, for one contact."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hubspot import HubSpot

from connector.app.diff_inputs import FilesNamed
from connector.app.rules_diff import DiffWish, diff
from connector.app.score import score_files
from connector.config.rules_file import load_rules
from connector.domain.moment import Moment
from connector.engine.embedded import EmbeddedEngine
from connector.engine.offline import Inputs, read_files
from connector.rules.compile import compile_rules
from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import RunningSandbox, start
from connector.sync.progress import Silent
from tests.leadripe_process import leadripe, prepare

RULES = """
version: 1
account: {by: company, role: job_title, engaged_from: 10, sum_cap: 60}
rules: [{id: page, activity: page_view, points: 5, at_most: 4}]
contact_rules:
  - {id: two, label: Two engaged, where: {account_people: {gte: 2}}, points: 10}
  - {id: roles, where: {account_roles: {gte: 2}}, points: 3}
  - {id: sum, where: {account_sum: {gte: 30}}, points: 1}
"""
PEOPLE = 400
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def expected(points: list[int], companies: list[str], roles: list[str]) -> list[int]:
    """Return every contact's points, counted by hand."""
    found = []
    for own, company in zip(points, companies, strict=True):
        members = [no for no, each in enumerate(companies) if each.lower() == company.lower()]
        engaged = [no for no in members if points[no] >= 10]
        total = min(60, sum(points[no] for no in members))
        more = 10 * (len(engaged) >= 2) + 3 * (len({roles[no] for no in engaged}) >= 2)
        found.append(own + more + (total >= 30))
    return found


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, list[int]]:
    """A folder with rules and people of a hundred companies, and the points each should have."""
    made = Random(3)  # noqa: S311  nothing secret
    companies = [
        made.choice((f"Company {no % 100}", f"COMPANY {no % 100}")) for no in range(PEOPLE)
    ]
    roles = [made.choice(("head", "buyer")) for _ in range(PEOPLE)]
    visits = [made.choice((0, 0, 1, 2, 3)) for _ in range(PEOPLE)]
    ids = [f"{no:04}" for no in range(PEOPLE)]
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    contacts = {"id": ids, "company": companies, "job_title": roles}
    pq.write_table(pa.table(contacts), tmp_path / "contacts.parquet")
    deeds = [
        {
            "id": f"{id_}-{number}",
            "contact_id": id_,
            "type": "page_view",
            "occurred_at": "2026-03-01T10:00:00Z",
        }
        for id_, count in zip(ids, visits, strict=True)
        for number in range(count)
    ]
    pq.write_table(pa.Table.from_pylist(deeds), tmp_path / "activities.parquet")
    return tmp_path, expected([5 * count for count in visits], companies, roles)


def test_files_give_what_a_person_would_count(files: tuple[Path, list[int]]) -> None:
    folder, points = files
    out = folder / "scores.jsonl"
    score_files(
        folder / "rules.yaml",
        str(folder / "contacts.parquet"),
        str(folder / "activities.parquet"),
        as_of=AT,
        out=out,
        form="json",
        progress=Silent(),
    )
    rows = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    assert [row["score"] for row in rows] == points
    assert len(set(points)) > 5
    for row in rows:
        assert sum(line["points"] for line in row["reasons"]) == row["points"]


@pytest.mark.parametrize("size", [400, 61, 7])
def test_any_parts_give_the_same(files: tuple[Path, list[int]], size: int) -> None:
    folder, points = files
    compiled = compile_rules(load_rules(folder / "rules.yaml"))
    inputs = Inputs(str(folder / "contacts.parquet"), str(folder / "activities.parquet"))
    at = Moment.at(AT, ZoneInfo("UTC"))
    engine = EmbeddedEngine(threads=1, memory_limit="100MB")
    with read_files(compiled, inputs, zone="UTC", part_contacts=size) as offline:
        parts = list(offline.parts())
        accounts = engine.gather(compiled, (part.facts for part in parts[::-1]), at=at)
        found = [
            engine.evaluate(compiled, replace(part.facts, accounts=accounts), at=at).score
            for part in parts
        ]
    assert len(parts) == -(-PEOPLE // size)
    scores = [row["points"] // 1_000_000 for table in found for row in table.to_pylist()]
    assert scores == points
    engine.close()


def test_a_comparison_of_rules_knows_accounts(files: tuple[Path, list[int]]) -> None:
    folder, points = files
    alone = folder / "alone.yaml"
    alone.write_text(RULES.partition("contact_rules:")[0], encoding="utf-8")
    named = FilesNamed(str(folder / "contacts.parquet"), str(folder / "activities.parquet"))
    out = folder / "changed.jsonl"
    wish = DiffWish(alone, folder / "rules.yaml", files=named, as_of=AT, out=out, form="json")
    diff(Path("/nowhere/leadripe.yaml"), wish, Silent())
    after = {
        row["id"]: row["score_after"] for row in map(orjson.loads, out.read_bytes().splitlines())
    }
    assert after
    assert {id_: points[int(id_)] for id_ in after} == after


OF_COMPANIES = """
account: {by: company, role: seniority, engaged_from: 5}
contact_rules:
  - {id: company_engaged, label: Others engaged, where: {account_people: {gte: 2}}, points: 7}
  - {id: best, label: Best, where: {account_best: {gte: 20}}, points: 2.5}
"""


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    options = Options(index_lag=timedelta(0))
    with start(contacts=150, seed=8, options=options) as running:
        yield running


def test_sync_explain_and_score_agree_on_accounts(tmp_path: Path, sandbox: RunningSandbox) -> None:
    project = prepare(tmp_path, sandbox.url, account=str(sandbox.portal.options.portal_id))
    rules = project / "mappings" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + OF_COMPANIES, encoding="utf-8")
    assert leadripe("provision", cwd=project).code == 0
    synced = leadripe("sync", "--accept-large-change", "--json", cwd=project)
    assert synced.code == 0, synced.err
    client = HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)
    rows = client.crm.contacts.get_all(properties=["leadripe_score", "leadripe_reasons"])
    shown = {row.id: row.properties for row in rows}
    lifted = [id_ for id_, row in shown.items() if "Others engaged" in row["leadripe_reasons"]]
    assert len(lifted) > 3

    scored = leadripe("score", "--json", cwd=project)
    points = {row["id"]: row["score"] for row in map(orjson.loads, scored.out.splitlines())}
    assert {id_: str(score) for id_, score in points.items()} == {
        id_: row["leadripe_score"] for id_, row in shown.items()
    }
    for id_ in lifted[:3]:
        told = leadripe("explain", id_, "--json", cwd=project).json()
        exact = Decimal(told["points"])
        whole = exact.quantize(Decimal(1), ROUND_HALF_UP)
        assert str(whole) == shown[id_]["leadripe_score"]
        assert "company_engaged" in {line["rule"] for line in told["reasons"]}
        assert told["timeline"]["days"][-1]["points"] == told["points"]
    assert leadripe("sync", "--json", cwd=project).json()["plan"]["is_empty"]
