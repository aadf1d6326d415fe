"""The official client as the carrier: its pooled, TLS-checking connections, and nothing above them.

Typed calls of `hubspot-api-client` cost sixty times the CPU of raw bytes, its `call_api` copies
every body through `json`, and each attribute access on it opens a new pool. So one of its API
objects is built and kept, and requests go through the connection pool that it configured.
"""

from collections.abc import Mapping
from typing import Protocol, cast

from connector.crm.http import LostError, Reply, Request

CONNECT_SECONDS = 5
READ_SECONDS = 60
LARGEST_BODY = 64 * 1024 * 1024
_POOL = 16


class _Response(Protocol):
    status: int
    headers: Mapping[str, str]

    def read(self, amt: int, decode_content: bool) -> bytes: ...  # noqa: FBT001  urllib3's own
    def release_conn(self) -> None: ...
    def close(self) -> None: ...


class HubSpotTransport:
    """Sends requests to one HubSpot host, and to no other. Safe to use from several threads."""

    def __init__(self, base_url: str) -> None:
        # Imported here since it costs a quarter of a second, which `--help` should not.
        import urllib3
        from hubspot import HubSpot

        host = base_url.rstrip("/")
        client = HubSpot(host=host, retry=False, connection_pool_maxsize=_POOL)
        self._pool = client.crm.owners.owners_api.api_client.rest_client.pool_manager
        self._failures = (urllib3.exceptions.HTTPError, OSError)
        self._timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._host = host

    def send(self, request: Request) -> Reply:
        """Return the answer. Raises LostError if none came whole, or one too large to be true."""
        try:
            response = self._pool.urlopen(
                request.method,
                self._host + request.target,
                body=request.body,
                headers=request.headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=self._timeout,
            )
            return _whole(cast("_Response", response))
        except self._failures as error:
            raise LostError(f"{type(error).__name__} at {self._host}") from error


def _whole(response: _Response) -> Reply:
    body = response.read(LARGEST_BODY + 1, decode_content=True)
    if len(body) > LARGEST_BODY:
        response.close()
        raise LostError("an answer above the size limit")
    response.release_conn()
    return Reply(response.status, response.headers, body)
