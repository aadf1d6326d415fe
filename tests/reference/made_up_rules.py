"""Rule sets made up at random: every feature, odd texts, edges. One generator for small examples
that Hypothesis shrinks (it hands in a `Random` of its own) and for runs over many contacts."""

import dataclasses
from random import Random

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.accounts import KINDS
from connector.rules.conditions import ALWAYS, Condition, Kind, Not, Test
from connector.rules.decay import IN_DAYS, Constant, Curve, Decay, Steps
from connector.rules.model import (
    Account,
    ActivityRule,
    AtMost,
    Blocker,
    Bucket,
    ContactRule,
    Criterion,
    Each,
    Ever,
    Fit,
    Group,
    HandOff,
    PerAttribute,
    PerDays,
    Persona,
    Repeated,
    RuleSet,
    SalesWork,
    Score,
    Stages,
)
from connector.rules.operators import Op
from tests.reference.made_up_conditions import ATTRIBUTES, FIELDS, likely, make_condition
from tests.reference.made_up_interests import with_interests
from tests.reference.made_up_marketing import (
    make_nurture,
    make_pressure,
    make_sla,
    make_working,
)
from tests.reference.made_up_opportunities import with_opportunities

TYPES = (
    "page",
    "paper",
    "webinar",
    "demo",
    "call",
    "email_sent",
    "meeting_booked",
    "meeting_cancelled",
    "ad",
)
ASKED_ON = (20_514, 20_541, 20_751, 20_752)
"""Days around which there are days off: some of those on which made-up stories are evaluated."""
POINTS = (0, 1, 2, 3, 5, 10, 15, 20, 50, -5, -10, -15)
ODD_POINTS = (1, -1, 500_000, 1_500_000, 2_333_333, -333_333, 100_000 * MILLION, -10_000 * MILLION)
SPANS = (1, 2, 7, 14, 30, 60, 90)


def make_rule_set(random: Random) -> RuleSet:
    """Return any rule set that a rules file may state."""
    rules = [make_rule(random, no) for no in range(random.choice((0, 1, 2, 4, 7, 11)))]
    stages = make_stages(random)
    further = make_further(random)
    account = make_account(random)
    groups = shared_out(random, make_groups(random), further)
    fit = make_fit(random, account)
    made = RuleSet(
        rules=tuple(
            dataclasses.replace(each, contact=make_whom(random, fit))
            if likely(random, 15)
            else each
            for each in of_their_scores(random, replace_some(random, rules), groups, further)
        ),
        contact_rules=make_contact_rules(random, groups, further, account),
        groups=groups,
        fit=fit,
        stages=stages,
        hand_off=make_hand_off(random, stages, account),
        sales=SalesWork() if likely(random, 70) else make_sales(random),
        lowest=random.choice((0, 0, -50, 10)) * MILLION,
        highest=random.choice((100, 100, 60)) * MILLION,
        further=further,
        account=account,
        pressure=make_pressure(random, TYPES) if likely(random, 60) else None,
        nurture=make_nurture(random, known_fields(account), fit) if likely(random, 60) else None,
    )
    if likely(random, 40):
        made = with_interests(random, made)
    return with_opportunities(random, made, known_fields(account)) if likely(random, 50) else made


# ---------------------------------------------------------------- rules of activities


def make_rule(random: Random, no: int) -> ActivityRule:
    """Return a rule; a later step may let another replace it."""
    return ActivityRule(
        id=RuleId(f"rule_{no}"),
        label={"en": f"Rule {no}"},
        activities=tuple(random.sample(TYPES, random.choice((1, 2, 4, 6)))),
        points=make_points(random),
        where=ALWAYS if likely(random, 60) else make_condition(random, ATTRIBUTES),
        once_per=make_bucket(random),
        at_most=make_at_most(random) if likely(random, 30) else None,
        repeated=make_repeated(random) if likely(random, 15) else None,
        decay=make_decay(random),
        group=random.choice((None, "mail", "web", "need")),
        family=random.choice(("", "web", "mail", "need")),
        is_need=likely(random, 20),
    )


def make_whom(random: Random, fit: Fit) -> Condition:
    """Return whom a rule is for: by fields, or by what the personas make of a contact."""
    if likely(random, 60):
        return make_condition(random, FIELDS)
    personas = [persona.id for persona in fit.personas] or ["nobody"]
    name, known = random.choice((("grade", list("ABCDUa")), ("persona", personas)))
    value, is_exact = random.choice(known), likely(random, 30)
    test = Test(name, Kind.TEXT, random.choice((Op.EQUALS, Op.NOT_IN)), (value,), is_exact)
    return Not(test) if likely(random, 25) else test


