"""What people read on a terminal: run reports, plans, the funnel, an explanation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from connector.ports import Finding, OutboxEntry, Provision, RunRecord, Severity, Verdict
from connector.report.explanation import Explanation, Reason, bar
from connector.report.next_steps import SLA
from connector.report.set_aside import Quarantined, by_day
from connector.results import KINDS, PLURALS, KeptEdit, PlanSummary, RunReport, owner_of

_NAMED = 5
_COLOURS = {"cold": "blue", "warm": "yellow", "hot": "red", "": "white"}
_LADDER = ("suspect", "lead", "prospect", "client", "recycled", "disqualified")
_TEMPERATURES = ("", "cold", "warm", "hot")


def show(console: Console, *parts: RenderableType) -> None:
    """Print parts with an empty line between them."""
    for number, part in enumerate(parts):
        if number:
            console.print()
        console.print(part)


def funnel(counts: Mapping[tuple[str, str], int]) -> RenderableType:
    """Return the contacts at each stage and temperature, as bars."""
    table = Table(title="Funnel", title_justify="left", box=None, pad_edge=False)
    table.add_column("stage")
    table.add_column("temperature")
    table.add_column("contacts", justify="right")
    table.add_column("")
    most = max(counts.values(), default=1)
    for stage in _LADDER:
        for temperature in _TEMPERATURES:
            count = counts.get((stage, temperature), 0)
            if count:
                colour = _COLOURS[temperature]
                blocks = Text("█" * max(1, round(count / most * 40)), style=colour)
                table.add_row(stage, temperature, f"{count:,}", blocks)
    return table


def plan(summary: PlanSummary) -> RenderableType:
    """Return what a plan would change and cost."""
    notes: list[RenderableType] = [Text(note) for note in _plan_notes(summary)]
    if summary.is_empty:
        nothing = f"Nothing to write: {summary.contacts:,} contacts show what the rules want."
        return Group(Text(nothing), *notes)
    sample: list[RenderableType] = [Text(), _sample(summary)] if summary.sample else []
    return Group(_plan_counts(summary), *sample, *notes)


def _plan_counts(summary: PlanSummary) -> Table:
    table = Table(title="Plan", title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_row("contacts evaluated", f"{summary.contacts:,}")
    table.add_row("contacts to write", f"{summary.writes:,}")
    for (before, after), count in summary.moves.most_common():
        table.add_row(f"  stage {before} → {after}", f"{count:,}")
    for (before, after), count in summary.warmings.most_common():
        table.add_row(f"  temperature {before or '–'} → {after or '–'}", f"{count:,}")
    for sign, count in summary.quarantined.most_common():
        table.add_row(f"  in quarantine: {sign}", f"{count:,} activities")
    if summary.leads:
        table.add_row("labels of leads to write", f"{summary.leads:,}")
    if summary.opportunities:
        table.add_row("opportunities scored", f"{summary.opportunities:,}")
        table.add_row("opportunities to write", f"{summary.opportunity_writes:,}")
    table.add_row("hand-offs", f"{summary.hand_offs:,}")
    for state, words in SLA.items():
        if summary.sla[state]:
            table.add_row(f"  hand-offs {words['en']}", f"{summary.sla[state]:,}")
    table.add_row("tasks to create", f"{summary.tasks:,}")
    table.add_row("tasks to complete", f"{summary.tasks_closed:,}")
    cost = summary.estimate
    table.add_row(
        "calls to write",
        f"{cost.total:,} (contacts {cost.contacts:,}, "
        + (f"leads {cost.leads:,}, " if cost.leads else "")
        + (f"opportunities {cost.opportunities:,}, " if cost.opportunities else "")
        + f"tasks {cost.tasks:,}"
        + (f", a last look {cost.looking:,})" if cost.looking else ")"),
    )
    return table


def _sample(summary: PlanSummary) -> Table:
    table = Table(title="Some of the changes", title_justify="left", box=None, pad_edge=False)
    for column in ("contact", "property", "now", "then"):
        table.add_column(column, overflow="fold")
    for change in summary.sample[:12]:
        table.add_row(owner_of(change), change.property, _cell(change.before), _cell(change.after))
    return table


def _cell(value: str | None) -> str:
    if not value:
        return "–"
    first, _, rest = value.partition("\n")
    return escape(first[:60] + (" …" if rest or len(first) > 60 else ""))


def _plan_notes(summary: PlanSummary) -> Iterable[str]:
    if summary.withheld:
        yield (
            f"{summary.withheld:,} hand-offs without a task: on the first run none is created "
            "unless you pass --create-tasks, so that nobody is flooded."
        )
    if summary.queued:
        yield (
            f"{summary.queued:,} hand-offs wait: their owners were given as many as `weekly_limit` "
            "allows in the last 7 days. Needs go first, then more points."
        )
    for mail in summary.unknown_owners:
        yield f"No active owner has the address {mail}, which the rules name for tasks."
    if summary.ownerless:
        yield f"{summary.ownerless:,} tasks without an owner: the contact has none that is active."
    yield from _kept_notes(summary.kept)
    yield from summary.rests_on


def _kept_notes(kept: Sequence[KeptEdit]) -> Iterable[str]:
    if not kept:
        return
    named = [f"{owner_of(edit)} {edit.property}" for edit in kept[:_NAMED]]
    yield (
        f"{len(kept):,} values that people changed are kept: {_listed(named, len(kept))}. "
        "Clear a property in the CRM to give it back to Leadripe."
    )


def run(report: RunReport) -> RenderableType:
    """Return what a run did, and what it cost."""
    table = Table(title="Run", title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_row("run", report.run)
    table.add_row("outcome", report.outcome)
    read = ("contacts_read", "activities_read", "opportunities_read", "leads_read")
    for name in (*read, "contacts_gone"):
        if report.counts.get(name):
            table.add_row(name.replace("_", " "), f"{report.counts[name]:,}")
    for name, value in (*_answers(report), *_histories(report)):
        table.add_row(name, value)
    calls = ", ".join(f"{name} {count:,}" for name, count in report.calls.items())
    table.add_row("calls in all", f"{sum(report.calls.values()):,} ({calls})")
    table.add_row("seconds", f"{report.seconds:.1f}")
    return Group(table, *map(Text, _meanwhile(report)), *_refusals(report))


def _meanwhile(report: RunReport) -> Iterable[str]:
    """Yield what happened to contacts between the pull and the push."""
    push = report.push
    if push is None:
        return
    yield from _kept_notes(push.kept)
    if push.moved:
        told = [f"{was} is {now} now" for was, now in push.moved[:_NAMED]]
        yield f"Merged or converted meanwhile: {_listed(told, len(push.moved))}."
    if push.deleted:
        told = list(push.deleted[:_NAMED])
        yield f"Deleted meanwhile, so not written: {_listed(told, len(push.deleted))}."

    for kind, reason in push.waiting:
        if reason:
            yield f"Waits for the next run: {kind}: {reason}"


def _listed(named: Sequence[str], count: int) -> str:
    more = f" and {count - len(named):,} more" if count > len(named) else ""
    return ", ".join(named) + more


def _answers(report: RunReport) -> Iterable[tuple[str, str]]:
    """Yield what became of the writes."""
    if report.push is None:
        return
    for kind in KINDS:
        for verdict in Verdict:
            count = report.push.of(verdict, kind)
            if count or (verdict is Verdict.ACCEPTED and kind in {"contact", "task"}):
                yield f"{PLURALS[kind]} {verdict}", f"{count:,}"
    if report.counts.get("waiting"):
        yield "writes that wait", f"{report.counts['waiting']:,}, for the next push or sync"
    spent, planned = report.counts.get("write_calls", 0), report.counts.get("planned_calls", 0)
    yield "calls to write", f"{spent:,} (planned {planned:,})"


def _histories(report: RunReport) -> Iterable[tuple[str, str]]:
    """Yield what asking for the past of contacts came to."""
    told = report.history
    if told is None:
        return
    yield "field history", f"{told.values:,} earlier values of {told.contacts:,} contacts"
    if told.unkept:
        named = [f"{name} of {count:,}" for name, count in sorted(told.unkept.items())]
        yield "without history", f"{', '.join(named)} contacts: the CRM keeps none"
    yield "calls for history", f"{told.calls:,} (planned {told.estimate:,})"


def _refusals(report: RunReport) -> Iterable[Text]:
    if report.push is None or not report.push.refusals:
        return
    yield Text()
    yield Text(f"{report.refused:,} writes were refused; a person must act:")
    for kind, reason in report.push.refusals:
        yield Text(f"  {kind}: {reason}")
    again = "`leadripe outbox retry` and `leadripe push`"
    if report.undo is not None:
        again = f"`leadripe undo {report.undo.of}` again"
    yield Text(f"Mend the cause, then {again}. Nothing is lost.")


def explanation(told: Explanation, *, most: int) -> RenderableType:
    """Return why a contact has its score, stage and hand-off."""
    head = Text.assemble(
        ("Contact ", ""),
        (told.contact, "bold"),
        f" as of {_local(told, told.as_of, 'seconds')}",
    )
    state = Text.assemble(
        ("Score ", ""), (str(told.score), "bold"), f" of {most} ({told.points} points), ",
        (f"{told.stage} {told.temperature}".strip(), _COLOURS.get(told.temperature, "")),
        f", fit {told.grade}", f" {told.fit}" if told.fit is not None else "",
        f", persona {told.persona}" if told.persona else "",
    )  # fmt: skip
    parts: list[RenderableType] = [head, state]
    if told.rests_on is not None:
        parts += [Text(sentence, "dim") for sentence in told.rests_on.sentences]
    if told.question:
        parts.append(Text(f"Fit is unknown; «{told.missing}» would tell most: {told.question}"))
    if told.need_at:
        parts.append(Text(f"Explicit need on {_local(told, told.need_at, 'hours')[:10]}."))
    parts += [Text(), reasons("Reasons", told.reasons, told.points, most), Text()]
    for other in told.others:
        title = f"{escape(other.label)}: {other.score} ({other.points} points)"
        parts += [reasons(title, other.reasons, other.points, most), Text()]
    if told.interests:
        listed = ", ".join(f"{each.label} {each.points}" for each in told.interests)
        parts += [Text(f"Interests, with the points behind each: {listed}"), Text()]
    parts += [Text(sentence) for sentence in _next_steps(told)]
    if told.quarantined is not None:
        lift = f"If a person did this: leadripe quarantine release --contact {told.contact}"
        parts += [_quarantined(told, told.quarantined), Text(lift, "dim"), Text()]
    return Group(*parts, _gates(told))


def _next_steps(told: Explanation) -> Iterator[str]:
    """Yield the track, what comes next, and how much the contact is pressed."""
    if told.nurture is not None:
        following = ""
        if told.nurture.content_label:
            address = f" ({told.nurture.content_url})" if told.nurture.content_url else ""
            following = f"; next: {told.nurture.content_label}{address}"
        yield f"Track: {told.nurture.label}{following}"
    if told.pressure is not None:
        until = told.pressure.do_not_press_until
        enough = f"; do not press until {until.isoformat()}" if until else ""
        yield (
            f"Touches: {told.pressure.touches_7d} in 7 days,"
            f" {told.pressure.touches_30d} in 30{enough}"
        )
    if told.nurture is not None or told.pressure is not None:
        yield ""


def _clock(told: Explanation) -> str:
    """Return where the clock of the hand-off stands; empty without one."""
    if told.clock is None:
        return ""
    due = f", due {_local(told, told.clock.due_at, 'minutes')}" if told.clock.due_at else ""
    acted = told.clock.answered_at
    when = f", acted {_local(told, acted, 'minutes')}" if acted else ""
    return f" · {told.clock.label}{due}{when}"


def _quarantined(told: Explanation, found: Quarantined) -> Table:
    """Return what is in quarantine: activities by day and sign, and what they would be worth."""
    title = f"In quarantine, counting for nothing (it would be {found.points} points)"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    for each in by_day(found, ZoneInfo(told.time_zone)):
        table.add_row(f"  {each.day}", f"{each.count:,} × {escape(each.type)}", escape(each.why))
    for line in found.withheld:
        table.add_row("  withheld", line.points, escape(line.label))
    return table


def _local(told: Explanation, at: datetime, precision: str) -> str:
    """Return an instant by the account's clock, as the CRM shows it and the rules count days."""
    return at.astimezone(ZoneInfo(told.time_zone)).isoformat(timespec=precision)


