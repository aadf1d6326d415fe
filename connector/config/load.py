"""Reads the three files of an account together, so that all their mistakes are told at once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from connector.config.document import Document, config_error
from connector.config.mapping import CrmMapping
from connector.config.mappings import AnyMapping, check_mapping
from connector.config.rules_check import check_against_mapping
from connector.config.rules_document import RulesDocument
from connector.config.rules_file import check_rules
from connector.config.settings import AnySettings, check_settings
from connector.config.validate import validate
from connector.config.yaml_file import read_document
from connector.errors import ConfigError, Problem
from connector.rules.model import RuleSet

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, mapping and rules that fit together."""

    settings: AnySettings
    mapping: AnyMapping
    rules: RuleSet


def load_all(settings_path: Path, rules_path: Path | None = None) -> Loaded:
    """Read a settings file, and the mapping and rules that it names; `rules_path`: other rules.

    Raises ConfigError with every mistake in all three. Secrets are not looked up.
    """
    problems: list[Problem] = []
    found = _read(
        settings_path, lambda document: check_settings(document, settings_path.parent), problems
    )
    settings = cast("AnySettings | None", found)  # mypy joins the members of a union
    if settings is None:
        raise config_error(problems)
    before = len(problems)
    named = settings.crm

    def check(document: Document) -> tuple[AnyMapping | None, list[Problem]]:
        mapping, mistakes = check_mapping(document)
        return mapping, mistakes + _of_another_crm(document, mapping, named, settings_path)

    mapping = cast("AnyMapping | None", _read(settings.mapping, check, problems))
    # Rules are not held against a faulty mapping: what it lacks may stand in its faulty part.
    whole = mapping if len(problems) == before else None
    rules = _read(rules_path or settings.rules, lambda document: _rules(document, whole), problems)
    if mapping is None or rules is None or problems:
        raise config_error(problems)
    return Loaded(settings, mapping, rules)


def _read(
    path: Path,
    check: Callable[[Document], tuple[Read | None, list[Problem]]],
    problems: list[Problem],
) -> Read | None:
    """Return what a file says as far as it makes sense; its mistakes are added to `problems`."""
    try:
        found, mistakes = check(read_document(path))
    except ConfigError as error:
        problems.extend(error.problems)
        return None
    problems.extend(mistakes)
    return found


def _of_another_crm(
    document: Document, mapping: AnyMapping | None, named: str, settings: Path
) -> list[Problem]:
    if mapping is None or mapping.crm == named:
        return []
    told = f"this mapping is for {mapping.crm}, but {settings.name} says `crm: {named}`"
    return [document.problem(("crm",), told)]


def _rules(document: Document, mapping: CrmMapping | None) -> tuple[RuleSet | None, list[Problem]]:
    if mapping is None:
        return check_rules(document)
    rules, problems = check_rules(document, mapping.shapes())
    return rules, problems + check_rules_against(document, mapping)


def check_rules_against(rules: Document, mapping: CrmMapping) -> list[Problem]:
    """Return what the rules look for and the mapping never yields; such a rule would never fire."""
    checked = validate(RulesDocument, rules)  # its own mistakes are told by `check_rules`
    if checked.model is None:
        return []
    return [
        checked.problem(found.path, found.message, of_key=found.of_key)
        for found in check_against_mapping(checked.model, mapping)
    ]
