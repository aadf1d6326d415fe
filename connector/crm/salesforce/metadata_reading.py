"""What an org has of metadata: `readMetadata`, which REST does not offer.

It tells of fields whatever field-level security hides, and it tells everything of a permission set
and of the mapping of conversions. Both must be known before a deploy, which takes their place.
"""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from connector.crm.salesforce.client import Client
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.metadata import NAMESPACE, Component, parse
from connector.domain.parts import in_parts
from connector.errors import CrmRefusedError

_MOST_READ = 10
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XML = "text/xml; charset=UTF-8"
_NO_ACTION = {"SOAPAction": '""', "Accept": "text/xml"}


def read_metadata(client: Client, type_: str, names: Sequence[str]) -> Mapping[str, Component]:
    """Return {name: component} of those that the org has; up to ten are one call.

    Raises CrmRefusedError where the user may not see metadata.
    """
    found: dict[str, Component] = {}
    for some in in_parts(names, _MOST_READ):
        for record in _asked(client, type_, some).iter("records"):
            name = record.findtext("fullName") or ""
            if name:
                record.tag = type_
                found[name] = Component(type_, name, _bare(record))
    return found


def _asked(client: Client, type_: str, names: Sequence[str]) -> Element:
    path = f"/services/Soap/m/{client.version}"
    try:
        reply = client.request(
            "POST",
            path,
            lambda token: _envelope(token, type_, names),
            content=_XML,
            headers=_NO_ACTION,
        )
    except ConflictError as conflict:
        raise _refused(conflict) from conflict
    try:
        return parse(reply.body)
    except ValueError as error:
        raise unavailable("Salesforce's answer about metadata is no XML, or cut off") from error


def _envelope(token: str, type_: str, names: Sequence[str]) -> bytes:
    root = Element("e:Envelope", {"xmlns:e": _SOAP, "xmlns": NAMESPACE})
    session = SubElement(SubElement(root, "e:Header"), "SessionHeader")
    SubElement(session, "sessionId").text = token
    call = SubElement(SubElement(root, "e:Body"), "readMetadata")
    SubElement(call, "type").text = type_
    for name in names:
        SubElement(call, "fullNames").text = name
    return tostring(root, encoding="unicode").encode()


def _bare(record: Element) -> Element:
    """Return a record as a file would hold it: with the last part of its name, if with any."""
    record.attrib.clear()
    name = record.find("fullName")
    if name is not None:
        own = (name.text or "").rpartition(".")[2]
        record.remove(name)
        if own != name.text:
            name.text = own
            record.insert(0, name)
    return record


def _refused(conflict: ConflictError) -> CrmRefusedError:
    return CrmRefusedError(
        what=f"Salesforce does not let us see its metadata: {conflict.why.says}",
        where="the rights of the user who signs in",
        do="Provision as a user with «Modify Metadata Through Metadata API Functions» and "
        "«Customize Application» (docs/salesforce.md, «Provision»). Nothing was changed.",
        status=conflict.status,
    )
