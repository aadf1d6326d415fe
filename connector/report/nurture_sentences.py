"""Says in sentences how marketing goes on: pressure, tracks, contents, in English or French."""

from collections.abc import Iterable, Iterator

from connector.domain.text import fold
from connector.report.condition_sentences import condition_in_words, listed, quoted, together
from connector.report.page_words import WORDS
from connector.rules.conditions import ALWAYS
from connector.rules.explain import Words
from connector.rules.model import OPEN_TASK, Budget, Content, Label, Nurture, Pressure, Track
from connector.rules.nurture import PAUSED

_SAID: dict[str, Label] = {
    "touches": {
        "en": "A contact is touched by {touches}.",
        "fr": "Un contact est sollicité par {touches}.",
    },
    OPEN_TASK: {
        "en": "the task of a hand-off while it is open",
        "fr": "la tâche d’une transmission tant qu’elle est ouverte",
    },
    "no_budget": {
        "en": "Touches are only counted: no number of them is too many.",
        "fr": "Les sollicitations sont seulement comptées : aucun nombre n’est de trop.",
    },
    "budget": {
        "en": "At most {count}{of} in {days}; then nobody should press the contact until there is"
        " room again.",
        "fr": "Au plus {count}{of} en {days} ; ensuite personne ne devrait solliciter le contact"
        " avant qu’il y ait de nouveau de la place.",
    },
    "touch": {"en": "{n} touch", "fr": "{n} sollicitation"},
    "several": {"en": "{n} touches", "fr": "{n} sollicitations"},
    "day": {"en": "{n} day", "fr": "{n} jour"},
    "days": {"en": "{n} days", "fr": "{n} jours"},
    "of": {"en": " by {touches}", "fr": " par {touches}"},
    "everybody": {
        "en": "Marketing may write to every contact.",
        "fr": "Le marketing peut écrire à tous les contacts.",
    },
    "some": {
        "en": "Marketing may write to contacts of whom this holds: {condition}. Others have no"
        " track.",
        "fr": "Le marketing peut écrire aux contacts pour qui ceci est vrai : {condition}. Les"
        " autres n’ont pas de parcours.",
    },
    "first": {
        "en": "A contact is on the first of these tracks that fits; while sales has it, its track"
        " is {paused} and nothing comes next.",
        "fr": "Un contact suit le premier de ces parcours qui convient ; tant que les ventes l’ont"
        " en main, son parcours est {paused} et rien ne suit.",
    },
    "track": {"en": "{label} ({id}): {terms}.", "fr": "{label} ({id}) : {terms}."},
    "stages": {"en": "stage {names}", "fr": "étape {names}"},
    "temperatures": {"en": "temperature {names}", "fr": "température {names}"},
    "personas": {"en": "persona {names}", "fr": "persona {names}"},
    "when": {"en": "when {condition}", "fr": "si {condition}"},
    "whoever": {"en": "every contact", "fr": "tous les contacts"},
    "next": {
        "en": "Next comes the first of these contents that is for the contact's track and that it"
        " has not seen; those about its strongest interest go before.",
        "fr": "Ensuite vient le premier de ces contenus qui est pour le parcours du contact et"
        " qu’il n’a pas vu ; ceux sur son premier centre d’intérêt passent devant.",
    },
    "content": {"en": "{label} ({id}): {terms}.", "fr": "{label} ({id}) : {terms}."},
    "url": {"en": "at {url}", "fr": "à l’adresse {url}"},
    "topics": {"en": "about {names}", "fr": "sur {names}"},
    "tracks": {"en": "for the track {names}", "fr": "pour le parcours {names}"},
    "all_tracks": {"en": "for every track", "fr": "pour tous les parcours"},
    "seen": {"en": "seen when {condition}", "fr": "vu si {condition}"},
    "named": {
        "en": "seen when {attribute} is {names}",
        "fr": "vu si {attribute} est {names}",
    },
}

_STAGES = ("suspect", "lead", "prospect", "client", "recycled", "disqualified")
_TEMPERATURES: dict[str, Label] = {
    "cold": {"en": "cold", "fr": "froide"},
    "warm": {"en": "warm", "fr": "tiède"},
    "hot": {"en": "hot", "fr": "chaude"},
}

_Sentences = Iterator[tuple[str, str]]


