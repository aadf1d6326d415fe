"""What pydantic cannot see in a rules file: names that must agree, in it and with the mapping."""

from collections.abc import Iterator, Mapping

from connector.config.account_rules import ContactRuleSection
from connector.config.activity_rules import PERIODS, RuleSection
from connector.config.amounts import whole_days
from connector.config.document import DataPath
from connector.config.found import Found, Named, instead, is_key, names_in, repeated
from connector.config.mapping import CrmMapping
from connector.config.nurture_check import (
    attributes_of_nurture,
    check_nurture,
    check_pressure,
    fields_of_nurture,
)
from connector.config.opportunity_check import (
    check_opportunities,
    check_opportunities_against,
    check_results,
    fields_of_people,
    rules_of,
)
from connector.config.rules_document import RulesDocument
from connector.config.where import Where, relative_in
from connector.rules.accounts import FACTS
from connector.rules.fit import RESULTS as OF_FIT


def check_alone(rules: RulesDocument, named: Named) -> Iterator[Found]:
    """Yield what does not agree within the file."""
    every = {**rules.giving, **rules_of(rules)}
    yield from repeated([((*path, "id"), rule.id) for path, rule in every.items()])
    yield from repeated(
        [(("personas", no, "id"), persona.id) for no, persona in enumerate(rules.personas)]
    )
    blockers = enumerate(rules.hand_off.blockers)
    yield from repeated(
        [(("hand_off", "blockers", no, "id"), blocker.id) for no, blocker in blockers]
    )
    yield from _accounts(rules)
    yield from _own_points(rules, named)
    yield from _relative(rules)
    yield from _routes(rules)
    if rules.interests is not None:
        topics = enumerate(rules.interests.topics)
        yield from repeated([(("interests", "topics", no, "id"), topic.id) for no, topic in topics])
    yield from _scores(rules)
    yield from _questions(rules)
    yield from _groups(rules, named)
    yield from _replacements(rules, named)
    yield from check_nurture(rules, named)
    yield from check_pressure(rules)
    yield from check_opportunities(rules, named)


def _relative(rules: RulesDocument) -> Iterator[Found]:
    for position, rule in enumerate(rules.rules):
        if rule.where is None:
            continue
        for path, word in relative_in(rule.where, ("rules", position, "where")):
            message = (
                f"«{word}» is for contacts; by its age an activity fades: say so with `decay`, for "
                "example `decay: {expire_after: 30d}`"
            )
            yield Found(path, message, of_key=True)
    for position, topic in enumerate(rules.interests.topics if rules.interests else ()):
        if topic.where is None:
            continue
        for path, word in relative_in(topic.where, ("interests", "topics", position, "where")):
            message = (
                f"«{word}» does not go here: what an activity is about is the same on every day"
            )
            yield Found(path, message, of_key=True)


def _routes(rules: RulesDocument) -> Iterator[Found]:
    """Yield what a route cannot ask: it looks at a contact's fields, as they are."""
    for position, route in enumerate(rules.hand_off.routing):
        path: DataPath = ("hand_off", "routing", position, "where")
        if route.where is None:
            continue
        for where, word in relative_in(route.where, path):
            yield Found(
                where,
                f"«{word}» does not go here: routes look at fields, not at the day",
                of_key=True,
            )
        for where, name in names_in(route.where, path):
            if name in FACTS:
                yield Found(
                    where,
                    f"«{name}» does not go here: routes look at fields, not at accounts",
                    of_key=True,
                )


def _accounts(rules: RulesDocument) -> Iterator[Found]:
    """Yield the facts of accounts that nothing tells."""
    for path, name in fields_in(rules):
        if name not in FACTS:
            continue
        if rules.account is None:
            message = (
                f"«{name}» needs to know who is of one account: add `account: {{by: company}}`"
            )
            yield Found(path, message, is_key(path, name))
        elif name == "account_roles" and rules.account.role is None:
            message = "«account_roles» needs to tell roles apart: add `role` to «account»"
            yield Found(path, message, is_key(path, name))


def _own_points(rules: RulesDocument, named: Named) -> Iterator[Found]:
    """Yield where an account is asked for what its facts are made of, and what there is not."""
    for path, where in _whose_points(rules):
        yield from check_results(rules, named, where, path, among=OF_FIT)
        for place, name in names_in(where, path):
            if name in FACTS:
                yield Found(
                    place,
                    f"«{name}» does not go here: it is made of the points that activities give",
                    is_key(place, name),
                )


