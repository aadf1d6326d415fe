"""The one task of a hand-off, in words: what a rep reads before picking up the phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.rules.explain import Line, Words


@dataclass(frozen=True, slots=True)
class HandOffFacts:
    """What a task tells.

    Shown score, why (`need` or `points`), fit, the score's lines, interests in words.
    """

    score: int
    reason: str
    grade: str
    persona: str | None
    lines: Sequence[Line]
    interests: str = ""


@dataclass(frozen=True, slots=True)
class Clocked:
    """When a contact was handed over, and by when sales had to act: in the account's time zone."""

    handed_off: datetime
    due: datetime


def task_subject(facts: HandOffFacts, words: Words) -> str:
    """Return the title of the task."""
    if facts.reason != "need":
        return words.text("subject_points", score=facts.score)
    signal = _need_signal(facts, words)
    if signal is None:
        return words.text("subject_need_alone")
    return words.text("subject_need", signal=signal)


def task_body(facts: HandOffFacts, words: Words, *, feedback: str | None) -> str:
    """Return the task's text, plain.

    `feedback`: the property in which a rep answers, if there is one.
    """
    most = words.rules.highest // 1_000_000
    head = [words.text("score", score=facts.score, most=most)]
    head.append(words.text("fit", grade=facts.grade))
    if facts.persona:
        head.append(words.text("persona", persona=words.persona(facts.persona)))
    paragraphs = [", ".join(head)]
    if facts.interests:
        paragraphs.append(words.text("interests", topics=facts.interests))
    paragraphs.append(words.text("why"))
    paragraphs += [f"- {_signal(line, words)}" for line in facts.lines[:8]]
    if feedback:
        paragraphs += ["", words.text("feedback", property=feedback)]
    return "\n".join(paragraphs)


def escalation_body(facts: HandOffFacts, words: Words, *, owner: str | None, when: Clocked) -> str:
    """Return the text of the task that tells a manager that nobody has acted."""
    told = words.text(
        "escalation",
        owner=owner or words.text("nobody"),
        given=_minute(when.handed_off),
        due=_minute(when.due),
    )
    return "\n".join((told, "", task_body(facts, words, feedback=None)))


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def _signal(line: Line, words: Words) -> str:
    when = words.when(line)
    return f"{words.line(line)}{', ' + when if when else ''} ({words.points(line.points)})"


def _need_signal(facts: HandOffFacts, words: Words) -> str | None:
    # A need whose points have faded has no line, and still is a need.
    needs = {rule.id for rule in words.rules.rules if rule.is_need}
    dated = [line for line in facts.lines if line.rule in needs and line.latest is not None]
    if not dated:
        return None
    return words.line(max(dated, key=lambda line: (line.latest, line.points)))
