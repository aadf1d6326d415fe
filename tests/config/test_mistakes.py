"""Every mistake an admin can make in a file has one clear message, at its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.config.document import Document
from connector.config.mappings import check_mapping
from connector.config.rules_file import check_rules
from connector.config.settings import check_settings
from connector.config.yaml_file import parse_document
from connector.errors import ConfigError, Problem
from tests.config import mistakes, mistakes_opportunities, mistakes_salesforce

Check = Callable[[Document], tuple[object, list[Problem]]]


def _settings(document: Document) -> tuple[object, list[Problem]]:
    return check_settings(document, Path())


CHECKS: dict[str, tuple[Check, tuple[mistakes.Mistake, ...]]] = {
    "settings": (_settings, mistakes.SETTINGS),
    "mapping": (check_mapping, mistakes.MAPPING),
    "rules": (check_rules, mistakes.RULES),
    "opportunities": (check_rules, mistakes_opportunities.RULES),
    "salesforce settings": (_settings, mistakes_salesforce.SETTINGS),
    "salesforce mapping": (check_mapping, mistakes_salesforce.MAPPING),
    "yaml": (_settings, mistakes.YAML),
}
CASES = [
    pytest.param(check, mistake, id=f"{kind}: {mistake.name}")
    for kind, (check, several) in CHECKS.items()
    for mistake in several
]


def told(check: Check, text: str) -> tuple[str, ...]:
    """Return what an admin is told of a file, without the file's name."""
    try:
        _, problems = check(parse_document("a.yaml", text))
    except ConfigError as error:
        problems = list(error.problems)
    found = sorted(problems, key=lambda problem: (problem.line, problem.column))
    return tuple(f"{one.line}:{one.column}: {one.message}" for one in found)


@pytest.mark.parametrize(("check", "mistake"), CASES)
def test_a_mistake_is_told_where_it_stands(check: Check, mistake: mistakes.Mistake) -> None:
    assert told(check, mistake.text) == mistake.told


@pytest.mark.parametrize(("check", "mistake"), CASES)
def test_no_message_repeats_a_secret(check: Check, mistake: mistakes.Mistake) -> None:
    assert "pat-na1" not in " ".join(told(check, mistake.text))
    assert "secret@" not in " ".join(told(check, mistake.text))