def reasons(title: str, lines: Sequence[Reason], points: str, most: int) -> Table:
    """Return the lines of a score, each with a bar, and their sum."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("points", justify="right")
    table.add_column("why", overflow="fold")
    table.add_column("when")
    table.add_column("")
    for reason in lines:
        colour = "red" if reason.points.startswith("-") else "green"
        table.add_row(
            reason.points,
            escape(reason.label),
            reason.when,
            Text(bar(reason.points, most=most), colour),
        )
    table.add_row("─" * 6, "", "", "")
    table.add_row(points, "sum of all lines: the score, exactly", "", "")
    return table


def _gates(told: Explanation) -> Table:
    if told.hand_off_open:
        since = _local(told, told.handed_off_at, "minutes") if told.handed_off_at else "–"
        title = f"Hand-off: open since {since}, because of {told.hand_off_reason}"
    elif told.would_hand_off:
        title = "Hand-off: all gates are open"
    else:
        title = "Hand-off"
    title += _clock(told)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    for gate in told.gates:
        mark = Text("open", "green") if gate.is_open else Text("closed", "red")
        note = f" ({told.blocker})" if gate.id == "unblocked" and told.blocker else ""
        table.add_row(mark, escape(gate.label + note))
    return table


def scores(rows: Sequence[Mapping[str, object]]) -> RenderableType:
    """Return the rows of an offline score, as they come."""
    table = Table(title="Highest scores", title_justify="left", box=None, pad_edge=False)
    for column in ("id", "score", "stage", "temperature", "grade", "persona", "hand_off"):
        table.add_column(column.replace("_", "-"), justify="right" if column == "score" else "left")
    for row in rows:
        told = [row[name] for name in ("id", "score", "stage", "temperature", "grade", "persona")]
        cells = [escape(str(value)) if value is not None else "" for value in told]
        table.add_row(*cells, str(row["hand_off_reason"]) if row["hand_off"] else "")
    return table


def findings(found: Sequence[Finding]) -> RenderableType:
    """Return the findings of a check, each with its remedy."""
    colours = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "red"}
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in found:
        text = escape(finding.what) + (f"\n  → {escape(finding.do)}" if finding.do else "")
        table.add_row(Text(finding.severity, colours[finding.severity]), text)
    return table


def provisions(parts: Sequence[Provision], *, dry_run: bool) -> RenderableType:
    """Return what provisioning found and created."""
    table = Table(box=None, pad_edge=False, show_header=False)
    made = "would be created" if dry_run else "created"
    for part in parts:
        table.add_row(escape(part.what), "present" if part.is_present else made)
    return table


def runs(records: Sequence[RunRecord]) -> RenderableType:
    """Return the latest runs, newest first."""
    table = Table(box=None, pad_edge=False)
    for column in ("run", "command", "started", "seconds", "outcome", "writes", "calls", "message"):
        table.add_column(column, overflow="fold")
    for record in records:
        took = (record.ended_at - record.started_at).total_seconds() if record.ended_at else None
        table.add_row(
            record.id,
            record.command,
            record.started_at.isoformat(timespec="seconds"),
            f"{took:.1f}" if took is not None else "–",
            record.outcome,
            f"{record.counts.get('contacts_accepted', 0):,}",
            f"{record.counts.get('calls', 0):,}",
            escape(record.message),
        )
    return table


def outbox(entries: Sequence[OutboxEntry]) -> RenderableType:
    """Return the writes that wait or were refused."""
    if not entries:
        return Text("The outbox is empty: every write was accepted.")
    table = Table(box=None, pad_edge=False)
    for column in ("id", "kind", "record", "state", "properties", "the CRM said"):
        table.add_column(column, overflow="fold")
    for entry in entries:
        record, names = _written(entry)
        table.add_row(str(entry.id), entry.kind, record, entry.state, names, escape(entry.reason))
    return table


def _written(entry: OutboxEntry) -> tuple[str, str]:
    """Return which record of the CRM a write goes to, and what of it."""
    if entry.task is not None:
        return entry.task.contact, entry.task.key
    if entry.opportunity is not None:
        return entry.opportunity.opportunity, ", ".join(entry.opportunity.values)
    written = entry.write_back
    return (written.contact, ", ".join(written.values)) if written else ("", "")
