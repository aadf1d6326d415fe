# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Which track a contact is on, and what it is sent next: `docs/semantics.md` section 12 as SQL.

- `nurtured`: who is on which track, or paused,
- `content_seen`: which content each has seen,
- `reader`, `next_content`: who has seen some of it or has interests, and what comes next for them,
- `nurture`: both together; whoever has neither gets the first of the track's contents.
"""

from collections.abc import Iterator

from connector.domain.text import fold
from connector.rules import sql
from connector.rules.condition_sql import column, condition_sql
from connector.rules.conditions import ALWAYS, Condition
from connector.rules.interests import folded_name, own_names
from connector.rules.layers import Columns
from connector.rules.model import Content, Nurture, RuleSet, Track
from connector.rules.plan import Constants, Step

PAUSED = "paused"
"""Stands in place of a track while sales has the contact."""

_LAST = 1_000
"""The rank of what no interest speaks for: more than a contact has interests."""


def own(rules: RuleSet) -> Columns:
    """Return what the conditions of tracks say of a contact's own fields."""
    nurture = rules.nurture
    if nurture is None:
        return {}
    return {
        "may_nurture": condition_sql(nurture.where, "c.f_"),
        **{
            f"in_track_{no}": condition_sql(each.where, "c.f_")
            for no, each in enumerate(nurture.tracks)
            if each.where != ALWAYS
        },
    }


def conditions(rules: RuleSet) -> list[Condition]:
    """Return the conditions on contacts."""
    if rules.nurture is None:
        return []
    return [rules.nurture.where, *(each.where for each in rules.nurture.tracks)]


def judged(rules: RuleSet) -> Columns:
    """Return the track of each contact by number, and whether it is paused."""
    nurture = rules.nurture
    if nurture is None:
        return {}
    whens = " ".join(f"WHEN {_fits(no, each)} THEN {no}" for no, each in enumerate(nurture.tracks))
    return {
        "was_with_sales": _was_with_sales(rules.stages.untouched_prospect_days),
        "is_with_sales": "was_with_sales OR handed_off",
        "track_no": f"CASE WHEN NOT may_nurture THEN NULL {whens} END",
    }


def _was_with_sales(days: int) -> str:
    """Return whether sales has a contact: from the hand-off until it is sent back, or left alone.

    What the contact itself does is no sign that sales still has it.
    """
    ages = (sql.age_of_instant("last_answered_us"), sql.age_of_day("touch_day"))
    looked_after = ["is_open", *(f"COALESCE(({age}) < {days}, FALSE)" for age in ages)]
    return (
        "stage NOT IN ('client', 'disqualified', 'recycled') AND (is_still_open OR"
        " (last_answered_us IS NOT NULL AND NOT COALESCE(rejected_us > was_handed_off_us, FALSE)"
        f" AND {sql.any_of(looked_after)}))"
    )


def asked(rules: RuleSet) -> frozenset[str]:
    """Return what the steps read of `outcome`."""
    return frozenset(judged(rules)) | ({"may_nurture"} if rules.nurture else frozenset())


def _fits(no: int, track: Track) -> str:
    """Return whether a track is for a contact."""
    parts = [
        f"{name} IN ({sql.texts(wanted)})"
        for name, wanted in (
            ("stage", track.stages),
            ("temperature", track.temperatures),
            ("persona", track.personas),
        )
        if wanted
    ]
    if track.where != ALWAYS:
        parts.append(f"in_track_{no}")
    return sql.all_of(parts) if parts else "TRUE"


def constants(rules: RuleSet) -> Iterator[Constants]:
    """Yield tracks, contents and what these are about, by number."""
    nurture = rules.nurture
    if nurture is None:
        return
    yield Constants(
        "track",
        {"track_no": "INTEGER", "track": "VARCHAR"},
        tuple((no, each.id) for no, each in enumerate(nurture.tracks)),
    )
    yield Constants(
        "content",
        {"content_no": "INTEGER", "content": "VARCHAR"},
        tuple((no, each.id) for no, each in enumerate(nurture.content)),
    )
    yield Constants(
        "content_track", {"content_no": "INTEGER", "track_no": "INTEGER"}, tuple(_tracks(nurture))
    )
    yield Constants(
        "content_name",
        {"content_no": "INTEGER", "name": "VARCHAR"},
        tuple(
            (no, name)
            for no, each in enumerate(nurture.content)
            for name in sorted(_names(each))
            if each.where is None
        ),
    )
    topics = own_names(rules.interests) if rules.interests else {}
    yield Constants(
        "content_topic",
        {"content_no": "INTEGER", "topic": "VARCHAR"},
        tuple(
            (no, topic)
            for no, each in enumerate(nurture.content)
            for topic in sorted(
                {topics.get(folded_name(name), folded_name(name)) for name in each.topics}
            )
        ),
    )


def _tracks(nurture: Nurture) -> Iterator[tuple[int, int]]:
    for no, each in enumerate(nurture.content):
        for track_no, track in enumerate(nurture.tracks):
            if not each.tracks or track.id in each.tracks:
                yield no, track_no


def _names(content: Content) -> set[str]:
    """Return the folded texts that name a content in an attribute."""
    return {fold(name) for name in (content.id, *content.label.values())} - {""}


