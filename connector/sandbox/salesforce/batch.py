"""Composite batch: up to 25 requests in one call that know nothing of each other."""

from collections.abc import Callable

import orjson

from connector.sandbox.salesforce.call import Answer, Call, rows_of, text_of
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json, Refusal

MOST = 25
FIRST_ERROR = 400
Dispatch = Callable[[Org, Call], Answer]


def batch(org: Org, call: Call, dispatch: Dispatch) -> Answer:
    """Carry out the requests one after the other; after a failure the rest only if told so."""
    body = call.json()
    requests = rows_of(body, "batchRequests")
    if not requests or len(requests) > MOST:
        raise Refusal(400, "LIMIT_EXCEEDED", f"at most {MOST} requests, at least one")
    results: list[Json] = []
    failed = False
    for request in requests:
        if failed and body.get("haltOnError") is True:
            told = Refusal(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            results.append({"statusCode": told.status, "result": told.body()})
            continue
        answer = _answered(org, call, request, dispatch)
        failed = failed or answer.status >= FIRST_ERROR
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(body={"hasErrors": failed, "results": results})


def _answered(org: Org, call: Call, request: Json, dispatch: Dispatch) -> Answer:
    path, _, query = text_of(request, "url").partition("?")
    if "/composite" in path or "/jobs" in path:
        raise Refusal(400, "INVALID_INPUT", f"{path} cannot be within a batch")
    path = "/services/data/" + path.removeprefix("/services/data/").lstrip("/")
    inner = Call(
        method=text_of(request, "method").upper(),
        path=path,
        query_string=query,
        headers={**call.headers, "content-type": "application/json"},
        content=orjson.dumps(request["richInput"]) if "richInput" in request else b"",
        session=call.session,
        base_url=call.base_url,
    )
    try:
        return dispatch(org, inner)
    except Refusal as refusal:
        return Answer(refusal.status, refusal.body())
