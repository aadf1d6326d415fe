"""The scores of two rule sets, paired by their names: what is compared, and in which columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from connector.ports import Evaluation
from connector.report.rules_diff import Fate
from connector.rules.explain import Words
from connector.rules.model import RuleSet

LEADING = ""
"""The suffix of the columns of the score that leads, as in `score_before`."""


@dataclass(frozen=True, slots=True)
class ScorePair:
    """A score by its name. `suffix`: of its columns, as in `score_risk_before`.

    `LEADING` only where it leads under both rule sets.
    """

    name: str
    label: str
    suffix: str
    fate: Fate

    @property
    def is_compared(self) -> bool:
        """Tell whether both rule sets have it."""
        return self.fate == "compared"


def paired(before: Words, after: Words) -> Sequence[ScorePair]:
    """Return every score of either rule set, the earlier ones first, leading ones before others."""
    return list(_paired(before, after))


def _paired(before: Words, after: Words) -> Iterator[ScorePair]:
    old, new = names_of(before.rules), names_of(after.rules)
    for name in dict.fromkeys((*old, *new)):
        leads = before.rules.score == name == after.rules.score
        fate: Fate = "added" if name not in old else "compared" if name in new else "removed"
        label = (after if name in new else before).score(name)
        yield ScorePair(name, label, LEADING if leads else f"_{name}", fate)


def names_of(rules: RuleSet) -> tuple[str, ...]:
    """Return the names of a rule set's scores, the leading one first."""
    return (rules.score, *(score.id for score in rules.further))


def points_of(evaluation: Evaluation, rules: RuleSet, name: str) -> pa.ChunkedArray:
    """Return each contact's points of a score, by number; unknown if the rules do not have it."""
    if name == rules.score:
        return evaluation.score.sort_by("contact")["points"]
    if evaluation.other_score is None or name not in names_of(rules):
        return pa.chunked_array([pa.nulls(len(evaluation.score), pa.int64())])
    own = evaluation.other_score.filter(pc.equal(evaluation.other_score["score"], name))
    return own.sort_by("contact")["points"]


def lines_of(evaluation: Evaluation, rules: RuleSet, names: Sequence[str]) -> pa.Table:
    """Return contact, score, kind, rule and points of every line of the named scores."""
    columns = ["contact", "score", "kind", "rule", "points"]
    leading = pa.array([rules.score] * len(evaluation.reason), pa.string())
    parts = [evaluation.reason.append_column("score", leading).select(columns)]
    if evaluation.other_reason is not None:
        parts.append(evaluation.other_reason.select(columns))
    lines = pa.concat_tables(parts)
    return lines.filter(pc.is_in(lines["score"], value_set=pa.array(names, pa.string())))
