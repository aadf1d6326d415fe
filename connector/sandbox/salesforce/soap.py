"""The one SOAP call that a careful deploy needs: `readMetadata`, to see what stands there already.

Everything else of the metadata API is offered over REST, or not at all.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as Xml
from xml.sax.saxutils import escape

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.nodes import Node, read_xml
from connector.sandbox.salesforce.org import Org

PATH = re.compile(r"/services/Soap/m/\d{1,3}\.0(?:/\w+)?")
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns="http://soap.sforce.com/2006/04/metadata" '
    'xmlns:sf="http://soap.sforce.com/2006/04/metadata" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{}</soapenv:Body>'
    "</soapenv:Envelope>"
)
MOST_READ = 10
MAY_NOT = "Metadata.edit"  # reading takes the right to change


def answer(org: Org, call: Call) -> Answer:
    """Answer a SOAP call; what is wrong with it comes back as a fault."""
    try:
        root = read_xml(call.content)
    except (Xml.ParseError, ValueError):
        return _fault("UNKNOWN_EXCEPTION", "the envelope cannot be read")
    token = next((node.text for node in _walk(root) if node.tag == "sessionId"), "")
    if org.sessions.find(token, org.now_s()) is None:
        told = "Invalid Session ID found in SessionHeader: Illegal Session"
        return _fault("INVALID_SESSION_ID", told)
    if MAY_NOT in org.denied:
        return _fault(
            "INSUFFICIENT_ACCESS", "use of the Metadata API requires a right to modify it"
        )
    wish = next((node for node in _walk(root) if node.tag == "readMetadata"), None)
    if wish is None:
        return _fault("INVALID_OPERATION", "only readMetadata is offered here")
    names = [node.text for node in wish.all("fullNames")]
    if len(names) > MOST_READ:
        return _fault("LIMIT_EXCEEDED", f"record limit reached: {len(names)} of {MOST_READ}")
    records = "".join(_record(org, wish.get("type"), name) for name in names)
    result = f"<readMetadataResponse><result>{records}</result></readMetadataResponse>"
    return _enveloped(result)


def _record(org: Org, kind: str, name: str) -> str:
    if kind == "LeadConvertSettings":
        inner = _mapping(org)
    elif (kind, name) in org.components:
        inner = _written(org.components[kind, name], but="fullName")
    else:
        return '<records xsi:nil="true"/>'
    return (
        f'<records xsi:type="{escape(kind)}"><fullName>{escape(name)}</fullName>{inner}</records>'
    )


def _mapping(org: Org) -> str:
    pairs = "".join(
        f"<mappingFields><inputField>{source}</inputField><outputField>{end}</outputField>"
        "</mappingFields>"
        for source, end in org.lead_mapping.items()
    )
    return (
        "<allowOwnerChange>false</allowOwnerChange>"
        f"<objectMapping><inputObject>Lead</inputObject>{pairs}"
        "<outputObject>Contact</outputObject></objectMapping>"
        "<opportunityCreationOptions>VisibleOptional</opportunityCreationOptions>"
    )


def _written(node: Node, but: str = "") -> str:
    return "".join(
        f"<{child.tag}>{escape(child.text)}{_written(child)}</{child.tag}>"
        for child in node.children
        if child.tag != but
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _fault(code: str, told: str) -> Answer:
    fault = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{code}: {escape(told)}</faultstring></soapenv:Fault>"
    )
    return _enveloped(fault, 500)


def _enveloped(inner: str, status: int = 200) -> Answer:
    raw = ENVELOPE.format(inner).encode()
    return Answer(status, raw=raw, media_type="text/xml;charset=UTF-8")
