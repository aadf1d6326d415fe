"""Says each rule and group of a rule set in a sentence, in English or French."""

from collections.abc import Iterator

from connector.domain.numbers import MILLION, from_millionths
from connector.report.condition_sentences import condition_in_words, listed
from connector.rules.conditions import All
from connector.rules.decay import Constant, Curve, CurveInDays, Decay, Steps
from connector.rules.explain import Words
from connector.rules.model import (
    ActivityRule,
    Bucket,
    ContactRule,
    Each,
    Ever,
    Group,
    Label,
    PerAttribute,
)

_SAID: dict[str, Label] = {
    "rule": {"en": "{label}: {points}", "fr": "{label} : {points}"},
    "activities": {"en": "for {types}", "fr": "pour {types}"},
    "point": {"en": "{n} point", "fr": "{n} point"},
    "points": {"en": "{n} points", "fr": "{n} points"},
    "need": {"en": "an explicit need", "fr": "besoin exprimé"},
    "when": {"en": "when {condition}", "fr": "si {condition}"},
    "once_ever": {"en": "once ever", "fr": "une seule fois"},
    "once_day": {"en": "once a day", "fr": "une fois par jour"},
    "once_week": {"en": "once a week", "fr": "une fois par semaine"},
    "once_days": {"en": "once in {n} days", "fr": "une fois en {n} jours"},
    "once_each": {"en": "once for each {name}", "fr": "une fois par {name}"},
    "at_most_one": {"en": "only the latest counts", "fr": "seule la dernière compte"},
    "at_most": {"en": "the latest {n} count", "fr": "les {n} dernières comptent"},
    "at_most_one_per": {
        "en": "only the latest in {days} days counts",
        "fr": "seule la dernière en {days} jours compte",
    },
    "at_most_per": {
        "en": "the latest {n} in {days} days count",
        "fr": "les {n} dernières en {days} jours comptent",
    },
    "repeated": {
        "en": "from the {n}{nth} time within {days} days",
        "fr": "à partir de la {n}e fois en {days} jours",
    },
    "replaced": {"en": "replaced by «{label}»", "fr": "remplacé par « {label} »"},
    "hold": {"en": "in full for {n} days", "fr": "entier pendant {n} jours"},
    "step": {"en": "{share} % from day {n}", "fr": "{share} % dès le jour {n}"},
    "constant": {"en": "without decay", "fr": "sans décroissance"},
    "expires": {"en": "gone after {n} days", "fr": "expire après {n} jours"},
    "cap": {"en": "{label}: {points} at most", "fr": "{label} : {points} au plus"},
    "floor": {"en": "{label}: {points} at least", "fr": "{label} : {points} au moins"},
    "to_score": {"en": "for the score «{label}»", "fr": "pour le score « {label} »"},
    "for_contacts": {
        "en": "only for contacts of whom this holds: {condition}",
        "fr": "seulement pour les contacts pour qui ceci est vrai : {condition}",
    },
    "leads": {
        "en": "The score «{label}» moves stages and hands off",
        "fr": "Le score « {label} » fait avancer les étapes et transmet aux ventes",
    },
    "group": {"en": "in group «{label}»", "fr": "dans le groupe « {label} »"},
    "family": {"en": "a signal of «{family}»", "fr": "un signal « {family} »"},
    "score": {
        "en": "The score «{label}» is the sum of all this, from {lowest} to {highest}",
        "fr": "Le score « {label} » est la somme de tout cela, de {lowest} à {highest}",
    },
    "while": {"en": "while {condition}", "fr": "tant que {condition}"},
    "account": {
        "en": "Contacts with the same «{by}» are of one account",
        "fr": "Les contacts de même « {by} » forment un compte",
    },
    "engaged": {
        "en": "a person with {points} of its own activities is engaged",
        "fr": "une personne est engagée à partir de {points} de ses propres activités",
    },
    "roles": {"en": "roles are told apart by «{role}»", "fr": "rôles distingués par « {role} »"},
    "sum_cap": {"en": "account_sum is {points} at most", "fr": "account_sum : {points} au plus"},
    "score_of_several": {
        "en": "The score «{label}» is the sum of its rules, from {lowest} to {highest}",
        "fr": "Le score « {label} » est la somme de ses règles, de {lowest} à {highest}",
    },
}


