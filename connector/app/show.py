"""Prints what commands return, on stdout: for people on a terminal, or as JSON for scripts."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING

import orjson
from rich.console import Console, RenderableType

from connector.domain.numbers import MILLION, from_millionths
from connector.ports import DecisionRecord, Finding, OutboxEntry, Provision, RunRecord
from connector.report import chart, terminal
from connector.report import opportunity as of_opportunity
from connector.report import quarantine as in_quarantine
from connector.report.explanation import Explanation
from connector.report.timeline import Timeline
from connector.results import PlanSummary, PushResult, RunReport

if TYPE_CHECKING:
    from connector.app.quarantine import Quarantined
    from connector.app.score import ScoreResult  # brings the engine, which most commands need not

_TENTH = MILLION // 10


def console() -> Console:
    """Return the terminal; wide enough not to fold when piped into a file."""
    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)


def json(value: object) -> None:
    """Print a value as one JSON document."""
    sys.stdout.write(orjson.dumps(_plain(value), option=orjson.OPT_INDENT_2).decode() + "\n")


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


def _key(key: object) -> str:
    if isinstance(key, tuple):
        return " → ".join(str(part) or "-" for part in key)
    return "none" if key is None else str(key)


def run(report: RunReport, *, as_json: bool) -> None:
    """Print what a run did, its plan first."""
    if as_json:
        json(report_json(report))
        return
    parts = [terminal.plan(report.plan)] if report.plan else []
    if report.calls:
        parts.append(terminal.run(report))
    terminal.show(console(), *parts)


def report_json(report: RunReport) -> Mapping[str, object]:
    """Return a run's report as plain values: the contract of `--json`."""
    plan = report.plan
    return {
        "run": report.run,
        "command": report.command,
        "outcome": report.outcome,
        "seconds": round(report.seconds, 3),
        "counts": report.counts,
        "calls": dict(report.calls),
        "plan": plan_json(plan) if plan else None,
        "refusals": [list(each) for each in report.push.refusals] if report.push else [],
        "meanwhile": _meanwhile(report.push) if report.push else {},
        "history": _plain(report.history),
    }


def _meanwhile(push: PushResult) -> Mapping[str, object]:
    """Return what happened to contacts between the pull and the push."""
    return {
        "kept": _plain(push.kept),
        "moved": [{"contact": was, "is_now": now} for was, now in push.moved],
        "deleted": list(push.deleted),
        "waiting": [list(each) for each in push.waiting],
    }


def plan_json(plan: PlanSummary) -> Mapping[str, object]:
    """Return a plan as plain values."""
    return {
        "is_empty": plan.is_empty,
        "is_first": plan.is_first,
        "contacts": plan.contacts,
        "writes": plan.writes,
        "leads": plan.leads,
        "opportunities": plan.opportunities,
        "opportunity_writes": plan.opportunity_writes,
        "tasks": plan.tasks,
        "tasks_closed": plan.tasks_closed,
        "hand_offs": plan.hand_offs,
        "withheld": plan.withheld,
        "queued": plan.queued,
        "verified": plan.verified,
        "ownerless": plan.ownerless,
        "moves": _plain(plan.moves),
        "warmings": _plain(plan.warmings),
        "properties": _plain(plan.properties),
        "tasks_by_owner": _plain(plan.tasks_by_owner),
        "sample": _plain(plan.sample),
        "kept": _plain(plan.kept),
        "quarantined": _plain(plan.quarantined),
        "sla": _plain(plan.sla),
        "escalations": plan.escalations,
        "rests_on": list(plan.rests_on),
        "unknown_owners": list(plan.unknown_owners),
        "calls": {
            "contacts": plan.estimate.contacts,
            "leads": plan.estimate.leads,
            "opportunities": plan.estimate.opportunities,
            "tasks": plan.estimate.tasks,
            "looking": plan.estimate.looking,
            "total": plan.estimate.total,
        },
    }


def explanation(told: Explanation, over_time: Timeline, *, most: int, as_json: bool) -> None:
    """Print why a contact has its score, and how it came to it."""
    if as_json:
        json({**told.as_json(), "timeline": over_time.as_json()})
        return
    terminal.show(console(), terminal.explanation(told, most=most), chart.timeline(over_time))


def opportunity(told: of_opportunity.OpportunityExplanation, *, as_json: bool) -> None:
    """Print why an opportunity has its score."""
    if as_json:
        json(told.as_json())
    else:
        terminal.show(console(), of_opportunity.explanation(told))


def findings(found: Sequence[Finding], *, as_json: bool) -> None:
    """Print the findings of a check."""
    if as_json:
        json(found)
    else:
        terminal.show(console(), terminal.findings(found))


def provisions(parts: Sequence[Provision], *, dry_run: bool, as_json: bool) -> None:
    """Print what provisioning found and created."""
    if as_json:
        json(parts)
    else:
        terminal.show(console(), terminal.provisions(parts, dry_run=dry_run))


def runs(records: Sequence[RunRecord], *, as_json: bool) -> None:
    """Print the latest runs."""
    if as_json:
        json(records)
    else:
        terminal.show(console(), terminal.runs(records))


def outbox(entries: Sequence[OutboxEntry], *, as_json: bool) -> None:
    """Print the writes that wait or were refused."""
    if as_json:
        json(entries)
    else:
        terminal.show(console(), terminal.outbox(entries))


def quarantine(rows: "Sequence[Quarantined]", *, as_json: bool) -> None:
    """Print what is in quarantine."""
    if as_json:
        json(rows)
    else:
        terminal.show(console(), in_quarantine.quarantine(rows))


def decisions(records: Sequence[DecisionRecord], *, as_json: bool) -> None:
    """Print what people said of quarantine."""
    if as_json:
        json(records)
    else:
        terminal.show(console(), in_quarantine.decisions(records))


def funnel(counts: Mapping[tuple[str, str], int], *, as_json: bool) -> None:
    """Print how many contacts stand where."""
    if as_json:
        json(
            [
                {"stage": stage, "temperature": temperature, "contacts": count}
                for (stage, temperature), count in counts.items()
            ]
        )
    else:
        terminal.show(console(), terminal.funnel(counts))


def scores(result: "ScoreResult") -> None:
    """Print the funnel and the highest scores of files."""
    summary = (
        f"{result.contacts:,} contacts, {result.activities:,} activities, "
        f"{result.opportunities:,} opportunities; {result.hand_offs:,} would be handed to sales."
    )
    parts: list[RenderableType] = [terminal.funnel(result.funnel), terminal.scores(result.rows)]
    terminal.show(console(), *parts, summary, *of_opportunities(result), *result.notes)


def of_opportunities(result: "ScoreResult") -> Iterator[str]:
    """Yield a sentence on the scores of open opportunities, if the rules give them any."""
    if result.scored is None:
        return
    count = "1 open opportunity has" if result.scored == 1 else f"{result.scored:,} open ones have"
    tenths = (result.average + _TENTH // 2) // _TENTH * _TENTH
    average = f", {from_millionths(tenths)} on average" if result.scored else ""
    yield f"Opportunities: {count} a score{average}."


def text(message: str) -> None:
    """Print a sentence."""
    sys.stdout.write(message + "\n")