def make_points(random: Random) -> int:
    """Return usual points mostly."""
    if likely(random, 85):
        return random.choice(POINTS) * MILLION
    return random.choice(ODD_POINTS)


def make_bucket(random: Random) -> Bucket:
    """Return any `once_per`."""
    attribute = random.choice(sorted(ATTRIBUTES))
    return random.choice(
        (
            Each(),
            PerAttribute("asset"),
            PerAttribute(attribute, ATTRIBUTES[attribute]),
            PerDays(random.choice(SPANS)),
            Ever(),
        )
    )


def make_at_most(random: Random) -> AtMost:
    """Return any `at_most`."""
    return AtMost(random.choice((1, 2, 3)), random.choice((None, 1, 7, 30)))


def make_repeated(random: Random) -> Repeated:
    """Return any `repeated`."""
    return Repeated(random.choice((1, 2, 3)), random.choice((1, 2, 7, 30)))


def make_decay(random: Random) -> Decay:
    """Return any decay. Few never expire: their tables are long."""
    expire_after = 365 if likely(random, 70) else random.choice((1, 7, 30, 400))
    if likely(random, 3):
        return Decay(make_curve(random), random.choice((0, 30)), None)
    return Decay(make_curve(random), random.choice((0, 0, 0, 1, 30)), expire_after)


def make_curve(random: Random) -> Curve:
    """Return any curve."""
    days = random.choice(SPANS)
    steps = ((days, 500_000), (days + random.choice(SPANS), random.choice((0, 333_333))))
    in_days: list[Curve] = [kind(*range(days, days + len(kind.names()))) for kind in IN_DAYS]
    return random.choice((Constant(), *in_days, Steps(steps)))


def replace_some(random: Random, rules: list[ActivityRule]) -> list[ActivityRule]:
    """Let rules be replaced by others with the same `once_per`."""
    replaced = []
    for rule in rules:
        others = [
            other.id for other in rules if other is not rule and other.once_per == rule.once_per
        ]
        by = random.choice(others) if others and likely(random, 40) else None
        replaced.append(dataclasses.replace(rule, replaced_by=by))
    return replaced


def make_groups(random: Random) -> tuple[Group, ...]:
    """Return the groups of all rules, in any order, with and without limits."""
    names = random.sample(("mail", "web", "need"), 3)
    return tuple(Group(name, {"en": name}, *make_limits(random)) for name in names)


def make_limits(random: Random) -> tuple[int | None, int | None]:
    """Return a cap at or above 0 and a floor at or below 0; each may be missing."""
    cap = random.choice((None, 0, 5, 25, 30))
    floor = random.choice((None, None, 0, -8))
    return cap and cap * MILLION, floor and floor * MILLION


# ---------------------------------------------------------------- rules of contacts


def make_contact_rules(
    random: Random,
    groups: tuple[Group, ...],
    further: tuple[Score, ...],
    account: Account | None,
) -> tuple[ContactRule, ...]:
    """Return a few rules that give points for what a contact, or its account, is."""
    scores = (None, *(each.id for each in further))
    made = []
    for no in range(random.choice((0, 0, 0, 1, 3))):
        group = random.choice((None, *groups))
        made.append(
            ContactRule(
                RuleId(f"is_{no}"),
                {"en": f"Is {no}"},
                make_points(random),
                make_condition(random, known_fields(account)),
                group=group.id if group else None,
                score=group.score if group else random.choice(scores),
            )
        )
    return tuple(made)


def make_account(random: Random) -> Account | None:
    """Return by what contacts belong together, if anything is to be known of accounts."""
    if likely(random, 60):
        return None
    role = random.choice((None, "email", "employees"))
    return Account(
        by="job_title",
        role=role,
        role_kind=FIELDS[role] if role else Kind.TEXT,
        engaged_from=random.choice((0, 1, 10, 50)) * MILLION,
        sum_cap=random.choice((None, 30 * MILLION)),
    )


def known_fields(account: Account | None) -> dict[str, Kind]:
    """Return what conditions on contacts may look at: its account most often, if it has one."""
    if account is None:
        return FIELDS
    facts = {name: kind for name, kind in KINDS.items() if name != "account_roles" or account.role}
    return {**facts, "employees": FIELDS["employees"], "job_title": FIELDS["job_title"]}


