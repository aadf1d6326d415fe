# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Which activity a contact's need is: of those counted at that instant, the one of greatest id.

Buckets forget ids, so the few activities of that instant are looked up again.
"""

from connector.rules import sql
from connector.rules.condition_sql import condition_sql
from connector.rules.counting import Numbered, Sources, bucket_of, key_of, not_replaced, source_of


def need_sql(needs: list[Numbered], sources: Sources) -> str:
    """Return {contact, need_activity}, read from `activity` and `outcome`."""
    plain = [each for each in needs if not each.rule.repeated and not each.rule.replaced_by]
    parts = [_plain_sql(plain)] if plain else []
    parts += [_bucketed_sql(each, sources) for each in needs if each not in plain]
    every = "\nUNION ALL\n".join(parts)
    return f"""SELECT contact, MAX(activity) AS need_activity
FROM (
{every}
) AS found
GROUP BY contact"""


def _plain_sql(needs: list[Numbered]) -> str:
    """Return the activities of rules that count the latest one whatever else there is."""
    cases = " ".join(
        f"WHEN {each.no} THEN {condition_sql(each.rule.where, 'a.a_')}" for each in needs
    )
    types = {activity for each in needs for activity in each.rule.activities}
    return f"""SELECT a.contact, a.activity
FROM activity AS a
JOIN outcome AS o ON o.contact = a.contact AND o.need_us = a.occurred_us
JOIN rule_type AS t ON t.type = a.type
WHERE NOT a.is_outbound AND a.type IN ({sql.texts(types)})
  AND CASE t.rule_no {cases} ELSE FALSE END"""


def _bucketed_sql(each: Numbered, sources: Sources) -> str:
    """Return the activities of a rule whose buckets may be dropped: those of one that stands."""
    key = f", {key_of(each)} AS bucket_key" if each.has_key else ""
    same_key = " AND b.bucket_key IS NOT DISTINCT FROM hit.bucket_key" if each.has_key else ""
    standing = not_replaced(each, sources) if each.rule.replaced_by else ""
    return f"""SELECT hit.contact, hit.activity
FROM (
  SELECT a.contact, a.activity, a.occurred_us, {bucket_of(each.rule, "a.day")} AS bucket{key}
  FROM activity AS a
  JOIN outcome AS o ON o.contact = a.contact AND o.need_us = a.occurred_us
  WHERE NOT a.is_outbound AND a.type IN ({sql.texts(frozenset(each.rule.activities))})
    AND {condition_sql(each.rule.where, "a.a_")}
) AS hit
JOIN {source_of(each.no, sources)} AS b ON b.contact = hit.contact AND b.rule_no = {each.no}
    AND b.bucket = hit.bucket AND b.occurred_us = hit.occurred_us{same_key}{standing}"""