def _groups(rules: RulesDocument, named: Named) -> Iterator[Found]:
    for path, rule in rules.giving.items():
        if rule.group is not None and rule.group not in {*rules.groups, *named.groups}:
            yield Found(
                (*path, "group"),
                f"there is no group «{rule.group}»{instead(rule.group, rules.groups)}",
            )


def _scores(rules: RulesDocument) -> Iterator[Found]:
    scores = rules.named_scores
    mentions: list[tuple[DataPath, str | None]] = [(("stages", "score"), rules.stages.score)]
    mentions += [((*path, "score"), rule.score) for path, rule in rules.giving.items()]
    for path, name in mentions:
        if name is not None and name not in scores:
            yield Found(path, f"there is no score «{name}»{instead(name, scores)}")
    of_group: dict[str, RuleSection | ContactRuleSection] = {}
    for path, rule in rules.giving.items():
        if rule.group is None:
            continue
        first = of_group.setdefault(rule.group, rule)
        if rules.score_of(rule) != rules.score_of(first):
            yield Found(
                (*path, "group"),
                f"the group «{rule.group}» caps points of «{rules.score_of(first)}» "
                f"(rule «{first.id}»), and this rule gives points to «{rules.score_of(rule)}»: "
                "give each score groups of its own",
            )


def _questions(rules: RulesDocument) -> Iterator[Found]:
    fields = {one.field for persona in rules.personas for one in persona.criteria}
    for name in rules.fit.questions:
        if name not in fields:
            yield Found(
                ("fit", "questions", name),
                f"no persona looks at the field «{name}»{instead(name, fields)}",
                of_key=True,
            )


def _replacements(rules: RulesDocument, named: Named) -> Iterator[Found]:
    by_id = {rule.id: rule for rule in reversed(rules.rules)}
    for position, rule in enumerate(rules.rules):
        is_faulty = rule.replaced_by in named.rules and rule.replaced_by not in by_id
        message = "" if is_faulty else _wrong_replacement(rule, by_id)
        if message:
            yield Found(("rules", position, "replaced_by"), message)


def _wrong_replacement(rule: RuleSection, by_id: Mapping[str, RuleSection]) -> str:
    """Return what is wrong with the rule that replaces this one; empty if nothing is."""
    if rule.replaced_by is None:
        return ""
    other = by_id.get(rule.replaced_by)
    if other is None:
        return f"there is no rule «{rule.replaced_by}»{instead(rule.replaced_by, by_id)}"
    if attribute_of(rule) is None or attribute_of(rule) != attribute_of(other):
        return (
            f"«{rule.id}» and «{other.id}» must have the same attribute as «once_per», "
            "for example event: it tells which one replaces which"
        )
    if rule.id in _followed(other, by_id):
        return f"«{rule.id}» and «{other.id}» replace each other: nothing would be left"
    return ""


def _followed(rule: RuleSection, by_id: Mapping[str, RuleSection]) -> list[str]:
    """Return the ids met by following `replaced_by` from a rule, itself the first, each once."""
    met: list[str] = []
    while rule.id not in met:
        met.append(rule.id)
        rule = by_id.get(rule.replaced_by or "", rule)
    return met


def attribute_of(rule: RuleSection) -> str | None:
    """Return the attribute that `once_per` names; None if it names a period."""
    word = rule.once_per
    if word in ("each", "ever") or word in PERIODS or whole_days(word):
        return None
    return word


def check_against_mapping(rules: RulesDocument, mapping: CrmMapping) -> Iterator[Found]:
    """Yield what the rules look for and the mapping never yields: such a rule would never fire."""
    shapes = mapping.shapes()
    yield from _types(rules, mapping)
    yield from _written_scores(rules, mapping)
    yield from check_opportunities_against(rules, mapping)
    others = (*_quarantined_by(rules), *_topics_by(rules), *attributes_of_nurture(rules))
    for path, name in (*attributes_in(rules), *others):
        if name not in shapes.attributes:
            yield Found(
                path,
                f"no activity of the mapping has the attribute «{name}»"
                f"{instead(name, shapes.attributes)}",
                is_key(path, name),
            )
    for path, where in _whose_points(rules):
        for place, name in names_in(where, path):
            if name in OF_FIT and name in shapes.fields:
                yield Found(
                    place,
                    f"«{name}» is what the personas make of the contact here, and the mapping "
                    "reads a contact field of that name too: give the field another name in the "
                    "mapping",
                    is_key(place, name),
                )
    for path, name in fields_in(rules):
        if name not in shapes.fields and name not in FACTS:
            yield Found(
                path,
                f"the mapping reads no contact field «{name}»{instead(name, shapes.fields)}",
                is_key(path, name),
            )


