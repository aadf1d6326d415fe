# ruff: noqa: S608  the numbers and paths are this benchmark's own
"""Made-up contacts and activities in Parquet, repeatable and of any size, to measure scoring."""

import sys
from pathlib import Path

import duckdb
import pyarrow as pa

AS_OF_DAY = 20_600
AS_OF_US = AS_OF_DAY * 86_400_000_000 + 43_200_000_000

# Shares of a thousand; what no rule looks at is among them, as in real accounts.
_SHARES = (
    ("email_opened", 200),
    ("email_clicked", 120),
    ("email_replied", 10),
    ("page_viewed", 330),
    ("content_downloaded", 90),
    ("webinar_registered", 30),
    ("webinar_attended", 20),
    ("webinar_replayed", 10),
    ("booth_visited", 10),
    ("form_submitted", 20),
    ("call_connected", 15),
    ("unsubscribed", 3),
    ("meeting_missed", 4),
    ("meeting_booked", 8),
    ("email_sent", 70),
    ("ad_seen", 40),
    ("note", 20),
)
_PAGES = "['home', 'blog', 'pricing', 'careers', 'product', 'comparison']"
_ASSETS = "['white_paper', 'guide', 'case_study', 'brochure']"
_FORMS = "['demo', 'newsletter', 'quote', 'survey']"
_TITLES = "['director of operations', 'engineer', 'buyer', 'student', NULL]"
_INDUSTRIES = "['energy', 'transport', 'food', NULL]"


def write(folder: Path, *, contacts: int, each: int, buckets: int) -> None:
    """Write `contact.parquet`, and `activity.parquet` in order of arrival, and again in buckets.

    About `each` activities a contact over two years, more of them recent, half of the contacts with
    far more than the others.
    """
    connection = duckdb.connect()
    connection.execute("CREATE MACRO drawn(a, b) AS (hash(a, b) % 1000000007)::BIGINT")
    connection.execute(
        f"COPY ({_contacts(contacts)}) TO '{folder}/contact.parquet' (COMPRESSION zstd)"
    )
    target = f"{folder}/activity.parquet"
    connection.execute(f"COPY ({_activities(contacts, each)}) TO '{target}' (COMPRESSION zstd)")
    connection.execute(
        f"COPY (SELECT *, contact % {buckets} AS bucket FROM read_parquet('{target}')"
        f" ORDER BY bucket, contact, occurred_us)"
        f" TO '{folder}/buckets' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (bucket))"
    )


def _contacts(contacts: int) -> str:
    return f"""
SELECT contact, title AS f_title, title AS f_title_folded, industry AS f_industry,
       industry AS f_industry_folded, employees AS f_employees,
       CASE WHEN drawn(contact, 4) % 50 = 0 THEN 'competitor' END AS f_kind,
       CASE WHEN drawn(contact, 4) % 50 = 0 THEN 'competitor' END AS f_kind_folded,
       'Ana' AS f_first_name,
       CASE WHEN drawn(contact, 5) % 10 > 0 THEN 'c' || contact || '@example.org' END AS f_email
FROM (
  SELECT range AS contact, {_TITLES}[1 + drawn(range, 1) % 5] AS title,
         {_INDUSTRIES}[1 + drawn(range, 2) % 4] AS industry,
         CASE WHEN drawn(range, 3) % 3 > 0 THEN drawn(range, 3) % 500 * 1000000 END AS employees
  FROM range({contacts})
)"""


def _activities(contacts: int, each: int) -> str:
    limit, cases = 0, ""
    for name, share in _SHARES:
        limit += share
        cases += f" WHEN draw < {limit} THEN '{name}'"
    return f"""
SELECT contact, 'a' || no AS activity, type,
       day::BIGINT * 86400000000 + no * 7919 % 86400000000 AS occurred_us,
       day, type IN ('email_sent', 'note') AS is_outbound,
       CASE type WHEN 'page_viewed' THEN page END AS a_page_kind,
       CASE type WHEN 'page_viewed' THEN page END AS a_page_kind_folded,
       CASE type WHEN 'content_downloaded' THEN asset_kind END AS a_asset_kind,
       CASE type WHEN 'content_downloaded' THEN asset_kind END AS a_asset_kind_folded,
       CASE type WHEN 'content_downloaded' THEN 'asset-' || item END AS a_asset,
       CASE type WHEN 'content_downloaded' THEN 'asset-' || item END AS a_asset_folded,
       CASE WHEN is_event THEN 'event-' || item END AS a_event,
       CASE WHEN is_event THEN 'event-' || item END AS a_event_folded,
       CASE type WHEN 'form_submitted' THEN form END AS a_form_kind,
       CASE type WHEN 'form_submitted' THEN form END AS a_form_kind_folded
FROM (
  SELECT no, contact, CASE {cases} END AS type,
         type LIKE 'webinar%' OR type LIKE 'booth%' AS is_event,
         ({AS_OF_DAY} - 730 * (drawn(no, 13) % 1000) * (drawn(no, 14) % 1000) // 1000000)::INTEGER
           AS day,
         {_PAGES}[1 + drawn(no, 15) % 6] AS page, {_ASSETS}[1 + drawn(no, 15) % 4] AS asset_kind,
         {_FORMS}[1 + drawn(no, 15) % 4] AS form, drawn(no, 16) % 40 AS item
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
