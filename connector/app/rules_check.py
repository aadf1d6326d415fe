"""`leadripe rules check`: what is wrong with the files, and what was hardly meant so."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.app import show
from connector.app.account import open_account
from connector.app.rules_chosen import choose
from connector.config.load import load_all
from connector.config.mappings import AnyMapping
from connector.config.review.remark import Finding, Weight
from connector.config.review.review import review, review_mapping
from connector.errors import ConfigError
from connector.rules.compile import compile_rules
from connector.rules.model import RuleSet


@dataclass(frozen=True, slots=True)
class RulesCheck:
    """What a rules file holds and compiles to, and what there is to say of it.

    Without `hash` it has mistakes, and holds nothing.
    """

    findings: Sequence[Finding]
    rules: int = 0
    groups: int = 0
    personas: int = 0
    needs: int = 0
    hash: str = ""

    def fails(self, *, strict: bool) -> bool:
        """Tell whether a person should act: on an error, or (`strict`) on a warning."""
        bad = {Weight.ERROR, Weight.WARNING} if strict else {Weight.ERROR}
        return any(finding.weight in bad for finding in self.findings)

    @property
    def sentences(self) -> Sequence[str]:
        """All of it in words: the findings first, as they stand in the file."""
        holds = (
            f"{self.rules} rules ({self.needs} of them explicit needs), {self.groups} groups and "
            f"{self.personas} personas are valid; compiled hash {self.hash[:12]}."
        )
        counts = Counter(finding.weight for finding in self.findings)
        found = ", ".join(_counted(counts[weight], weight) for weight in Weight)
        return [*map(str, self.findings), holds, f"{found}."]


def _counted(count: int, weight: Weight) -> str:
    return f"{count} {weight}" if count == 1 else f"{count} {weight}s"


def check(config: Path, rules: Path | None = None, *, catches: bool = False) -> RulesCheck:
    """Validate settings, mapping and rules (those of the settings, or others), and review them.

    Without a settings file `rules` is looked at alone. Raises ConfigError with every mistake, or
    with `catches` returns them as findings.
    """
    try:
        path, read, mapping, mapped = _read(config, rules)
    except ConfigError as error:
        if not (catches and error.problems):
            raise
        return RulesCheck(
            [
                Finding(each.file, each.line, each.column, Weight.ERROR, "mistake", each.message)
                for each in error.problems
            ]
        )
    found = review(path, read, mapping)
    return RulesCheck(
        [*(review_mapping(mapped, mapping) if mapping and mapped else ()), *found],
        rules=len(read.rules),
        groups=len(read.groups),
        personas=len(read.fit.personas),
        needs=sum(rule.is_need for rule in read.rules),
        hash=compile_rules(read).hash,
    )


def _read(config: Path, rules: Path | None) -> tuple[Path, RuleSet, AnyMapping | None, Path | None]:
    """Return the rules' file and what it holds, the mapping if there is one, and its file."""
    if rules is not None and not config.exists():
        chosen = choose(config, rules, command="leadripe rules check")
        return chosen.path, chosen.rules, None, None
    loaded = open_account(config).loaded if rules is None else load_all(config, rules)
    settings = loaded.settings
    return rules or settings.rules, loaded.rules, loaded.mapping, settings.mapping


def tell(checked: RulesCheck, *, as_json: bool) -> None:
    """Print it on stdout."""
    if as_json:
        show.json(checked)
        return
    for sentence in checked.sentences:
        show.text(sentence)