class NurtureSpeaker:
    """Says what is sent to whom, and how often, in one language: (id, sentence) each."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def pressure(self) -> _Sentences:
        """Yield what touches a contact, and each budget."""
        pressure = self._words.rules.pressure
        if pressure is None:
            return
        touches = together(self._touches(pressure.touches), self._words.language)
        yield "touches", self._say("touches", touches=touches)
        if not pressure.budgets:
            yield "budget", self._say("no_budget")
        for number, budget in enumerate(pressure.budgets, 1):
            yield f"budget {number}", self._budget(budget, pressure)

    def _budget(self, budget: Budget, pressure: Pressure) -> str:
        of = ""
        if budget.touches != pressure.touches:
            of = self._say("of", touches=self._listed(self._touches(budget.touches)))
        return self._say(
            "budget",
            count=self._say("touch" if budget.most == 1 else "several", n=budget.most),
            days=self._say("day" if budget.within == 1 else "days", n=budget.within),
            of=of,
        )

    def _touches(self, types: Iterable[str]) -> list[str]:
        """Return activity types by name, the open task last."""
        named = sorted(set(types) - {OPEN_TASK})
        return [*named, self._say(OPEN_TASK)] if OPEN_TASK in types else named

    def tracks(self) -> _Sentences:
        """Yield to whom marketing writes at all, and who is on each track."""
        nurture = self._words.rules.nurture
        if nurture is None:
            return
        if nurture.where == ALWAYS:
            yield "where", self._say("everybody")
        else:
            condition = condition_in_words(nurture.where, self._words.language)
            yield "where", self._say("some", condition=condition)
        yield "first", self._say("first", paused=self._quoted(PAUSED))
        for track in nurture.tracks:
            terms = ", ".join(self._terms(track)) or self._say("whoever")
            label = self._words.label(track.label)
            yield track.id, self._say("track", label=label, id=self._quoted(track.id), terms=terms)

    def _terms(self, track: Track) -> Iterator[str]:
        if track.stages:
            names = [self._words.label(WORDS[each]) for each in _STAGES if each in track.stages]
            yield self._say("stages", names=self._listed(names))
        if track.temperatures:
            names = [
                self._words.label(label)
                for each, label in _TEMPERATURES.items()
                if each in track.temperatures
            ]
            yield self._say("temperatures", names=self._listed(names))
        if track.personas:
            names = [
                self._quoted(self._words.label(each.label))
                for each in self._words.rules.fit.personas
                if each.id in track.personas
            ]
            yield self._say("personas", names=self._listed(names))
        if track.where != ALWAYS:
            condition = condition_in_words(track.where, self._words.language)
            yield self._say("when", condition=condition)

    def content(self) -> _Sentences:
        """Yield what comes next, and each content: where it is, for whom, and how it is seen."""
        nurture = self._words.rules.nurture
        if nurture is None or not nurture.content:
            return
        yield "next", self._say("next")
        for each in nurture.content:
            terms = ", ".join(self._about(each, nurture))
            label = self._words.label(each.label)
            yield each.id, self._say("content", label=label, id=self._quoted(each.id), terms=terms)

    def _about(self, content: Content, nurture: Nurture) -> Iterator[str]:
        if content.url is not None:
            yield self._say("url", url=content.url)
        if content.topics:
            yield self._say("topics", names=self._listed(map(self._quoted, content.topics)))
        labels = {track.id: self._words.label(track.label) for track in nurture.tracks}
        names = [self._quoted(label) for id_, label in labels.items() if id_ in content.tracks]
        yield self._say("tracks", names=self._listed(names)) if names else self._say("all_tracks")
        if content.where is not None:
            condition = condition_in_words(content.where, self._words.language)
            yield self._say("seen", condition=condition)
            return
        own = {fold(name): name for name in reversed([content.id, *content.label.values()])}
        quotes = [self._quoted(name) for name in reversed(own.values())]
        yield self._say("named", attribute=nurture.attribute, names=self._listed(quotes))

    def _quoted(self, text: str) -> str:
        return quoted(text, self._words.language)

    def _listed(self, words: Iterable[str]) -> str:
        return listed(words, self._words.language)

    def _say(self, key: str, **values: object) -> str:
        return self._words.label(_SAID[key]).format(**values)
