import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import StoreError
from connector.store import EmbeddedStore, open_store
from connector.store.database import migrations, open_database, statements
from tests.fakes.clock import FakeClock
from tests.store.shelf import (
    ACCOUNT,
    COMPILED,
    SHAPES,
    accept,
    contact,
    memory,
    new_store,
    page,
    seen,
    shown,
    visit,
    write,
)


def schema(database: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
        ).fetchall()
    connection.close()
    return rows


def fails(folder: Path, clock: FakeClock, *, read_only: bool = False) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(folder, SHAPES, clock, read_only=read_only).close()
    assert str(folder) in caught.value.where
    assert caught.value.do.endswith(".")
    return caught.value


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_nobody_else_can_read_a_store(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        store.save_page("forms", page(contacts=[contact("1")], activities=[visit("1", "1")]))
        store.settle_activities()
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert len(files) >= 4
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert folder.stat().st_mode & 0o777 == 0o700


def test_an_empty_store_answers_everything(store: EmbeddedStore) -> None:
    assert store.buckets() == []
    assert set(store.count().values()) == {0}
    assert store.funnel() == {}
    assert store.load_runs() == []
    assert store.load_moves(1) == []
    assert store.load_ledger(1) == []
    assert store.load_facts(3, COMPILED).contact.num_rows == 0
    assert store.load_facts_of(3, COMPILED).state.num_rows == 0


def test_a_store_belongs_to_one_account(store: EmbeddedStore, folder: Path) -> None:
    assert store.bound() == (ACCOUNT, "Europe/Paris")
    store.bind("hubspot", replace(ACCOUNT, currency="CHF"), "Europe/Paris")
    for crm, account, zone in (
        ("salesforce", ACCOUNT, "Europe/Paris"),
        ("hubspot", replace(ACCOUNT, id="7"), "Europe/Paris"),
        ("hubspot", ACCOUNT, "UTC"),
    ):
        with pytest.raises(StoreError, match="this store belongs to") as caught:
            store.bind(crm, account, zone)
        assert "new folder" in caught.value.do
    assert store.bound() == (replace(ACCOUNT, currency="CHF"), "Europe/Paris")


def test_an_unbound_store_is_nobodys(folder: Path, clock: FakeClock) -> None:
    with open_store(folder, SHAPES, clock) as store:
        assert store.bound() is None


def test_a_file_of_another_kind_is_refused(folder: Path, clock: FakeClock) -> None:
    folder.mkdir()
    (folder / "state.db").write_text(
        "a letter to my aunt, of some length, and no database at all\n" * 9
    )
    assert "no SQLite database" in fails(folder, clock).what


def test_another_programs_database_is_refused_and_not_touched(
    folder: Path, clock: FakeClock
) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / "state.db") as connection:
        connection.execute("CREATE TABLE aunt (name TEXT)")
    connection.close()
    content = (folder / "state.db").read_bytes()
    assert "another program" in fails(folder, clock).what
    assert (folder / "state.db").read_bytes() == content


