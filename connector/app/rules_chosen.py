"""Which rules file a command means, and which mapping it is to be read with."""

from dataclasses import dataclass
from pathlib import Path

from connector.config.mappings import AnyMapping, load_mapping
from connector.config.rules_file import load_rules
from connector.config.settings import load_settings
from connector.errors import UsageError
from connector.rules.compile import compile_rules
from connector.rules.model import RuleSet
from connector.rules.plan import CompiledRules


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rules file, read and compiled. `mapping`: None where there are no settings."""

    path: Path
    rules: RuleSet
    compiled: CompiledRules
    mapping: AnyMapping | None


def choose(config: Path, rules: Path | None, *, command: str) -> Chosen:
    """Read the rules file that is named, else that of the settings.

    With settings, their mapping says what kind each field and attribute is.
    """
    settings = load_settings(config) if config.exists() else None
    if rules is None and settings is None:
        raise UsageError(
            what="no rules file is named, and there are no settings to name one",
            where=command,
            do="Add --rules mappings/rules.yaml; `leadripe init` writes one.",
        )
    mapping = load_mapping(settings.mapping) if settings else None
    path = rules or (settings.rules if settings else Path())
    read = load_rules(path, mapping.shapes() if mapping else None)
    return Chosen(path, read, compile_rules(read), mapping)
