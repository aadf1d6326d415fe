"""Says each rule of a rule set in a sentence, in English or French."""

from collections.abc import Iterator, Sequence

from connector.domain.numbers import from_millionths
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Op, Test
from connector.rules.decay import Constant, Curve, Decay, HalfLife, Linear, Steps
from connector.rules.explain import Words
from connector.rules.model import (
    ActivityRule,
    Bucket,
    Each,
    Ever,
    Group,
    Label,
    PerAttribute,
    RuleSet,
)

_SAID: dict[str, Label] = {
    "rule": {"en": "{label}: {points} points", "fr": "{label} : {points} points"},
    "need": {"en": "an explicit need", "fr": "besoin exprimé"},
    "when": {"en": "when {condition}", "fr": "si {condition}"},
    "once_ever": {"en": "once ever", "fr": "une seule fois"},
    "once_day": {"en": "once a day", "fr": "une fois par jour"},
    "once_week": {"en": "once a week", "fr": "une fois par semaine"},
    "once_days": {"en": "once in {n} days", "fr": "une fois en {n} jours"},
    "once_each": {"en": "once for each {name}", "fr": "une fois par {name}"},
    "at_most": {"en": "the latest {n} count", "fr": "les {n} dernières comptent"},
    "at_most_per": {
        "en": "the latest {n} in {days} days count",
        "fr": "les {n} dernières en {days} jours comptent",
    },
    "repeated": {
        "en": "from the {n}th time within {days} days",
        "fr": "à partir de la {n}e fois en {days} jours",
    },
    "replaced": {"en": "replaced by «{label}»", "fr": "remplacé par « {label} »"},
    "hold": {"en": "in full for {n} days", "fr": "entier pendant {n} jours"},
    "half_life": {"en": "halved every {n} days", "fr": "divisé par deux tous les {n} jours"},
    "linear": {"en": "falling to nothing in {n} days", "fr": "décroissant jusqu’à 0 en {n} jours"},
    "step": {"en": "{share} % from day {n}", "fr": "{share} % dès le jour {n}"},
    "constant": {"en": "without decay", "fr": "sans décroissance"},
    "expires": {"en": "gone after {n} days", "fr": "expire après {n} jours"},
    "to_score": {"en": "for the score «{label}»", "fr": "pour le score « {label} »"},
    "leads": {
        "en": "The score «{label}» moves stages and hands off",
        "fr": "Le score « {label} » fait avancer les étapes et transmet aux ventes",
    },
    "cap": {"en": "{label}: {cap} points at most", "fr": "{label} : {cap} points au plus"},
    "floor": {"en": "{label}: {floor} points at least", "fr": "{label} : {floor} points au moins"},
    "group": {"en": "in group «{label}»", "fr": "dans le groupe « {label} »"},
    "hand_off": {
        "en": "Handed to sales at {n} points, or on an explicit need, if all gates are open",
        "fr": "Transmis aux ventes à {n} points, ou sur besoin exprimé, si tout est réuni",
    },
    "and": {"en": " and ", "fr": " et "},
    "or": {"en": " or ", "fr": " ou "},
    "not": {"en": "not ({part})", "fr": "pas ({part})"},
    "true": {"en": "yes", "fr": "oui"},
    "false": {"en": "no", "fr": "non"},
}

_OPS: dict[Op, Label] = {
    Op.EQUALS: {"en": "is", "fr": "est"},
    Op.IN: {"en": "is one of", "fr": "est parmi"},
    Op.NOT_IN: {"en": "is none of", "fr": "n’est pas parmi"},
    Op.CONTAINS: {"en": "contains", "fr": "contient"},
    Op.MATCHES: {"en": "matches", "fr": "correspond à"},
    Op.GTE: {"en": "is at least", "fr": "est au moins"},
    Op.GT: {"en": "is more than", "fr": "est plus que"},
    Op.LTE: {"en": "is at most", "fr": "est au plus"},
    Op.LT: {"en": "is less than", "fr": "est moins que"},
}
_EXISTS: dict[bool, Label] = {
    True: {"en": "is known", "fr": "est connu"},
    False: {"en": "is unknown", "fr": "est inconnu"},
}


