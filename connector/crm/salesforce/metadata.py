"""Metadata as files: the source format we ship, and the zip that a deploy takes."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, SubElement, XMLParser, fromstring, tostring

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
FIELD, LIST_VIEW = "CustomField", "ListView"
PERMISSION_SET, CONVERSION = "PermissionSet", "LeadConvertSettings"
# Within an object's file: which element holds a component of which type.
_WITHIN = {FIELD: "fields", LIST_VIEW: "listViews"}
_ALONE = {
    PERMISSION_SET: "permissionsets/{}.permissionset",
    CONVERSION: "LeadConvertSettings/{}.LeadConvertSetting",
}
_SUFFIX = "-meta.xml"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
# A zip without dates is the same zip each time.
_MOMENT = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Component:
    """One piece of metadata. `name` is whole (`Lead.Score__c`); `tree` has no namespace."""

    type: str
    name: str
    tree: Element

    @property
    def parent(self) -> str:
        """The object it belongs to; empty for what stands alone."""
        return self.name.partition(".")[0] if self.type in _WITHIN else ""

    @property
    def own_name(self) -> str:
        """Its name within its object."""
        return self.name.rpartition(".")[2]

    def get(self, tag: str) -> str:
        """Return the text of the first child of a name; empty if there is none."""
        return self.tree.findtext(tag) or ""


def source_folder() -> Path:
    """Return the folder of the shipped files: in the package, or in the checkout beside it."""
    package = Path(__file__).parents[2]
    installed = package / "native" / "salesforce"
    return installed if installed.is_dir() else package.parent / "native" / "salesforce"


def read_source(folder: Path | None = None) -> list[Component]:
    """Return every component of a project in the source format, in the order of its paths."""
    root = folder or source_folder()
    files = sorted((root / "force-app" / "main" / "default").rglob(f"*{_SUFFIX}"))
    if not files:
        raise FileNotFoundError(root)
    return [_component(path, parse(path.read_bytes())) for path in files]


def _component(path: Path, tree: Element) -> Component:
    own = path.name.removesuffix(_SUFFIX).rpartition(".")[0]
    if tree.tag in _WITHIN:
        return Component(tree.tag, f"{path.parent.parent.name}.{own}", tree)
    return Component(tree.tag, own, tree)


def parse(text: bytes) -> Element:
    """Return a document's root, without namespaces and the blanks between elements.

    Raises ValueError for what is no XML, or declares entities of its own.
    """
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", text):
        raise ValueError("a document type is none of the platform's")
    try:
        root = fromstring(text, XMLParser(encoding="utf-8"))  # noqa: S314  no entities, see above
    except ParseError as error:
        raise ValueError("no XML") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        if len(element):
            element.text = None
    return root


def package(components: Sequence[Component], version: str) -> bytes:
    """Return a zip in the metadata format, with its manifest. The same components, the same zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, tree in [("package.xml", _manifest(components, version)), *_files(components)]:
            archive.writestr(zipfile.ZipInfo(path, _MOMENT), _written(tree))
    return file.getvalue()


def _manifest(components: Sequence[Component], version: str) -> Element:
    root = Element("Package")
    for type_ in dict.fromkeys(component.type for component in components):
        types = SubElement(root, "types")
        for component in components:
            if component.type == type_:
                SubElement(types, "members").text = component.name
        SubElement(types, "name").text = type_
    SubElement(root, "version").text = version
    return root


def _files(components: Iterable[Component]) -> Iterator[tuple[str, Element]]:
    objects: dict[str, Element] = {}
    for component in components:
        if component.type not in _WITHIN:
            yield _ALONE[component.type].format(component.name), component.tree
            continue
        holder = objects.setdefault(component.parent, Element("CustomObject"))
        inner = SubElement(holder, _WITHIN[component.type])
        inner.extend(component.tree)
    for name, tree in objects.items():
        yield f"objects/{name}.object", tree


def _written(tree: Element) -> bytes:
    root = Element(tree.tag, {"xmlns": NAMESPACE})
    root.extend(tree)
    return _DECLARATION + tostring(root, encoding="unicode").encode()


def set_text(parent: Element, tag: str, text: str) -> None:
    """Set the text of the first child of a name; a new one stands behind the others."""
    child = parent.find(tag)
    (SubElement(parent, tag) if child is None else child).text = text


def texts(parent: Element) -> Mapping[str, str]:
    """Return {name: text} of the children that hold no others."""
    return {child.tag: child.text or "" for child in parent if not len(child)}
