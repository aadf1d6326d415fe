"""What the demo does differently for each CRM: signing in, and reading tasks back."""

import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from connector.app import setup
from connector.app.sandboxes import AnySandbox
from connector.sandbox.salesforce.serving import RunningOrg

SHOWN_TASKS = 8
_TASKS = (
    "SELECT Subject, ActivityDate, Owner.Name, Priority FROM Task "
    "WHERE Leadripe_Key__c != null ORDER BY ActivityDate, Id LIMIT 8"
)


@dataclass(frozen=True, slots=True)
class DemoTask:
    """A task as the CRM shows it."""

    due: str
    owner: str
    priority: str
    subject: str


def account_of(sandbox: AnySandbox) -> str:
    """Return the id of the sandbox's account."""
    if isinstance(sandbox, RunningOrg):
        return next(iter(sandbox.org.table("Organization").rows))
    return str(sandbox.portal.options.portal_id)


def write_files(folder: Path, crm: str, sandbox: AnySandbox) -> Path:
    """Write the starter files, pointed at the sandbox, and the secrets that open it."""
    setup.init(folder, crm, account_of(sandbox), base_url=sandbox.url)
    config = folder / "leadripe.yaml"
    text = config.read_text(encoding="utf-8")
    if isinstance(sandbox, RunningOrg):
        _keep(folder / "client_id", sandbox.consumer_key)
        _keep(folder / "server.key", sandbox.private_key)
        text = text.replace("${SF_CLIENT_ID}", "file:client_id", 1)
        text = text.replace("leadripe@acme.com", sandbox.username)
    else:
        _keep(folder / "token", sandbox.token)
        text = text.replace("${HUBSPOT_TOKEN}", "file:token")
    config.write_text(text, encoding="utf-8")
    return config


def _keep(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret)


def fetch_tasks(sandbox: AnySandbox) -> Sequence[DemoTask]:
    """Read some tasks back from the CRM."""
    return list(_salesforce(sandbox) if isinstance(sandbox, RunningOrg) else _hubspot(sandbox))


def _hubspot(sandbox: AnySandbox) -> Sequence[DemoTask]:
    # From the list, since search shows new records late.
    wanted = "hs_task_subject,hs_timestamp,hubspot_owner_id,hs_task_priority,leadripe_key"
    rows = _fetched(sandbox, f"/crm/objects/2026-09/tasks?limit=100&properties={wanted}")["results"]
    found = [row["properties"] for row in rows if row["properties"]["leadripe_key"]]
    return [
        DemoTask(
            (task.get("hs_timestamp") or "")[:16],
            task.get("hubspot_owner_id") or "–",
            task.get("hs_task_priority") or "",
            task.get("hs_task_subject") or "",
        )
        for task in found[:SHOWN_TASKS]
    ]


def _salesforce(sandbox: AnySandbox) -> Sequence[DemoTask]:
    rows = _fetched(sandbox, f"/services/data/v66.0/query?q={quote(_TASKS)}")["records"]
    return [
        DemoTask(
            row["ActivityDate"] or "", row["Owner"]["Name"], row["Priority"], row["Subject"] or ""
        )
        for row in rows
    ]


def _fetched(sandbox: AnySandbox, path: str) -> Mapping[str, Any]:
    request = urllib.request.Request(  # noqa: S310  our own sandbox on the loopback interface
        sandbox.url + path, headers={"Authorization": f"Bearer {sandbox.token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  as above
        found: Mapping[str, Any] = orjson.loads(answer.read())
    return found
