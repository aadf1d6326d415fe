# ruff: noqa: S608  the numbers and paths are this benchmark's own
"""Made-up contacts and activities in Parquet, repeatable and of any size, to measure scoring."""

import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from connector.store.segment_file import write_rows

AS_OF_DAY = 20_600
AS_OF_US = AS_OF_DAY * 86_400_000_000 + 43_200_000_000

# Shares of a thousand, in the words of the shipped rules. What no rule looks at is among them, as
# in real accounts.
_SHARES = (
    ("email_open", 200),
    ("email_click", 120),
    ("email_reply", 10),
    ("page_view", 240),
    ("key_page_view", 70),
    ("careers_page_view", 20),
    ("content_download", 90),
    ("webinar_registered", 30),
    ("webinar_attended", 20),
    ("webinar_replay", 10),
    ("event_talk", 10),
    ("demo_request", 4),
    ("quote_request", 3),
    ("trial_request", 1),
    ("contact_request", 6),
    ("form_submission", 6),
    ("call_connected", 15),
    ("unsubscribed", 3),
    ("meeting_missed", 4),
    ("meeting_booked", 8),
    ("email_sent", 70),
    ("ad_click", 40),
    ("note", 20),
)
_ASSETS = "['white_paper', 'guide', 'case_study', 'brochure']"
_RANKS = (
    "['chief', 'vp', 'head', 'senior', 'junior', 'assistant', 'lead', 'deputy', 'regional', '']"
)
_TRADES = (
    "['operations officer', 'of finance', 'of purchasing', 'data architect', 'sales manager',"
    " 'engineer', 'buyer', 'of quality', 'marketing specialist', 'student', 'security analyst',"
    " 'of logistics', 'accountant', 'plant manager', 'consultant', 'of human resources', 'cio']"
)
_SENIORITIES = "['c_suite', 'vp', 'director', 'manager', 'senior', 'entry', NULL]"
_INDUSTRIES = "['energy', 'transport', 'food', 'manufacturing', 'retail', 'banking', NULL]"
_SIZES = "['1-9', '10-49', '50-99', '100-499', '500-999', '1000+', NULL]"
_COUNTRIES = "['france', 'belgium', 'germany', 'spain', 'united kingdom', 'italy', NULL]"
_BROWSERS = (
    "['mozilla/5.0 (windows nt 10.0; win64; x64) chrome/141', 'mozilla/5.0 (iphone) safari/605',"
    " 'mozilla/5.0 (macintosh) safari/605', 'mozilla/5.0 (x11; linux) firefox/143']"
)
_MAIL = "['example.com', 'example.org', 'rivaflow.example', 'univ-x.example', 'company.example']"


def write(folder: Path, *, contacts: int, each: int, buckets: int) -> None:
    """Write contacts in buckets, and activities in order of arrival and again in buckets.

    `activity.parquet`, `activities/bucket=…/` and `contacts/bucket=…/`.

    About `each` activities a contact over two years, more of them recent, half of the contacts with
    far more than the others.
    """
    connection = duckdb.connect()
    connection.execute("CREATE MACRO drawn(a, b) AS (hash(a, b) % 1000000007)::BIGINT")
    whole = folder / "activity.parquet"
    connection.execute(f"COPY ({_activities(contacts, each)}) TO '{whole}' (COMPRESSION zstd)")
    _write_buckets(connection, f"({_contacts(contacts)})", folder / "contacts", contacts, buckets)
    rows = f"read_parquet('{whole}')"
    _write_buckets(connection, rows, folder / "activities", contacts, buckets)
    for bucket in (folder / "activities").iterdir():
        _write_as_stored(bucket)


def _write_as_stored(bucket: Path) -> None:
    """Write the activities of a bucket anew, as the product's store lays them down."""
    files = sorted(bucket.glob("*.parquet"))
    rows = pa.concat_tables([pq.ParquetFile(file).read() for file in files])
    with (bucket / "stored").open("wb") as sink:
        write_rows(rows, sink)
    for file in files:
        file.unlink()
    (bucket / "stored").rename(bucket / "stored.parquet")


