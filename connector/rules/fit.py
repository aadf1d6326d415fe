"""Fit as columns of a contact: `docs/semantics.md` section 4 as SQL."""

from connector.domain.numbers import MILLION
from connector.domain.stages import Grade
from connector.rules import sql
from connector.rules.condition_sql import condition_sql, known
from connector.rules.layers import Columns
from connector.rules.model import Fit, Persona

_WHOLE = 100 * MILLION
_UNKNOWN = -1  # below any fit


def weighed(fit: Fit) -> Columns:
    """Return how much of each persona is known and earned, from the fields."""
    columns: dict[str, str] = {}
    for number, persona in enumerate(fit.personas):
        columns[f"known_{number}"] = _sum(persona, with_condition=False)
        columns[f"earned_{number}"] = _sum(persona, with_condition=True)
    columns["unknown_field"] = _heaviest_unknown(fit)
    return columns


def _sum(persona: Persona, *, with_condition: bool) -> str:
    """Return the weight of a persona's known criteria, or of those of them that hold."""
    terms = []
    for each in persona.criteria:
        holds = known(each.field, each.kind, "c.f_")
        if with_condition:
            holds = f"{holds} AND {condition_sql(each.condition, 'c.f_')}"
        terms.append(f"CASE WHEN {holds} THEN {each.weight} ELSE 0 END")
    return f"CAST({' + '.join(terms) or '0'} AS BIGINT)"


def _heaviest_unknown(fit: Fit) -> str:
    """Return the field of the heaviest unknown criterion, the first in the file on a tie."""
    criteria = [each for persona in fit.personas for each in persona.criteria]
    whens = [
        f"WHEN NOT {known(each.field, each.kind, 'c.f_')} THEN {sql.text(each.field)}"
        for each in sorted(criteria, key=lambda each: -each.weight)
    ]
    return f"CASE {' '.join(whens)} END" if whens else "CAST(NULL AS VARCHAR)"


def judged(fit: Fit) -> Columns:
    """Return what follows from that: `fit`, `grade`, `persona` and `missing`."""
    return {**_fits(fit), "best_fit": _best(fit), **_grades(fit)}


def _fits(fit: Fit) -> Columns:
    """Return each persona's fit in micro-points, -1 where too little is known."""
    columns: dict[str, str] = {}
    for number, persona in enumerate(fit.personas):
        total = sum(each.weight for each in persona.criteria)
        is_enough = f"known_{number} > 0 AND known_{number} * 100 >= {fit.known_enough * total}"
        columns[f"fit_{number}"] = (
            f"CASE WHEN {is_enough} THEN earned_{number} * {_WHOLE} // known_{number}"
            f" ELSE {_UNKNOWN} END"
        )
    return columns


def _best(fit: Fit) -> str:
    """Return the highest fit."""
    names = [f"fit_{number}" for number in range(len(fit.personas))]
    highest = f"GREATEST({', '.join(names)})" if len(names) > 1 else "".join(names)
    return f"CAST({highest or _UNKNOWN} AS BIGINT)"


def _grades(fit: Fit) -> Columns:
    """Return `fit`, `grade`, `persona` and `missing`."""
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
        "missing": "CASE WHEN best_fit < 0 THEN unknown_field END",
    }
