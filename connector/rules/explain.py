"""Puts a score's lines into words, for the CRM property, the task and the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connector.domain.numbers import MILLION, from_millionths
from connector.rules.model import Content, Label, RuleSet
from connector.rules.nurture import PAUSED

_TEXTS: dict[str, Label] = {
    "more": {"en": "and {n} more, {points}", "fr": "et {n} autres, {points}"},
    "cap": {"en": "{label}: limit of the group", "fr": "{label} : plafond du groupe"},
    "floor": {"en": "{label}: floor of the group", "fr": "{label} : plancher du groupe"},
    "bound": {"en": "Limit of the score", "fr": "Limite du score"},
    "people": {"en": "{n} people", "fr": "{n} personnes"},
    "person": {"en": "1 person", "fr": "1 personne"},
    "none_of_opportunity": {"en": "Nothing counts yet", "fr": "Rien ne compte pour l’instant"},
    "ask": {"en": "Unknown: {field}", "fr": "Inconnu : {field}"},
    "none": {"en": "No scored activity yet", "fr": "Aucune activité notée pour l’instant"},
    "subject_need": {
        "en": "Call back: explicit need ({signal})",
        "fr": "À rappeler : besoin exprimé ({signal})",
    },
    "subject_need_alone": {"en": "Call back: explicit need", "fr": "À rappeler : besoin exprimé"},
    "subject_points": {
        "en": "Ripe lead: {score} points, get in touch",
        "fr": "Lead mûr : {score} points, à contacter",
    },
    "why": {"en": "Why now:", "fr": "Pourquoi maintenant :"},
    "score": {"en": "Score {score} of {most}", "fr": "Score {score} sur {most}"},
    "fit": {"en": "Fit {grade}", "fr": "Adéquation {grade}"},
    "persona": {"en": "persona {persona}", "fr": "persona {persona}"},
    "paused": {"en": "paused, with sales", "fr": "en pause, chez les ventes"},
    "subject_escalation": {
        "en": "Overdue: nobody has acted on a lead that was handed over",
        "fr": "En retard : personne n’a agi sur un lead transmis",
    },
    "escalation": {
        "en": "Handed to {owner} on {given}, to be acted on by {due}. See that somebody does.",
        "fr": "Transmis à {owner} le {given}, à traiter avant le {due} : veillez à ce que quelqu’un"
        " s’en charge.",
    },
    "nobody": {"en": "nobody", "fr": "personne"},
    "interests": {"en": "Interests: {topics}", "fr": "Centres d’intérêt : {topics}"},
    "times": {"en": "{n} times, last on {day}", "fr": "{n} fois, la dernière le {day}"},
    "once": {"en": "on {day}", "fr": "le {day}"},
    "feedback": {
        "en": "When you have acted, say in «{property}» whether the lead was good.",
        "fr": "Après votre action, indiquez dans « {property} » si le lead était bon.",
    },
}


_QUESTIONS: dict[str, Label] = {
    "job_title": {
        "en": "What is the person’s role?",
        "fr": "Quelle est la fonction de la personne ?",
    },
    "seniority": {
        "en": "Does the person decide?",
        "fr": "La personne décide-t-elle ?",
    },
    "department": {
        "en": "In which department does the person work?",
        "fr": "Dans quel service la personne travaille-t-elle ?",
    },
    "company": {"en": "Which company is it?", "fr": "De quelle entreprise s’agit-il ?"},
    "employees": {
        "en": "How many people work at the company?",
        "fr": "Combien l’entreprise compte-t-elle de salariés ?",
    },
    "industry": {
        "en": "What is the company’s industry?",
        "fr": "Quel est le secteur de l’entreprise ?",
    },
    "country": {"en": "In which country is it?", "fr": "Dans quel pays ?"},
}
"""What to ask for fields of usual names, where the rules file has no question of its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a score, as in `tables.REASON`. `latest`: local day of the latest activity.

    Of an opportunity's score, `count` is the people whom the rule asked for, and `latest` None.
    """

    kind: str
    rule: str
    points: int
    count: int | None
    latest: date | None


@dataclass(frozen=True, slots=True)
class Words:
    """The names of a rule set's parts in one language, English where there is no other."""

    rules: RuleSet
    language: str

    def text(self, key: str, **values: object) -> str:
        """Return one of our own phrases."""
        return say(_TEXTS[key], self.language).format(**values)

    def label(self, label: Label) -> str:
        """Return a label in this language."""
        return say(label, self.language)

    def line(self, line: Line) -> str:
        """Return what a line is about: a rule's label, or which limit took its share."""
        if line.kind == "rule":
            return self.rule(line.rule)
        if line.kind == "bound":
            return self.text("bound")
        told = self.rules.opportunities
        groups = (*self.rules.groups, *(told.groups if told else ()))
        group = next((group for group in groups if group.id == line.rule), None)
        label = say(group.label, self.language) if group else line.rule
        return self.text(line.kind, label=label)

    def rule(self, rule: str) -> str:
        """Return a rule's label; the id of a rule that is no longer in the file."""
        told = self.rules.opportunities
        known = (*self.rules.giving, *(told.rules if told else ()))
        found = next((each for each in known if each.id == rule), None)
        return say(found.label, self.language) if found else rule

    def score(self, score: str) -> str:
        """Return what a score is called."""
        label = self.rules.labels.get(score)
        return say(label, self.language) if label else score

    def question(self, missing: str) -> str:
        """Return what to ask a person of whom this contact field is missing."""
        label = self.rules.fit.questions.get(missing) or _QUESTIONS.get(missing)
        return say(label, self.language) if label else self.text("ask", field=missing)

    def topic(self, topic: str, spelling: str) -> str:
        """Return a topic's label; as it was written where the rules have none."""
        own = self.rules.interests.topics if self.rules.interests else ()
        known = next((each for each in own if each.id == topic), None)
        return say(known.label, self.language) if known else spelling

    def content(self, content: str) -> Content | None:
        """Return what there is to send by its id; None if it is no longer in the file."""
        nurture = self.rules.nurture
        every = nurture.content if nurture else ()
        return next((each for each in every if each.id == content), None)

    def track(self, track: str) -> str:
        """Return a track's label; what stands in its place while sales has the contact."""
        if track == PAUSED:
            return self.text("paused")
        tracks = self.rules.nurture.tracks if self.rules.nurture else ()
        known = next((each for each in tracks if each.id == track), None)
        return say(known.label, self.language) if known else track

    def persona(self, persona: str) -> str:
        """Return a persona's label."""
        known = next((each for each in self.rules.fit.personas if each.id == persona), None)
        return say(known.label, self.language) if known else persona

    def points(self, points: int) -> str:
        """Return micro-points with their sign and at most one decimal, for people: `+12.5`."""
        tenths = (abs(points) * 10 + MILLION // 2) // MILLION
        text = ("-" if points < 0 else "+") + from_millionths(tenths * MILLION // 10)
        return text.replace(".", ",") if self.language == "fr" else text

    def when(self, line: Line) -> str:
        """Return how often and when; of a line of an opportunity, how many people. Else empty."""
        if line.latest is None:
            people = line.count or 0
            return self.text("people" if people > 1 else "person", n=people) if people else ""
        if (line.count or 0) > 1:
            return self.text("times", n=line.count, day=line.latest.isoformat())
        return self.text("once", day=line.latest.isoformat())


def say(label: Label, language: str) -> str:
    """Return a label in a language, English where it lacks that one."""
    return label.get(language) or label.get("en") or next(iter(label.values()), "")


def reasons_text(
    lines: Sequence[Line], words: Words, *, most: int = 5, nothing: str = "none"
) -> str:
    """Return the short form of the reasons for a CRM property, one line each, highest first.

    What does not fit is summed up in a last line, so that a rep never sees a sum with a hole.
    `nothing`: what is said without lines; of an opportunity, `none_of_opportunity`.
    """
    if not lines:
        return words.text(nothing)
    listed = [_reason(line, words) for line in lines[:most]]
    rest = lines[most:]
    if rest:
        points = words.points(sum(line.points for line in rest))
        listed.append(words.text("more", n=len(rest), points=points))
    return "\n".join(listed)


def _reason(line: Line, words: Words) -> str:
    when = words.when(line)
    return f"{words.points(line.points)} {words.line(line)}" + (f" ({when})" if when else "")
