"""Serves a sandbox CRM over HTTP: for people to try, for benchmarks and for tests."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, overload

from connector.errors import UsageError
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.fill import fill
from connector.sandbox.hubspot.portal import Options, Portal
from connector.sandbox.hubspot.server import build_app
from connector.sandbox.hubspot.state import restore
from connector.sandbox.hubspot.tokens import DEFAULT_TOKEN
from connector.sandbox.listening import Listening, listen
from connector.sandbox.salesforce.faults import Faults as OrgFaults
from connector.sandbox.salesforce.fill import fill as fill_org
from connector.sandbox.salesforce.org import Options as OrgOptions
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.serving import RunningOrg, serve_org
from connector.sandbox.salesforce.state import restore as restore_org
from connector.sandbox.world import World


@dataclass
class RunningSandbox(Listening):
    """A HubSpot that answers at `url`. Stop it, or use it in a `with` statement."""

    token: str
    portal: Portal


@overload
def start(
    *,
    crm: Literal["hubspot"] = "hubspot",
    port: int = 0,
    contacts: int = 2_000,
    seed: int = 0,
    load: Path | None = None,
    limits: Literal["real", "off"] = "real",
    faults: str = "",
    state: Path | None = None,
    ends_at: datetime | None = None,
    activities: float = 20.0,
    options: Options | None = None,
) -> RunningSandbox: ...


@overload
def start(
    *,
    crm: Literal["salesforce"],
    port: int = 0,
    contacts: int = 2_000,
    seed: int = 0,
    load: Path | None = None,
    limits: Literal["real", "off"] = "real",
    faults: str = "",
    state: Path | None = None,
    ends_at: datetime | None = None,
    activities: float = 20.0,
    org_options: OrgOptions | None = None,
) -> RunningOrg: ...


def start(
    *,
    crm: Literal["hubspot", "salesforce"] = "hubspot",
    port: int = 0,
    contacts: int = 2_000,
    seed: int = 0,
    load: Path | None = None,
    limits: Literal["real", "off"] = "real",
    faults: str = "",
    state: Path | None = None,
    ends_at: datetime | None = None,
    activities: float = 20.0,
    options: Options | None = None,
    org_options: OrgOptions | None = None,
) -> RunningSandbox | RunningOrg:
    """Fill a sandbox and serve it on the loopback interface.

    `state` names a file: if it exists, the account comes from there and nothing is made up. The
    stories end at `ends_at`, the present moment if not given; `activities` is how many things
    happen to a made-up person on average. `options` are HubSpot's, `org_options` Salesforce's.
    Raises UsageError for a CRM or a fault that does not exist, a port that is taken and a file that
    is no state.
    """
    if crm == "salesforce":
        orders = _orders(faults, seed)
        kind = replace(org_options or OrgOptions(), limits=limits == "real", seed=seed)
        org, key = Org(kind), ""
        if state is not None and state.exists():
            key = _restore_org(org, state)
        else:
            fill_org(org, _world(contacts, seed, load, ends_at or org.clock.now(), activities))
        return serve_org(org, port=port, faults=orders, private_key=key, state=state)
    if crm != "hubspot":
        raise UsageError(f"there is no sandbox for {crm!r} yet", do="use --crm hubspot")
    chance = _chance(faults, seed)
    portal = Portal(replace(options or Options(), limits=limits == "real", seed=seed))
    if state is not None and state.exists():
        _restore(portal, state)
    else:
        fill(portal, _world(contacts, seed, load, ends_at or portal.clock.now(), activities))
    return serve(portal, port=port, faults=chance, state=state)


def serve(
    portal: Portal, *, port: int = 0, faults: Faults | None = None, state: Path | None = None
) -> RunningSandbox:
    """Serve an account on the loopback interface; port 0 takes any that is free."""
    parts = listen(build_app(portal, faults=faults, state=state), port)
    return RunningSandbox(*parts, token=DEFAULT_TOKEN, portal=portal)


def _chance(spec: str, seed: int) -> Faults:
    try:
        return Faults.parse(spec, seed)
    except ValueError as error:
        raise _unreadable(error) from error


def _orders(spec: str, seed: int) -> OrgFaults:
    try:
        return OrgFaults.parse(spec, seed)
    except ValueError as error:
        raise _unreadable(error) from error


def _unreadable(error: ValueError) -> UsageError:
    told = f"the faults cannot be read: {error}"
    return UsageError(told, where="--faults", do="write for example 429=0.02,lost=0.01")


def _restore(portal: Portal, state: Path) -> None:
    try:
        restore(portal, state)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _foreign(state) from error


def _restore_org(org: Org, state: Path) -> str:
    try:
        return restore_org(org, state)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _foreign(state) from error


def _foreign(state: Path) -> UsageError:
    told = f"{state} does not hold a sandbox of this version"
    do = "name another file, or remove this one to begin anew"
    return UsageError(told, where="--state", do=do)


def _world(
    contacts: int, seed: int, folder: Path | None, ends_at: datetime, activities: float
) -> World:
    # Loaded here, since most of what serves a sandbox in tests makes up no market.
    if folder is not None:
        from connector.sandbox.load import load

        return load(folder, ends_at=ends_at)
    from connector.sandbox.generate import generate

    return generate(people=contacts, seed=seed, ends_at=ends_at, activities_per_person=activities)
