"""XML documents as trees without namespaces."""

from dataclasses import dataclass, field
from xml.etree import ElementTree as Xml


@dataclass(slots=True)
class Node:
    """An element without its namespace: texts of its leaves, and its children in order."""

    tag: str
    text: str
    children: "list[Node]" = field(default_factory=list)

    def all(self, tag: str) -> "list[Node]":
        """Return the children of a name."""
        return [child for child in self.children if child.tag == tag]

    def get(self, tag: str) -> str:
        """Return the text of the first child of a name; empty if there is none."""
        return next((child.text for child in self.all(tag)), "")

    def texts(self) -> dict[str, str]:
        """Return the texts of the leaves by name."""
        return {child.tag: child.text for child in self.children if not child.children}


def read_xml(text: bytes) -> Node:
    """Return the root of a document. Raises ParseError for what is none."""
    return _node(Xml.fromstring(text))  # noqa: S314 - sent to a local toy org by its owner


def _node(element: Xml.Element) -> Node:
    children = [_node(child) for child in element]
    return Node(element.tag.rpartition("}")[2], (element.text or "").strip(), children)