# ---------------------------------------------------------------- several scores


def make_further(random: Random) -> tuple[Score, ...]:
    """Return the scores beside the leading one, most often none."""
    names = ("risk", "interest")[: random.choice((0, 0, 1, 2))]
    return tuple(
        Score(name, random.choice((0, -5)) * MILLION, random.choice((100, 12)) * MILLION)
        for name in names
    )


def shared_out(
    random: Random, groups: tuple[Group, ...], further: tuple[Score, ...]
) -> tuple[Group, ...]:
    """Let each group give points to any one score."""
    scores = (None, *(each.id for each in further))
    return tuple(dataclasses.replace(each, score=random.choice(scores)) for each in groups)


def of_their_scores(
    random: Random,
    rules: list[ActivityRule],
    groups: tuple[Group, ...],
    further: tuple[Score, ...],
) -> list[ActivityRule]:
    """Let each rule give points to the score of its group, or to any."""
    scores = (None, *(each.id for each in further))
    of_group = {each.id: each.score for each in groups}
    return [
        dataclasses.replace(
            rule, score=of_group[rule.group] if rule.group else random.choice(scores)
        )
        for rule in rules
    ]


# ---------------------------------------------------------------- settings


def make_fit(random: Random, account: Account | None = None) -> Fit:
    """Return up to three personas."""
    fields = known_fields(account)
    personas = tuple(make_persona(random, no, fields) for no in range(random.choice((0, 1, 2, 3))))
    return Fit(personas, known_enough=random.choice((0, 1, 40, 40, 50, 100)))


def make_persona(random: Random, no: int, fields: dict[str, Kind]) -> Persona:
    """Return a persona of up to four criteria; a condition may look at more than its own field."""
    criteria = []
    for _ in range(random.choice((1, 2, 3, 4))):
        name = random.choice(sorted(fields))
        kinds = {name: fields[name]} if likely(random, 80) else fields
        condition = make_condition(random, kinds)
        criteria.append(Criterion(name, fields[name], condition, random.choice((1, 1, 2, 3, 7))))
    return Persona(f"persona_{no}", {"en": f"Persona {no}"}, tuple(criteria))


def make_stages(random: Random) -> Stages:
    """Return settings in which bands lie in order."""
    warm_leave, warm_enter, hot_leave, hot_enter = random.choice(
        ((15, 20, 40, 50), (15, 20, 40, 50), (1, 1, 2, 2), (3, 10, 10, 12))
    )
    return Stages(
        not_engaging=frozenset(random.sample(TYPES, random.choice((0, 1, 3)))),
        warm_enter=warm_enter * MILLION,
        warm_leave=warm_leave * MILLION,
        hot_enter=hot_enter * MILLION,
        hot_leave=hot_leave * MILLION,
        fall_after_hours=random.choice((24, 24, 1, 48)),
        need_valid_days=random.choice((90, 30, 1)),
        untouched_prospect_days=random.choice((60, 30, 1)),
        hot_probability=random.choice((500_000, 600_000)),
        cold_probability=random.choice((300_000, 0)),
        meeting_replaced_within_days=random.choice((14, 1, 30)),
        cooling_off_days=random.choice((60, 10, 1)),
    )


def make_hand_off(random: Random, stages: Stages, account: Account | None = None) -> HandOff:
    """Return settings of the gates; the threshold is not below the band that forgets it."""
    return HandOff(
        threshold=max(stages.hot_leave, random.choice((stages.hot_enter, 10 * MILLION))),
        families=random.choice((0, 1, 2, 3)),
        families_within_days=random.choice((30, 7, 1)),
        not_rejected_within_days=random.choice((60, 30, 1)),
        name_fields=random.choice((("first_name",), ("first_name", "job_title"))),
        reach_fields=random.choice((("email",), ("email", "job_title"))),
        blockers=tuple(
            Blocker(
                f"blocker_{no}",
                {"en": ""},
                make_condition(random, known_fields(account)),
                unless_need=likely(random, 40),
            )
            for no in range(random.choice((0, 0, 1, 2)))
        ),
        sla=make_sla(random),
        working=make_working(random, random.choice(ASKED_ON)),
    )


def make_sales(random: Random) -> SalesWork:
    """Return any types as the work of sales, none at all too."""

    def some() -> frozenset[str]:
        return frozenset(random.sample(TYPES, random.choice((0, 1, 2))))

    return SalesWork(touch=some(), meeting_obtained=some(), meeting_lost=some())
