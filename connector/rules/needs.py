# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Which activity a contact's need is: of those counted at that instant, the one of greatest id.

Buckets forget ids, so the few hits of that instant are looked up again.
"""

from connector.rules import sql
from connector.rules.buckets import Sources, not_replaced, source_of
from connector.rules.counting import Numbered, period_of


def need_sql(needs: list[Numbered], sources: Sources) -> str:
    """Return {contact, need_activity}, read from `hit` and `outcome`."""
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
    return f"""SELECT h.contact, h.activity
FROM hit AS h
JOIN outcome AS o ON o.contact = h.contact AND o.need_us = h.occurred_us
WHERE {sql.is_among("h.rule_no", [each.no for each in needs])}"""


def _bucketed_sql(each: Numbered, sources: Sources) -> str:
    """Return the activities of a rule whose buckets may be dropped: those of one that stands."""
    key = "h.bucket_key" if each.has_key else "CAST(NULL AS VARCHAR)"
    bucket = period_of("h.day", each.period) if each.rule.repeated else "h.bucket"
    same_key = " AND b.bucket_key IS NOT DISTINCT FROM found.bucket_key" if each.has_key else ""
    standing = not_replaced(each, sources) if each.rule.replaced_by else ""
    return f"""SELECT found.contact, found.activity
FROM (
  SELECT h.contact, h.activity, h.occurred_us, {bucket} AS bucket, {key} AS bucket_key
  FROM hit AS h
  JOIN outcome AS o ON o.contact = h.contact AND o.need_us = h.occurred_us
  WHERE h.rule_no = {each.no}
) AS found
JOIN {source_of(each.no, sources)} AS b ON b.contact = found.contact AND b.rule_no = {each.no}
    AND b.bucket = found.bucket AND b.occurred_us = found.occurred_us{same_key}{standing}"""
