"""An office that scores opportunities: its rules, its deals."""

from dataclasses import replace
from functools import cache

from connector.domain.contact import Contact, Opportunity
from connector.domain.ids import OpportunityId, RuleId
from connector.domain.moment import micros
from connector.domain.numbers import MILLION
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind, Test
from connector.rules.model import Opportunities, OpportunityRule, RuleSet, Share
from connector.rules.operators import Op
from connector.rules.plan import CompiledRules
from tests.fakes.clock import FakeClock
from tests.fakes.crm import OF_OPPORTUNITIES
from tests.sync.office import DAY, RULES, Office

D = OpportunityId("D1")
SCORE, WHY = OF_OPPORTUNITIES
LARGE = Test("amount", Kind.NUMBER, Op.GTE, (10_000 * MILLION,))
OPERATIONS = Test("job_title", Kind.TEXT, Op.CONTAINS, ("operations",))
SCORED = replace(
    RULES,
    opportunities=Opportunities(
        (
            OpportunityRule(
                RuleId("large"),
                {"en": "A large deal", "fr": "Une grande affaire"},
                points=20 * MILLION,
                where=LARGE,
            ),
            OpportunityRule(
                RuleId("decides"),
                {"en": "Operations take part", "fr": "L’exploitation participe"},
                points=15 * MILLION,
                contact=OPERATIONS,
            ),
            OpportunityRule(
                RuleId("engaged"),
                {"en": "Engagement", "fr": "Engagement"},
                share=Share(of_sum=True, percent=50),
            ),
        )
    ),
)


@cache
def compiled_scored() -> CompiledRules:
    """Return `SCORED` as a plan."""
    return compile_rules(SCORED)


def scores(
    office: Office, rules: RuleSet = SCORED, properties: tuple[str, ...] = ("score", "reasons")
) -> Office:
    """Let an office score opportunities."""
    named = dict(zip(("score", "reasons"), OF_OPPORTUNITIES, strict=True))
    office.settings = replace(
        office.settings,
        rules=rules,
        compiled=compiled_scored() if rules is SCORED else compile_rules(rules),
        opportunity_properties={name: named[name] for name in properties},
    )
    return office


def deal(
    clock: FakeClock, *contacts: Contact, amount: int | None = None, id_: str = "D1"
) -> Opportunity:
    """Return an open deal, made yesterday."""
    return Opportunity(
        OpportunityId(id_),
        contacts=tuple(each.id for each in contacts),
        created_us=micros(clock.now() - DAY),
        changed_us=micros(clock.now() - DAY),
        amount=None if amount is None else amount * MILLION,
        written=dict.fromkeys(OF_OPPORTUNITIES),
    )
