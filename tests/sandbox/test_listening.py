"""What both sandboxes do with a connection."""

import socket
from typing import Literal
from urllib.parse import urlsplit

import pytest
import requests

from connector.sandbox.serve import start


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_client_that_goes_away_midway_is_no_error(
    crm: Literal["hubspot", "salesforce"], capfd: pytest.CaptureFixture[str]
) -> None:
    with start(crm=crm, contacts=3) as sandbox:
        at = urlsplit(sandbox.url)
        with socket.create_connection((at.hostname, at.port)) as line:
            line.sendall(b"POST /x HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\nhalf")
        assert requests.get(f"{sandbox.url}/services/data", timeout=10).status_code < 500
    assert capfd.readouterr().err == ""
