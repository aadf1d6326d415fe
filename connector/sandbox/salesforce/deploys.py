"""Deploys of metadata: a package comes in, and its outcome is asked for."""

import orjson

from connector.sandbox.salesforce import custom_fields
from connector.sandbox.salesforce.call import Answer, Call, text_of
from connector.sandbox.salesforce.custom_fields import Definition, FlawError
from connector.sandbox.salesforce.deploy_work import DeployWork
from connector.sandbox.salesforce.ids import make_id
from connector.sandbox.salesforce.keeping import Deploy
from connector.sandbox.salesforce.metadata_files import read_package
from connector.sandbox.salesforce.moments import rest_moment
from connector.sandbox.salesforce.multipart import is_multipart, parts_of
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json, Refusal, not_found, unreadable


def start(org: Org, call: Call) -> Answer:
    """Take a deploy; its outcome is asked for afterwards."""
    if "Metadata.edit" in org.denied:
        raise Refusal(403, "INSUFFICIENT_ACCESS", "use of the Metadata API requires a right")
    if not is_multipart(call):
        raise unreadable("a deploy is a multipart body with the parts json and file")
    parts = parts_of(call)
    # The documentation calls that part `json`, the vendor's client `entity_content`.
    told = next((content for name, content in parts.items() if name != "file"), b"")
    try:
        body = orjson.loads(told)
        options = body["deployOptions"]
        flags = {name: bool(options.get(name)) for name in ("checkOnly", "singlePackage")}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise unreadable("the part json has to hold deployOptions") from error
    package = read_package(parts.get("file", b""))
    deploy = Deploy(make_id("0Af", org.number()), options, org.now_s(), call.user)
    work = DeployWork(org, deploy, package)
    work.plan()
    rolls_back = options.get("rollbackOnError", True) is not False
    if not flags["checkOnly"] and not (deploy.failures and rolls_back):
        for apply in work.steps:
            apply()
    org.deploys[deploy.id] = deploy
    body = {"id": deploy.id, "url": _url(call, deploy), "deployOptions": options}
    return Answer(201, body | {"validatedDeployRequestId": None})


def status(org: Org, call: Call) -> Answer:
    """Tell how far a deploy is, with `includeDetails` for each component."""
    deploy = org.deploys.get(call.params[0])
    if deploy is None:
        raise not_found()
    deploy.polls += 1
    done = deploy.polls > org.options.deploy_polls
    result: Json = {
        "id": deploy.id,
        "createdBy": deploy.by,
        "createdDate": rest_moment(deploy.at_s),
        "checkOnly": bool(deploy.options.get("checkOnly")),
        "rollbackOnError": deploy.options.get("rollbackOnError", True) is not False,
        "done": done,
        "success": done and deploy.succeeded,
        "status": ("Succeeded" if deploy.succeeded else "Failed") if done else "InProgress",
        "numberComponentsTotal": len(deploy.successes) + len(deploy.failures),
        "numberComponentsDeployed": len(deploy.successes) if done else 0,
        "numberComponentErrors": len(deploy.failures) if done else 0,
        "numberTestsTotal": 0,
        "numberTestsCompleted": 0,
        "numberTestErrors": 0,
    }
    if call.flag("includeDetails") and done:
        result["details"] = {
            "componentSuccesses": deploy.successes,
            "componentFailures": deploy.failures,
        }
    body = {"id": deploy.id, "url": _url(call, deploy), "deployResult": result}
    return Answer(body=body | {"deployOptions": deploy.options})


def create_field(org: Org, call: Call) -> Answer:
    """Create one custom field through the tooling; nobody sees it until it is granted."""
    body = call.json()
    parent, _, name = text_of(body, "FullName").partition(".")
    described = body.get("Metadata")
    if not isinstance(described, dict):
        raise unreadable("Metadata must be an object")
    texts = {key: _plain(value) for key, value in described.items() if not isinstance(value, dict)}
    definition = Definition(parent, name, texts.get("type", ""), texts)
    try:
        if org.table("CustomField").having("FullName", definition.full_name):
            told = f"There is already a field named {name} on {parent}."
            raise Refusal(400, "DUPLICATE_DEVELOPER_NAME", told, [])
        custom_fields.check(org, definition)
    except FlawError as flaw:
        raise Refusal(400, "FIELD_INTEGRITY_EXCEPTION", str(flaw), ["FullName"]) from flaw
    made = custom_fields.define(org, definition)
    return Answer(201, {"id": made, "success": True, "errors": [], "warnings": [], "infos": []})


def _url(call: Call, deploy: Deploy) -> str:
    return f"{call.base_url}{call.data_path}/metadata/deployRequest/{deploy.id}"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
