"""Composite: up to 25 requests in one call, of which five may be queries or collections."""

import re
from collections.abc import Callable
from urllib.parse import quote

import orjson

from connector.sandbox.salesforce.call import Answer, Call, rows_of, text_of
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json, Refusal, unreadable

MOST, MOST_HEAVY = 25, 5
REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
HEAVY = re.compile(r"/services/data/v[\d.]+/(?:query|queryAll|composite/sobjects)\b")
NOT_ALLOWED = re.compile(r"/services/data/v[\d.]+/(?:composite(?!/sobjects)|jobs|metadata)\b")
Dispatch = Callable[[Org, Call], Answer]


def composite(org: Org, call: Call, dispatch: Dispatch) -> Answer:
    """Carry out the requests one after the other.

    A header counts for a request within only where its own `httpHeaders` name it.
    """
    body = call.json()
    requests = rows_of(body, "compositeRequest")
    _check(requests)
    all_or_none = body.get("allOrNone", False)
    done: dict[str, object] = {}
    answers: list[Json] = []
    org.transaction = []
    try:
        for request in requests:
            answers.append(_answered(org, call, request, done, dispatch))
            if all_or_none and not _is_fine(answers[-1]):
                break
        if all_or_none and not all(map(_is_fine, answers)):
            for take_back in reversed(org.transaction):
                take_back()
            answers = _halted(requests, answers)
    finally:
        org.transaction = None
    return Answer(body={"compositeResponse": answers})


def _check(requests: list[Json]) -> None:
    if not requests or len(requests) > MOST:
        told = f"Limit exceeded: at most {MOST} subrequests, at least one"
        raise Refusal(400, "LIMIT_EXCEEDED", told)
    names = [text_of(request, "referenceId") for request in requests]
    if len(set(names)) < len(names):
        raise Refusal(400, "INVALID_INPUT", "Each referenceId must be unique")
    urls = [text_of(request, "url") for request in requests]
    if sum(bool(HEAVY.match(url)) for url in urls) > MOST_HEAVY:
        told = f"at most {MOST_HEAVY} subrequests can be queries or sObject Collections"
        raise Refusal(400, "LIMIT_EXCEEDED", told)


def _answered(
    org: Org, call: Call, request: Json, done: dict[str, object], dispatch: Dispatch
) -> Json:
    name = text_of(request, "referenceId")
    try:
        inner = _inner(call, request, done)
        answer = dispatch(org, inner)
    except Refusal as refusal:
        answer = Answer(refusal.status, refusal.body())
    else:
        if answer.status < 300:
            done[name] = answer.body
    headers = {"Location": _location(inner, answer)} if answer.status == 201 else {}
    return {
        "body": answer.body,
        "httpHeaders": headers,
        "httpStatusCode": answer.status,
        "referenceId": name,
    }


def _inner(call: Call, request: Json, done: dict[str, object]) -> Call:
    url = str(_filled(text_of(request, "url"), done, in_url=True))
    path, _, query = url.partition("?")
    if NOT_ALLOWED.match(path):
        raise Refusal(400, "INVALID_INPUT", f"{path} cannot be a subrequest")
    headers = request.get("httpHeaders") or {}
    if not isinstance(headers, dict):
        raise unreadable("httpHeaders must be an object")
    content = b""
    if "body" in request:
        content = orjson.dumps(_filled(request["body"], done, in_url=False))
    return Call(
        method=text_of(request, "method").upper(),
        path=path,
        query_string=query,
        headers={str(name).lower(): str(value) for name, value in headers.items()}
        | {"content-type": "application/json"},
        content=content,
        session=call.session,
        base_url=call.base_url,
        is_inner=True,
    )


def _filled(value: object, done: dict[str, object], *, in_url: bool) -> object:
    if isinstance(value, dict):
        return {name: _filled(inner, done, in_url=in_url) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, done, in_url=in_url) for inner in value]
    if not isinstance(value, str):
        return value

    def put(found: re.Match[str]) -> str:
        text = str(_looked_up(found[1], found[2], done))
        return quote(text, safe="") if in_url else text

    return REFERENCE.sub(put, value)


def _looked_up(name: str, path: str, done: dict[str, object]) -> object:
    found = done.get(name)
    if name not in done:
        told = "The transaction was rolled back since another operation in the same "
        raise Refusal(400, "PROCESSING_HALTED", told + f"transaction failed: {name}")
    for step in STEP.finditer(path):
        try:
            found = found[step[1]] if step[1] else found[int(step[2])]  # type: ignore[index]  # caught
        except (KeyError, IndexError, TypeError) as error:
            told = f"Invalid reference specified. No value for {name}{path} found"
            raise Refusal(400, "PROCESSING_HALTED", told) from error
    return found


def _is_fine(answer: Json) -> bool:
    return int(str(answer["httpStatusCode"])) < 400


def _halted(requests: list[Json], answers: list[Json]) -> list[Json]:
    told = "The transaction was rolled back since another operation in the same transaction failed."
    halted = Refusal(400, "PROCESSING_HALTED", told).body()
    result: list[Json] = []
    for place, request in enumerate(requests):
        if place < len(answers) and not _is_fine(answers[place]):
            result.append(answers[place])
            continue
        result.append(
            {
                "body": halted,
                "httpHeaders": {},
                "httpStatusCode": 400,
                "referenceId": request["referenceId"],
            }
        )
    return result


def _location(inner: Call, answer: Answer) -> str:
    made = answer.body.get("id") if isinstance(answer.body, dict) else ""
    return f"{inner.path}/{made}"
