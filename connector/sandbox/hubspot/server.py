"""The ASGI application: HTTP in, the gate's answers out, and a few levers under `/_sandbox`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.gate import Gate
from connector.sandbox.hubspot.portal import Portal


def build_app(
    portal: Portal, *, faults: Faults | None = None, on_stop: Callable[[], None] | None = None
) -> Starlette:
    """Return the application of an account. `on_stop` runs once after the last request."""
    gate = Gate(portal, faults or Faults())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if on_stop is not None:
            on_stop()

    levers = [
        Route("/calls", _counted(gate), methods=["GET", "DELETE"]),
        Route("/clock", _clock(portal), methods=["POST"]),
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
        request = Request(scope, receive)
        content = await request.body()
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
        response.headers["Date"] = format_datetime(self._gate.portal.clock.now(), usegmt=True)
        await response(scope, receive, send)


def _counted(gate: Gate) -> Callable[[Request], Response]:
    def calls(request: Request) -> Response:
        if request.method == "DELETE":
            gate.forget_calls()
        total = sum(gate.by_lane.values())
        by_class = {str(lane): n for lane, n in gate.by_lane.items()}
        return JSONResponse({"total": total, "by_class": by_class, "by_path": dict(gate.by_path)})

    return calls


def _clock(portal: Portal) -> Callable[[Request], object]:
    async def advance(request: Request) -> Response:
        body = await request.json()
        portal.clock.advance(timedelta(seconds=float(body["advance_seconds"])))
        return JSONResponse({"now": portal.clock.now().isoformat()})

    return advance