def steps(rules: RuleSet, *, has_interests: bool) -> Iterator[Step]:
    """Yield the steps from `outcome` to `nurture`. `has_interests`: there is a table of them."""
    nurture = rules.nurture
    if nurture is None:
        return
    yield Step("nurtured", _NURTURED)
    if not nurture.content:
        yield Step("nurture", _ALONE)
        return
    reads = has_interests and reads_interests(rules)
    yield Step("content_seen", _seen_sql(nurture))
    yield Step("reader", _reader_sql(has_interests=reads))
    yield Step("next_content", _next_sql(has_interests=reads), needs=("reader",))
    yield Step("nurture", _WITH_CONTENT)


def reads_interests(rules: RuleSet) -> bool:
    """Return whether what comes next depends on interests."""
    nurture = rules.nurture
    return nurture is not None and any(each.topics for each in nurture.content)


_NURTURED = """SELECT contact, track_no, is_with_sales, was_with_sales, handed_off
FROM outcome
WHERE may_nurture AND (is_with_sales OR track_no IS NOT NULL)"""


def _seen_sql(nurture: Nurture) -> str:
    """Return contact and content_no of what was seen."""
    parts = []
    if any(each.where is None for each in nurture.content):
        name = column(nurture.attribute, "a.a_", folded=True)
        parts.append(f"""SELECT DISTINCT a.contact, c.content_no
FROM activity AS a JOIN content_name AS c ON c.name = {name} CROSS JOIN moment AS m
WHERE NOT a.is_outbound AND a.occurred_us <= m.as_of_us""")
    told = [
        f"WHEN {no} THEN {condition_sql(each.where, 'a.a_')}"
        for no, each in enumerate(nurture.content)
        if each.where is not None
    ]
    if told:
        parts.append(f"""SELECT DISTINCT a.contact, c.content_no
FROM activity AS a CROSS JOIN content AS c CROSS JOIN moment AS m
WHERE NOT a.is_outbound AND a.occurred_us <= m.as_of_us
  AND CASE c.content_no {" ".join(told)} ELSE FALSE END""")
    return "\nUNION\n".join(parts)


def _reader_sql(*, has_interests: bool) -> str:
    """Return those of whom more is known than their track."""
    found = "SELECT DISTINCT contact FROM content_seen"
    return f"{found}\nUNION\nSELECT contact FROM interested" if has_interests else found


def _next_sql(*, has_interests: bool) -> str:
    """Return what comes next for readers: unseen, of their greatest interest, first in the file."""
    join = _LIKED if has_interests else ""
    rank = f"COALESCE(i.rank, {_LAST}), c.content_no" if has_interests else "c.content_no"
    return f"""SELECT contact, content_no
FROM (
  SELECT n.contact, c.content_no,
         ROW_NUMBER() OVER (PARTITION BY n.contact ORDER BY {rank}) AS place
  FROM nurtured AS n
  JOIN reader AS r ON r.contact = n.contact
  JOIN content_track AS c ON c.track_no = n.track_no
  LEFT JOIN content_seen AS s ON s.contact = n.contact AND s.content_no = c.content_no{join}
  WHERE s.contact IS NULL
) AS placed
WHERE place BETWEEN 1 AND 1"""


_LIKED = """
  LEFT JOIN (
    SELECT i.contact, t.content_no, MIN(i.rank) AS rank
    FROM interested AS i JOIN content_topic AS t ON t.topic = i.topic
    GROUP BY i.contact, t.content_no
  ) AS i ON i.contact = n.contact AND i.content_no = c.content_no"""

_RESULT = f"""CASE WHEN n.is_with_sales THEN '{PAUSED}' ELSE t.track END AS track,
       CASE WHEN NOT n.is_with_sales THEN {{content}} END AS content,
       CASE WHEN n.handed_off THEN CASE WHEN n.was_with_sales THEN '{PAUSED}' ELSE t.track END END
         AS untold_track,
       CASE WHEN n.handed_off AND NOT n.was_with_sales THEN {{content}} END AS untold_content"""

_ALONE = f"""SELECT n.contact, {_RESULT.format(content="CAST(NULL AS VARCHAR)")}
FROM nurtured AS n LEFT JOIN track AS t ON t.track_no = n.track_no
ORDER BY contact"""

_WITH_CONTENT = f"""SELECT n.contact, {_RESULT.format(content="c.content")}
FROM (
  SELECT n.contact, n.track_no, n.is_with_sales, n.was_with_sales, n.handed_off,
         CASE WHEN r.contact IS NULL THEN f.content_no ELSE x.content_no END AS content_no
  FROM nurtured AS n
  LEFT JOIN (
    SELECT track_no, MIN(content_no) AS content_no FROM content_track GROUP BY track_no
  ) AS f ON f.track_no = n.track_no
  LEFT JOIN reader AS r ON r.contact = n.contact
  LEFT JOIN next_content AS x ON x.contact = n.contact
) AS n
LEFT JOIN track AS t ON t.track_no = n.track_no
LEFT JOIN content AS c ON c.content_no = n.content_no
ORDER BY contact"""
