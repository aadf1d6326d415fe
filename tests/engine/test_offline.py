"""Files become the facts that they say: from any form, in any order, and never half of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.numbers import to_millionths
from connector.engine import offline_values
from connector.engine.offline import Inputs, read_files
from connector.engine.offline_parts import Part
from connector.engine.offline_zone import to_instants
from connector.errors import ConfigError
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind
from connector.rules.model import RuleSet

COMPILED = replace(
    compile_rules(RuleSet(rules=())),
    fields={"job_title": Kind.TEXT, "employees": Kind.NUMBER, "vip": Kind.BOOLEAN},
    attributes={"asset": Kind.TEXT, "seen_at": Kind.MOMENT},
)
PARIS = "Europe/Paris"
# Naive: what a wall clock shows.
EARLIEST = datetime.fromisoformat("1901-01-01")
LATEST = datetime.fromisoformat("2150-01-01")
ACTIVITIES = "id,contact_id,type,occurred_at"


def file(folder: Path, name: str, *lines: str) -> str:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def read(inputs: Inputs, zone: str = PARIS, part_contacts: int = 50_000) -> list[Part]:
    with read_files(COMPILED, inputs, zone=zone, part_contacts=part_contacts) as offline:
        return list(offline.parts())


def only(inputs: Inputs, zone: str = PARIS) -> Part:
    (part,) = read(inputs, zone)
    return part


def activities_of(part: Part) -> list[dict[str, object]]:
    assert isinstance(part.facts.activity, pa.Table)
    rows: list[dict[str, object]] = part.facts.activity.sort_by("activity").to_pylist()
    return rows


def mistakes(inputs: Inputs) -> list[str]:
    with pytest.raises(ConfigError) as caught, read_files(COMPILED, inputs, zone=PARIS):
        pass
    return [f"{Path(p.file).name}:{p.line} {p.message}" for p in caught.value.problems]


def notes(inputs: Inputs) -> list[str]:
    with read_files(COMPILED, inputs, zone=PARIS) as offline:
        list(offline.parts())
        return offline.notes


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


# ------------------------------------------------------------------ values


def test_contacts_are_numbered_by_id_whatever_the_order_of_rows(tmp_path: Path) -> None:
    path = file(tmp_path, "c.csv", "id,job_title", "b,Chef", "a,Étude", "c,")
    part = only(Inputs(path))
    assert part.ids.to_pylist() == ["a", "b", "c"]
    contact = part.facts.contact
    assert contact["contact"].to_pylist() == [1, 2, 3]
    assert contact["f_job_title"].to_pylist() == ["Étude", "Chef", None]
    assert contact["f_job_title_folded"].to_pylist() == ["etude", "chef", None]


def test_kinds_come_from_the_rules(tmp_path: Path) -> None:
    path = file(
        tmp_path, "c.csv", "id,employees,vip", "1,49.5,yes", "2,-1e3,No", "3,,0", "4, 7 ,TRUE"
    )
    contact = only(Inputs(path)).facts.contact
    assert contact["f_employees"].to_pylist() == [49_500_000, -1_000_000_000, None, 7_000_000]
    assert contact["f_vip"].to_pylist() == [True, False, False, True]
    assert contact["f_job_title"].to_pylist() == [None] * 4


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=9).map(str)
        | st.from_regex(r"[+-]?\d{1,14}\.?\d{0,9}", fullmatch=True)
        | st.from_regex(r"[+-]?\d{0,3}\.\d{5}[05]?5?0{0,4}", fullmatch=True)
        | st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr)
        | st.text(max_size=5),
        max_size=20,
    )
)
def test_a_number_is_what_the_rest_of_the_product_reads(texts: Sequence[str]) -> None:
    plain = [t for t in texts if t.isascii() and "_" not in t and t == t.strip() and "\0" not in t]
    with duckdb.connect() as connection:
        connection.register("told", pa.table({"t": pa.array(plain, pa.string())}))
        found = connection.execute(
            f"SELECT t, {offline_values.number('t')} FROM told"  # noqa: S608  ours
        ).fetchall()
    assert dict(found) == {t: to_millionths(t) for t in plain}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-28", "2026-03-28T00:00:00+01:00"),
        ("2026-07-01", "2026-07-01T00:00:00+02:00"),
        ("2026-03-28T23:30", "2026-03-28T23:30:00+01:00"),
        ("2026-03-28 23:30:15.25", "2026-03-28T23:30:15.250+01:00"),
        ("2026-03-28T23:30:15,25", "2026-03-28T23:30:15.250+01:00"),
        ("2026-03-28T23:30:00Z", "2026-03-28T23:30:00+00:00"),
        ("2026-03-28T23:30Z", "2026-03-28T23:30:00+00:00"),
        ("2026-03-28T23:30:00-05:30", "2026-03-28T23:30:00-05:30"),
        ("2026-03-28T23:30:00+0200", "2026-03-28T23:30:00+02:00"),
        ("2026-03-28T23:30:00 +02", "2026-03-28T23:30:00+02:00"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00+00:00"),  # left out by the clock
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),  # comes twice: the first
        ("1969-12-31T23:00:00Z", "1969-12-31T23:00:00+00:00"),
        ("0001-01-01", None),
    ],
)
def test_a_time_without_zone_is_of_the_wall_clock(
    tmp_path: Path, written: str, meant: str | None
) -> None:
    contacts = file(tmp_path, "c.csv", "id", "c")
    path = file(tmp_path, "a.csv", ACTIVITIES, f'1,c,page_view,"{written}"')
    (row,) = activities_of(only(Inputs(contacts, path)))
    if meant is not None:
        assert row["occurred_us"] == us(meant)


def test_days_are_local_across_the_change_of_clocks(tmp_path: Path) -> None:
    contacts = file(tmp_path, "c.csv", "id", "c")
    path = file(
        tmp_path,
        "a.csv",
        ACTIVITIES,
        "1,c,page_view,2026-03-28T22:59:59Z",
        "2,c,page_view,2026-03-28T23:30:00Z",
        "3,c,page_view,2026-03-29T22:30:00Z",
    )
    days = [row["day"] for row in activities_of(only(Inputs(contacts, path)))]
    assert days == [20540, 20541, 20542]
    utc = [row["day"] for row in activities_of(only(Inputs(contacts, path), zone="UTC"))]
    assert utc == [20540, 20540, 20541]


@given(
    st.lists(st.datetimes(EARLIEST, LATEST), max_size=20),
    st.sampled_from([PARIS, "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "UTC"]),
)
def test_wall_clocks_are_read_as_python_reads_them(times: Sequence[datetime], zone: str) -> None:
    there = ZoneInfo(zone)
    wall = pc.cast(pc.cast(pa.array(times, pa.timestamp("us")), pa.int64()), pa.int64())
    found = to_instants(pa.chunked_array([wall]), zone).to_pylist()
    utc = ZoneInfo("UTC")
    epoch = datetime(1970, 1, 1, tzinfo=utc)
    meant = [(t.replace(tzinfo=there).astimezone(utc) - epoch) for t in times]
    assert found == [span // (datetime.resolution) for span in meant]


def test_directions_are_told_either_way(tmp_path: Path) -> None:
    contacts = file(tmp_path, "c.csv", "id", "c")
    told = file(
        tmp_path, "a.csv", ACTIVITIES + ",direction",
        "1,c,call,2026-01-01,OUTBOUND", "2,c,call,2026-01-01,incoming", "3,c,call,2026-01-01,",
    )  # fmt: skip
    flagged = file(
        tmp_path, "b.csv", ACTIVITIES + ",is_outbound",
        "1,c,call,2026-01-01,1", "2,c,call,2026-01-01,no", "3,c,call,2026-01-01,",
    )  # fmt: skip
    for path in (told, flagged):
        rows = activities_of(only(Inputs(contacts, path)))
        assert [row["is_outbound"] for row in rows] == [True, False, False]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["0.6", "1", ""], [600_000, 1_000_000, None]),
        (["60", "1", "0.5"], [600_000, 10_000, 5_000]),
        (["60%", "1 %", "0.5"], [600_000, 10_000, 500_000]),
    ],
)
def test_probabilities_count_as_the_whole_column_does(
    tmp_path: Path, written: list[str], meant: list[int | None]
) -> None:
    contacts = file(tmp_path, "c.csv", "id", "c")
    rows = [f"{n},c,2026-01-01,100.5,{p},2026-02-01,no,no" for n, p in enumerate(written)]
    head = "id,contact_id,created_at,amount,probability,close_date,is_closed,is_won"
    path = file(tmp_path, "o.csv", head, *rows)
    found = only(Inputs(contacts, None, path)).facts.opportunity.sort_by("opportunity")
    assert found["probability"].to_pylist() == meant
    assert found["amount"].to_pylist() == [100_500_000] * 3
    assert found["close_us"].to_pylist() == [us("2026-02-01T00:00:00+01:00")] * 3
    assert found["changed_us"].to_pylist() == found["created_us"].to_pylist()
    assert found["is_won"].to_pylist() == [False] * 3


# ------------------------------------------------------------------- forms


def test_mark_semicolons_quotes_and_line_ends_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    first = '1;"Chef; ""ventes""\r\nParis";5'
    text = f'\ufeffID ;"job_title";employees\r\n{first}\r\n\r\n2;;6\r\n'
    path.write_bytes(text.encode())
    contact = only(Inputs(str(path))).facts.contact
    assert contact["f_job_title"].to_pylist() == ['Chef; "ventes"\r\nParis', None]
    assert contact["f_employees"].to_pylist() == [5_000_000, 6_000_000]


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    contacts = file(tmp_path, "c.csv", "id,employees,vip", "42,0.1,true", "43,,")
    activities = file(
        tmp_path, "a.csv", ACTIVITIES + ",seen_at",
        "1,42,page_view,2026-03-29T00:30:00+02:00,2026-03-01",
        "2,43,page_view,2026-03-28T22:30:00Z,",
    )  # fmt: skip
    pq.write_table(
        pa.table({"id": [42.0, 43.0], "employees": [0.1, None], "vip": [True, None]}),
        tmp_path / "c.parquet",
    )
    moments = pa.array([us("2026-03-28T22:30:00+00:00")] * 2, pa.timestamp("us", PARIS))
    seen = pa.array([us("2026-03-01T00:00:00+00:00"), None], pa.timestamp("us"))  # the wall clock
    pq.write_table(
        pa.table(
            {
                "contact_id": pa.array([42, 43]),
                "type": pa.array(["page_view"] * 2).dictionary_encode(),
                "occurred_at": moments,
                "seen_at": seen,
                "id": ["1", "2"],
            }
        ),
        tmp_path / "a.parquet",
    )
    one = only(Inputs(contacts, activities))
    other = only(Inputs(str(tmp_path / "c.parquet"), str(tmp_path / "a.parquet")))
    assert one.ids == other.ids
    assert one.facts.contact == other.facts.contact
    assert activities_of(one) == activities_of(other)
    assert activities_of(one)[0]["a_seen_at"] == us("2026-03-01T00:00:00+01:00")


def test_a_folder_or_a_pattern_stands_for_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "all [1]"
    (folder / "more").mkdir(parents=True)
    file(folder, "1.csv", "id,vip", "a,yes")
    file(folder / "more", "2.csv", "vip;id", "no;b")
    file(folder, ".hidden.csv", "nonsense")
    pq.write_table(pa.table({"id": ["c"]}), folder / "3.parquet")
    assert only(Inputs(str(folder))).ids.to_pylist() == ["a", "b", "c"]
    pattern = tmp_path / "all *" / "*.csv"
    assert only(Inputs(str(pattern))).ids.to_pylist() == ["a"]


def test_no_contacts_is_no_part(tmp_path: Path) -> None:
    assert read(Inputs(file(tmp_path, "c.csv", "id"), file(tmp_path, "a.csv", ACTIVITIES))) == []


def test_parts_hold_each_contact_once_with_all_of_its_own(tmp_path: Path) -> None:
    contacts = file(tmp_path, "c.csv", "id", *[f"c{n:02}" for n in range(25)])
    lines = [f"a{n},c{n % 25:02},page_view,2026-01-01" for n in range(100)]
    parts = read(Inputs(contacts, file(tmp_path, "a.csv", ACTIVITIES, *lines)), part_contacts=10)
    assert [len(part.ids) for part in parts] == [9, 8, 8]
    for part in parts:
        numbers = part.facts.contact["contact"].to_pylist()
        found = Counter(row["contact"] for row in activities_of(part))
        assert found == dict.fromkeys(numbers, 4)


# ------------------------------------------------------------------- notes


def test_what_is_left_out_is_noted(tmp_path: Path) -> None:
    contacts = file(tmp_path, "c.csv", "id,shoe_size", "c,42")
    activities = file(
        tmp_path, "a.csv", ACTIVITIES, "1,c,page_view,2026-01-01", "2,nobody,page_view,2026-01-01",
        "3,,page_view,2026-01-01", "1,c,page_view,2026-01-02",
    )  # fmt: skip
    inputs = Inputs(contacts, activities)
    assert notes(inputs) == [
        "contacts: ignored, as no rule asks for it: shoe_size",
        "contacts: unknown throughout, no such column: job_title, employees, vip",
        "activities: unknown throughout, no such column: asset, seen_at",
        "activities: 2 left out, as their contact is not in the file",
        "activities: 1 repeated an id of the same contact; the latest counts",
    ]
    (row,) = activities_of(only(inputs))
    assert row["occurred_us"] == us("2026-01-02T00:00:00+01:00")


# ---------------------------------------------------------------- mistakes


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    contacts = file(
        tmp_path, "c.csv", "id,job_title,employees,vip", '1,"two\nlines",many,yes', "",
        "2,x,5,perhaps", "1,again,5,no", ",x,1,no",
    )  # fmt: skip
    activities = file(
        tmp_path, "a.csv", ACTIVITIES, "1,1,page_view,yesterday", "2,1,page_view,2026-02-30",
        "3,1,,2026-02-03", "3,1,page_view,", "4,1,page_view,2026-02-03,more", "5,1",
    )  # fmt: skip
    assert mistakes(Inputs(contacts, activities)) == [
        "a.csv:2 column «occurred_at» is no time; write it like 2026-03-28, 2026-03-28T14:30"
        " or 2026-03-28T14:30:00+01:00",
        "a.csv:3 column «occurred_at» is no time; write it like 2026-03-28, 2026-03-28T14:30"
        " or 2026-03-28T14:30:00+01:00",
        "a.csv:4 column «type» is empty",
        "a.csv:5 column «occurred_at» is empty",
        "a.csv:6 has more values than the 4 columns of the first line",
        "a.csv:7 has fewer values than the 4 columns of the first line",
        "c.csv:2 column «employees» is no number; write it like 1234.56, without separators of"
        " thousands",
        "c.csv:5 column «vip» is neither true nor false; write true, false, yes, no, 1 or 0",
        "c.csv:6 the contact of " + str(tmp_path / "c.csv") + ":2 stands here again",
        "c.csv:7 column «id» is empty",
    ]


def test_mistakes_beyond_twenty_are_counted(tmp_path: Path) -> None:
    contacts = file(tmp_path, "c.csv", "id,employees", *[f"{n},many" for n in range(50)])
    with pytest.raises(ConfigError, match="50 mistakes, the first 20") as caught:
        read(Inputs(contacts))
    assert len(caught.value.problems) == 20


def test_a_mistake_in_parquet_has_its_row(tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b", "c"], "employees": ["1", "2", "many"]})
    pq.write_table(table, tmp_path / "c.parquet")
    assert mistakes(Inputs(str(tmp_path / "c.parquet"))) == [
        "c.parquet:3 column «employees» is no number; write it like 1234.56, without separators"
        " of thousands"
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "c.csv:1 the file is empty; it needs a line of column names"),
        (b"name\nx\n", "c.csv:1 lacks column «id»"),
        (b"id,ID\nx,y\n", "c.csv:1 column «id» stands twice"),
        ("id,job_title\n1,Zoé\n".encode("latin-1"), "c.csv:1 the text is not UTF-8"),
        ("\n".join(["id", *map(str, range(9000)), "Zoé\n"]).encode("latin-1"), "c.csv:9002 is not"),
        (b"\xff\xfei\x00d\x00", "c.csv:1 the text is not UTF-8"),
        (b"PAR1 is no Parquet", "c.csv:0 cannot be read as CSV or Parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "c.csv").write_bytes(content)
    found = mistakes(Inputs(str(tmp_path / "c.csv")))
    assert any(message.startswith(said) for message in found), found


def test_a_missing_file_and_missing_columns_are_told_together(tmp_path: Path) -> None:
    found = mistakes(Inputs(str(tmp_path / "no.csv"), file(tmp_path, "a.csv", "id,type", "1,x")))
    assert found == [
        "a.csv:1 lacks columns «contact_id», «occurred_at»",
        "no.csv:0 no file with contacts is here",
    ]


def test_a_message_never_shows_what_a_cell_holds(tmp_path: Path) -> None:
    contacts = file(tmp_path, "c.csv", "id,employees", "ann@example.org,secret", "b,1")
    with pytest.raises(ConfigError) as caught:
        read(Inputs(contacts))
    assert "secret" not in str(caught.value)
    assert "ann@example.org" not in str(caught.value)