def sentences(rules: RuleSet, language: str) -> Sequence[str]:
    """Return one sentence for each rule, then each group, then the hand-off."""
    speaker = _Speaker(Words(rules, language))
    said = [speaker.rule(rule) for rule in rules.rules]
    said += [sentence for group in rules.groups for sentence in speaker.group(group)]
    if rules.further:
        said.append(speaker.say("leads", label=speaker.words.score(rules.score)) + ".")
    threshold = from_millionths(rules.hand_off.threshold)
    return [*said, speaker.say("hand_off", n=threshold) + "."]


class _Speaker:
    """Says the parts of rules in one language."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def say(self, key: str, **values: object) -> str:
        return self.words.label(_SAID[key]).format(**values)

    def rule(self, rule: ActivityRule) -> str:
        label = self.words.label(rule.label)
        head = self.say("rule", label=label, points=self.words.points(rule.points))
        return ", ".join([head, *self._terms(rule)]) + "."

    def group(self, group: Group) -> Iterator[str]:
        label = self.words.label(group.label)
        if group.cap is not None:
            yield self.say("cap", label=label, cap=from_millionths(group.cap)) + "."
        if group.floor is not None:
            yield self.say("floor", label=label, floor=from_millionths(group.floor)) + "."

    def _terms(self, rule: ActivityRule) -> Iterator[str]:
        if rule.is_need:
            yield self.say("need")
        if rule.where != All():
            yield self.say("when", condition=self._condition(rule.where))
        if rule.repeated:
            yield self.say("repeated", n=rule.repeated.count, days=rule.repeated.within)
        yield from self._bucket(rule.once_per)
        if rule.at_most:
            key = "at_most" if rule.at_most.per is None else "at_most_per"
            yield self.say(key, n=rule.at_most.count, days=rule.at_most.per)
        if rule.replaced_by:
            yield self.say("replaced", label=self.words.rule(rule.replaced_by))
        yield from self._decay(rule.decay)
        if rule.score:
            yield self.say("to_score", label=self.words.score(rule.score))
        if rule.group:
            yield self.say("group", label=self._group_label(rule.group))

    def _group_label(self, group: str) -> str:
        known = next((each for each in self.words.rules.groups if each.id == group), None)
        return self.words.label(known.label) if known else group

    def _bucket(self, bucket: Bucket) -> Iterator[str]:
        if isinstance(bucket, Each):
            return
        if isinstance(bucket, Ever):
            yield self.say("once_ever")
        elif isinstance(bucket, PerAttribute):
            yield self.say("once_each", name=bucket.attribute)
        else:
            named = {1: "once_day", 7: "once_week"}.get(bucket.days, "once_days")
            yield self.say(named, n=bucket.days)

    def _decay(self, decay: Decay) -> Iterator[str]:
        if decay.hold:
            yield self.say("hold", n=decay.hold)
        yield self._curve(decay.curve)
        if decay.expire_after is not None and not isinstance(decay.curve, Linear):
            yield self.say("expires", n=decay.expire_after)

    def _curve(self, curve: Curve) -> str:
        if isinstance(curve, HalfLife):
            return self.say("half_life", n=curve.days)
        if isinstance(curve, Linear):
            return self.say("linear", n=curve.days)
        if isinstance(curve, Steps):
            steps = ((age, from_millionths(weight * 100)) for age, weight in curve.steps)
            return ", ".join(self.say("step", n=age, share=share) for age, share in steps)
        return self.say("constant") if isinstance(curve, Constant) else type(curve).__name__

    def _condition(self, condition: Condition) -> str:
        match condition:
            case Test():
                return self._test(condition)
            case All(parts=parts):
                return self.say("and").join(self._condition(part) for part in parts)
            case AnyOf(parts=parts):
                return "(" + self.say("or").join(self._condition(part) for part in parts) + ")"
            case Not(part=part):
                return self.say("not", part=self._condition(part))

    def _test(self, test: Test) -> str:
        if test.op is Op.EXISTS:
            return f"{test.name} {self.words.label(_EXISTS[bool(test.values[0])])}"
        values = ", ".join(self._value(value, test.kind) for value in test.values)
        return f"{test.name} {self.words.label(_OPS[test.op])} {values}"

    def _value(self, value: str | int | bool, kind: Kind) -> str:  # noqa: FBT001  a literal
        if isinstance(value, bool):
            return self.say("true" if value else "false")
        if isinstance(value, int) and kind is Kind.NUMBER:
            return from_millionths(value)
        return f"«{value}»" if isinstance(value, str) else str(value)
