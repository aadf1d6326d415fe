"""Reads a rules file."""

from pathlib import Path

from connector.config.document import Document, child, config_error
from connector.config.found import Named
from connector.config.meaning import Meaning
from connector.config.rules_check import check_alone
from connector.config.rules_document import (
    RulesDocument,
)
from connector.config.validate import validate
from connector.config.yaml_file import read_document
from connector.errors import Problem
from connector.ports import Shapes
from connector.rules.model import (
    RuleSet,
)


def load_rules(path: Path, shapes: Shapes | None = None) -> RuleSet:
    """Read a rules file. Raises ConfigError with every mistake in it.

    `shapes` says what kind of value each field and attribute holds; for what it does not name, the
    literals in the file decide.
    """
    rules, problems = check_rules(read_document(path), shapes)
    if rules is None or problems:
        raise config_error(problems)
    return rules


def check_rules(
    document: Document, shapes: Shapes | None = None
) -> tuple[RuleSet | None, list[Problem]]:
    """Return the rule set as far as it makes sense, and every mistake in it."""
    checked = validate(RulesDocument, document)
    if checked.model is None:
        return None, list(checked.problems)
    meaning = Meaning(checked.model, shapes)
    rules = meaning.rule_set()
    mistakes = [*check_alone(checked.model, _named(document)), *meaning.mistakes]
    told = (checked.problem(found.path, found.message, of_key=found.of_key) for found in mistakes)
    return rules, [*checked.problems, *told]


def _named(document: Document) -> Named:
    return Named(
        rules=_ids(document, "rules"),
        groups=_keys(document, "groups"),
        opportunity_groups=_keys(document, "opportunities", "groups"),
        personas=_ids(document, "personas"),
        tracks=_ids(document, "nurture", "tracks"),
        has_interests=document.at(("interests",)) is not None,
    )


def _keys(document: Document, *path: str) -> frozenset[str]:
    parts = document.at(path)
    return frozenset(parts if isinstance(parts, dict) else ())


def _ids(document: Document, *path: str) -> frozenset[str]:
    parts = document.at(path)
    return frozenset(str(child(part, "id")) for part in (parts if isinstance(parts, tuple) else ()))
