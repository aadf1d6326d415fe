"""What stands in an org and what we want, made one: a deploy takes the place of what was there.

Everything that others put there stays as it is; ours comes along. Each function returns what is
lacking in words, and the whole to be deployed.
"""

from collections.abc import Collection, Iterator
from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement

from connector.crm.salesforce.metadata import Component, set_text, texts
from connector.crm.salesforce.wishes import mappings_to, pairs_of

# Each grant of a permission set is about one thing, which this child names.
_ABOUT = {"fieldPermissions": "field", "objectPermissions": "object", "userPermissions": "name"}
_TARGET = "Contact"


def merged_set(wanted: Component, found: Component) -> tuple[list[str], Component]:
    """Return what a permission set does not grant yet, and the set that also grants it."""
    tree = deepcopy(found.tree)
    held = {key: grant for grant in tree for key in [_subject(grant)] if key}
    lacking = []
    for grant in wanted.tree:
        subject = _subject(grant)
        if not subject:
            continue
        if subject not in held:
            tree.append(deepcopy(grant))
            lacking.append(_spoken(grant))
        elif _raised(held[subject], grant):
            lacking.append(_spoken(grant))
    return lacking, Component(found.type, wanted.name, _grouped(tree))


def without(component: Component, fields: Collection[str]) -> Component:
    """Return a component that grants nothing of some fields, as `Lead.Title`."""
    tree = deepcopy(component.tree)
    for grant in tree.findall("fieldPermissions"):
        if grant.findtext("field") in fields:
            tree.remove(grant)
    return Component(component.type, component.name, tree)


def _subject(grant: Element) -> tuple[str, str] | None:
    named = _ABOUT.get(grant.tag)
    return (grant.tag, (grant.findtext(named) or "").lower()) if named else None


def _raised(held: Element, grant: Element) -> bool:
    """Add the rights of a grant to the one held; tell whether there was any to add."""
    has = texts(held)
    more = [tag for tag, text in texts(grant).items() if text == "true" and has.get(tag) != "true"]
    for tag in more:
        set_text(held, tag, "true")
    return bool(more)


def _spoken(grant: Element) -> str:
    name = grant.findtext(_ABOUT[grant.tag]) or ""
    edits = "true" in (grant.findtext("editable"), grant.findtext("allowEdit"))
    return f"{name} (edit)" if edits else name


def _grouped(tree: Element) -> Element:
    """Return a tree whose children of one name stand together, as the platform writes them."""
    tree[:] = sorted(tree, key=lambda child: child.tag)
    return tree


def merged_conversion(wanted: Component, found: Component | None) -> tuple[list[str], Component]:
    """Return the fields that a conversion does not carry over yet, and the mapping that does.

    A field that an admin maps in another way stays so: it is theirs to say, and none is lacking.
    """
    if found is None:
        return list(pairs_of(wanted, _TARGET)), wanted
    tree = deepcopy(found.tree)
    whole = Component(found.type, wanted.name, tree)
    lacking = [pair for pair in _pairs(wanted) if not _is_taken(whole, *pair)]
    if lacking:
        holder = _holder(whole)
        for source, end in lacking:
            pair = Element("mappingFields")
            set_text(pair, "inputField", source)
            set_text(pair, "outputField", end)
            holder.insert(len(holder) - 1, pair)
    return [source for source, _ in lacking], whole


def _pairs(conversion: Component) -> Iterator[tuple[str, str]]:
    yield from pairs_of(conversion, _TARGET).items()


def _is_taken(conversion: Component, source: str, end: str) -> bool:
    pairs = pairs_of(conversion, _TARGET)
    return source in pairs or end in pairs.values()


def _holder(conversion: Component) -> Element:
    """Return the part that leads to contacts; its last child names them."""
    for part in mappings_to(conversion, _TARGET):
        target = part.find("outputObject")
        if target is not None:
            part.remove(target)
            part.append(target)
        return part
    part = SubElement(conversion.tree, "objectMapping")
    set_text(part, "inputObject", "Lead")
    set_text(part, "outputObject", _TARGET)
    conversion.tree[:] = sorted(conversion.tree, key=lambda child: child.tag)
    return part
