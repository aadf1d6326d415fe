"""Says in sentences how topics become interests, in English or French."""

from collections.abc import Iterator

from connector.domain.text import fold
from connector.report.condition_sentences import (
    OR_ELSE,
    condition_in_words,
    listed,
    quoted,
)
from connector.rules.explain import Words
from connector.rules.model import Interests, Label, Topic

_SAID: dict[str, Label] = {
    "top": {
        "en": "A contact's interests are the topics of what gives it points for «{score}», the"
        " {top} that bring the most.",
        "fr": "Les centres d’intérêt d’un contact sont les sujets de ce qui lui donne des points"
        " pour « {score} », les {top} qui en apportent le plus.",
    },
    "top_one": {
        "en": "A contact's interest is the topic of what gives it points for «{score}», the one"
        " that brings the most.",
        "fr": "Le centre d’intérêt d’un contact est le sujet de ce qui lui donne des points pour"
        " « {score} », celui qui en apporte le plus.",
    },
    "attribute": {
        "en": "An activity's «{attribute}» names its topics, with «;» between several.",
        "fr": "« {attribute} » d’une activité nomme ses sujets, séparés par « ; ».",
    },
    "topic": {"en": "{label}: {ways}.", "fr": "{label} : {ways}."},
    "told": {"en": "when {condition}", "fr": "si {condition}"},
    "named": {"en": "when {attribute} names {names}", "fr": "si {attribute} nomme {names}"},
}


class InterestSpeaker:
    """Says what contacts are interested in, in one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def interests(self) -> Iterator[tuple[str, str]]:
        """Yield how many there are, what names topics, and each topic that the rules name."""
        interests = self._words.rules.interests
        if interests is None:
            return
        score = self._words.score(self._words.rules.score)
        key = "top_one" if interests.top == 1 else "top"
        yield "top", self._say(key, score=score, top=interests.top)
        if interests.attribute:
            yield "attribute", self._say("attribute", attribute=interests.attribute)
        for topic in interests.topics:
            label = self._words.label(topic.label)
            ways = self._words.label(OR_ELSE).join(self._ways(topic, interests))
            yield topic.id, self._say("topic", label=label, ways=ways)

    def _ways(self, topic: Topic, interests: Interests) -> Iterator[str]:
        """Yield by what an activity is about a topic."""
        if topic.where is not None:
            condition = condition_in_words(topic.where, self._words.language)
            yield self._say("told", condition=condition)
        if interests.attribute:
            names = {fold(name): name for name in reversed([topic.id, *topic.label.values()])}
            quotes = [quoted(name, self._words.language) for name in reversed(names.values())]
            told = listed(quotes, self._words.language)
            yield self._say("named", attribute=interests.attribute, names=told)

    def _say(self, key: str, **values: object) -> str:
        return self._words.label(_SAID[key]).format(**values)
