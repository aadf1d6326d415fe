# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""What a contact is interested in: `docs/semantics.md`, «Interests», as settings and as SQL.

- `topical`: the topics of activities, as their attribute names them or as conditions tell,
- `interest_hit`, `interest_kept`: of contacts with topics, what each rule counts, activity by
  activity: buckets of days have forgotten which activity it was,
- `interest`: what counted activities bring, by topic.

Contacts without a topic cost no more than the looking.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.domain.text import fold
from connector.rules import sql
from connector.rules.condition_sql import column, condition_sql
from connector.rules.conditions import ALWAYS, Condition
from connector.rules.counting import Numbered, Way, period, period_of
from connector.rules.hits import key_column, of_rule, wheres
from connector.rules.model import Interests, Repeated, RuleSet
from connector.rules.plan import Constants, Step

MOST_TOPICS = 10
"""So many topics of one activity count, the first of its attribute."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked: the rules that give points, those that replace them, and about topics."""

    interests: Interests
    rules: list[Numbered]


def _asked(rules: RuleSet, counted: list[Numbered]) -> _Asked | None:
    """Return what is asked; None if nothing is, or no rule could answer."""
    if rules.interests is None:
        return None
    giving = [each for each in counted if each.rule.points and each.rule.score is None]
    by_id = {each.rule.id: each for each in counted}
    chosen = {each.no: each for each in giving}
    for each in giving:
        if each.rule.replaced_by in by_id:
            other = by_id[each.rule.replaced_by]
            chosen[other.no] = other
    return _Asked(rules.interests, [chosen[no] for no in sorted(chosen)]) if giving else None


def constants(rules: RuleSet) -> Iterator[Constants]:
    """Yield the places of topics in an attribute, and how declared topics are called."""
    if rules.interests is None:
        return
    places = tuple((place,) for place in range(1, MOST_TOPICS + 1))
    yield Constants("topic_place", {"place": "INTEGER"}, places)
    names = own_names(rules.interests)
    yield Constants("topic_name", {"name": "VARCHAR", "topic": "VARCHAR"}, tuple(names.items()))
    told = tuple((no, topic.id) for no, topic in enumerate(rules.interests.topics))
    yield Constants("topic", {"topic_no": "INTEGER", "topic": "VARCHAR"}, told)


def own_names(interests: Interests) -> Mapping[str, str]:
    """Return {folded name: id} of the topics that the rules name, by id and by label."""
    return {
        folded_name(name): topic.id
        for topic in reversed(interests.topics)
        for name in (topic.id, *topic.label.values())
    }


def folded_name(name: str) -> str:
    """Return the name of a topic as topics compare."""
    return fold(name).strip(" ")


def steps(rules: RuleSet, counted: list[Numbered]) -> Iterator[Step]:
    """Yield the steps from `activity` to `interest`."""
    asked = _asked(rules, counted)
    if asked is None:
        return
    yield Step("topical", _topical_sql(asked))
    yield Step("interest_hit", _hit_sql(asked), needs=("topical",))
    yield Step("interest_kept", _kept_sql(asked), needs=("interest_hit",))
    yield Step("interest", _interest_sql(asked), needs=("interest_kept",))


def _topical_sql(asked: _Asked) -> str:
    """Return the topics of each activity that some rule may count, each once."""
    types = {kind for each in asked.rules for kind in each.rule.activities}
    where = f"NOT a.is_outbound AND a.occurred_us <= m.as_of_us AND a.type IN ({sql.texts(types)})"
    parts = []
    if asked.interests.attribute:
        parts.append(_named_sql(asked.interests.attribute, where))
    told = {no: topic.where for no, topic in enumerate(asked.interests.topics) if topic.where}
    if told:
        parts.append(_told_sql(told, where))
    every = "\n  UNION ALL\n".join(parts) or _NO_TOPIC
    return f"""SELECT contact, activity, topic, MIN(spelling) AS spelling
FROM (
{every}
) AS found
GROUP BY contact, activity, topic"""


