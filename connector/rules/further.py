# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The scores beside the leading one: `docs/semantics.md` section 3 for each of them."""

from collections.abc import Iterator

from connector.rules import contact_lines, facts, gathered, reasons, sql
from connector.rules.counting import Numbered
from connector.rules.layers import layered, listed
from connector.rules.model import RuleSet, Score
from connector.rules.plan import Step


def check(rules: RuleSet) -> None:
    """Raise ValueError unless each rule and its group give points to one score that exists."""
    known = {None, *(score.id for score in rules.further)}
    if rules.score in known or len(known) != len(rules.further) + 1:
        raise ValueError("two scores have the same name")
    of_group = {group.id: group.score for group in rules.groups}
    if not {*(rule.score for rule in rules.giving), *of_group.values()} <= known:
        raise ValueError("a rule gives points to a score that does not exist")
    for rule in rules.giving:
        if rule.group in of_group and of_group[rule.group] != rule.score:
            message = f"rule {rule.id!r} and its group give points to different scores"
            raise ValueError(message)


def steps(rules: RuleSet, counting: list[Numbered]) -> Iterator[Step]:
    """Yield the steps of the further scores; none if there is only the leading one."""
    if not rules.further:
        return
    sources = {score.id: f"further_{number}" for number, score in enumerate(rules.further)}
    for score in rules.further:
        yield Step(sources[score.id], _sums_sql(rules, counting, score))
    parts = (
        f"SELECT contact, {sql.text(name)} AS score, raw, points FROM {source}"
        for name, source in sources.items()
    )
    yield Step("other_score", "\nUNION ALL\n".join(parts) + "\nORDER BY contact, score")
    yield Step("other_reason", reasons.other_reason_sql(rules, sources))


def _sums_sql(rules: RuleSet, counting: list[Numbered], score: Score) -> str:
    """Return one row for each contact: the sums of a score, `raw` and `points`."""
    sums = gathered.sums(rules, counting, score.id)
    return layered(
        {"contact": "c.contact", **{name: f"COALESCE(t.{name}, 0)" for name in sums}},
        f"""FROM contact AS c
LEFT JOIN (
SELECT contact,
    {listed(sums)}
FROM {contact_lines.source(rules)}
GROUP BY contact
) AS t ON t.contact = c.contact""",
        {
            "raw": facts.raw(rules, score.id),
            "points": f"CAST({facts.clamped('raw', score.lowest, score.highest)} AS BIGINT)",
        },
        {"contact", "raw", "points", *gathered.bounded_groups(rules, score.id)},
    )
