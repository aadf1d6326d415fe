# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""What a contact is interested in: `docs/semantics.md`, «Interests», as settings and as SQL.

- `topical_rule`: the rules that may count an activity with a topic, and those that replace them,
- `interest_hit`, `interest_kept`: what these count, activity by activity, since buckets of days
  have forgotten which activity it was,
- `interest_line`: what each counted activity with a topic brings,
- `interest`: the same by topic.

Activities without a topic cost no more than the looking, where no other of their rule has one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.domain.text import fold
from connector.rules import sql
from connector.rules.condition_sql import column, condition_sql
from connector.rules.conditions import Condition
from connector.rules.counting import Numbered, Way, period, period_of
from connector.rules.hits import key_column, of_rule, wheres
from connector.rules.layers import Columns, listed
from connector.rules.model import Interests, Repeated, RuleSet
from connector.rules.plan import Constants, Step

MOST_TOPICS = 10
"""So many topics of one activity count, the first of its attribute."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked: the rules that give points, those that replace them, and about topics."""

    interests: Interests
    rules: list[Numbered]

    @property
    def giving(self) -> list[Numbered]:
        """The rules whose points make interests."""
        return [each for each in self.rules if each.rule.points and each.rule.score is None]

    @property
    def replaced(self) -> Mapping[int, int]:
        """The rules that another replaces, with that other."""
        numbers = {each.rule.id: each.no for each in self.rules}
        return {
            each.no: numbers[each.rule.replaced_by]
            for each in self.giving
            if each.rule.replaced_by in numbers
        }

    @property
    def told(self) -> Mapping[int, Condition]:
        """The topics that conditions tell, by their numbers."""
        topics = enumerate(self.interests.topics)
        return {no: topic.where for no, topic in topics if topic.where}


def _asked(rules: RuleSet, counted: list[Numbered]) -> _Asked | None:
    """Return what is asked; None if nothing is, or nothing could answer."""
    if rules.interests is None:
        return None
    if not rules.interests.attribute and not any(each.where for each in rules.interests.topics):
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


def has_any(rules: RuleSet, counted: list[Numbered]) -> bool:
    """Return whether contacts may have interests."""
    return _asked(rules, counted) is not None


def steps(rules: RuleSet, counted: list[Numbered], *, are_read: bool = False) -> Iterator[Step]:
    """Yield the steps from `activity` to `interest`.

    `are_read`: other steps read them too, in the table `interested`.
    """
    asked = _asked(rules, counted)
    if asked is None:
        return
    yield Step("topical_rule", _rule_sql(asked))
    yield Step("interest_hit", _hit_sql(asked), needs=("topical_rule",))
    yield Step("interest_kept", _kept_sql(asked), needs=("interest_hit",))
    yield Step("interest_line", _line_sql(asked), needs=("interest_kept",))
    if are_read:
        yield Step("interested", _interest_sql(asked), needs=("interest_line",))
        yield Step("interest", _INTERESTED, needs=("interested",))
    else:
        yield Step("interest", _interest_sql(asked), needs=("interest_line",))


_INTERESTED = "SELECT contact, topic, spelling, points, rank FROM interested ORDER BY contact, rank"


# ------------------------------------------------------- which activities count


def _rule_sql(asked: _Asked) -> str:
    """Return the rules that look at activities with topics, and those that replace them."""
    numbers = [each.no for each in asked.giving]
    replacing = "".join(
        f"\nUNION\nSELECT {other} AS rule_no FROM found WHERE rule_no = {no}"
        for no, other in asked.replaced.items()
    )
    return f"""WITH found AS (
  SELECT DISTINCT r.rule_no
  FROM rule_type AS r
  JOIN (SELECT DISTINCT a.type FROM activity AS a WHERE {_has_topic(asked)}) AS t
    ON t.type = r.type
  WHERE {sql.is_among("r.rule_no", numbers)}
)
SELECT rule_no FROM found{replacing}"""


def _has_topic(asked: _Asked) -> str:
    """Return whether an activity has a topic, or may have one."""
    ways = [condition_sql(condition, "a.a_") for condition in asked.told.values()]
    if asked.interests.attribute:
        ways.append(f"{column(asked.interests.attribute, 'a.a_', folded=True)} <> ''")
    return sql.any_of(ways)


def _hit_sql(asked: _Asked) -> str:
    """Return the activities that meet these rules, with what tells their topics."""
    keys = {each.no: _key(each) for each in asked.rules}
    conditions = "".join(f"\n  AND {part}" for part in wheres(asked.rules))
    return f"""SELECT a.contact, t.rule_no, a.activity, a.day, a.occurred_us,
       (a.day + t.shift) // t.days AS bucket, {of_rule(keys)} AS bucket_key,
       {listed(_topic_columns(asked))}
FROM activity AS a
JOIN (
  SELECT r.type, r.rule_no, r.days, r.shift, m.as_of_us, m.as_of_day - r.reach AS after_day
  FROM rule_type AS r JOIN topical_rule AS q ON q.rule_no = r.rule_no CROSS JOIN moment AS m
) AS t ON t.type = a.type
WHERE NOT a.is_outbound AND a.occurred_us <= t.as_of_us AND a.day > t.after_day{conditions}"""


