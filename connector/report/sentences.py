"""Says a rule set in sentences, in English or French."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.report.clock_sentences import ClockSpeaker
from connector.report.interest_sentences import InterestSpeaker
from connector.report.nurture_sentences import NurtureSpeaker
from connector.report.opportunity_sentences import OpportunitySpeaker
from connector.report.quarantine_sentences import QuarantineSpeaker
from connector.report.rule_sentences import RuleSpeaker
from connector.report.stage_sentences import StageSpeaker
from connector.rules.explain import Words, say
from connector.rules.model import Label, RuleSet

_SECTIONS: dict[str, Label] = {
    "rule": {"en": "Points", "fr": "Points"},
    "group": {"en": "Groups and score", "fr": "Groupes et score"},
    "persona": {"en": "Who fits", "fr": "Qui correspond"},
    "blocker": {"en": "Who is never handed to sales", "fr": "Qui n’est jamais transmis"},
    "stage": {"en": "Stages and temperatures", "fr": "Étapes et températures"},
    "gate": {"en": "When sales acts", "fr": "Quand les ventes agissent"},
    "clock": {"en": "How sales is kept to its word", "fr": "Comment les ventes tiennent parole"},
    "interest": {"en": "Interests", "fr": "Centres d’intérêt"},
    "sign": {"en": "What is in quarantine", "fr": "Ce qui est en quarantaine"},
    "pressure": {"en": "Pressure", "fr": "Pression"},
    "track": {"en": "Nurture: tracks", "fr": "Maturation : parcours"},
    "content": {"en": "Nurture: what comes next", "fr": "Maturation : ce qui vient ensuite"},
    "opportunity": {"en": "The score of opportunities", "fr": "Le score des opportunités"},
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence on a part of the rules.

    `about`: rule, group, persona, blocker, stage, gate, clock, interest, sign, pressure, track,
    content or opportunity; `id`: its id, or which setting it is.
    """

    about: str
    id: str
    sentence: str


def sentences(rules: RuleSet, language: str) -> Sequence[Said]:
    """Return everything that the rules say, in the order in which it takes effect."""
    words = Words(rules, language)
    rule, stage, nurture = RuleSpeaker(words), StageSpeaker(words), NurtureSpeaker(words)
    parts = {
        "rule": rule.rules(),
        "group": rule.groups(),
        "persona": stage.personas(),
        "blocker": stage.blockers(),
        "stage": stage.stages(),
        "gate": stage.gates(),
        "clock": ClockSpeaker(words).clock(),
        "interest": InterestSpeaker(words).interests(),
        "sign": QuarantineSpeaker(words).signs(),
        "pressure": nurture.pressure(),
        "track": nurture.tracks(),
        "content": nurture.content(),
        "opportunity": OpportunitySpeaker(words).opportunities(),
    }
    return [Said(about, name, text) for about, some in parts.items() for name, text in some]


def in_sections(said: Sequence[Said], language: str) -> Iterator[str]:
    """Yield the lines of a page: a heading above the sentences on each thing."""
    for about, heading in _SECTIONS.items():
        own = [each.sentence for each in said if each.about == about]
        if own:
            yield say(heading, language)
            yield from (f"  {sentence}" for sentence in own)