def test_a_newer_store_is_refused(folder: Path, clock: FakeClock) -> None:
    new_store(folder, clock).close()
    with sqlite3.connect(folder / "state.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    error = fails(folder, clock)
    assert "version 99" in error.what
    assert "newer leadripe" in error.do


def test_a_damaged_store_is_refused(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        store.save_page("c", page(contacts=[contact(str(n)) for n in range(500)]))
    file = folder / "state.db"
    content = bytearray(file.read_bytes())
    for start in range(8192, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    file.write_bytes(content)
    (folder / "state.db-wal").write_bytes(b"left by a process that died")
    assert "damaged" in fails(folder, clock).what


def test_a_damaged_page_met_later_is_told_too(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        store.save_page("c", page(contacts=[contact(str(n)) for n in range(500)]))
    file = folder / "state.db"
    content = bytearray(file.read_bytes())
    for start in range(40 * 4096, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    file.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        _read_everything(folder, clock)


def _read_everything(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        for bucket in range(64):
            store.load_facts(bucket, COMPILED)
            store.count()


def test_a_missing_file_of_activities_is_told(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        store.save_page("forms", page(contacts=[contact("1")], activities=[visit("1", "1")]))
        store.settle_activities()
        (file,) = folder.glob("activities/*/*.parquet")
        file.unlink()
        with pytest.raises(StoreError, match="missing"):
            store.load_facts(1, COMPILED)
        with pytest.raises(StoreError, match="missing"):
            store.load_facts_of(1, COMPILED)
    assert "1 of 1 files" in fails(folder, clock).what


def test_a_damaged_file_of_activities_is_told(store: EmbeddedStore, folder: Path) -> None:
    store.save_page("forms", page(contacts=[contact("1")], activities=[visit("1", "1")]))
    store.settle_activities()
    (file,) = folder.glob("activities/*/*.parquet")
    file.write_bytes(b"PAR1 and then nothing of use PAR1")
    with pytest.raises(StoreError, match="cannot be read"):
        store.load_facts_of(1, COMPILED)


def test_a_folder_that_is_a_file_is_told(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "store").write_text("")
    assert fails(tmp_path / "store", clock).what


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(folder: Path, clock: FakeClock) -> None:
    folder.mkdir()
    folder.chmod(0o500)
    assert "read or written" in fails(folder, clock).what


def test_reading_needs_a_store_that_is_there_and_up_to_date(folder: Path, clock: FakeClock) -> None:
    assert "no store yet" in fails(folder, clock, read_only=True).what
    assert not folder.exists()
    new_store(folder, clock).close()
    with sqlite3.connect(folder / "state.db") as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    assert "older leadripe" in fails(folder, clock, read_only=True).what


def test_a_reader_cannot_write_and_says_so(folder: Path, clock: FakeClock) -> None:
    new_store(folder, clock).close()
    with open_store(folder, SHAPES, clock, read_only=True) as reader:
        with pytest.raises(StoreError, match="cannot be written"):
            reader.save_page("c", page())
        assert reader.load_checkpoint("c") is None


def test_a_reader_sees_each_commit_while_another_writes(store: EmbeddedStore, folder: Path) -> None:
    with open_store(folder, SHAPES, FakeClock(), read_only=True) as reader, store.lease():
        for n in range(1, 20):
            store.save_page(
                "all", page(contacts=[contact(str(n))], activities=[visit(str(n), "1")])
            )
            assert reader.count()["contacts"] == n
        store.settle_activities()
        assert len(reader.load_facts_of(1, COMPILED).activity) == 19
        run = reader.load_runs()
        assert run == []


def test_a_reader_may_stage_a_plan(store: EmbeddedStore, folder: Path) -> None:
    store.save_page("c", page(contacts=[contact("1")]))
    run = store.start_run("sync", FakeClock().now(), "rules")
    with open_store(folder, SHAPES, FakeClock(), read_only=True) as reader:
        reader.stage_plan(
            run, score=memory(1), move=None, shown=shown(1), writes=[write(1, "1", a="1")], tasks=[]
        )
        with pytest.raises(StoreError, match="cannot be written"):
            reader.accept_plan(run, "rules")
        reader.discard_plan(run)
    assert store.load_outbox() == []


def _fill(store: EmbeddedStore) -> None:
    for n in range(100):
        many = [contact(f"{n}-{i}") for i in range(100)]
        store.save_page("c", page(f"c{n + 1}", contacts=many))


def test_a_full_disk_loses_nothing(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        store.save_page("c", page("c0", contacts=[contact("first")]))
        pages = store._database.number("PRAGMA page_count")
        store._database.run(f"PRAGMA max_page_count = {pages + 8}")
        with pytest.raises(StoreError, match="the disk is full") as caught:
            _fill(store)
        assert "Nothing is lost" in caught.value.do
        checkpoint = store.load_checkpoint("c")
        assert store.count()["contacts"] == 1 + 100 * int((checkpoint or "c0")[1:])
        store._database.run("PRAGMA max_page_count = 1000000")
        accept(store, writes=[write(1, "first", a="1")])
    with new_store(folder, clock) as store:
        assert store.count()["waiting"] == 1


@pytest.mark.skipif(os.name == "nt", reason="a limit of POSIX stands in for a full disk")
def test_a_disk_that_is_full_while_settling_loses_nothing(
    store: EmbeddedStore, folder: Path
) -> None:
    import resource  # there is none on Windows

    visits = [visit(str(n), "1", asset=f"asset {n}") for n in range(200)]
    store.save_page("all", page(contacts=[contact("1")], activities=visits))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with store.lease():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
        try:
            with pytest.raises(StoreError, match="largest size"):
                store.settle_activities()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(seen(store)["1"]) == 200
    new_store(folder).close()
    assert len(list(folder.glob("activities/*/*"))) == 1, "the half file is swept"


def test_every_version_leads_to_the_schema_of_a_new_store(tmp_path: Path, clock: FakeClock) -> None:
    new_store(tmp_path / "new", clock).close()
    versions = migrations()
    for known in range(len(versions)):
        folder = tmp_path / str(known)
        open_database(folder, read_only=False, versions=versions[:known]).close()
        new_store(folder, clock).close()
        assert schema(folder / "state.db") == schema(tmp_path / "new" / "state.db")


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    next_ = len(migrations()) + 1
    more = f"ALTER TABLE run ADD COLUMN note TEXT;\nPRAGMA user_version = {next_};"
    good = [*migrations(), more]
    bad = [*migrations(), "ALTER TABLE run ADD COLUMN note TEXT;\nCREATE TABLE run (no INTEGER);"]
    open_database(tmp_path, read_only=False).close()
    before = schema(tmp_path / "state.db")
    with pytest.raises(sqlite3.OperationalError):
        open_database(tmp_path, read_only=False, versions=bad)
    assert schema(tmp_path / "state.db") == before
    migrated = open_database(tmp_path, read_only=False, versions=good)
    assert migrated.number("PRAGMA user_version") == next_
    migrated.close()
    assert schema(tmp_path / "state.db") != before


def test_each_version_names_itself() -> None:
    for number, sql in enumerate(migrations(), start=1):
        assert list(statements(sql))[-1].strip() == f"PRAGMA user_version = {number};"


def test_the_schema_refuses_what_must_not_be(store: EmbeddedStore) -> None:
    store.save_page("c", page(contacts=[contact("1")]))
    accept(store, writes=[write(1, "1", a="1")])
    for sql in (
        "UPDATE outbox SET state = 'lost'",
        "UPDATE contact SET status = 'merged'",
        "UPDATE contact SET bucket = 'seven'",
        "INSERT INTO address (email, no) VALUES ('x@x.example', 77)",
        "INSERT INTO ledger SELECT 1, 1, 1, '{}', '{}', 77, ''",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            store._database.run(sql)
    assert seen(store) == {}


@pytest.mark.parametrize("where", [Path("file"), Path("file") / "below"])
def test_a_folder_that_cannot_be_made_sends_the_admin_to_the_settings(
    tmp_path: Path, clock: FakeClock, where: Path
) -> None:
    (tmp_path / "file").write_text("theirs", encoding="utf-8")
    with pytest.raises(StoreError, match="folder cannot be made") as refused:
        new_store(tmp_path / where, clock)
    assert "store:" in refused.value.do
    assert (tmp_path / "file").read_text(encoding="utf-8") == "theirs"


def test_each_version_of_the_store_has_a_number_of_its_own_and_sets_it() -> None:
    for number, sql in enumerate(migrations(), start=1):
        assert f"Version {number}." in sql
        assert f"PRAGMA user_version = {number};" in sql
