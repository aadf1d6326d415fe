"""Runs the command line as a process of its own, and prepares folders for it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLI = Path(__file__).parent.parent / "cli.py"


@dataclass(frozen=True)
class Told:
    """What a process said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def leadripe(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Told:
    """Run `leadripe` in a folder and wait for it."""
    ran = subprocess.run(  # noqa: S603  our own program
        [sys.executable, str(CLI), *arguments],
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return Told(ran.returncode, ran.stdout, ran.stderr)


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without what would steer the product."""
    kept = {name: value for name, value in os.environ.items() if name != "LEADRIPE_CONFIG"}
    return kept | {"HUBSPOT_TOKEN": "pat-sandbox"} | (more or {})


def prepare(folder: Path, url: str, *, account: str = "", mapped: str = "") -> Path:
    """Write starter files that point to a sandbox, and return the folder.

    `mapped`: what stands at the end of the mapping besides.
    """
    made = leadripe("init", str(folder), *(["--account", account] if account else []), cwd=folder)
    assert made.code == 0, made.err
    settings = folder / "leadripe.yaml"
    text = settings.read_text(encoding="utf-8")
    pointed = text.replace("# base_url: http://127.0.0.1:8765", f"base_url: {url}")
    assert pointed != text
    settings.write_text(pointed, encoding="utf-8")
    mapping = folder / "mappings" / "hubspot.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8") + mapped, encoding="utf-8")
    return folder
