"""Reads bodies of several parts."""

import re

from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.refusals import unreadable

BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
NAME = re.compile(rb'name="([^"]*)"', re.IGNORECASE)


def is_multipart(call: Call) -> bool:
    """Whether a body says that it has several parts."""
    return call.headers.get("content-type", "").lower().startswith("multipart/")


def parts_of(call: Call) -> dict[str, bytes]:
    """Return the content of each part by its name, or refuse the body."""
    found = BOUNDARY.search(call.headers.get("content-type", ""))
    if found is None:
        raise unreadable("a multipart body without a boundary")
    parts: dict[str, bytes] = {}
    for chunk in call.content.split(b"--" + found[1].encode())[1:]:
        head, gap, content = chunk.partition(b"\r\n\r\n")
        named = NAME.search(head)
        if gap and named:
            parts[named[1].decode("latin-1")] = content.removesuffix(b"\r\n")
    return parts
