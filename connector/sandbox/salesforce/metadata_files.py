"""Reads the files of a deploy: a zip in the metadata format, with its manifest."""

import io
import zipfile
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from connector.sandbox.salesforce.custom_fields import Definition
from connector.sandbox.salesforce.nodes import Node, read_xml
from connector.sandbox.salesforce.refusals import Refusal

MANIFEST = "package.xml"
# Where the files of a type lie, how their names end, and what the type is called.
FOLDERS = {
    "objects": (".object", "CustomObject"),
    "permissionsets": (".permissionset", "PermissionSet"),
    "LeadConvertSettings": (".LeadConvertSetting", "LeadConvertSettings"),
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a deploy that is none of the manifest."""

    path: str
    type: str
    name: str
    root: Node


@dataclass(frozen=True, slots=True)
class Package:
    """What a deploy brings. `members`: what its manifest names, by type."""

    members: dict[str, set[str]]
    files: list[File]
    unknown: list[str]


def read_package(content: bytes) -> Package:
    """Return what a zip holds, or refuse it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts = {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}
        roots = {path: read_xml(text) for path, text in texts.items() if _is_read(path)}
    except (zipfile.BadZipFile, Xml.ParseError, ValueError) as error:
        raise Refusal(400, "INVALID_INPUT", "The file is no zip of metadata") from error
    # The files may lie within one folder of their own.
    manifest = next((path for path in sorted(roots) if path.endswith(MANIFEST)), None)
    if manifest is None:
        raise Refusal(400, "INVALID_INPUT", "No package.xml found")
    base = manifest.removesuffix(MANIFEST)
    files = [_file(path, base, root) for path, root in roots.items() if path != manifest]
    members = {
        group.get("name"): {member.text for member in group.all("members")}
        for group in roots[manifest].all("types")
    }
    unknown = [path for path in texts if path not in roots]
    return Package(members, files, unknown)


def definition_of(parent: str, node: Node) -> Definition:
    """Return the custom field that a `fields` element describes."""
    values, restricted = [], False
    for value_set in node.all("valueSet"):
        restricted = value_set.get("restricted") == "true"
        for inner in value_set.all("valueSetDefinition"):
            values = [value.get("fullName") for value in inner.all("value")]
    return Definition(
        parent, node.get("fullName"), node.get("type"), node.texts(), tuple(values), restricted
    )


def _is_read(path: str) -> bool:
    return path.endswith((MANIFEST, *(suffix for suffix, _ in FOLDERS.values())))


def _file(path: str, base: str, root: Node) -> File:
    folder, _, name = path.removeprefix(base).rpartition("/")
    suffix, type_ = FOLDERS.get(folder, ("", ""))
    if not type_ or not name.endswith(suffix):
        raise ValueError(f"{path} lies in no folder of its type")
    return File(path, type_, name.removesuffix(suffix), root)
