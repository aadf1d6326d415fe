"""What pydantic cannot see in `opportunities`: names that must agree, in the file and beyond."""

from collections.abc import Collection, Iterator, Mapping

from connector.config.document import DataPath
from connector.config.found import Found, Named, instead, is_key, names_in
from connector.config.mapping import CrmMapping
from connector.config.opportunity_rules import OpportunityRuleSection
from connector.config.rules_document import RulesDocument
from connector.config.where import Comparison, Where
from connector.config.wording import listed
from connector.domain.text import fold
from connector.rules.opportunities import RESULTS

_STAGES = ("suspect", "lead", "prospect", "client", "recycled", "disqualified")
_TEMPERATURES = ("cold", "warm", "hot")
_GRADES = ("A", "B", "C", "D", "U")


def rules_of(rules: RulesDocument) -> Mapping[DataPath, OpportunityRuleSection]:
    """Return {place: rule} of the rules of opportunities."""
    told = rules.opportunities.rules if rules.opportunities else ()
    return {("opportunities", "rules", place): rule for place, rule in enumerate(told)}


def check_opportunities(rules: RulesDocument, named: Named) -> Iterator[Found]:
    """Yield what does not agree within the section, and with the rest of the file."""
    if rules.opportunities is None:
        return
    groups = {*rules.opportunities.groups, *named.opportunity_groups}
    for path, rule in rules_of(rules).items():
        if rule.group is not None and rule.group not in groups:
            told = f"there is no group «{rule.group}» in «opportunities»"
            yield Found((*path, "group"), f"{told}{instead(rule.group, groups)}")
        score = rule.share.score if rule.share else None
        if score is not None and score not in rules.named_scores:
            told = f"there is no score «{score}»{instead(score, rules.named_scores)}"
            yield Found((*path, "share", "score"), told)
        if rule.contact is not None:
            yield from check_results(rules, named, rule.contact, (*path, "contact"))
    for name in rules.opportunities.groups:
        if name in rules.groups:
            yield Found(
                ("opportunities", "groups", name),
                f"«{name}» is a group of the rules for contacts already, and reasons go by its "
                "name: give it another",
                of_key=True,
            )


def check_results(
    rules: RulesDocument,
    named: Named,
    where: Where,
    path: DataPath,
    *,
    among: Collection[str] = RESULTS,
) -> Iterator[Found]:
    """Yield the grades, personas, stages and temperatures that there are not.

    `among`: the results that may be asked for.
    """
    personas = {*(persona.id for persona in rules.personas), *named.personas}
    known: Mapping[str, Collection[str]] = {
        "grade": _GRADES,
        "persona": personas,
        "stage": _STAGES,
        "temperature": _TEMPERATURES,
    }
    for place, name, comparison in _comparisons(where, path):
        values = {fold(value) for value in known.get(name, ())}
        for word, text in _texts(comparison):
            if name in known and name in among and fold(text) not in values:
                told = f"there is no {name} «{text}»{instead(text, known[name])}"
                yield Found((*place, word), told)


def _texts(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Yield each text that has to be the whole value, with the word of the comparison."""
    for op, values in comparison.operations():
        if op.key in ("equals", "in"):
            yield from ((op.key, value) for value in values if isinstance(value, str) and value)


def _comparisons(where: Where, path: DataPath) -> Iterator[tuple[DataPath, str, Comparison]]:
    for name, comparison in where.comparisons.items():
        yield (*path, name), name, comparison
    for key, parts in (("all", where.all_), ("any", where.any_)):
        for position, part in enumerate(parts or ()):
            yield from _comparisons(part, (*path, key, position))
    if where.not_ is not None:
        yield from _comparisons(where.not_, (*path, "not"))


def check_opportunities_against(rules: RulesDocument, mapping: CrmMapping) -> Iterator[Found]:
    """Yield what the rules look for and the mapping never yields."""
    written = mapping.opportunities.write.properties if mapping.opportunities else {}
    if rules.opportunities is None and written:
        to = listed(written.values(), "and")
        yield Found(
            (),
            f"the mapping writes the score of opportunities to {to}, and these rules give them "
            "none: add a section «opportunities», or take `write` out of the mapping's",
        )
    if rules.opportunities is None:
        return
    if mapping.opportunities is None:
        yield Found(
            ("opportunities",),
            "the mapping reads no opportunities, so that none would have a score: add a section "
            "«opportunities» to the mapping, or take this one out",
            of_key=True,
        )
        return
    shapes = mapping.shapes()
    for path, name in opportunity_fields_in(rules):
        if name not in shapes.of_opportunities:
            told = f"the mapping reads no field «{name}» of opportunities"
            yield Found(path, f"{told}{instead(name, shapes.of_opportunities)}", is_key(path, name))
    for path, name in people_in(rules):
        if name in RESULTS and name in shapes.fields:
            yield Found(
                path,
                f"«{name}» is what the rules say of the contact here, and the mapping reads a "
                "contact field of that name too: give the field another name in the mapping",
                is_key(path, name),
            )


def opportunity_fields_in(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield every mention of an opportunity's field."""
    for path, rule in rules_of(rules).items():
        if rule.where is not None:
            yield from names_in(rule.where, (*path, "where"))


def people_in(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield what rules of opportunities ask of contacts: fields, and results of the rules."""
    for path, rule in rules_of(rules).items():
        if rule.contact is not None:
            yield from names_in(rule.contact, (*path, "contact"))


def fields_of_people(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield every mention of a contact's field in rules of opportunities."""
    yield from ((path, name) for path, name in people_in(rules) if name not in RESULTS)
