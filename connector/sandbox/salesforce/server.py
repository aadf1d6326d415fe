"""The ASGI application: HTTP in, the gate's answers out, and a few levers under `/_sandbox`."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from connector.sandbox.listening import read_body
from connector.sandbox.salesforce.bulk_background import go_on
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.faults import Faults
from connector.sandbox.salesforce.gate import Gate
from connector.sandbox.salesforce.levers import levers
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json

WORTH_PACKING = 2_048  # bytes
SAVE_EVERY_S = 5.0
LOOK_EVERY_S = 0.1
Save = Callable[[], None]


def build_app(
    org: Org, *, faults: Faults | None = None, save: Save | None = None, app: Json | None = None
) -> Starlette:
    """Return the application of an org; what it changes is saved now and then, and at the end.

    `app` is what its levers tell of the app that may sign in.
    """
    gate = Gate(org, faults or Faults())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_keep_working(org))]
        if save is not None:
            tasks.append(asyncio.create_task(_keep_saving(org, save)))
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if save is not None:
            save()

    served = Starlette(
        routes=[Mount("/_sandbox", routes=levers(gate, app or {})), Mount("/", app=_Api(gate))],
        lifespan=lifespan,
    )
    served.state.gate = gate
    return served


class _Api:
    """The paths of Salesforce itself."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        content = await read_body(scope, receive)
        if content is None:
            return
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        answer = self._gate.answer(
            Call(
                method=scope["method"],
                # The vendor's command line joins an address that ends in a slash to its paths.
                path="/" + scope["raw_path"].decode("latin-1").partition("?")[0].lstrip("/"),
                query_string=scope["query_string"].decode("latin-1"),
                headers=headers,
                content=content,
                base_url=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
            )
        )
        payload = answer.payload()
        told = dict(answer.headers)
        if "gzip" in headers.get("accept-encoding", "") and len(payload) > WORTH_PACKING:
            payload = gzip.compress(payload, 1)
            told["Content-Encoding"] = "gzip"
        media_type = answer.media_type if payload else None
        response = Response(payload, answer.status, told, media_type=media_type)
        # The sandbox's own clock dates its replies: it may have been turned.
        response.headers["Date"] = format_datetime(self._gate.org.clock.now(), usegmt=True)
        await response(scope, receive, send)


async def _keep_working(org: Org) -> None:
    # Only large jobs take more than the step that the call about them does.
    while True:
        await asyncio.sleep(0 if go_on(org) else LOOK_EVERY_S)


async def _keep_saving(org: Org, save: Save) -> None:
    saved = -1
    while True:
        if org.changes != saved:
            saved = org.changes
            save()
        await asyncio.sleep(SAVE_EVERY_S)
