"""Starts a sandbox CRM: filled with a made-up market or from files, kept in a file if wanted."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from connector.errors import UsageError
from connector.sandbox.hubspot.portal import Options
from connector.sandbox.salesforce.serving import RunningOrg
from connector.sandbox.serve import RunningSandbox, start

CrmName = Literal["hubspot", "salesforce"]
AnySandbox = RunningSandbox | RunningOrg


@dataclass(frozen=True, slots=True)
class SandboxWish:
    """What a sandbox is to be. `load`: a folder of CSV files in place of made-up people.

    `leads`: whether a HubSpot account has leads beside its contacts.
    """

    crm: CrmName = "hubspot"
    contacts: int = 2000
    seed: int = 7
    load: Path | None = None
    limits: Literal["real", "off"] = "real"
    faults: str = ""
    state: Path | None = None
    port: int = 0
    leads: bool = False


@contextmanager
def running(wish: SandboxWish) -> Iterator[AnySandbox]:
    """Serve a sandbox; its state is kept when it stops."""
    with _started(wish) as sandbox:
        yield sandbox


def _started(wish: SandboxWish) -> AnySandbox:
    if wish.crm == "salesforce" and wish.leads:
        raise UsageError(
            "Salesforce's leads are its contacts: there are none beside them",
            where="--leads",
            do="leave --leads out, or use --crm hubspot",
        )
    if wish.crm == "salesforce":
        return start(
            crm="salesforce",
            port=wish.port,
            contacts=wish.contacts,
            seed=wish.seed,
            load=wish.load,
            limits=wish.limits,
            faults=wish.faults,
            state=wish.state,
        )
    return start(
        port=wish.port,
        contacts=wish.contacts,
        seed=wish.seed,
        load=wish.load,
        limits=wish.limits,
        faults=wish.faults,
        state=wish.state,
        options=Options(leads=wish.leads),
    )


def serve(wish: SandboxWish) -> None:
    """Serve a sandbox until Ctrl-C."""
    with running(wish) as sandbox:
        vendor = "Salesforce" if wish.crm == "salesforce" else "HubSpot"
        # What it holds stays: looking through millions of records for garbage takes seconds.
        gc.freeze()
        sys.stderr.write(
            f"{vendor} sandbox at {sandbox.url}, token {sandbox.token}; Ctrl-C stops it\n"
        )
        sandbox.wait()
