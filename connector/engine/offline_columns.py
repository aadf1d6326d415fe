# ruff: noqa: S608  names in SQL are ours or quoted
"""What offline scoring looks for in each file, and how a row becomes values in SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connector.engine import offline_values as values
from connector.engine.offline_files import (
    InputFile,
    Layout,
    by_layout,
    micros_sql,
    table_sql,
    text_sql,
)
from connector.errors import Problem
from connector.rules import sql
from connector.rules.conditions import Kind
from connector.rules.opportunities import OPPORTUNITY_FIELDS
from connector.rules.plan import CompiledRules
from connector.rules.tables import ATTRIBUTE, FIELD

LOCAL = "_is_local"
"""Behind a moment's column stands whether it is one of the wall clock, not of UTC yet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column to read: `name` in the file, `target` in the table.

    `is_required`: the column must be there; `is_filled`: in each row too. `is_key`: an id or a
    type, of which blanks around it are no part.
    """

    name: str
    target: str
    kind: Kind = Kind.TEXT
    is_required: bool = False
    is_filled: bool = False
    is_key: bool = False
    read: Callable[[str], str] | None = None


def contact_columns(compiled: CompiledRules) -> list[Wanted]:
    """Return what a contact consists of."""
    key = Wanted("id", "id", is_required=True, is_filled=True, is_key=True)
    return [key, *_valued(compiled.fields, FIELD)]


def activity_columns(compiled: CompiledRules) -> list[Wanted]:
    """Return what an activity consists of."""
    return [
        Wanted("id", "activity", is_required=True, is_filled=True, is_key=True),
        Wanted("contact_id", "contact_id", is_required=True, is_key=True),
        Wanted("type", "type", is_required=True, is_filled=True, is_key=True),
        Wanted("occurred_at", "occurred_us", Kind.MOMENT, is_required=True, is_filled=True),
        Wanted("is_outbound", "outbound", Kind.BOOLEAN),
        Wanted("direction", "direction", Kind.BOOLEAN, read=values.outbound),
        *_valued(compiled.attributes, ATTRIBUTE),
    ]


def opportunity_columns(compiled: CompiledRules) -> list[Wanted]:
    """Return what an opportunity consists of."""
    asked = compiled.opportunities.fields if compiled.opportunities else {}
    own = {name: kind for name, kind in asked.items() if name not in OPPORTUNITY_FIELDS}
    return [
        Wanted("id", "opportunity", is_required=True, is_filled=True, is_key=True),
        Wanted("contact_id", "contact_id", is_required=True, is_key=True),
        Wanted("created_at", "created_us", Kind.MOMENT, is_required=True, is_filled=True),
        Wanted("amount", "amount", Kind.NUMBER),
        Wanted("probability", "probability", Kind.NUMBER, read=_probability),
        Wanted("probability", "is_percent", Kind.BOOLEAN, read=_is_percent),
        Wanted("close_date", "close_us", Kind.MOMENT),
        Wanted("is_closed", "is_closed", Kind.BOOLEAN, is_required=True),
        Wanted("is_won", "is_won", Kind.BOOLEAN, is_required=True),
        *_valued(own, FIELD),
    ]


def _probability(text: str) -> str:
    """Return the millionths of 0.6 or 60; which of them is 60 %, the whole column shows."""
    value = values.number(f"rtrim(rtrim({text}, '%'))")
    return f"CASE WHEN {value} BETWEEN 0 AND 100000000 THEN {value} END"


def _is_percent(text: str) -> str:
    return f"ends_with({text}, '%')"


def _valued(kinds: Mapping[str, Kind], prefix: str) -> list[Wanted]:
    return [Wanted(name, prefix + name, kind) for name, kind in kinds.items()]


def compare_columns(
    files: Sequence[InputFile], wanted: Sequence[Wanted], what: str, problems: list[Problem]
) -> list[str]:
    """Return what is to be noted of the columns; required ones that are missing become problems."""
    for file in files:
        missing = [w.name for w in wanted if w.is_required and w.name not in file.layout.columns]
        if missing and any(file.layout.columns):
            problems.append(Problem(str(file.path), 1, 1, f"lacks {_named('column', missing)}"))
    present = {name for file in files for name in file.layout.columns}
    known = {w.name for w in wanted}
    # A direction is optional as a whole: nothing is worth saying when it is not there.
    absent = [w.name for w in wanted if not w.is_required and w.name not in present]
    absent = [name for name in absent if name not in ("is_outbound", "direction")]
    ignored = sorted(name for name in present - known if name)
    notes = [f"{what}: ignored, as no rule asks for it: {', '.join(ignored)}"] if ignored else []
    return notes + (
        [f"{what}: unknown throughout, no such column: {', '.join(absent)}"] if absent else []
    )


def _named(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} " + ", ".join(f"«{name}»" for name in names)


def rows_sql(files: Sequence[InputFile], wanted: Sequence[Wanted], rejects: str) -> str:
    """Return the rows of all files as values.

    Beside them stand, of rows with a mistake alone: `problem`, the first column that cannot be
    understood; `problem_text`, what is written there; `file`, and `key`, the row's id.
    """
    groups = by_layout(files)
    return "\nUNION ALL\n".join(
        _group_sql(group, wanted, f"{rejects}_{place}") for place, group in enumerate(groups)
    )


def _group_sql(files: Sequence[InputFile], wanted: Sequence[Wanted], rejects: str) -> str:
    layout = files[0].layout
    texts = [f"{_trimmed(text_sql(layout, w.name), w)} AS t{n}" for n, w in enumerate(wanted)]
    typed = {w.name for w in wanted if w.kind is Kind.MOMENT and layout.is_timestamp(w.name)}
    texts += [
        f"{micros_sql(layout, w.name)} AS m{n}" for n, w in enumerate(wanted) if w.name in typed
    ]
    inner = f"SELECT filename, {', '.join(texts)} FROM {table_sql(files, rejects=rejects)}"
    columns = [
        _typed_sql(w, f"m{n}", layout) if w.name in typed else _value_sql(w, f"t{n}")
        for n, w in enumerate(wanted)
    ]
    read = f"SELECT *, {', '.join(columns)} FROM ({inner})"
    bad = [(w.name, f"t{place}", _is_bad(w, f"t{place}")) for place, w in enumerate(wanted)]
    names = " ".join(f"WHEN {test} THEN {sql.text(name)}" for name, _, test in bad)
    found = " ".join(f"WHEN {test} THEN {text}" for _, text, test in bad)
    targets = [sql.identifier(name) for w in wanted for name in _targets(w)]
    return (
        f"SELECT CASE {names} END AS problem, CASE {found} END AS problem_text,"
        " CASE WHEN problem IS NOT NULL THEN filename END AS file,"
        " CASE WHEN problem IS NOT NULL THEN t0 END AS key,"
        f" {', '.join(targets)} FROM ({read})"
    )


def _trimmed(text: str, wanted: Wanted) -> str:
    """Return a text without blanks around it where they mean nothing."""
    is_as_written = wanted.kind is Kind.TEXT and not wanted.is_key
    return text if is_as_written else f"NULLIF(trim({text}, ' \t\r\n'), '')"


def _targets(wanted: Wanted) -> list[str]:
    is_moment = wanted.kind is Kind.MOMENT
    return [wanted.target, wanted.target + LOCAL] if is_moment else [wanted.target]


def _typed_sql(wanted: Wanted, micros: str, layout: Layout) -> str:
    """Return the columns of a moment that needs no reading."""
    is_local = sql.literal(layout.types[wanted.name].tz is None)
    target, local = (sql.identifier(name) for name in _targets(wanted))
    return f"{micros} AS {target}, {is_local} AS {local}"


def _value_sql(wanted: Wanted, text: str) -> str:
    """Return the columns that a text becomes."""
    target = sql.identifier(wanted.target)
    if wanted.kind is Kind.MOMENT:
        moment = values.moment(text)
        return (
            f"{moment.us} AS {target}, {moment.is_local} AS {sql.identifier(wanted.target + LOCAL)}"
        )
    read = wanted.read or _READ[wanted.kind]
    return f"{read(text)} AS {target}"


_READ: Mapping[Kind, Callable[[str], str]] = {
    Kind.TEXT: str,
    Kind.NUMBER: values.number,
    Kind.BOOLEAN: values.boolean,
}


def _is_bad(wanted: Wanted, text: str) -> str:
    """Return whether a row's text in this column is a mistake."""
    target = sql.identifier(wanted.target)
    not_understood = (
        "FALSE" if wanted.kind is Kind.TEXT else f"{text} IS NOT NULL AND {target} IS NULL"
    )
    return f"{text} IS NULL OR ({not_understood})" if wanted.is_filled else not_understood


def said_of(wanted: Wanted, text: str | None) -> str:
    """Return what a message says of a text that cannot be understood; never the text itself."""
    if text is None:
        return "is empty"
    if wanted.name == "direction":
        return "is no direction; write inbound or outbound"
    if wanted.name == "probability":
        return "is no probability; write 0.6, 60 or 60%"
    return values.FORMS[wanted.kind]
