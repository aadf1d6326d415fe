"""Comparisons with the instant of evaluation, as comparisons with moments."""

import dataclasses

from connector.rules.conditions import All, AnyOf, Condition, Not, Op, Test
from connector.rules.model import RuleSet
from tests.reference.story import US_PER_DAY, Instant


def asked_at(rules: RuleSet, as_of: Instant) -> RuleSet:
    """Return what the rules of contacts ask at an instant."""
    personas = tuple(
        dataclasses.replace(
            persona,
            criteria=tuple(
                dataclasses.replace(each, condition=absolute(each.condition, as_of))
                for each in persona.criteria
            ),
        )
        for persona in rules.fit.personas
    )
    blockers = tuple(
        dataclasses.replace(each, where=absolute(each.where, as_of))
        for each in rules.hand_off.blockers
    )
    return dataclasses.replace(
        rules,
        contact_rules=tuple(
            dataclasses.replace(each, where=absolute(each.where, as_of))
            for each in rules.contact_rules
        ),
        fit=dataclasses.replace(rules.fit, personas=personas),
        hand_off=dataclasses.replace(rules.hand_off, blockers=blockers),
    )


def absolute(condition: Condition, as_of: Instant) -> Condition:
    """Return a condition that names moments where it named spans of days."""
    match condition:
        case All(parts=parts):
            return All(tuple(absolute(part, as_of) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(tuple(absolute(part, as_of) for part in parts))
        case Not(part=part):
            return Not(absolute(part, as_of))
        case Test():
            return _test(condition, as_of)


def _test(test: Test, as_of: Instant) -> Condition:
    def compared(op: Op, days: int) -> Test:
        return Test(test.name, test.kind, op, (as_of.us + days * US_PER_DAY,))

    if test.op is Op.WITHIN_LAST:
        return All((compared(Op.GT, -int(test.values[0])), compared(Op.LTE, 0)))
    if test.op is Op.LONGER_AGO:
        return compared(Op.LTE, -int(test.values[0]))
    if test.op is Op.WITHIN_NEXT:
        return All((compared(Op.GT, 0), compared(Op.LTE, int(test.values[0]))))
    return test
