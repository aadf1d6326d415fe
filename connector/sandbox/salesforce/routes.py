"""Every path that the sandbox answers, and how a call finds its handler."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from connector.sandbox.salesforce import (
    bulk_ingest,
    bulk_query,
    collections,
    deploys,
    describes,
    identity,
    limits,
    oauth,
    queries,
    records,
)
from connector.sandbox.salesforce.batch import batch
from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.composite import composite
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Refusal, not_found

Handler = Callable[[Org, Call], Answer]

OPEN = "{}"
VERSION = re.compile(r"v(\d{1,3})\.0")


def _composite(org: Org, call: Call) -> Answer:
    return composite(org, call, dispatch)


def _batch(org: Org, call: Call) -> Answer:
    return batch(org, call, dispatch)


PUBLIC: dict[tuple[str, str], Handler] = {
    ("GET", "/services/data"): describes.versions,
    ("POST", "/services/oauth2/token"): oauth.issue_token,
    ("POST", "/services/oauth2/introspect"): oauth.introspect,
}
FREE: dict[tuple[str, str], Handler] = {
    ("GET", "/services/oauth2/userinfo"): identity.userinfo,
    ("POST", "/services/oauth2/userinfo"): identity.userinfo,
}
ONE, KEYED = "/sobjects/{}/{}", "/sobjects/{}/{}/{}"
GROUP = "/composite/sobjects"
DATA: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", describes.resources),
    ("GET", "/limits", limits.read_limits),
    ("GET", "/sobjects", describes.describe_global),
    ("GET", "/sobjects/{}", describes.basic),
    ("POST", "/sobjects/{}", records.create),
    ("GET", "/sobjects/{}/describe", describes.describe),
    ("GET", "/sobjects/{}/updated", queries.updated),
    ("GET", "/sobjects/{}/deleted", queries.deleted),
    ("GET", ONE, records.read),
    ("PATCH", ONE, records.update),
    ("DELETE", ONE, records.delete),
    ("POST", ONE, records.create_without_key),
    ("GET", KEYED, records.read_by_key),
    ("PATCH", KEYED, records.upsert),
    ("GET", "/query", queries.query),
    ("GET", "/query/{}", queries.query_more),
    ("GET", "/queryAll", queries.query_all),
    ("GET", "/queryAll/{}", queries.query_more),
    ("GET", "/tooling/query", queries.tooling_query),
    ("POST", "/tooling/sobjects/CustomField", deploys.create_field),
    ("POST", "/metadata/deployRequest", deploys.start),
    ("GET", "/metadata/deployRequest/{}", deploys.status),
    ("POST", "/composite", _composite),
    ("POST", "/composite/batch", _batch),
    ("POST", GROUP, collections.create),
    ("PATCH", GROUP, collections.update),
    ("DELETE", GROUP, collections.delete),
    ("GET", f"{GROUP}/{{}}", collections.read),
    ("POST", f"{GROUP}/{{}}", collections.read),
    ("PATCH", f"{GROUP}/{{}}/{{}}", collections.upsert),
    ("POST", "/jobs/query", bulk_query.create),
    ("GET", "/jobs/query", bulk_query.listing),
    ("GET", "/jobs/query/{}", bulk_query.status),
    ("PATCH", "/jobs/query/{}", bulk_query.change),
    ("DELETE", "/jobs/query/{}", bulk_query.delete),
    ("GET", "/jobs/query/{}/results", bulk_query.results),
    ("GET", "/jobs/query/{}/resultPages", bulk_query.result_pages),
    ("POST", "/jobs/ingest", bulk_ingest.create),
    ("GET", "/jobs/ingest", bulk_ingest.listing),
    ("GET", "/jobs/ingest/{}", bulk_ingest.status),
    ("PATCH", "/jobs/ingest/{}", bulk_ingest.change),
    ("DELETE", "/jobs/ingest/{}", bulk_ingest.delete),
    ("PUT", "/jobs/ingest/{}/batches", bulk_ingest.upload),
    ("GET", "/jobs/ingest/{}/successfulResults", bulk_ingest.successful),
    ("GET", "/jobs/ingest/{}/failedResults", bulk_ingest.failed),
    # The vendor spells it without capitals, its clients with them.
    ("GET", "/jobs/ingest/{}/unprocessedrecords", bulk_ingest.unprocessed),
    ("GET", "/jobs/ingest/{}/unprocessedRecords", bulk_ingest.unprocessed),
)


@dataclass(slots=True)
class Node:
    """One segment of the tree of paths."""

    children: dict[str, "Node"] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)
    template: str = ""


def _tree() -> Node:
    root = Node()
    for method, path, handler in DATA:
        node = root
        for segment in filter(None, path.split("/")):
            node = node.children.setdefault(segment, Node())
        node.handlers[method] = handler
        node.template = f"/services/data{path}"
    return root


TREE = _tree()


def dispatch(org: Org, call: Call) -> Answer:
    """Carry out a call on the data path, or raise what refuses it."""
    node = find(org, call)
    handler = node.handlers.get(_method(call))
    if handler is None:
        allowed = ", ".join(sorted(node.handlers))
        told = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
        raise Refusal(405, "METHOD_NOT_ALLOWED", told)
    return handler(org, call)


def find(org: Org, call: Call) -> Node:
    """Return the place of a call's path, and note in the call what its open places hold."""
    segments = [unquote(part) for part in call.path.rstrip("/").split("/")[3:]]
    if not call.path.startswith("/services/data/") or not segments:
        raise not_found()
    call.version = _version(org, segments[0])
    node, call.params = TREE, []
    for segment in segments[1:]:
        child = node.children.get(segment)
        if child is None:
            child = node.children.get(OPEN)
            if child is None or not segment:
                raise not_found()
            call.params.append(segment)
        node = child
    if not node.handlers:
        raise not_found()
    return node


def _version(org: Org, segment: str) -> str:
    found = VERSION.fullmatch(segment)
    if found is None or int(found[1]) > describes.LATEST:
        raise not_found()
    if int(found[1]) < org.options.oldest_version:
        raise Refusal(410, "GONE", f"API version v{found[1]}.0 is no longer available")
    return f"{found[1]}.0"


def _method(call: Call) -> str:
    # A client that cannot send PATCH may say so in the query.
    return call.text("_HttpMethod").upper() or call.method if call.method == "POST" else call.method