_NO_TOPIC = """  SELECT a.contact, a.activity, a.type AS topic, a.type AS spelling
  FROM activity AS a WHERE FALSE"""


def _named_sql(attribute: str, where: str) -> str:
    """Return the topics that stand in the attribute, with `;` between them."""
    raw, folded = column(attribute, "a.a_"), column(attribute, "a.a_", folded=True)
    semicolons = "length({0}) - length(replace({0}, ';', ''))"
    # A text may have more of them once it is folded; then only the folded parts can be told apart.
    is_alike = f"{semicolons.format(raw)} = {semicolons.format(folded)}"
    spelled = f"CASE WHEN {is_alike} THEN {raw} ELSE {folded} END"
    return f"""  SELECT p.contact, p.activity, COALESCE(n.topic, p.name) AS topic,
         CASE WHEN n.topic IS NULL THEN p.spelling ELSE n.topic END AS spelling
  FROM (
    SELECT a.contact, a.activity, trim(split_part({folded}, ';', t.place)) AS name,
           trim(split_part({spelled}, ';', t.place)) AS spelling
    FROM activity AS a CROSS JOIN moment AS m CROSS JOIN topic_place AS t
    WHERE {where} AND {folded} <> ''
  ) AS p
  LEFT JOIN topic_name AS n ON n.name = p.name
  WHERE p.name <> ''"""


def _told_sql(told: Mapping[int, Condition], where: str) -> str:
    """Return the topics that conditions tell."""
    cases = " ".join(
        f"WHEN {no} THEN {condition_sql(condition, 'a.a_')}" for no, condition in told.items()
    )
    return f"""  SELECT a.contact, a.activity, t.topic, t.topic AS spelling
  FROM activity AS a CROSS JOIN moment AS m CROSS JOIN topic AS t
  WHERE {where} AND CASE t.topic_no {cases} ELSE FALSE END"""


def _hit_sql(asked: _Asked) -> str:
    """Return the activities that meet rules, of the contacts that have a topic."""
    keys = {each.no: _key(each) for each in asked.rules}
    conditions = "".join(
        f"\n  AND {part}"
        for part in wheres([each for each in asked.rules if each.rule.where != ALWAYS])
    )
    numbers = [each.no for each in asked.rules]
    return f"""SELECT a.contact, t.rule_no, a.activity, a.day, a.occurred_us,
       (a.day + t.shift) // t.days AS bucket, {of_rule(keys)} AS bucket_key
FROM activity AS a
JOIN (SELECT DISTINCT contact FROM topical) AS c ON c.contact = a.contact
JOIN (
  SELECT r.type, r.rule_no, r.days, r.shift, m.as_of_us, m.as_of_day - r.reach AS after_day
  FROM rule_type AS r CROSS JOIN moment AS m
  WHERE {sql.is_among("r.rule_no", numbers)}
) AS t ON t.type = a.type
WHERE NOT a.is_outbound AND a.occurred_us <= t.as_of_us AND a.day > t.after_day{conditions}"""


def _key(each: Numbered) -> str:
    """Return what tells the buckets of a rule apart, beside their days."""
    if each.way is Way.KEYED:
        return key_column(each)
    is_of_one = each.way is Way.SINGLE or each.counts_days
    return "a.activity" if is_of_one else "CAST(NULL AS VARCHAR)"


def _kept_sql(asked: _Asked) -> str:
    """Return the latest activity of each bucket, of rules with `repeated` of those that fire."""
    others = [each.no for each in asked.rules if not each.rule.repeated]
    parts = [_fired_sql(each, each.rule.repeated) for each in asked.rules if each.rule.repeated]
    if others:
        parts.append(
            f"    SELECT {_COLUMNS} FROM interest_hit WHERE {sql.is_among('rule_no', others)}"
        )
    fired = "\n    UNION ALL\n".join(parts)
    return f"""SELECT contact, rule_no, activity, day, occurred_us, bucket, bucket_key
FROM (
  SELECT f.*, ROW_NUMBER() OVER (
    PARTITION BY contact, rule_no, bucket, bucket_key ORDER BY occurred_us DESC, activity DESC
  ) AS place
  FROM (
{fired}
  ) AS f
) AS placed
WHERE place = 1"""


