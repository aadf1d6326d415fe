"""Starts a sandbox CRM: filled with a made-up market or from files, kept in a file if wanted."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from connector.sandbox.serve import RunningSandbox, start


@dataclass(frozen=True, slots=True)
class SandboxWish:
    """What a sandbox is to be. `load`: a folder of CSV files in place of made-up people."""

    contacts: int = 2000
    seed: int = 7
    load: Path | None = None
    limits: Literal["real", "off"] = "real"
    faults: str = ""
    state: Path | None = None
    port: int = 0


@contextmanager
def running(wish: SandboxWish) -> Iterator[RunningSandbox]:
    """Serve a sandbox; its state is kept when it stops."""
    with start(
        port=wish.port,
        contacts=wish.contacts,
        seed=wish.seed,
        load=wish.load,
        limits=wish.limits,
        faults=wish.faults,
        state=wish.state,
    ) as sandbox:
        yield sandbox


def serve(wish: SandboxWish) -> None:
    """Serve a sandbox until Ctrl-C."""
    with running(wish) as sandbox:
        _tell("HubSpot", sandbox.url, sandbox.token)
        sandbox.wait()


def serve_salesforce(wish: SandboxWish) -> None:
    """Serve a sandbox Salesforce until Ctrl-C: to try clients against; no sync knows it yet."""
    with start(
        crm="salesforce",
        port=wish.port,
        contacts=wish.contacts,
        seed=wish.seed,
        load=wish.load,
        limits=wish.limits,
        faults=wish.faults,
        state=wish.state,
    ) as org:
        _tell("Salesforce", org.url, org.token)
        org.wait()


def _tell(vendor: str, url: str, token: str) -> None:
    sys.stderr.write(f"{vendor} sandbox at {url}, token {token}; Ctrl-C stops it\n")
