"""What a query would show, without showing it: `columns=true`, by which clients lay out tables."""

from connector.sandbox.salesforce.fields import NUMBERS, TEXTS, SObject
from connector.sandbox.salesforce.refusals import Json
from connector.sandbox.salesforce.soql_run import Engine
from connector.sandbox.salesforce.soql_tree import Aggregate, Path, Select, TypeOf


def columns(engine: Engine, select: Select, sobject: SObject) -> Json:
    """Return the columns of a query, nested as its answer is."""
    return {
        "columnMetadata": _columns(engine, select, sobject),
        "entityName": sobject.name,
        "groupBy": bool(select.group_by),
        "idSelected": any(str(item).lower() == "id" for item in select.items),
        "keyPrefix": sobject.prefix,
    }


def _columns(engine: Engine, select: Select, sobject: SObject) -> list[Json]:
    shown = _parents(engine, sobject, engine.paths(select, sobject))
    unnamed = 0
    for item in select.items:
        if isinstance(item, Aggregate):
            name = item.alias or f"expr{unnamed}"
            unnamed += not item.alias
            counted = _column(name, "int", is_aggregate=True)
            shown.append(counted | {"displayName": f"{item.function}({item.path or ''})"})
        elif isinstance(item, TypeOf):
            shown.append(_column(item.path.parts[0], "reference"))
        elif isinstance(item, Select):
            shown.append(_children(engine, item, sobject))
    return shown


def _parents(engine: Engine, sobject: SObject, paths: list[Path]) -> list[Json]:
    shown: list[Json] = []
    nested: dict[str, tuple[SObject, list[Path]]] = {}
    for path in paths:
        if len(path.parts) == 1:
            bound = engine.binder.field(sobject, path)
            shown.append(_column(bound.field.name, bound.field.type))
            continue
        reference, target = engine.binder.parent(sobject, path.parts[0])
        if reference.relation not in nested:
            nested[reference.relation] = (target, [])
            shown.append(_column(reference.relation, "reference"))
        nested[reference.relation][1].append(Path(path.parts[1:]))
    for column in shown:
        inner = nested.get(str(column["columnName"]))
        if inner is not None:
            column["joinColumns"] = _parents(engine, *inner)
    return shown


def _children(engine: Engine, select: Select, sobject: SObject) -> Json:
    relation = select.source.lower()
    child = engine.org.objects[sobject.children[relation][0]]
    reference = child.fields[sobject.children[relation][1].lower()]
    column = _column(reference.children, "reference", is_aggregate=True)
    return column | {"joinColumns": _columns(engine, select, child)}


def _column(name: str, type_: str, *, is_aggregate: bool = False) -> Json:
    return {
        "aggregate": is_aggregate,
        "apexType": type_.capitalize(),
        "booleanType": type_ == "boolean",
        "columnName": name,
        "custom": name.endswith("__c"),
        "displayName": name,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": type_ in NUMBERS,
        "textType": type_ in TEXTS or type_ in {"id", "reference"},
        "updatable": False,
    }
