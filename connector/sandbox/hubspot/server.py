"""The ASGI application: HTTP in, the gate's answers out, and a few levers under `/_sandbox`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.gate import Gate
from connector.sandbox.hubspot.jobs import Jobs
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.state import save
from connector.sandbox.listening import read_body

SAVE_EVERY_S = 5.0


def build_app(
    portal: Portal, *, faults: Faults | None = None, state: Path | None = None
) -> Starlette:
    """Return the application of an account. With `state` it saves itself there, at the end too."""
    gate = Gate(portal, faults or Faults())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if state is None:
            yield
            return
        saving = asyncio.create_task(_keep_saving(portal, state))
        yield
        saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving
        save(portal, state)

    levers = [
        Route("/calls", _counted(gate), methods=["GET", "DELETE"]),
        Route("/clock", _clock(portal), methods=["POST"]),
        Route("/files/{name}", _file(portal), methods=["GET"]),
    ]
    app = Starlette(
        routes=[Mount("/_sandbox", routes=levers), Mount("/", app=_Api(gate))], lifespan=lifespan
    )
    app.state.gate = gate
    return app


class _Api:
    """The paths of HubSpot itself, without a framework in between: benchmarks run against it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        content = await read_body(scope, receive)
        if content is None:
            return
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        call = Call(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1").partition("?")[0],
            query_string=scope["query_string"].decode("latin-1"),
            headers=headers,
            content=content,
            params=[],
            base_url=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
        )
        answer = self._gate.answer(call)
        response = Response(
            answer.payload(), answer.status, answer.headers, media_type=answer.media_type
        )
        # The sandbox's own clock dates its replies: it may have been turned.
        response.headers["Date"] = format_datetime(self._gate.portal.clock.now(), usegmt=True)
        await response(scope, receive, send)


async def _keep_saving(portal: Portal, state: Path) -> None:
    saved = -1
    while True:
        if portal.changes != saved:
            saved = portal.changes
            save(portal, state)
        await asyncio.sleep(SAVE_EVERY_S)


# Async, although little is awaited: a plain function would run in a thread of its own.
Lever = Callable[[Request], Awaitable[Response]]


def _counted(gate: Gate) -> Lever:
    async def calls(request: Request) -> Response:
        total = sum(gate.by_lane.values())
        by_class = {str(lane): count for lane, count in gate.by_lane.items()}
        body = {"total": total, "by_class": by_class, "by_path": dict(gate.by_path)}
        if request.method == "DELETE":
            gate.forget_calls()
        return JSONResponse(body)

    return calls


def _clock(portal: Portal) -> Lever:
    async def advance(request: Request) -> Response:
        body = await request.json()
        portal.clock.advance(timedelta(seconds=float(body["advance_seconds"])))
        return JSONResponse({"now": portal.clock.now().isoformat()})

    return advance


def _file(portal: Portal) -> Lever:
    async def file(request: Request) -> Response:
        content = Jobs(portal).file(request.path_params["name"])
        if content is None:
            return Response(status_code=403)
        return Response(content, media_type="text/csv")

    return file