class RuleSpeaker:
    """Says the rules, the groups and the score in one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def rules(self) -> Iterator[tuple[str, str]]:
        """Yield each rule's id and sentence."""
        for rule in self._words.rules.rules:
            label = self._words.label(rule.label)
            head = self._say("rule", label=label, points=self._points(rule.points, signed=True))
            types = self._say("activities", types=listed(rule.activities, self._words.language))
            yield rule.id, ", ".join([f"{head} {types}", *self._terms(rule)]) + "."
        for given in self._words.rules.contact_rules:
            label = self._words.label(given.label)
            head = self._say("rule", label=label, points=self._points(given.points, signed=True))
            yield given.id, ", ".join([head, *self._terms_of_contact(given)]) + "."
        yield from self._account()

    def _terms_of_contact(self, rule: ContactRule) -> Iterator[str]:
        condition = condition_in_words(rule.where, self._words.language)
        yield self._say("while", condition=condition)
        if rule.score:
            yield self._say("to_score", label=self._words.score(rule.score))
        if rule.group:
            yield self._say("group", label=self._group_label(rule.group))

    def _account(self) -> Iterator[tuple[str, str]]:
        account = self._words.rules.account
        if account is None:
            return
        parts = [self._say("account", by=account.by)]
        parts.append(self._say("engaged", points=self._points(account.engaged_from)))
        if account.role is not None:
            parts.append(self._say("roles", role=account.role))
        if account.sum_cap is not None:
            parts.append(self._say("sum_cap", points=self._points(account.sum_cap)))
        yield "account", ", ".join(parts) + "."

    def groups(self) -> Iterator[tuple[str, str]]:
        """Yield the limits of each group, and last the scores."""
        rules = self._words.rules
        for group in rules.groups:
            yield from ((group.id, sentence) for sentence in self._limits(group))
        yield from self._scores()

    def _scores(self) -> Iterator[tuple[str, str]]:
        rules = self._words.rules
        leading = (rules.score, rules.lowest, rules.highest)
        others = [(score.id, score.lowest, score.highest) for score in rules.further]
        for name, lowest, highest in [leading, *others]:
            bounds = {"lowest": self._number(lowest), "highest": self._points(highest)}
            key = "score_of_several" if others else "score"
            yield name, self._say(key, label=self._words.score(name), **bounds) + "."
        if others:
            yield rules.score, self._say("leads", label=self._words.score(rules.score)) + "."

    def _say(self, key: str, **values: object) -> str:
        return self._words.label(_SAID[key]).format(**values)

    def _number(self, millionths: int) -> str:
        text = from_millionths(millionths)
        return text.replace(".", ",") if self._words.language == "fr" else text

    def _points(self, points: int, *, signed: bool = False) -> str:
        sign = "+" if signed and points > 0 else ""
        key = "point" if abs(points) == MILLION else "points"
        return self._say(key, n=sign + self._number(points))

    def _limits(self, group: Group) -> Iterator[str]:
        label = self._words.label(group.label)
        if group.cap is not None:
            yield self._say("cap", label=label, points=self._points(group.cap)) + "."
        if group.floor is not None:
            yield self._say("floor", label=label, points=self._points(group.floor)) + "."

    def _terms(self, rule: ActivityRule) -> Iterator[str]:
        if rule.is_need:
            yield self._say("need")
        yield from self._conditions(rule)
        if rule.repeated:
            n, days = rule.repeated.count, rule.repeated.within
            yield self._say("repeated", n=n, nth=_ending(n), days=days)
        yield from self._repeats(rule)
        if rule.points:
            yield from self._decay(rule.decay)
        if rule.score:
            yield self._say("to_score", label=self._words.score(rule.score))
        if rule.group:
            yield self._say("group", label=self._group_label(rule.group))
        if rule.family:
            yield self._say("family", family=rule.family)

    def _conditions(self, rule: ActivityRule) -> Iterator[str]:
        for key, condition in (("when", rule.where), ("for_contacts", rule.contact)):
            if condition != All():
                told = condition_in_words(condition, self._words.language)
                yield self._say(key, condition=told)

    def _repeats(self, rule: ActivityRule) -> Iterator[str]:
        yield from self._bucket(rule.once_per)
        if rule.at_most:
            one = "_one" if rule.at_most.count == 1 else ""
            per = "" if rule.at_most.per is None else "_per"
            yield self._say(f"at_most{one}{per}", n=rule.at_most.count, days=rule.at_most.per)
        if rule.replaced_by:
            yield self._say("replaced", label=self._words.rule(rule.replaced_by))

    def _group_label(self, group: str) -> str:
        known = next((each for each in self._words.rules.groups if each.id == group), None)
        return self._words.label(known.label) if known else group

    def _bucket(self, bucket: Bucket) -> Iterator[str]:
        if isinstance(bucket, Each):
            return
        if isinstance(bucket, Ever):
            yield self._say("once_ever")
        elif isinstance(bucket, PerAttribute):
            yield self._say("once_each", name=bucket.attribute)
        else:
            named = {1: "once_day", 7: "once_week"}.get(bucket.days, "once_days")
            yield self._say(named, n=bucket.days)

    def _decay(self, decay: Decay) -> Iterator[str]:
        if decay.hold:
            yield self._say("hold", n=decay.hold)
        yield self._curve(decay.curve)
        ends = isinstance(decay.curve, CurveInDays) and decay.curve.ends
        if decay.expire_after is not None and not ends:
            yield self._say("expires", n=decay.expire_after)

    def _curve(self, curve: Curve) -> str:
        if isinstance(curve, CurveInDays):
            return self._words.label(curve.words).format(**curve.spans)
        if isinstance(curve, Steps):
            steps = ((age, self._number(weight * 100)) for age, weight in curve.steps)
            return ", ".join(self._say("step", n=age, share=share) for age, share in steps)
        return self._say("constant") if isinstance(curve, Constant) else type(curve).__name__


def _ending(number: int) -> str:
    """Return the English ending of an ordinal: 1st, 2nd, 3rd, 4th, 11th."""
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
