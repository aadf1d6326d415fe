"""Reads a rules file."""

from pathlib import Path

from connector.config.document import Document, config_error
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
    written, problems = validate(RulesDocument, document)
    if written is None:
        return None, problems
    meaning = Meaning(written, shapes)
    rules = meaning.rule_set()
    known = {(problem.line, problem.column) for problem in problems}
    for mistake in (*check_alone(written), *meaning.mistakes):
        problem = document.problem(mistake.path, mistake.message, of_key=mistake.of_key)
        if (problem.line, problem.column) not in known:
            problems.append(problem)
    return rules, problems