def _topic_columns(asked: _Asked) -> Columns:
    """Return what tells the topics of an activity: its own words, and which conditions hold."""
    told = {f"is_{no}": condition_sql(each, "a.a_") for no, each in asked.told.items()}
    if not asked.interests.attribute:
        return told
    raw, folded = (
        column(asked.interests.attribute, "a.a_", folded=is_folded) for is_folded in (False, True)
    )
    return {"words": f"NULLIF({folded}, '')", "spelled": raw, **told}


def _key(each: Numbered) -> str:
    """Return what tells the buckets of a rule apart, beside their days."""
    if each.way is Way.KEYED:
        return key_column(each)
    return "a.activity" if _is_of_one(each) else "CAST(NULL AS VARCHAR)"


def _is_of_one(each: Numbered) -> bool:
    """Return whether every activity counts for itself."""
    return each.way is Way.SINGLE or (each.counts_days and not each.has_key)


def _kept_sql(asked: _Asked) -> str:
    """Return the latest activity of each bucket, of rules with `repeated` of those that fire."""
    alone = [each for each in asked.rules if _is_of_one(each)]
    others = [each for each in asked.rules if not _is_of_one(each)]
    parts = [_fired_sql(asked, alone)] if alone else []
    if others:
        parts.append(f"""SELECT {_kept_columns(asked)}
FROM (
  SELECT f.*, ROW_NUMBER() OVER (
    PARTITION BY contact, rule_no, bucket, bucket_key ORDER BY occurred_us DESC, activity DESC
  ) AS place
  FROM (
{_fired_sql(asked, others)}
  ) AS f
) AS placed
WHERE place BETWEEN 1 AND 1""")
    return "\nUNION ALL\n".join(parts)


def _kept_columns(asked: _Asked) -> str:
    own = ("contact", "rule_no", "activity", "day", "occurred_us", "bucket", "bucket_key")
    return ", ".join((*own, *_topic_columns(asked)))


def _fired_sql(asked: _Asked, rules: list[Numbered]) -> str:
    """Return the activities of rules; of those with `repeated` the ones on which it fired."""
    others = [each.no for each in rules if not each.rule.repeated]
    parts = [_repeated_sql(asked, each, each.rule.repeated) for each in rules if each.rule.repeated]
    if others:
        parts.append(
            f"    SELECT {_kept_columns(asked)}"
            f" FROM interest_hit WHERE {sql.is_among('rule_no', others)}"
        )
    return "\n    UNION ALL\n".join(parts)


def _repeated_sql(asked: _Asked, each: Numbered, repeated: Repeated) -> str:
    # So far they have a bucket for each day.
    bucket = period_of("day", each.period)
    columns = _kept_columns(asked).replace(" bucket,", f" {bucket} AS bucket,")
    return f"""    SELECT {columns}
    FROM (
      SELECT h.*, SUM(1) OVER (
        PARTITION BY contact
        ORDER BY day RANGE BETWEEN {repeated.within - 1} PRECEDING AND CURRENT ROW
      ) AS seen
      FROM interest_hit AS h WHERE rule_no = {each.no}
    ) AS so_often
    WHERE seen >= {repeated.count}"""


# ------------------------------------------------------------ what they bring


def _line_sql(asked: _Asked) -> str:
    """Return what each counted activity with a topic brings, by each rule that counts it."""
    topics = ", ".join(_topic_columns(asked))
    return f"""SELECT aged.contact, aged.activity, aged.rule_no, w.micro_points AS points,
       {", ".join(f"aged.{name}" for name in _topic_columns(asked))}
FROM (
  SELECT k.contact, k.activity, k.rule_no, {topics},
         r.slot, r.last_age, r.ends, {sql.age_of_day("k.day")} AS age
  FROM (
{_counted_sql(asked)}
  ) AS k
  JOIN contact AS c ON c.contact = k.contact
  JOIN rule AS r ON r.rule_no = k.rule_no
  CROSS JOIN moment AS m
) AS aged
JOIN worth AS w ON w.slot = aged.slot
  + CASE WHEN aged.age < aged.last_age THEN aged.age ELSE aged.last_age END
WHERE aged.age < aged.ends"""


def _counted_sql(asked: _Asked) -> str:
    """Return what counts of what was kept: not what is replaced, nor what is beyond `at_most`."""
    limited = {each.no for each in asked.giving if each.rule.at_most}
    special = [each for each in asked.giving if each.no in limited | asked.replaced.keys()]
    plain = [each.no for each in asked.giving if each not in special]
    is_told = sql.any_of(_is_told(asked))
    parts = [_special_sql(asked, each, is_told) for each in special]
    if plain:
        parts.append(
            f"    SELECT * FROM interest_kept WHERE {sql.is_among('rule_no', plain)} AND {is_told}"
        )
    return "\n    UNION ALL\n".join(parts)