def _written_scores(rules: RulesDocument, mapping: CrmMapping) -> Iterator[Found]:
    place = "scores" if rules.scores is not None else "score"
    for name in mapping.write.scores:
        if name not in rules.named_scores:
            yield Found(
                (place,),
                f"the mapping writes a score «{name}», which these rules do not have"
                f"{instead(name, rules.named_scores)}",
                of_key=True,
            )


def _types(rules: RulesDocument, mapping: CrmMapping) -> Iterator[Found]:
    for position, rule in enumerate(rules.rules):
        for number, name in enumerate(rule.activity):
            if name not in mapping.types:
                yield Found(
                    ("rules", position, "activity", number),
                    f"no activity of the mapping is of the type «{name}»"
                    f"{instead(name, mapping.types)}",
                )


def attributes_in(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield every mention of an activity's attribute."""
    for position, rule in enumerate(rules.rules):
        if rule.where:
            yield from names_in(rule.where, ("rules", position, "where"))
        attribute = attribute_of(rule)
        if attribute:
            yield ("rules", position, "once_per"), attribute


def _topics_by(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield the attributes by which topics are told; the default one may be missing."""
    if rules.interests is None:
        return
    if "attribute" in rules.interests.model_fields_set:
        yield ("interests", "attribute"), rules.interests.attribute
    for position, topic in enumerate(rules.interests.topics):
        if topic.where:
            yield from names_in(topic.where, ("interests", "topics", position, "where"))


def _quarantined_by(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield the attributes that the section names itself: a default that is not read does no harm.

    No CRM gives all of them.
    """
    if rules.quarantine is not None:
        for path, name, _ in rules.quarantine.named():
            if path:
                yield ("quarantine", *path), name


def fields_in(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield every mention of a contact's field."""
    for position, persona in enumerate(rules.personas):
        for number, criterion in enumerate(persona.criteria):
            yield ("personas", position, "criteria", number, "field"), criterion.field
    for position, blocker in enumerate(rules.hand_off.blockers):
        yield from names_in(blocker.where, ("hand_off", "blockers", position, "where"))
    for position, route in enumerate(rules.hand_off.routing):
        if route.where:
            yield from names_in(route.where, ("hand_off", "routing", position, "where"))
    for position, rule in enumerate(rules.contact_rules):
        yield from names_in(rule.where, ("contact_rules", position, "where"))
    for path, where in _whose_points(rules):
        yield from ((place, name) for place, name in names_in(where, path) if name not in OF_FIT)
    yield from fields_of_nurture(rules)
    yield from fields_of_people(rules)
    yield from _fields_of_account(rules)
    yield from _fields_to_reach(rules)


def _whose_points(rules: RulesDocument) -> Iterator[tuple[DataPath, Where]]:
    """Yield the conditions on contacts of activity rules and of scores."""
    for position, rule in enumerate(rules.rules):
        if rule.contact is not None:
            yield ("rules", position, "contact"), rule.contact
    if rules.scores is None and rules.score.contact is not None:
        yield ("score", "contact"), rules.score.contact
    for name, score in (rules.scores or {}).items():
        if score.contact is not None:
            yield ("scores", name, "contact"), score.contact


def _fields_of_account(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    if rules.account is not None:
        yield ("account", "by"), rules.account.by
    if rules.account is not None and rules.account.role is not None:
        yield ("account", "role"), rules.account.role


def _fields_to_reach(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    for key, names in (
        ("name_fields", rules.hand_off.name_fields),
        ("reach_fields", rules.hand_off.reach_fields),
    ):
        if key in rules.hand_off.model_fields_set:  # a default that is not read does no harm
            for number, name in enumerate(names):
                yield ("hand_off", key, number), name
