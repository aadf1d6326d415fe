"""What rules say in a sentence, in both languages."""

from connector.config.rules_file import check_rules
from connector.config.yaml_file import parse_document
from connector.report.sentences import sentences
from connector.rules.model import RuleSet


def rules(text: str) -> RuleSet:
    found, problems = check_rules(parse_document("rules.yaml", f"version: 1\n{text}"), None)
    assert problems == []
    assert found is not None
    return found


SEVERAL = """
scores: {engagement: {}, risk: {label: {en: Churn risk, fr: Risque de départ}}}
rules:
  - {id: visit, label: Visite, activity: page_view, points: 2}
  - {id: missed, label: Absence, activity: missed, points: 15, score: risk}
"""


def test_rules_say_which_score_they_give_points_to() -> None:
    found = rules(SEVERAL)
    assert list(sentences(found, "en"))[:3] == [
        "Visite: +2 points, without decay, gone after 365 days.",
        "Absence: +15 points, without decay, gone after 365 days, for the score «Churn risk».",
        "The score «Engagement» moves stages and hands off.",
    ]
    assert list(sentences(found, "fr"))[1:3] == [
        "Absence : +15 points, sans décroissance, expire après 365 jours,"
        " pour le score « Risque de départ ».",
        "Le score « Engagement » fait avancer les étapes et transmet aux ventes.",
    ]