def _write_buckets(
    connection: duckdb.DuckDBPyConnection, rows: str, folder: Path, contacts: int, buckets: int
) -> None:
    """Write rows in buckets, by contact, a slice of the buckets at a time."""
    slices = max(1, contacts // 1_000_000)
    for place in range(slices):
        connection.execute(
            f"COPY (SELECT *, contact % {buckets} AS bucket FROM {rows} AS rows"
            f" WHERE contact % {buckets} % {slices} = {place} ORDER BY contact) TO '{folder}'"
            " (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (bucket), APPEND)"
        )


def _contacts(contacts: int) -> str:
    return f"""
SELECT contact, {_with_folded(("job_title", "seniority", "industry", "employees", "country"))},
       {_with_folded(("email", "first_name", "lifecycle_stage"))},
       drawn(contact, 9) % 40 = 0 AS f_opted_out
FROM (
  SELECT range AS contact,
         CASE WHEN drawn(range, 1) % 5 > 0
           THEN trim({_RANKS}[1 + drawn(range, 1) % 10] || ' '
             || {_TRADES}[1 + drawn(range, 2) % 17]) END AS job_title,
         {_SENIORITIES}[1 + drawn(range, 3) % 7] AS seniority,
         {_INDUSTRIES}[1 + drawn(range, 4) % 7] AS industry,
         {_SIZES}[1 + drawn(range, 5) % 7] AS employees,
         {_COUNTRIES}[1 + drawn(range, 6) % 7] AS country,
         CASE WHEN drawn(range, 7) % 10 > 0
           THEN 'contact-' || range || '@mail.' || {_MAIL}[1 + drawn(range, 7) % 5] END AS email,
         'ana' AS first_name,
         CASE WHEN drawn(range, 8) % 30 = 0 THEN 'customer' ELSE 'lead' END AS lifecycle_stage
  FROM range({contacts})
)"""


def _with_folded(names: Sequence[str]) -> str:
    return ", ".join(f"{name} AS f_{name}, {name} AS f_{name}_folded" for name in names)


def _activities(contacts: int, each: int) -> str:
    limit, cases = 0, ""
    for name, share in _SHARES:
        limit += share
        cases += f" WHEN draw < {limit} THEN '{name}'"
    return f"""
SELECT contact, 'a' || no AS activity, type,
       day::BIGINT * 86400000000 + no * 7919 % 86400000000 AS occurred_us,
       day, type IN ('email_sent', 'note') AS is_outbound,
       asset_kind AS a_asset_kind, asset_kind AS a_asset_kind_folded,
       asset AS a_asset, asset AS a_asset_folded, event AS a_event, event AS a_event_folded,
       CASE WHEN asset IS NOT NULL OR event IS NOT NULL OR type LIKE '%_request'
         THEN 'topic-' || no % 12 END AS a_topic, a_topic AS a_topic_folded,
       CASE type WHEN 'email_click' THEN 'mail-' || drawn(no, 18) % 60 END AS a_campaign,
       CASE type WHEN 'email_click' THEN 'https://www.example.com/page-' || drawn(no, 19) % 90 END
         AS a_url,
       CASE type WHEN 'email_click' THEN {_BROWSERS}[1 + drawn(no, 20) % 4] END AS a_user_agent,
       a_user_agent AS a_user_agent_folded
FROM (
  SELECT no, contact, CASE {cases} END AS type,
         ({AS_OF_DAY} - 730 * (drawn(no, 13) % 1000) * (drawn(no, 14) % 1000) // 1000000)::INTEGER
           AS day,
         CASE type WHEN 'content_download' THEN {_ASSETS}[1 + drawn(no, 15) % 4] END AS asset_kind,
         CASE type WHEN 'content_download' THEN 'asset-' || drawn(no, 16) % 40 END AS asset,
         CASE WHEN type LIKE 'webinar%' OR type = 'event_talk'
           THEN 'event-' || drawn(no, 16) % 40 END AS event
  FROM (
    SELECT range AS no, drawn(range, 11) % 1000 AS draw,
           (CASE WHEN drawn(range, 12) % 4 > 0 THEN drawn(range, 17) % (({contacts} + 1) // 2)
                 ELSE drawn(range, 17) % {contacts} END)::BIGINT AS contact
    FROM range({contacts * each})
  )
)"""


def no_rows() -> pa.Table:
    """Return a table of opportunities or states without any."""
    return pa.table({"contact": pa.array([], pa.int64())})


if __name__ == "__main__":
    write(
        Path(sys.argv[1]),
        contacts=int(sys.argv[2]),
        each=int(sys.argv[3]),
        buckets=int(sys.argv[4]),
    )
