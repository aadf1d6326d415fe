"""The public client as the carrier: its session, with our manners, and nothing above it.

`simple-salesforce` sets no time-out, drops headers when it tries again after a 401 and asks for
indented JSON. So its `Salesforce` object is built once for its session, and requests go through
that session, one at a time, tried again by us alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Protocol

from connector.crm.http import LostError, Reply, Request, Transport

CONNECT_SECONDS = 5
READ_SECONDS = 130
"""A query may run for two minutes before the platform itself gives up."""
LARGEST_BODY = 64 * 1024 * 1024
_PIECE = 256 * 1024
_POOL = 8


class Arriving(Protocol):
    """An answer whose body comes piece by piece."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Looked up without regard to case."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Yield the body, decompressed. Raises LostError where it is cut off."""
        ...


class StreamingTransport(Transport, Protocol):
    """A transport that also brings bodies too large to hold."""

    def stream(self, request: Request) -> "Any":
        """Return a context manager of the answer; see `Arriving`."""
        ...


class SalesforceTransport:
    """Sends requests to one org, and to no other host. Safe to use from several threads."""

    def __init__(self, base_url: str) -> None:
        # Imported here since it costs half a second, which `--help` should not.
        import requests
        from requests.adapters import HTTPAdapter
        from simple_salesforce.api import Salesforce

        session = requests.Session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=_POOL))
        # Else a line in ~/.netrc would take the place of the token.
        session.auth = _as_it_is
        host = base_url.partition("://")[2]
        # The token is a placeholder: each request brings its own, so that none outlives another.
        self._session = Salesforce(session_id="-", instance=host, session=session).session
        self._failures = (requests.RequestException, OSError)
        self._host = base_url.rstrip("/")

    def send(self, request: Request) -> Reply:
        """Return the answer. Raises LostError if none came whole, or one too large to be true."""
        with self.stream(request) as answer:
            body = bytearray()
            for piece in answer.pieces():
                body += piece
                if len(body) > LARGEST_BODY:
                    raise LostError("an answer above the size limit")
            return Reply(answer.status, answer.headers, bytes(body))

    @contextmanager
    def stream(self, request: Request) -> Iterator["_Answer"]:
        """Bring an answer whose body is read piece by piece."""
        try:
            response = self._session.request(
                request.method,
                self._host + request.target,
                data=request.body,
                headers=dict(request.headers or {}),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
        except self._failures as error:
            raise LostError(f"{type(error).__name__} at {self._host}") from error
        with closing(response):
            yield _Answer(response, self._failures, self._host)


def _as_it_is(request: Any) -> Any:
    return request


class _Answer:
    def __init__(self, response: Any, failures: tuple[type[Exception], ...], host: str) -> None:
        self._response = response
        self._failures = failures
        self._host = host
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def pieces(self) -> Iterator[bytes]:
        """Yield the body, decompressed; a body shorter than announced is a lost one."""
        try:
            yield from self._response.iter_content(_PIECE)
        except self._failures as error:
            raise LostError(f"{type(error).__name__} at {self._host}") from error
