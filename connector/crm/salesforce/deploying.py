"""Carries components into an org: one deploy, all or nothing, watched until it ends."""

from collections.abc import Sequence
from datetime import timedelta

import orjson
import structlog

from connector.crm.http import clean
from connector.crm.salesforce.client import Client, as_object, objects
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.metadata import Component, package
from connector.crm.salesforce.refusal import Json
from connector.errors import CrmRefusedError

log = structlog.get_logger()

_PATH = "/metadata/deployRequest"
_BOUNDARY = "leadripe-deploy-3f0c9b7e51"
_OPTIONS = {
    # The one setting that production takes: one part refused, and nothing is changed.
    "rollbackOnError": True,
    "singlePackage": True,
    "checkOnly": False,
    "allowMissingFiles": False,
    "ignoreWarnings": True,
    "purgeOnDelete": False,
}
_WAITS = (1, 1, 2, 3, 5)
_PATIENCE = timedelta(minutes=10)
_MOST_LISTED = 10
_OF_TASKS = "Activity."


class DeployError(CrmRefusedError):
    """The org took nothing. `problems`: (component, what is wrong with it), those told."""

    problems: Sequence[tuple[str, str]] = ()


def deploy(client: Client, components: Sequence[Component]) -> None:
    """Deploy, and return once everything is there.

    Raises CrmRefusedError with what is wrong with each part: nothing was changed then. Raises
    CrmUnavailableError if it takes more than ten minutes: provisioning again is harmless.
    """
    job = _start(client, package(components, client.version))
    waited = timedelta()
    for step in range(1_000):
        result = _status(client, job)
        if result.get("done") is True:
            _check(result)
            log.info("deploy.done", deploy=job, parts=len(components))
            return
        _tell(job, result)
        if waited >= _PATIENCE:
            break
        pause = timedelta(seconds=_WAITS[min(step, len(_WAITS) - 1)])
        client.wait(pause)
        waited += pause
    raise unavailable(
        f"the deploy {job} is not through after {waited.seconds // 60} minutes; look at it under "
        "Setup, Deployment Status, and provision again once it is"
    )


def _start(client: Client, archive: bytes) -> str:
    options = orjson.dumps({"deployOptions": _OPTIONS})
    body = b"".join(
        [
            _part('name="json"', "application/json", options),
            _part('name="file"; filename="leadripe.zip"', "application/zip", archive),
            f"--{_BOUNDARY}--\r\n".encode(),
        ]
    )
    type_ = f"multipart/form-data; boundary={_BOUNDARY}"
    try:
        answer = client.ask("POST", client.target(_PATH), body, content=type_)
    except ConflictError as conflict:
        raise _refused(conflict.why.says) from conflict
    return str(as_object(answer).get("id"))


def _part(name: str, type_: str, content: bytes) -> bytes:
    head = (
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {type_}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"


def _status(client: Client, job: str) -> Json:
    answer = as_object(client.get(f"{_PATH}/{job}", {"includeDetails": "true"}))
    return as_object(answer.get("deployResult"))


def _tell(job: str, result: Json) -> None:
    log.info(
        "deploy.waiting",
        deploy=job,
        status=result.get("status"),
        done=result.get("numberComponentsDeployed"),
        of=result.get("numberComponentsTotal"),
    )


def _check(result: Json) -> None:
    if result.get("success") is True:
        return
    details = result.get("details")
    failures = objects(details, "componentFailures") if isinstance(details, dict) else []
    problems = [(_named(each), clean(str(each.get("problem")))) for each in failures]
    told = [f"{name}: {problem}" for name, problem in problems]
    overall = result.get("errorMessage") or f"the deploy ended as {result.get('status')}"
    listed = "; ".join(told[:_MOST_LISTED]) or clean(str(overall))
    more = f"; and {len(told) - _MOST_LISTED} more" if len(told) > _MOST_LISTED else ""
    refused = _refused(listed + more)
    refused.problems = problems
    if any(name.startswith(_OF_TASKS) for name, _ in problems):
        refused.do += " If the org takes no such field on activities, leave `tasks` out."
    raise refused


def _named(failure: Json) -> str:
    return str(failure.get("fullName") or failure.get("fileName") or "the package")


def _refused(told: str) -> DeployError:
    return DeployError(
        what=f"Salesforce takes none of it: {told}",
        where="Setup, Deployment Status",
        do="Correct what is named, then `leadripe provision` again. Nothing was changed. Without "
        "the right to change metadata, let an admin provision (docs/salesforce.md, «Provision»).",
    )