def _is_told(asked: _Asked) -> list[str]:
    """Return the ways in which a kept activity may have a topic."""
    named = ["words IS NOT NULL"] if asked.interests.attribute else []
    return [*named, *(f"is_{no}" for no in asked.told)]


def _special_sql(asked: _Asked, each: Numbered, is_told: str) -> str:
    """Return what one rule with `replaced_by` or `at_most` counts."""
    left = f"SELECT k.* FROM interest_kept AS k WHERE k.rule_no = {each.no}"
    if each.no in asked.replaced:
        left = f"""SELECT k.* FROM interest_kept AS k
        LEFT JOIN interest_kept AS o ON o.contact = k.contact
          AND o.rule_no = {asked.replaced[each.no]} AND o.bucket = k.bucket
          AND o.bucket_key IS NOT DISTINCT FROM k.bucket_key
        WHERE k.rule_no = {each.no} AND o.contact IS NULL"""
    if not each.rule.at_most:
        return f"    SELECT * FROM (\n        {left}\n    ) AS standing WHERE {is_told}"
    most, per = each.rule.at_most.count, each.rule.at_most.per
    share = f", {period_of('day', period(per))}" if per else ""
    return f"""    SELECT {_kept_columns(asked)}
    FROM (
      SELECT standing.*, ROW_NUMBER() OVER (
        PARTITION BY contact{share} ORDER BY occurred_us DESC, activity DESC
      ) AS place
      FROM (
        {left}
      ) AS standing
    ) AS placed
    WHERE place BETWEEN 1 AND {most} AND {is_told}"""


def _interest_sql(asked: _Asked) -> str:
    """Return what counted activities bring, summed by topic, the most first."""
    return f"""SELECT contact, topic, spelling, points, rank
FROM (
  SELECT contact, topic, MIN(spelling) AS spelling, CAST(SUM(points) AS BIGINT) AS points,
         ROW_NUMBER() OVER (PARTITION BY contact ORDER BY SUM(points) DESC, topic) AS rank
  FROM (
{_topics_sql(asked)}
  ) AS told
  GROUP BY contact, topic
) AS ranked
WHERE points > 0 AND rank <= {asked.interests.top}
ORDER BY contact, rank"""


def _topics_sql(asked: _Asked) -> str:
    """Return the lines by topic, each topic of an activity once: contact, topic, spelling, points.

    Most activities have one topic, by its name; the others are looked through for repeats.
    """
    told = [_told_sql(asked)] if asked.told else []
    if not asked.interests.attribute:
        return told[0]
    one, several = _named_sql(_ONE), _named_sql(_SEVERAL)
    if told:
        return _once("\n  UNION ALL\n".join((one, several, *told)))
    return f"{one}\n  UNION ALL\n{_once(several)}"


def _once(sources: str) -> str:
    """Return lines with each topic of an activity once."""
    return f"""  SELECT contact, activity, rule_no, topic, MIN(spelling) AS spelling,
         MIN(points) AS points
  FROM (
{sources}
  ) AS repeated
  GROUP BY contact, activity, rule_no, topic"""


_ONE = """    SELECT l.contact, l.activity, l.rule_no, l.points, trim(l.words) AS name,
           trim(l.spelled) AS spelling
    FROM interest_line AS l
    WHERE strpos(l.words, ';') = 0"""

# Folding takes no semicolon away but may add some; then only the folded parts can be told apart.
_SEVERAL = """    SELECT l.contact, l.activity, l.rule_no, l.points,
           trim(split_part(l.words, ';', t.place)) AS name,
           trim(split_part(
             CASE WHEN length(l.spelled) - length(replace(l.spelled, ';', '')) = l.semicolons
               THEN l.spelled ELSE l.words END, ';', t.place
           )) AS spelling
    FROM (
      SELECT several.*, length(words) - length(replace(words, ';', '')) AS semicolons
      FROM interest_line AS several
      WHERE strpos(words, ';') > 0
    ) AS l
    CROSS JOIN topic_place AS t
    WHERE t.place <= l.semicolons + 1"""


def _named_sql(words: str) -> str:
    """Return the topics that stand in the attribute, under the names that the rules give them."""
    return f"""  SELECT p.contact, p.activity, p.rule_no, COALESCE(n.topic, p.name) AS topic,
         CASE WHEN n.topic IS NULL THEN p.spelling ELSE n.topic END AS spelling, p.points
  FROM (
{words}
  ) AS p
  LEFT JOIN topic_name AS n ON n.name = p.name
  WHERE p.name <> ''"""


def _told_sql(asked: _Asked) -> str:
    """Return the topics that conditions tell."""
    cases = " ".join(f"WHEN {no} THEN is_{no}" for no in asked.told)
    return f"""  SELECT l.contact, l.activity, l.rule_no, t.topic, t.topic AS spelling, l.points
  FROM interest_line AS l CROSS JOIN topic AS t
  WHERE CASE t.topic_no {cases} ELSE FALSE END"""
