"""Fit as columns of a contact: `docs/semantics.md` section 4 as SQL."""

from collections.abc import Mapping

from connector.domain.numbers import MILLION
from connector.domain.stages import Grade
from connector.domain.text import fold
from connector.rules import sql
from connector.rules.condition_sql import condition_sql, has_value, unknown
from connector.rules.conditions import Kind
from connector.rules.layers import Columns, layered
from connector.rules.model import Fit, Persona

RESULTS: Mapping[str, Kind] = {"grade": Kind.TEXT, "persona": Kind.TEXT}
"""What the personas make of a contact, which conditions of rules may name beside its fields."""

_WHOLE = 100 * MILLION
_UNKNOWN = -1  # below any fit


def weighed(fit: Fit) -> Columns:
    """Return how much of each persona is known and earned, and which fields are unknown."""
    columns: dict[str, str] = {}
    for number, persona in enumerate(fit.personas):
        columns[f"known_{number}"] = _sum(persona, with_condition=False)
        columns[f"earned_{number}"] = _sum(persona, with_condition=True)
    for number, (name, kind) in enumerate(_fields(fit).items()):
        columns[f"unknown_{number}"] = unknown(name, kind, "c.f_")
    return columns


def _fields(fit: Fit) -> Mapping[str, Kind]:
    """Return the fields that personas look at with their kinds, in the order of the file."""
    return {each.field: each.kind for persona in fit.personas for each in persona.criteria}


def _sum(persona: Persona, *, with_condition: bool) -> str:
    """Return the weight of a persona's known criteria, or of those of them that hold."""
    terms = []
    for each in persona.criteria:
        holds = has_value(each.field, each.kind, "c.f_")
        if with_condition:
            holds = f"{holds} AND {condition_sql(each.condition, 'c.f_')}"
        terms.append(f"CASE WHEN {holds} THEN {each.weight} ELSE 0 END")
    return f"CAST({' + '.join(terms) or '0'} AS BIGINT)"


def judged(fit: Fit) -> Columns:
    """Return what follows from that: `fit`, `grade`, `persona` and `missing`."""
    fits = [f"fit_{number}" for number in range(len(fit.personas))]
    return {
        **_fits(fit),
        "best_fit": _greatest(fits),
        **_grades(fit),
        **_told(fit),
        "most_told": _greatest([f"told_{number}" for number in range(len(_fields(fit)))]),
        "missing": _missing(fit),
    }


def _fits(fit: Fit) -> Columns:
    """Return each persona's fit in micro-points, -1 where too little is known."""
    columns: dict[str, str] = {}
    for number, persona in enumerate(fit.personas):
        enough = fit.known_enough * _weight(persona)
        is_enough = f"known_{number} > 0 AND known_{number} * 100 >= {enough}"
        columns[f"fit_{number}"] = (
            f"CASE WHEN {is_enough} THEN earned_{number} * {_WHOLE} // known_{number}"
            f" ELSE {_UNKNOWN} END"
        )
    return columns


def _greatest(names: list[str]) -> str:
    """Return the greatest of some columns; -1 of none."""
    highest = f"GREATEST({', '.join(names)})" if len(names) > 1 else "".join(names)
    return f"CAST({highest or _UNKNOWN} AS BIGINT)"


def _told(fit: Fit) -> Columns:
    """Return how much knowing each field would tell, -1 if it is known or nothing is to be asked.

    How many personas it would make known enough, and after that its weight over all of them.
    """
    columns: dict[str, str] = {}
    for number, name in enumerate(_fields(fit)):
        weights = [_weight(persona, name) for persona in fit.personas]
        settled = [
            f"CASE WHEN (known_{place} + {weight}) * 100"
            f" >= {fit.known_enough * _weight(persona)} THEN {_whole_weight(fit)} ELSE 0 END"
            for place, (persona, weight) in enumerate(zip(fit.personas, weights, strict=True))
            if weight
        ]
        columns[f"told_{number}"] = (
            f"CASE WHEN best_fit < 0 AND unknown_{number}"
            f" THEN {' + '.join([*settled, str(sum(weights))])} ELSE {_UNKNOWN} END"
        )
    return columns


def _weight(persona: Persona, name: str | None = None) -> int:
    """Return the weight of a persona's criteria of one field, or of all of them."""
    return sum(each.weight for each in persona.criteria if name in (None, each.field))


def _whole_weight(fit: Fit) -> int:
    """Return more than any field can weigh."""
    return 1 + sum(_weight(persona) for persona in fit.personas)


def _missing(fit: Fit) -> str:
    """Return the field that would tell most, the first in the file on a tie."""
    whens = " ".join(
        f"WHEN told_{number} = most_told THEN {sql.text(name)}"
        for number, name in enumerate(_fields(fit))
    )
    return f"CASE WHEN most_told < 0 THEN NULL {whens} END" if whens else "CAST(NULL AS VARCHAR)"


def _grades(fit: Fit) -> Columns:
    """Return `fit`, `grade` and `persona`."""
    whens = " ".join(
        f"WHEN fit_{number} = best_fit THEN {sql.text(persona.id)}"
        for number, persona in enumerate(fit.personas)
    )
    return {
        "fit": "CASE WHEN best_fit >= 0 THEN best_fit END",
        "grade": (
            f"CASE WHEN best_fit < 0 THEN '{Grade.U}'"
            f" WHEN best_fit >= {fit.grade_a} THEN '{Grade.A}'"
            f" WHEN best_fit >= {fit.grade_b} THEN '{Grade.B}'"
            f" WHEN best_fit >= {fit.grade_c} THEN '{Grade.C}' ELSE '{Grade.D}' END"
        ),
        "persona": f"CASE WHEN best_fit < 0 THEN NULL {whens} END"
        if whens
        else "CAST(NULL AS VARCHAR)",
    }


def folded(fit: Fit, name: str, source: str) -> str:
    """Return a result of `source` folded, as conditions compare it: it is known which there are."""
    values = {"grade": [str(grade) for grade in Grade], "persona": [p.id for p in fit.personas]}
    unlike = [value for value in values[name] if fold(value) != value]
    cases = " ".join(f"WHEN {sql.text(value)} THEN {sql.text(fold(value))}" for value in unlike)
    return f"CASE {source}.{name} {cases} ELSE {source}.{name} END" if cases else f"{source}.{name}"


def graded_sql(fit: Fit) -> str:
    """Return `contact`, `grade` and `persona` of each contact, by its fields alone."""
    return layered(
        {"contact": "c.contact", **weighed(fit)},
        "FROM contact AS c CROSS JOIN moment AS m",
        judged(fit),
        {"contact", *RESULTS},
    )
