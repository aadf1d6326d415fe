"""What became of an admin's cases: which hold, and for the others what was expected and found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from connector.domain.numbers import from_millionths

_OF_DEALS = "opportunities."


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that was not met. Points are decimal texts."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One moment of a case. `reasons`: {rule, or `cap content`: points}, highest first.

    `interests`: {topic: points}, the most first. `quarantine`: {activity: its signs}.
    `opportunities`: of each open one, the reasons of its score.
    """

    at: datetime
    differences: Sequence[Difference]
    reasons: Mapping[str, str]
    interests: Mapping[str, str]
    quarantine: Mapping[str, Sequence[str]]
    opportunities: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToldCase:
    """One case, and whether all its expectations were met."""

    name: str
    file: str
    line: int
    steps: Sequence[ToldStep]

    @property
    def holds(self) -> bool:
        """Tell whether nothing differs."""
        return not any(step.differences for step in self.steps)


@dataclass(frozen=True, slots=True)
class CasesReport:
    """All cases, in the order of the files."""

    rules_hash: str
    cases: Sequence[ToldCase]

    @property
    def failed(self) -> int:
        """How many do not hold."""
        return sum(not case.holds for case in self.cases)

    def as_json(self) -> Mapping[str, object]:
        """Return everything as plain values."""
        return {
            "rules_hash": self.rules_hash,
            "cases": len(self.cases),
            "failed": self.failed,
            "results": [_plain(case) for case in self.cases],
        }


def difference(what: str, expected: object, found: object) -> Difference:
    """Return what was not met, in words. Points and reasons come in micro-points."""
    is_points = what == "points" or what.startswith(("scores.", "reasons."))
    if what.startswith(_OF_DEALS):
        is_points = what.endswith(".points") or ".reasons." in what
    return Difference(what, _said(expected, is_points), _said(found, is_points))


def _said(value: object, is_points: bool) -> str:  # noqa: FBT001  of the two ways to say a number
    if isinstance(value, bool):
        return "true" if value else "false"
    return from_millionths(value) if is_points and isinstance(value, int) else str(value)


def _plain(case: ToldCase) -> Mapping[str, object]:
    return {
        "name": case.name,
        "file": case.file,
        "line": case.line,
        "holds": case.holds,
        "steps": [
            {
                "at": step.at.isoformat(),
                "differences": [
                    {"what": one.what, "expected": one.expected, "found": one.found}
                    for one in step.differences
                ],
                "reasons": dict(step.reasons),
                "interests": dict(step.interests),
                "quarantine": {name: list(signs) for name, signs in step.quarantine.items()},
                "opportunities": {
                    name: dict(reasons) for name, reasons in step.opportunities.items()
                },
            }
            for step in case.steps
        ],
    }


def cases(report: CasesReport) -> RenderableType:
    """Return a line for each case, below it what differs, and the sum."""
    text = Text()
    for case in report.cases:
        if case.holds:
            text.append("✓ ", "green").append(f"{case.name}\n")
            continue
        text.append("✗ ", "bold red").append(f"{case.name}", "bold")
        text.append(f"  ({case.file}:{case.line})\n", "dim")
        for line in _differences(case):
            text.append(line + "\n")
    return text.append(_sum(report))


def _differences(case: ToldCase) -> Iterator[str]:
    for number, step in enumerate(case.steps):
        if not step.differences:
            continue
        if len(case.steps) > 1:
            yield f"    step {number + 1}, as of {step.at.isoformat(timespec='minutes')}:"
        for one in step.differences:
            yield f"    {one.what}: expected {one.expected}, found {one.found}"
        if any(not one.what.startswith(_OF_DEALS) for one in step.differences):
            yield f"    because of: {_because(step.reasons)}"
        for name, reasons in step.opportunities.items():
            if any(one.what.startswith(f"{_OF_DEALS}{name}.") for one in step.differences):
                yield f"    {_OF_DEALS}{name} because of: {_because(reasons)}"


def _because(reasons: Mapping[str, str]) -> str:
    told = ", ".join(f"{name} {points}" for name, points in reasons.items())
    return told or "no rule, all points are 0"


def _sum(report: CasesReport) -> str:
    count, failed = len(report.cases), report.failed
    cases_ = "1 case" if count == 1 else f"{count:,} cases"
    if not failed:
        return f"{cases_}: {'it holds' if count == 1 else 'all hold'}."
    held = count - failed
    hold, does = "holds" if held == 1 else "hold", "does" if failed == 1 else "do"
    return f"{cases_}: {held:,} {hold}, {failed:,} {does} not."
