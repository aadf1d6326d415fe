"""Comparisons with the instant of evaluation: it becomes the last of their literals."""

import dataclasses

from connector.rules.conditions import All, AnyOf, Condition, Not, Test
from connector.rules.model import Nurture, RuleSet
from tests.reference.conditions import MEANINGS
from tests.reference.story import Instant


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
        rules=tuple(
            dataclasses.replace(each, contact=absolute(each.contact, as_of)) for each in rules.rules
        ),
        contact_rules=tuple(
            dataclasses.replace(each, where=absolute(each.where, as_of))
            for each in rules.contact_rules
        ),
        fit=dataclasses.replace(rules.fit, personas=personas),
        hand_off=dataclasses.replace(rules.hand_off, blockers=blockers),
        nurture=rules.nurture and nurture_at(rules.nurture, as_of),
    )


def nurture_at(nurture: Nurture, as_of: Instant) -> Nurture:
    """Return what marketing asks of contacts at an instant."""
    return dataclasses.replace(
        nurture,
        where=absolute(nurture.where, as_of),
        tracks=tuple(
            dataclasses.replace(each, where=absolute(each.where, as_of)) for each in nurture.tracks
        ),
    )


def absolute(condition: Condition, as_of: Instant) -> Condition:
    """Return a condition that names the instant wherever it compares with it."""
    match condition:
        case All(parts=parts):
            return All(tuple(absolute(part, as_of) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(tuple(absolute(part, as_of) for part in parts))
        case Not(part=part):
            return Not(absolute(part, as_of))
        case Test(op=op, values=values) if MEANINGS[op.key].is_relative:
            return dataclasses.replace(condition, values=(*values, as_of.us))
        case Test():
            return condition
