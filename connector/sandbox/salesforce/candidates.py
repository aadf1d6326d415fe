"""Among which records those must be that a condition lets through: by id, reference or stamp."""

from collections.abc import Iterable, Iterator

from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.moments import parse_moment
from connector.sandbox.salesforce.soql_tokens import unescaped
from connector.sandbox.salesforce.soql_tree import Comparison, Condition, Junction, Select
from connector.sandbox.salesforce.table import Record, Table

Window = tuple[int, int]  # the first and the last second of a stamp
ALWAYS: Window = (0, 1 << 60)


def candidates(table: Table, where: Condition | None) -> Iterable[Record]:
    """Return the records among which those must be that a condition lets through.

    What an open transaction holds is always among them: others still see it as it was.
    """
    found = _narrowed(table, where)
    if found is None:
        return list(table.rows.values())
    if not table.held:
        return found
    seen = {record.id for record in found}
    return found + [table.rows[record_id] for record_id in table.held if record_id not in seen]


def _narrowed(table: Table, where: Condition | None) -> list[Record] | None:
    for part in _conjuncts(where):
        found = _named(table, part)
        if found is not None:
            return found
    low, high = _window(where)
    return None if (low, high) == ALWAYS else table.stamped_between(low, high)


def _conjuncts(where: Condition | None) -> Iterator[Comparison]:
    if isinstance(where, Comparison):
        yield where
    elif isinstance(where, Junction) and where.word == "AND":
        for part in where.parts:
            yield from _conjuncts(part)


def _named(table: Table, part: Comparison) -> list[Record] | None:
    if part.operator not in {"=", "IN"} or isinstance(part.values, Select):
        return None
    one = table.sobject.find(part.path.parts[0]) if len(part.path.parts) == 1 else None
    if one is None or not (one.type in {"id", "reference"} or one.unique or one.external_id):
        return None
    texts = [unescaped(value.text) for value in part.values if value.kind == "string"]
    if len(texts) < len(part.values) or one.name.endswith("ById"):
        return None
    if one.refers_to == ("EntityDefinition",):
        return None  # those are known by their names
    if one.type in {"id", "reference"}:
        texts = [full_id(text) or "" for text in texts]
    if one.name == "Id":
        return [table.rows[text] for text in dict.fromkeys(texts) if text in table.rows]
    found = {r.id: r for text in texts for r in table.having(one.name, text)}
    return list(found.values())


def _window(where: Condition | None) -> Window:
    """Return the seconds between which the stamp of a record must lie."""
    if isinstance(where, Comparison):
        return _stamped(where)
    if not isinstance(where, Junction):
        return ALWAYS
    lows, highs = zip(*map(_window, where.parts), strict=True)
    return (max(lows), min(highs)) if where.word == "AND" else (min(lows), max(highs))


def _stamped(part: Comparison) -> Window:
    if isinstance(part.values, Select) or part.path.parts[-1].lower() != "systemmodstamp":
        return ALWAYS
    if len(part.path.parts) > 1 or part.values[0].kind != "datetime":
        return ALWAYS
    at = parse_moment(part.values[0].text)
    if at is None or part.operator not in {"<", "<=", ">", ">=", "="}:
        return ALWAYS
    low = at if part.operator in {">", ">=", "="} else ALWAYS[0]
    return low, at if part.operator in {"<", "<=", "="} else ALWAYS[1]
