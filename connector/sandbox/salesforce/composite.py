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
NEVER_OWN = frozenset({"accept", "authorization", "content-type"})
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
HEAVY = re.compile(r"/services/data/v[\d.]+/(?:query|queryAll|composite/sobjects)\b")
ALLOWED = re.compile(r"/services/data/v[\d.]+/(?:query|queryAll|sobjects|composite/sobjects)\b")
RECORDS = re.compile(r"/services/data/v[\d.]+/sobjects/\w+")
Dispatch = Callable[[Org, Call], Answer]


def composite(org: Org, call: Call, dispatch: Dispatch) -> Answer:
    """Carry out the requests one after the other."""
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
        inner = _inner(org, call, request, done)
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


def _inner(org: Org, call: Call, request: Json, done: dict[str, object]) -> Call:
    url = str(_filled(text_of(request, "url"), done, in_url=True))
    path, _, query = url.partition("?")
    if not ALLOWED.match(path):
        raise Refusal(400, "INVALID_INPUT", f"{path} cannot be a subrequest")
    content = b""
    if "body" in request:
        content = orjson.dumps(_filled(request["body"], done, in_url=False))
    return Call(
        method=text_of(request, "method").upper(),
        path=path,
        query_string=query,
        headers=_headers(org, call, request),
        content=content,
        session=call.session,
        base_url=call.base_url,
    )


def _headers(org: Org, call: Call, request: Json) -> dict[str, str]:
    """Return the headers of a request within: its own, and where it has none the outer one's."""
    own = request.get("httpHeaders") or {}
    if not isinstance(own, dict):
        raise unreadable("httpHeaders must be an object")
    lowered = {str(name).lower(): str(value) for name, value in own.items()}
    if lowered.keys() & NEVER_OWN:
        told = f"These headers come from the outer request alone: {', '.join(sorted(NEVER_OWN))}"
        raise Refusal(400, "INVALID_INPUT", told)
    outer = call.headers if org.options.composite_passes_headers else {}
    return {**outer, **lowered, "content-type": "application/json"}


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
    kind = RECORDS.match(inner.path)
    return f"{kind[0] if kind else inner.path}/{made}"