_COLUMNS = "contact, rule_no, activity, day, occurred_us, bucket, bucket_key"


def _fired_sql(each: Numbered, repeated: Repeated) -> str:
    # So far they have a bucket for each day.
    bucket = period_of("day", each.period)
    return f"""    SELECT contact, rule_no, activity, day, occurred_us, {bucket} AS bucket,
           bucket_key
    FROM (
      SELECT h.*, SUM(1) OVER (
        PARTITION BY contact
        ORDER BY day RANGE BETWEEN {repeated.within - 1} PRECEDING AND CURRENT ROW
      ) AS seen
      FROM interest_hit AS h WHERE rule_no = {each.no}
    ) AS so_often
    WHERE seen >= {repeated.count}"""


def _interest_sql(asked: _Asked) -> str:
    """Return what counted activities bring, summed by topic, the most first."""
    giving = [each for each in asked.rules if each.rule.points and each.rule.score is None]
    others = {each.rule.id: each.no for each in asked.rules}
    replaced = {
        each.no: str(others[each.rule.replaced_by])
        for each in giving
        if each.rule.replaced_by in others
    }
    shares = {
        each.no: period_of("k.day", period(each.rule.at_most.per))
        for each in giving
        if each.rule.at_most and each.rule.at_most.per
    }
    other = _case("k.rule_no", replaced, "NULL")
    share = _case("k.rule_no", shares, "0")
    numbers = [each.no for each in giving]
    most = {each.no: str(each.rule.at_most.count) for each in giving if each.rule.at_most}
    limit = _case("kept.rule_no", most, "NULL")
    return f"""SELECT contact, topic, spelling, points, rank
FROM (
  SELECT t.contact, t.topic, MIN(t.spelling) AS spelling, CAST(SUM(w.points) AS BIGINT) AS points,
         ROW_NUMBER() OVER (
           PARTITION BY t.contact ORDER BY SUM(w.points) DESC, t.topic
         ) AS rank
  FROM topical AS t
  JOIN (
    SELECT aged.contact, aged.activity, SUM(w.micro_points) AS points
    FROM (
      SELECT kept.contact, kept.activity, r.slot, r.last_age, r.ends,
             {sql.age_of_day("kept.day")} AS age
      FROM (
        SELECT asked.*, ROW_NUMBER() OVER (
          PARTITION BY contact, rule_no, share ORDER BY occurred_us DESC, activity DESC
        ) AS place
        FROM (
          SELECT k.*, {share} AS share
          FROM (SELECT k.*, CAST({other} AS INTEGER) AS other FROM interest_kept AS k
                WHERE {sql.is_among("k.rule_no", numbers)}) AS k
          LEFT JOIN interest_kept AS o ON o.contact = k.contact AND o.rule_no = k.other
            AND o.bucket = k.bucket AND o.bucket_key IS NOT DISTINCT FROM k.bucket_key
          WHERE o.contact IS NULL
        ) AS asked
      ) AS kept
      JOIN rule AS r ON r.rule_no = kept.rule_no
      CROSS JOIN moment AS m
      WHERE COALESCE(kept.place <= {limit}, TRUE)
    ) AS aged
    JOIN worth AS w ON w.slot = aged.slot
      + CASE WHEN aged.age < aged.last_age THEN aged.age ELSE aged.last_age END
    WHERE aged.age < aged.ends
    GROUP BY aged.contact, aged.activity
  ) AS w ON w.contact = t.contact AND w.activity = t.activity
  JOIN contact AS c ON c.contact = t.contact
  GROUP BY t.contact, t.topic
) AS ranked
WHERE points > 0 AND rank <= {asked.interests.top}
ORDER BY contact, rank"""


def _case(of: str, values: Mapping[int, str], otherwise: str) -> str:
    """Return {rule number: expression} as one expression."""
    whens = " ".join(f"WHEN {no} THEN {expression}" for no, expression in values.items())
    return f"CASE {of} {whens} ELSE {otherwise} END" if whens else otherwise
