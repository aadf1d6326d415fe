"""Says in sentences how opportunities get their score, in English or French."""

from collections.abc import Iterator

from connector.domain.numbers import MILLION, from_millionths
from connector.report.condition_sentences import condition_in_words
from connector.rules.conditions import ALWAYS
from connector.rules.explain import Words
from connector.rules.model import Group, Label, OpportunityRule, Share

_SAID: dict[str, Label] = {
    "rule": {"en": "{label}: {terms}.", "fr": "{label} : {terms}."},
    "point": {"en": "{n} point", "fr": "{n} point"},
    "points": {"en": "{n} points", "fr": "{n} points"},
    "best": {
        "en": "{percent} % of the points of its contact with the most{score}",
        "fr": "{percent} % des points de son contact qui en a le plus{score}",
    },
    "sum": {
        "en": "{percent} % of the points of all its contacts{score}",
        "fr": "{percent} % des points de tous ses contacts{score}",
    },
    "best_of": {
        "en": "{percent} % of the points of the one with the most{score}",
        "fr": "{percent} % des points de celui qui en a le plus{score}",
    },
    "sum_of": {
        "en": "{percent} % of the points of all of these{score}",
        "fr": "{percent} % des points de tous ceux-là{score}",
    },
    "in_score": {"en": " in the score «{label}»", "fr": " dans le score « {label} »"},
    "while": {"en": "while {condition}", "fr": "tant que {condition}"},
    "one": {
        "en": "where a contact takes part of whom this holds: {condition}",
        "fr": "si un contact participe pour qui ceci est vrai : {condition}",
    },
    "several": {
        "en": "where at least {n} contacts take part of whom this holds: {condition}",
        "fr": "si au moins {n} contacts participent pour qui ceci est vrai : {condition}",
    },
    "group": {"en": "in group «{label}»", "fr": "dans le groupe « {label} »"},
    "cap": {"en": "{label}: {points} at most.", "fr": "{label} : {points} au plus."},
    "floor": {"en": "{label}: {points} at least.", "fr": "{label} : {points} au moins."},
    "score": {
        "en": "The score of an open opportunity is the sum of all this, from {lowest} to"
        " {highest}.",
        "fr": "Le score d’une opportunité ouverte est la somme de tout cela, de {lowest} à"
        " {highest}.",
    },
}

_Sentences = Iterator[tuple[str, str]]


class OpportunitySpeaker:
    """Says what gives opportunities points, in one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def opportunities(self) -> _Sentences:
        """Yield each rule, the limits of each group, and the bounds: (id, sentence) each."""
        told = self._words.rules.opportunities
        if told is None:
            return
        for rule in told.rules:
            terms = ", ".join(self._terms(rule, told.groups))
            yield rule.id, self._say("rule", label=self._words.label(rule.label), terms=terms)
        for group in told.groups:
            yield from ((group.id, sentence) for sentence in self._limits(group))
        bounds = {"lowest": self._number(told.lowest), "highest": self._points(told.highest)}
        yield "score", self._say("score", **bounds)

    def _terms(self, rule: OpportunityRule, groups: tuple[Group, ...]) -> Iterator[str]:
        if rule.share is None:
            yield self._points(rule.points, signed=True)
        else:
            yield self._share(rule.share, is_of_some=rule.contact is not None)
        if rule.where != ALWAYS:
            yield self._say("while", condition=condition_in_words(rule.where, self._language))
        if rule.contact is not None:
            condition = condition_in_words(rule.contact, self._language)
            key = "one" if rule.people == 1 else "several"
            yield self._say(key, n=rule.people, condition=condition)
        for group in groups:
            if group.id == rule.group:
                yield self._say("group", label=self._words.label(group.label))

    def _share(self, share: Share, *, is_of_some: bool) -> str:
        name = share.score
        score = self._say("in_score", label=self._words.score(name)) if name else ""
        key = ("sum" if share.of_sum else "best") + ("_of" if is_of_some else "")
        return self._say(key, percent=share.percent, score=score)

    def _limits(self, group: Group) -> Iterator[str]:
        label = self._words.label(group.label)
        if group.cap is not None:
            yield self._say("cap", label=label, points=self._points(group.cap))
        if group.floor is not None:
            yield self._say("floor", label=label, points=self._points(group.floor))

    @property
    def _language(self) -> str:
        return self._words.language

    def _number(self, millionths: int) -> str:
        text = from_millionths(millionths)
        return text.replace(".", ",") if self._language == "fr" else text

    def _points(self, points: int, *, signed: bool = False) -> str:
        sign = "+" if signed and points > 0 else ""
        key = "point" if abs(points) == MILLION else "points"
        return self._say(key, n=sign + self._number(points))

    def _say(self, key: str, **values: object) -> str:
        return self._words.label(_SAID[key]).format(**values)
