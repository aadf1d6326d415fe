"""The pages for admins name every key, and every example in them loads."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from connector.config import (
    account_rules,
    activity_rules,
    cases_document,
    fit_rules,
    interest_rules,
    native,
    nurture_rules,
    opportunity_rules,
    rules_document,
    salesforce_mapping,
    settings,
    sla_rules,
    stage_rules,
    where,
)
from connector.config import mapping as mapping_models
from connector.config.document import Document
from connector.config.mappings import check_mapping
from connector.config.rules_file import check_rules
from connector.config.section import Section
from connector.config.settings import check_settings
from connector.config.yaml_file import parse_document
from connector.errors import Problem
from connector.rules.decay import IN_DAYS
from connector.rules.operators import OPERATORS

DOCS = Path(__file__).parents[2] / "docs"
Check = Callable[[Document], tuple[object, list[Problem]]]

CHECKS: dict[str, tuple[Check, str, dict[str, str]]] = {
    "settings.md": (
        lambda document: check_settings(document, Path()),
        "",
        {
            "version": "1",
            "crm": "hubspot",
            "connect": "{token: '${A}'}",
            "mapping": "m.yaml",
            "rules": "r.yaml",
        },
    ),
    "mapping.md": (check_mapping, "activities", {"version": "1", "crm": "hubspot"}),
    "salesforce-mapping.md": (check_mapping, "activities", {"version": "1", "crm": "salesforce"}),
    "salesforce.md": (
        lambda document: check_settings(document, Path()),
        "",
        {"version": "1", "crm": "salesforce", "mapping": "m.yaml", "rules": "r.yaml"},
    ),
    "rules.md": (
        check_rules,
        "rules",
        {
            "version": "1",
            "rules": "[{id: a, activity: x, points: 1, group: content, once_per: event}]",
            "groups": "{content: {cap: 25}}",
        },
    ),
}
"""For each page: what holds its examples, the list that items stand in, the keys that they lack."""


def examples() -> Iterator[tuple[str, int, str]]:
    """Yield each YAML example of the pages: page, line, text."""
    for page in CHECKS:
        text = (DOCS / page).read_text(encoding="utf-8")
        # Cases are no rules: tests/app/test_rules_cases.py runs them.
        text = text.partition("\n## Test and compare rules\n")[0]
        for found in re.finditer(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            yield page, text[: found.start()].count("\n") + 2, found[1]


def completed(page: str, text: str) -> str:
    """Return an example as a whole file."""
    _, items, needed = CHECKS[page]
    if text.startswith("- "):
        text = f"{items}:\n{text}"
    lacking = [
        f"{key}: {value}\n" for key, value in needed.items() if f"\n{key}:" not in f"\n{text}"
    ]
    return text + "".join(lacking)


@pytest.mark.parametrize(
    ("page", "text"),
    [pytest.param(page, text, id=f"{page}:{line}") for page, line, text in examples()],
)
def test_an_example_loads(page: str, text: str) -> None:
    _, problems = CHECKS[page][0](parse_document(page, completed(page, text)))
    assert [str(problem) for problem in problems] == []


PAGES = (
    ("settings.md", settings),
    ("mapping.md", mapping_models),
    ("mapping.md", native),
    ("salesforce-mapping.md", salesforce_mapping),
    ("rules.md", rules_document),
    ("rules.md", activity_rules),
    ("rules.md", fit_rules),
    ("rules.md", stage_rules),
    ("rules.md", sla_rules),
    ("rules.md", account_rules),
    ("rules.md", interest_rules),
    ("rules.md", nurture_rules),
    ("rules.md", opportunity_rules),
    ("rules.md", where),
    ("rules.md", cases_document),
)


@pytest.mark.parametrize(("page", "models"), PAGES)
def test_every_key_is_explained(page: str, models: ModuleType) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    code = " ".join(re.findall(r"`[^`\n]+`", text) + re.findall(r"```yaml.*?```", text, re.DOTALL))
    missing = {
        key
        for model in vars(models).values()
        if isinstance(model, type) and issubclass(model, Section)
        if model.__module__ == models.__name__
        for key in model.known_keys()
        if not re.search(rf"\b{re.escape(key)}\b", code)
    }
    assert missing == set()


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("`where`: conditions", [op.key for op in OPERATORS]),
        ("`decay`: how points fade", [kind.key for kind in IN_DAYS]),
    ],
)
def test_every_operator_and_decay_kind_has_its_row(section: str, keys: list[str]) -> None:
    text = (DOCS / "rules.md").read_text(encoding="utf-8").partition(f"\n### {section}\n")[2]
    rows = re.findall(r"^\| ([^|]+) \|", text.partition("\n##")[0], re.MULTILINE)
    assert [key for key in keys if not re.search(rf"\b{key}\b", " ".join(rows))] == []


def test_the_message_quoted_is_the_message_given() -> None:
    quoted = (DOCS / "settings.md").read_text(encoding="utf-8")
    problem = "unknown key «langauge»; did you mean «language»?"
    text = completed("settings.md", "langauge: fr\n")
    assert problem in quoted
    assert [one.message for one in CHECKS["settings.md"][0](parse_document("", text))[1]] == [
        problem
    ]
