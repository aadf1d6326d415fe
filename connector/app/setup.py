"""Before a first sync: starter files, and a look at the rules."""

from collections.abc import Sequence
from pathlib import Path

from connector.app.rules_chosen import choose
from connector.config.settings import load_settings
from connector.config.starter import write_starter
from connector.report.sentences import Said, sentences
from connector.report.sentences import in_sections as in_sections

_FIRST_STEPS = {
    "hubspot": "Put your token into the environment: export HUBSPOT_TOKEN=…",
    "salesforce": "Put your My Domain and user into leadripe.yaml, the app's private key into\n"
    "     server.key, and its consumer key into the environment: export SF_CLIENT_ID=…",
}
_NEXT_STEPS = """
Next:
  1. {first}
  2. leadripe check       tells what is missing, each finding with its remedy
  3. leadripe provision   creates the properties that Leadripe writes (--dry-run shows them first)
  4. leadripe plan        shows what a sync would write, and writes nothing
  5. leadripe sync        writes it
"""


def next_steps(crm: str) -> str:
    """Return what an admin does after `init`."""
    return _NEXT_STEPS.format(first=_FIRST_STEPS[crm])


def init(
    folder: Path, crm: str, account: str | None, *, base_url: str | None = None
) -> Sequence[Path]:
    """Write the starter files that are not there yet, and return them."""
    return write_starter(folder, crm, account, base_url=base_url)


def rules_show(
    config: Path, language: str | None, rules: Path | None = None
) -> tuple[Sequence[Said], str]:
    """Return everything that the rules say, in sentences, and in which language."""
    chosen = choose(config, rules, command="leadripe rules show")
    settings = load_settings(config) if config.exists() else None
    spoken = language or (settings.language if settings else "en")
    return sentences(chosen.rules, spoken), spoken
