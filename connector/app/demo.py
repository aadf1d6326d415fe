"""The whole loop on a local CRM, shown: the first thing a stranger runs."""

import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from connector.app import commands
from connector.app.account import open_account, zone_of_store
from connector.app.demo_crm import DemoTask, fetch_tasks, write_files
from connector.app.sandboxes import CrmName, SandboxWish, running
from connector.app.show import console
from connector.domain.moment import Moment, micros
from connector.errors import UsageError
from connector.ports import Provision
from connector.report import terminal
from connector.report.explanation import Explanation
from connector.results import RunReport
from connector.sync.progress import Progress, Silent
from connector.sync.robots import parts_of, robot_domains, with_robots

MARKER = ".leadripe-demo"
PORT = 8765
SHOWN_CONTACTS = 5
TOLD_FIRST = (
    ("prospect", "hot"),
    ("lead", "hot"),
    ("prospect", "cold"),
    ("lead", "warm"),
    ("client", ""),
    ("lead", "cold"),
    ("suspect", ""),
)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything that the demo shows. `tasks`: as read back from the CRM."""

    crm: CrmName
    folder: Path
    port: int
    provisioned: Sequence[Provision]
    first: RunReport
    second: RunReport
    funnel: Mapping[tuple[str, str], int]
    explained: Sequence[Explanation]
    tasks: Sequence[DemoTask]
    most: int


def run(
    crm: CrmName,
    folder: Path,
    *,
    contacts: int,
    seed: int,
    load: Path | None,
    progress: Progress,
) -> DemoResult:
    """Fill a sandbox, provision it, sync twice, and read back what the CRM shows then."""
    _make_folder(folder)
    wish = SandboxWish(
        crm=crm,
        contacts=contacts,
        seed=seed,
        load=load,
        state=folder / "sandbox.state",
        port=_free(PORT),
    )
    progress.step("filling the sandbox", done=0, total=1)
    with running(wish) as sandbox:
        progress.step("filling the sandbox", done=1, total=1)
        config = write_files(folder, crm, sandbox)
        provisioned = commands.provision(config, dry_run=False)
        wanted = commands.Stages(create_tasks=True, accept_large_change=True)
        first = commands.run(config, "sync", wanted, progress)
        # Silent: its steps have the names of the first one's, and would take over their bars.
        progress.step("syncing once more", done=0, total=1)
        second = commands.run(config, "sync", commands.Stages(), Silent())
        progress.step("syncing once more", done=1, total=1)
        return DemoResult(
            crm=crm,
            folder=folder,
            port=int(sandbox.url.rpartition(":")[2]),
            provisioned=provisioned,
            first=first,
            second=second,
            funnel=commands.funnel(config),
            explained=[commands.explain(config, each, None) for each in _telling(config)],
            tasks=fetch_tasks(sandbox),
            most=commands.highest(config),
        )


def tell(result: DemoResult) -> None:
    """Print what happened and what to type next."""
    made = sum(not part.is_present for part in result.provisioned)
    parts: list[RenderableType] = [
        Text(
            f"Provisioned {made} things in the CRM (properties, a task key, and what shows them)."
        ),
        terminal.plan(result.first.plan) if result.first.plan else Text(),
        terminal.run(result.first),
        terminal.funnel(result.funnel),
        _contacts(result),
        _tasks_table(result),
        Text(_second(result)),
        Text(_next(result)),
    ]
    terminal.show(console(), *parts)


def _make_folder(folder: Path) -> None:
    """Make the demo's folder anew; one that the demo did not make is not touched."""
    if folder.exists() and not (folder / MARKER).exists() and any(folder.iterdir()):
        raise UsageError(
            what=f"{folder} exists and is not a folder of the demo",
            where="leadripe demo --folder",
            do="Name another folder with --folder. Nothing was touched.",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("Made by `leadripe demo`, which may delete this folder.\n")


def _free(port: int) -> int:
    """Return the port if nothing listens there, else 0 for any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def _telling(config: Path) -> Sequence[str]:
    """Return the CRM ids of a few contacts at different stages: each the best of its kind."""
    opened = open_account(config)
    best: dict[tuple[str, str], tuple[int, int]] = {}
    with opened.store(read_only=True) as store:
        _, zone = zone_of_store(store)
        now = opened.clock.now()
        domains = robot_domains(
            opened.engine, opened.compiled, parts_of(store), as_of_us=micros(now)
        )
        for bucket in store.buckets():
            facts = with_robots(store.load_facts(bucket, opened.compiled), domains)
            evaluation = opened.engine.evaluate(opened.compiled, facts, at=Moment.at(now, zone))
            for row in evaluation.score.to_pylist():
                kind = (row["stage"], row["temperature"])
                best[kind] = max(best.get(kind, (-1, 0)), (row["points"], row["contact"]))
        numbers = [best[kind][1] for kind in TOLD_FIRST if kind in best][:SHOWN_CONTACTS]
        return [contact.id for contact in store.load_contacts(numbers).values()]


def _contacts(result: DemoResult) -> RenderableType:
    parts: list[RenderableType] = [Text("Five contacts, and why", "bold")]
    for told in result.explained:
        state = f"{told.stage} {told.temperature}".strip()
        parts.append(Text(f"\n{told.contact}  {told.score} points, {state}, fit {told.grade}"))
        parts += [
            Text(f"  {float(reason.points):+6.1f}  {reason.label} ({reason.when})")
            for reason in told.reasons[:4]
        ]
        if len(told.reasons) > 4:
            parts.append(Text(f"          and {len(told.reasons) - 4} more"))
    return Group(*parts)


def _tasks_table(result: DemoResult) -> RenderableType:
    title = "Some of the tasks, read back from the CRM"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("due", "owner", "priority", "subject"):
        table.add_column(column)
    for task in result.tasks:
        table.add_row(task.due, task.owner, task.priority, task.subject)
    return table


def _second(result: DemoResult) -> str:
    plan = result.second.plan
    records = (plan.writes + plan.leads + plan.opportunity_writes) if plan else 0
    writes = records + ((plan.tasks + plan.tasks_closed) if plan else 0)
    calls = sum(result.second.calls.values())
    return f"A second sync, right after: {writes} writes, {calls} calls."


def _next(result: DemoResult) -> str:
    folder, state = result.folder, result.folder / "sandbox.state"
    program = _program()
    command = f"{program} -c {folder / 'leadripe.yaml'}"
    told = result.explained[0].contact if result.explained else "ID"
    lines = [
        f"Play on in {folder}, whose mappings/rules.yaml you may edit:",
        f"  {program} sandbox --crm {result.crm} --port {result.port} --state {state} &",
        "                                   the CRM of this demo again",
        f"  {command} plan       nothing is left to write",
        f"  {command} explain {told}   every reason of one contact",
        f"  {command} rules show  the rules, in sentences",
        f"  {command} runs       what was run, and what it cost",
    ]
    return "\n".join(lines)


def _program() -> str:
    """Return what to type to call this program again: its name, if the shell finds it by that."""
    called = Path(sys.argv[0])
    found = shutil.which("leadripe")
    if found and called.exists() and Path(found).samefile(called):
        return "leadripe"
    return f"python {called}" if called.suffix == ".py" else str(called)
