"""Rule set to plan: the steps that every engine runs, in order, and the tables that they join.

contact ─→ graded ─→ barred
activity, barred ─→ hit ─→ dated, keyed ─→ repeated ─→ line ─→ every_line
line, contact, activity, opportunity, state ─→ outcome ─→ clock ─→ sla ─→ score
outcome ─→ reason, move, pressing ─→ pressure, nurtured ─→ nurture
line ─→ further_0, … ─→ other_score, other_reason
opportunity, outcome, further_0, … ─→ taker ─→ taking_part, and from all of these the second turn
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping

from connector.rules import (
    accounts,
    buckets,
    contact_lines,
    counting,
    facts,
    further,
    gathered,
    handoff,
    hits,
    interests,
    layers,
    nurture,
    opportunities,
    pressure,
    reasons,
    robots,
    sla,
    stages,
)
from connector.rules.condition_sql import add_kind, kinds_of
from connector.rules.conditions import ALWAYS, Kind, Operator
from connector.rules.counting import Numbered
from connector.rules.model import ActivityRule, PerAttribute, RuleSet
from connector.rules.plan import (
    AccountPlan,
    CompiledRules,
    Constants,
    OpportunityPlan,
    Robots,
    Step,
)
from connector.rules.quarantine import Quarantine, Sign
from connector.rules.tables import SCORE


def compile_rules(rules: RuleSet) -> CompiledRules:
    """Return the plan of a rule set. Pure: the same rules give the same plan and hash.

    Raises ValueError for what no rules file can say: two rules of one id, a `replaced_by` between
    rules that make different buckets, a name used with two kinds, text that SQL cannot hold, a rule
    and its group that give points to different scores, a score or group that does not exist.
    """
    further.check(rules)
    opportunities.check(rules)
    counted = counting.numbered(rules)
    fields = _fields(rules, counted)
    tables = (
        *counting.constants(counted),
        reasons.names(rules),
        *interests.constants(rules),
        *pressure.constants(rules),
        *nurture.constants(rules),
    )
    steps = tuple(_steps(rules, counted, fields))
    second = opportunities.plan(rules)
    return CompiledRules(
        hash=_hash(rules, tables, steps, second),
        constants=tables,
        steps=steps,
        fields=fields,
        attributes=_attributes(rules),
        robots=_robots(rules.quarantine),
        account=_account(rules, fields),
        opportunities=second,
        hours=rules.hand_off.working,
        longest_clock=max(rules.hand_off.sla.need, rules.hand_off.sla.points),
    )


def _robots(quarantine: Quarantine) -> Robots:
    """Return what tells robots from people."""
    looks_across = quarantine.has(Sign.WHOLE_DOMAIN)
    return Robots(
        flag=tuple(robots.flag_steps(quarantine)),
        suspect=tuple(robots.suspect_steps(quarantine)) if looks_across else (),
        recipient=tuple(robots.recipient_steps(quarantine)) if looks_across else (),
        has_signs=bool(quarantine.signs),
        least_recipients=quarantine.recipients,
    )


def _account(rules: RuleSet, fields: Mapping[str, Kind]) -> AccountPlan | None:
    """Return how accounts are put together; None where no condition looks at them."""
    account = rules.account
    if account is None or not accounts.FACTS.keys() & fields.keys():
        return None
    role = account.role
    return AccountPlan(
        own=compile_rules(accounts.own_rules(rules)),
        key=accounts.key_column(account.by, account.kind),
        role=None if role is None else accounts.key_column(role, account.role_kind),
        summary=Step("summary", accounts.summary_sql(account)),
    )


def _fields(rules: RuleSet, counted: list[Numbered]) -> Mapping[str, Kind]:
    """Return the contact fields that the rules look at; names and addresses are text by default."""
    criteria = [each for persona in rules.fit.personas for each in persona.criteria]
    kinds = dict(
        kinds_of(
            [
                *(each.condition for each in criteria),
                *(each.where for each in rules.hand_off.blockers),
                *(each.where for each in rules.contact_rules),
                *nurture.conditions(rules),
            ]
        )
    )
    for each in criteria:
        add_kind(kinds, each.field, each.kind)
    of_people = opportunities.contact_fields(rules)
    for name, kind in (*of_people.items(), *hits.contact_fields(counted).items()):
        add_kind(kinds, name, kind)
    if rules.account is not None and accounts.FACTS.keys() & kinds.keys():
        add_kind(kinds, rules.account.by, rules.account.kind)
        if rules.account.role is not None:
            add_kind(kinds, rules.account.role, rules.account.role_kind)
    for name in (*rules.hand_off.name_fields, *rules.hand_off.reach_fields):
        kinds.setdefault(name, Kind.TEXT)
    add_kind(kinds, "email", Kind.TEXT)  # what people say of quarantine may be of a mail domain
    return dict(sorted(kinds.items()))


def _attributes(rules: RuleSet) -> Mapping[str, Kind]:
    """Return the activity attributes that the rules look at."""
    conditions = [each.where for each in rules.rules]
    conditions += rules.quarantine.conditions
    if rules.interests is not None:
        conditions += [topic.where for topic in rules.interests.topics if topic.where]
    content = rules.nurture.content if rules.nurture else ()
    conditions += [each.where for each in content if each.where]
    kinds = dict(kinds_of(conditions))
    for each in rules.rules:
        if isinstance(each.once_per, PerAttribute):
            add_kind(kinds, each.once_per.attribute, each.once_per.kind)
    for name, kind in robots.attributes_of(rules.quarantine).items():
        add_kind(kinds, name, kind)
    if rules.interests is not None and rules.interests.attribute:
        add_kind(kinds, rules.interests.attribute, Kind.TEXT)
    if rules.nurture is not None and any(each.where is None for each in content):
        add_kind(kinds, rules.nurture.attribute, Kind.TEXT)
    return dict(sorted(kinds.items()))


def _steps(rules: RuleSet, counted: list[Numbered], fields: Mapping[str, Kind]) -> Iterator[Step]:
    """Yield the whole plan."""
    yield from hits.barred_steps(rules, counted)
    if counted:
        yield hits.hit_step(counted)
    yield from buckets.steps(counted)
    yield from contact_lines.steps(rules)
    yield from sla.touch_steps(rules)
    yield Step("outcome", _outcome_sql(rules, counted, fields))
    yield from sla.steps(rules)
    yield Step("score", _score_sql())
    yield Step("reason", reasons.reason_sql(rules))
    yield Step("move", stages.move_sql(rules))
    yield from further.steps(rules, counted)
    yield from interests.steps(rules, counted, are_read=nurture.reads_interests(rules))
    yield from pressure.steps(rules)
    yield from nurture.steps(rules, has_interests=interests.has_any(rules, counted))
    yield from opportunities.steps(rules)


def _outcome_sql(rules: RuleSet, counted: list[Numbered], fields: Mapping[str, Kind]) -> str:
    """Return one row for each contact: facts, stage, temperature and hand-off."""
    return layers.layered(
        facts.read(rules, counted, fields),
        gathered.source(rules, counted, facts.own(rules, fields)),
        {
            **facts.facts(rules, counted),
            **stages.judged(rules),
            **handoff.judged(rules),
            **nurture.judged(rules),
        },
        {
            *(SCORE.keys() - sla.ONLY_FROM_CLOCK),
            *gathered.bounded_groups(rules),
            *stages.ASKED_BY_MOVES,
            *sla.ASKED,
            *nurture.asked(rules),
        },
    )


def _score_sql() -> str:
    """Return the score table: what came out, and what the clock of the hand-off says."""
    told = {**{name: f"o.{name}" for name in SCORE}, **sla.FROM_CLOCK}
    columns = ",\n  ".join(
        f"CAST({told[name]} AS {kind}) AS {name}" for name, kind in SCORE.items()
    )
    return f"""SELECT
  {columns}
{sla.SOURCE}
ORDER BY contact"""


def _hash(
    rules: RuleSet,
    tables: tuple[Constants, ...],
    steps: tuple[Step, ...],
    second: OpportunityPlan | None,
) -> str:
    """Return the SHA-256 of rules and plan."""
    parts = [rules, tables, steps, *([second] if second else [])]
    whole = json.dumps([_canonical(part) for part in parts], sort_keys=True)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


_ABSENT: Mapping[tuple[type, str], object] = {
    (RuleSet, "opportunities"): None,
    (ActivityRule, "contact"): ALWAYS,
}
"""{class and part: what stands there if a rules file says nothing of it}."""


def _canonical(value: object) -> object:
    """Return a value as JSON, the same for equal values; its class is a part of what it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {
            field.name: _canonical(getattr(value, field.name))
            for field in dataclasses.fields(value)
            # Rules keep the hash that they had before there was such a part, if they have none:
            # with a new one, every contact would be evaluated anew.
            if _ABSENT.get((type(value), field.name), ...) != getattr(value, field.name)
        }
        return {"class": type(value).__name__, **parts}
    if isinstance(value, Mapping):
        return {str(key): _canonical(part) for key, part in value.items()}
    if isinstance(value, Operator):
        return value.key
    if isinstance(value, frozenset):
        return sorted(str(part) for part in value)
    if isinstance(value, tuple | list):
        return [_canonical(part) for part in value]
    return value
