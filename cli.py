"""The command line: parse, call one function of `connector.app`, print, choose the exit code.

Exit codes are an interface: 0 done; 1 a bug of ours, or a store that cannot be trusted; 2 wrong
usage; 3 done, some records refused, or stopped by a guard; 4 configuration; 5 credentials; 6 CRM
unavailable; 7 another run holds the lock; 130 interrupted; 143 stopped by SIGTERM.
"""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from connector.app import interrupts
from connector.errors import ConnectorError, StoreError

if TYPE_CHECKING:
    from connector.app.progress import Progress

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would happen; write nothing.")


class Moment(click.ParamType[datetime]):
    """An instant on the command line: ISO 8601, with a zone or in UTC."""

    name = "instant"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the instant, aware."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"«{value}» is no instant; write for example 2026-03-29T22:30Z", param, ctx)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


AS_OF = click.option(
    "--as-of", type=Moment(), help="As things stood then, for example 2026-03-29T22:30Z."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("leadripe.yaml"),
    envvar="LEADRIPE_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The settings file.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every step on stderr.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How log lines look.",
)
@click.version_option(package_name="leadripe", prog_name="leadripe")
@click.pass_context
def leadripe(ctx: click.Context, config: Path, *, verbose: bool, log_format: str) -> None:
    """Tell, inside your CRM, how ripe each lead is and what to do next.

    \b
    Try it without a CRM:    leadripe demo
    Begin with your own:     leadripe init, then check, provision, plan, sync
    Ask about one contact:   leadripe explain ana@example.com

    Nothing is written to a CRM but by sync, push, undo and provision; each has --dry-run.
    """  # noqa: D301  the backslash is click's mark for lines to keep
    from connector.app import logs

    logs.configure(verbose=verbose, log_format=log_format)
    ctx.obj = config


CRM = click.option(
    "--crm", type=click.Choice(["hubspot", "salesforce"]), default="hubspot", show_default=True
)

pass_config = click.make_pass_decorator(Path)


def _progress() -> AbstractContextManager["Progress"]:
    from connector.app.progress import shown

    options = click.get_current_context().find_root().params
    return shown(as_events=options["log_format"] == "json")


@leadripe.command()
@CRM
@click.option("--contacts", type=click.IntRange(1, 200_000), default=2000, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, other people.")
@click.option(
    "--load",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Fill the sandbox from a folder of CSV files instead of made-up people.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("leadripe-demo"),
    show_default=True,
    help="Where the demo's files go, to play on with.",
)
def demo(
    crm: Literal["hubspot", "salesforce"],
    contacts: int,
    seed: int,
    load: Path | None,
    folder: Path,
) -> None:
    """Show the whole loop on a local CRM: fill, provision, pull, score, plan, write back.

    Starts a local CRM that knows the real one's limits, and leaves a folder with settings, mapping,
    rules and its state: go on there with plan, explain and sync.
    """
    from connector.app import demo as demos

    with _progress() as progress:
        result = demos.run(crm, folder, contacts=contacts, seed=seed, load=load, progress=progress)
    demos.tell(result)


@leadripe.command()
@CRM
@click.option(
    "--account", help="The account's id (HubSpot: portal id; Salesforce: org id), as a guard."
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def init(crm: str, account: str | None, folder: Path) -> None:
    """Write a commented leadripe.yaml, mapping, rules and cases into FOLDER (here, if not given).

    Files that exist are left as they are.
    """
    from connector.app import setup, show

    for path in setup.init(folder, crm, account):
        show.text(f"wrote {path}")
    show.text(setup.next_steps(crm))


@leadripe.command()
@AS_JSON
@pass_config
def check(config: Path, *, as_json: bool) -> None:
    """Try everything a first sync needs: files, token, scopes, properties, limits. Changes nothing.

    Each finding comes with its remedy. Exit code 4 if one of them would stop a sync.
    """
    from connector.app import commands, show

    found = commands.check(config)
    show.findings(found, as_json=as_json)
    if any(finding.severity == "error" for finding in found):
        sys.exit(4)


@leadripe.command()
@DRY_RUN
@AS_JSON
@pass_config
def provision(config: Path, *, dry_run: bool, as_json: bool) -> None:
    """Create in the CRM what we write to: properties, the key of tasks, the right to see them.

    Run it as often as you like: what is there is left alone, what others made is not touched.
    """
    from connector.app import commands, show

    parts = commands.provision(config, dry_run=dry_run)
    show.provisions(parts, dry_run=dry_run, as_json=as_json)


FULL = click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
HISTORY = click.option(
    "--history",
    is_flag=True,
    help="Ask the CRM what stood in contact fields before, of contacts not asked about yet.",
)
CREATE_TASKS = click.option(
    "--create-tasks", is_flag=True, help="Create tasks for hand-offs on the first run too."
)
ACCEPT = click.option(
    "--accept-large-change", is_flag=True, help="Go on where a guard would stop the run."
)

LIMIT = click.option(
    "--limit", type=click.IntRange(1), help="Send at most so many writes; the rest waits."
)


@leadripe.command()
@FULL
@HISTORY
@ACCEPT
@AS_JSON
@pass_config
def pull(
    config: Path, *, full: bool, history: bool, accept_large_change: bool, as_json: bool
) -> None:
    """Read what changed in the CRM into the local store. Writes nothing to the CRM.

    With --history also what the CRM keeps of the past of contacts, for --as-of: a call for 50 of
    them on HubSpot, for 1,600 on Salesforce. Cut off, the next time goes on with the rest.
    """
    from connector.app import commands

    _run(
        config,
        "pull",
        commands.Stages(
            plans=False,
            pushes=False,
            full=full,
            accept_large_change=accept_large_change,
            history=history,
        ),
        as_json=as_json,
    )


@leadripe.command()
# A plan writes nothing as it is; who says so all the same is not turned away.
@click.option("--dry-run", is_flag=True, hidden=True, expose_value=False)
@click.option("--no-pull", is_flag=True, help="From what was read last: no call, no lock.")
@CREATE_TASKS
@AS_OF
@AS_JSON
@pass_config
def plan(
    config: Path, *, no_pull: bool, create_tasks: bool, as_of: datetime | None, as_json: bool
) -> None:
    """Show what a sync would write, and what it would cost in calls. Writes nothing to the CRM."""
    from connector.app import commands

    if no_pull:
        _plan_offline(config, create_tasks=create_tasks, as_of=as_of, as_json=as_json)
        return
    _run(
        config,
        "plan",
        commands.Stages(
            pushes=False,
            dry_run=True,
            create_tasks=create_tasks,
            accept_large_change=True,
            as_of=as_of,
        ),
        as_json=as_json,
    )


def _plan_offline(
    config: Path, *, create_tasks: bool, as_of: datetime | None, as_json: bool
) -> None:
    from connector.app import commands, show

    with _progress() as progress:
        report = commands.plan_offline(
            config, create_tasks=create_tasks, as_of=as_of, progress=progress
        )
    show.run(report, as_json=as_json)


@leadripe.command()
@CREATE_TASKS
@ACCEPT
@LIMIT
@DRY_RUN
@AS_JSON
@pass_config
def push(
    config: Path,
    *,
    create_tasks: bool,
    accept_large_change: bool,
    limit: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Score what was pulled, and write back what differs, with everything that still waits."""
    from connector.app import commands

    _run(
        config,
        "push",
        commands.Stages(
            pulls=False,
            dry_run=dry_run,
            create_tasks=create_tasks,
            accept_large_change=accept_large_change,
            limit=limit,
        ),
        as_json=as_json,
    )


@leadripe.command()
@FULL
@HISTORY
@CREATE_TASKS
@ACCEPT
@LIMIT
@DRY_RUN
@AS_JSON
@pass_config
def sync(
    config: Path,
    *,
    full: bool,
    history: bool,
    create_tasks: bool,
    accept_large_change: bool,
    limit: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Pull, score, plan and push: the command to schedule.

    Safe to start again at any time: reading goes on where it stopped, nothing is written twice, and
    a second start while one runs ends with exit code 7. The first sync creates no tasks unless you
    pass --create-tasks, so that nobody is flooded.
    """
    from connector.app import commands

    _run(
        config,
        "sync",
        commands.Stages(
            full=full,
            create_tasks=create_tasks,
            accept_large_change=accept_large_change,
            limit=limit,
            dry_run=dry_run,
            history=history,
        ),
        as_json=as_json,
    )


def _run(config: Path, command: str, stages: object, *, as_json: bool) -> None:
    from connector.app import commands, show

    with _progress() as progress:
        report = commands.run(config, command, stages, progress)  # type: ignore[arg-type]
    show.run(report, as_json=as_json)
    if report.refused:
        sys.exit(3)
    if report.outcome == "partial":  # some writes have no answer yet: the next run sends them
        sys.exit(6)


@leadripe.command()
@click.option("--rules", type=click.Path(path_type=Path), help="Default: the settings' rules file.")
@click.option("--contacts", help="CSV or Parquet: a file, a folder, or a quoted pattern.")
@click.option("--activities", help="The same, of what the contacts did.")
@click.option("--opportunities", help="The same, of deals.")
@click.option("--zone", default="UTC", show_default=True, help="Days end there: Europe/Paris.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Where all rows go.")
@click.option(
    "--form",
    type=click.Choice(["json", "csv", "parquet"]),
    help="Of --out; by default its ending says: .json, .jsonl, .csv or .parquet.",
)
@click.option(
    "--opportunities-out",
    type=click.Path(path_type=Path),
    help="Where the scores of open opportunities go, if the rules give them any.",
)
@AS_OF
@AS_JSON
@pass_config
def score(
    config: Path,
    *,
    rules: Path | None,
    contacts: str | None,
    activities: str | None,
    opportunities: str | None,
    zone: str,
    language: str,
    out: Path | None,
    form: Literal["json", "csv", "parquet"] | None,
    opportunities_out: Path | None,
    as_of: datetime | None,
    as_json: bool,
) -> None:
    """Score what was pulled, or with --contacts exported files; asks the CRM nothing.

    Files need neither a CRM nor a store: try a rules file on an export. Prints the funnel and the
    highest scores; with --json a line for each contact, with its reasons.
    """
    from connector.app import score_command, show

    wish = score_command.ScoreWish(
        contacts=contacts,
        activities=activities,
        opportunities=opportunities,
        rules=rules,
        zone=zone,
        language=language,
        out=out,
        form=form,
        opportunities_out=opportunities_out,
        as_of=as_of,
        as_json=as_json,
    )
    with _progress() as progress:
        result = score_command.score(config, wish, progress)
    if as_json:
        notes = [*show.of_opportunities(result), *result.notes]
        sys.stderr.writelines(f"{note}\n" for note in notes)
    else:
        show.scores(result)


@leadripe.command()
@click.argument("contact", required=False)
@click.option("--opportunity", metavar="ID", help="Explain this opportunity instead, by its id.")
@AS_OF
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=180,
    show_default=True,
    help="How far the curve of the score goes back.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it all to this file instead: one page, to look at in a browser.",
)
@click.option(
    "--history",
    is_flag=True,
    help="First ask the CRM what stood in its fields before, and who changed them.",
)
@AS_JSON
@pass_config
def explain(
    config: Path,
    contact: str | None,
    *,
    opportunity: str | None,
    as_of: datetime | None,
    history: bool,
    days: int,
    html: Path | None,
    as_json: bool,
) -> None:
    """Explain the CONTACT, given by id or e-mail: scores, every reason, interests, stage, gates.

    What a robot did, in quarantine with its sign. And how it came to that: the score day by day as
    it rose and faded, what the contact did, moves of stage and temperature, hand-offs, what was
    written when. Asks the CRM nothing, but with --history.

    With --opportunity, the score of an open opportunity (a HubSpot deal), every reason, and the
    people who take part in it.
    """
    from connector.app import explain as explaining
    from connector.app import explain_opportunity, show

    one = explain_opportunity.chosen(contact, opportunity, history=history, html=html)
    if one is None:
        of_it = explain_opportunity.explained(config, opportunity or "", as_of)
        show.opportunity(of_it, as_json=as_json)
        return
    if history:
        explaining.ask_history(config, one)
    told = explaining.explained(config, one, as_of)
    over_time = told.timeline(days)
    if html is not None:
        explaining.write_page(html, told.page(over_time))
        sys.stderr.write(f"wrote {html}; open it in a browser\n")
    if html is None or as_json:
        show.explanation(told.explanation, over_time, most=told.most, as_json=as_json)


@leadripe.group()
def rules() -> None:
    """Look at the scoring rules, test and compare them. Nothing here writes to the CRM."""


@rules.command("check")
@click.option(
    "--rules", type=click.Path(path_type=Path), help="A rules file; default: the settings'."
)
@click.option("--strict", is_flag=True, help="Exit with 4 for warnings too.")
@AS_JSON
@pass_config
def rules_check(config: Path, *, rules: Path | None, strict: bool, as_json: bool) -> None:
    """Look for mistakes in settings, mapping and rules, and for what was hardly meant so.

    \b
    error     a mistake, or a rule that can never fire: proved
    warning   double rules, thresholds out of reach, attributes that nothing fills, sensitive fields
    note      worth knowing, often meant so

    Each finding has file, line, column and what to do. Exit code 4 if there is an error.
    """  # noqa: D301  the backslash is click's mark for lines to keep
    from connector.app import rules_check as checking

    checked = checking.check(config, rules, catches=as_json)
    checking.tell(checked, as_json=as_json)
    if checked.fails(strict=strict):
        sys.exit(4)


@rules.command("show")
@click.option(
    "--rules", type=click.Path(path_type=Path), help="A rules file; default: the settings'."
)
@click.option(
    "--language", type=click.Choice(["en", "fr"]), help="Default: the settings' language."
)
@AS_JSON
@pass_config
def rules_show(config: Path, *, rules: Path | None, language: str | None, as_json: bool) -> None:
    """Say in sentences what the rules mean, for people who will not read YAML.

    Points, groups and scores, who fits and who is never handed to sales, stages and temperatures,
    the hand-off and its clock, interests, what robots do, how often a contact may be touched, and
    what nurture does: everything that the file says.
    """
    from connector.app import setup, show

    said, language = setup.rules_show(config, language, rules)
    if as_json:
        show.json(said)
    else:
        for line in setup.in_sections(said, language):
            show.text(line)


@rules.command("test")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, metavar="[FILE]...")
@click.option(
    "--rules", type=click.Path(path_type=Path), help="A rules file; default: the settings'."
)
@AS_JSON
@pass_config
def rules_test(config: Path, files: tuple[Path, ...], *, rules: Path | None, as_json: bool) -> None:
    """Hold the rules against your own cases: a contact's story, and what must come out.

    \b
    A case, in YAML:
      - name: A demo request goes to sales at once
        contact: {first_name: Ana, email: ana@example.org}
        activities: [{type: demo_request, age: 1h}]
        expect: {need: true, hand_off: need}

    What may be expected, such as score, stage, reasons, interests or quarantine, docs/rules.md
    lists. Without FILE all in the folder `cases` beside the rules file is run; `leadripe init`
    writes examples there. Asks the CRM nothing. Exit code 3 if a case does not hold.
    """  # noqa: D301  the backslash is click's mark for lines to keep
    from connector.app import rules_cases

    report = rules_cases.run_cases(config, rules, files)
    rules_cases.tell(report, as_json=as_json)
    if report.failed:
        sys.exit(3)


@rules.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--on",
    metavar="DATA",
    default="store",
    show_default="store: what was pulled",
    help="A folder with contacts, activities and opportunities (.csv, .parquet or a folder each).",
)
@click.option("--contacts", help="Instead of --on: CSV or Parquet, a file, a folder or a pattern.")
@click.option("--activities", help="The same, of what the contacts did.")
@click.option("--opportunities", help="The same, of deals.")
@click.option(
    "--zone",
    default="UTC",
    show_default=True,
    help="Of files: the time zone, such as Europe/Paris.",
)
@click.option(
    "--language", type=click.Choice(["en", "fr"]), help="Of labels; default: the settings'."
)
@click.option(
    "--top",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="How many of the contacts that change most are shown.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A file for all contacts that differ.")
@click.option(
    "--form",
    type=click.Choice(["json", "csv", "parquet"]),
    help="Of --out; by default its ending says: .json, .jsonl, .csv or .parquet.",
)
@AS_OF
@AS_JSON
@pass_config
def rules_diff(
    config: Path,
    before: Path,
    after: Path,
    *,
    on: str,
    contacts: str | None,
    activities: str | None,
    opportunities: str | None,
    zone: str,
    language: str | None,
    top: int,
    out: Path | None,
    form: Literal["json", "csv", "parquet"] | None,
    as_of: datetime | None,
    as_json: bool,
) -> None:
    """Tell who would change if the rules file AFTER took the place of BEFORE.

    \b
    On what was pulled:   leadripe rules diff mappings/rules.yaml new.yaml
    On an export:         leadripe rules diff old.yaml new.yaml --contacts contacts.csv \\
                            --activities activities.parquet --out changed.csv

    Prints of how many contacts each score, stage, temperature, grade and hand-off differs, who
    moves where, the rules that make the difference, and the contacts that change most; with --json
    a line for each contact that differs, with --json and --out the totals, the contacts in the
    file. Scores are compared by name: one that only one of the files has is told as added or
    removed. Writes nothing to the CRM or the store.
    """  # noqa: D301  the backslash is click's mark for lines to keep
    from connector.app import rules_diff as diffing

    wish = diffing.DiffWish(
        before,
        after,
        on=on,
        files=diffing.FilesNamed(contacts, activities, opportunities),
        zone=zone,
        language=language,
        as_of=as_of,
        out=out,
        form=form,
        top=top,
        as_json=as_json,
    )
    with _progress() as progress:
        report = diffing.diff(config, wish, progress)
    diffing.tell(report, wish)


@leadripe.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@AS_JSON
@pass_config
def runs(config: Path, limit: int, *, as_json: bool) -> None:
    """List the latest runs: when, how they ended, what they wrote, what they cost."""
    from connector.app import commands, show

    show.runs(commands.runs(config, limit), as_json=as_json)


@leadripe.command()
@click.argument("run")
@DRY_RUN
@AS_JSON
@pass_config
def undo(config: Path, run: str, *, dry_run: bool, as_json: bool) -> None:
    """Restore in the CRM what stood there before RUN wrote to it.

    \b
    Which run:    leadripe runs
    Look first:   leadripe undo 12 --dry-run
    Then:         leadripe undo 12

    A value comes back only if the CRM still shows what the run wrote: each contact is read right
    before. What a person changed since is kept and reported; so is what a later run wrote, until
    you undo that one. Contacts deleted or merged since are left out. Tasks stay as they are; the
    open ones are counted.

    Safe to start again at any time: what was restored is not restored twice. The next sync would
    write the same values again: correct the rules first.
    """  # noqa: D301  the backslash is click's mark for lines to keep
    from connector.app import undo as undoing

    with _progress() as progress:
        report = undoing.undo(config, run, dry_run=dry_run, progress=progress)
    undoing.tell(report, as_json=as_json)
    if report.refused:
        sys.exit(3)


@leadripe.group()
def outbox() -> None:
    """Look after writes that wait or were refused."""


@outbox.command("list")
@click.option("--state", type=click.Choice(["waiting", "refused"]), help="Only these.")
@AS_JSON
@pass_config
def outbox_list(config: Path, *, state: str | None, as_json: bool) -> None:
    """List the writes that the CRM has not accepted, with its own words for a refusal."""
    from connector.app import commands, show

    show.outbox(commands.outbox(config, state), as_json=as_json)


@outbox.command("retry")
@AS_JSON
@pass_config
def outbox_retry(config: Path, *, as_json: bool) -> None:
    """Let refused writes be sent again by the next push or sync, once the cause is mended."""
    from connector.app import commands, show

    count = commands.outbox_retry(config)
    if as_json:
        show.json({"retried": count})
    else:
        show.text(f"{count} writes wait again; `leadripe push` sends them.")


@outbox.command("drop")
@click.argument("ids", type=int, nargs=-1, required=True)
@AS_JSON
@pass_config
def outbox_drop(config: Path, ids: tuple[int, ...], *, as_json: bool) -> None:
    """Forget writes by their ids; the next plan looks at their contacts again."""
    from connector.app import commands, show

    count = commands.outbox_drop(config, ids)
    if as_json:
        show.json({"dropped": count})
    else:
        show.text(f"{count} writes forgotten.")


@leadripe.group()
def quarantine() -> None:
    """See what robots did, release what people did after all."""


SIGN = click.option(
    "--sign",
    type=click.Choice(
        ["many_links", "at_once", "hidden_link", "gateway", "whole_domain", "by_hand"]
    ),
    help="Only this sign.",
)
ACTIVITY = click.option("--activity", help="One activity, by its id as `list` shows it.")
CONTACT = click.option("--contact", help="One contact, by the CRM's id or an e-mail address.")
DOMAIN = click.option("--domain", help="Everybody of a mail domain.")
ALWAYS = click.option(
    "--always", is_flag=True, help="Of what is still to come, too; else of what happened by now."
)
ONLY_LOOK = click.option("--dry-run", is_flag=True, help="Only tell what it would come to.")


@quarantine.command("list")
@ACTIVITY
@CONTACT
@DOMAIN
@SIGN
@AS_OF
@click.option("--decisions", is_flag=True, help="List what was released and put there instead.")
@AS_JSON
@pass_config
def quarantine_list(
    config: Path, /, *, as_of: datetime | None, decisions: bool, as_json: bool, **chosen: str | None
) -> None:
    """List the activities in quarantine, each with the signs that it shows."""
    from connector.app import quarantine, show

    if decisions:
        show.decisions(quarantine.decisions(config), as_json=as_json)
    else:
        found = quarantine.listed(config, quarantine.Chosen(**chosen), as_of)
        show.quarantine(found, as_json=as_json)


@quarantine.command("release")
@ACTIVITY
@CONTACT
@DOMAIN
@SIGN
@ALWAYS
@ONLY_LOOK
@AS_JSON
@pass_config
def quarantine_release(
    config: Path, /, *, always: bool, dry_run: bool, as_json: bool, **chosen: str | None
) -> None:
    """Lift signs: what a person did after all counts again from the next plan or sync on.

    The same sign never puts these activities there again; another one may.
    """
    from connector.app import quarantine, show

    wanted = quarantine.Chosen(**chosen)
    decided = quarantine.release(config, wanted, always=always, dry_run=dry_run)
    if as_json:
        show.json(decided)
    else:
        would = "would be" if dry_run else "are"
        show.text(f"{decided.activities} activities {would} released.")


@quarantine.command("add")
@ACTIVITY
@CONTACT
@DOMAIN
@ALWAYS
@ONLY_LOOK
@AS_JSON
@pass_config
def quarantine_add(
    config: Path, /, *, always: bool, dry_run: bool, as_json: bool, **chosen: str | None
) -> None:
    """Put activities into quarantine by hand; `release` takes them out again."""
    from connector.app import quarantine, show

    decided = quarantine.put(config, quarantine.Chosen(**chosen), always=always, dry_run=dry_run)
    if as_json:
        show.json(decided)
    else:
        show.text("Nothing was changed." if dry_run else "They count for nothing from now on.")


@leadripe.command()
@CRM
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="0 takes any free port.",
)
@click.option("--contacts", type=click.IntRange(0, 200_000), default=2000, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, other people.")
@click.option(
    "--load",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Fill it from a folder of CSV files instead of made-up people.",
)
@click.option(
    "--limits",
    type=click.Choice(["real", "off"]),
    default="real",
    show_default=True,
    help="Request limits as the CRM has them, or none.",
)
@click.option("--faults", default="", help="Faults to make, as 429=0.02,502=0.02,lost=0.01.")
@click.option("--state", type=click.Path(path_type=Path), help="Keep the CRM's state in this file.")
@click.option(
    "--leads",
    is_flag=True,
    help="HubSpot only: with leads beside the contacts, as from Sales Hub Professional on.",
)
def sandbox(
    crm: Literal["hubspot", "salesforce"],
    *,
    port: int,
    contacts: int,
    seed: int,
    load: Path | None,
    limits: Literal["real", "off"],
    faults: str,
    state: Path | None,
    leads: bool,
) -> None:
    """Serve a local CRM until Ctrl-C: its interface, limits, lags and oddities, as documented.

    Point `connect.base_url` in leadripe.yaml at it; docs/sandbox.md says how to sign in.
    """
    from connector.app import sandboxes

    wish = sandboxes.SandboxWish(
        crm=crm,
        contacts=contacts,
        seed=seed,
        load=load,
        limits=limits,
        faults=faults,
        state=state,
        port=port,
        leads=leads,
    )
    sandboxes.serve(wish)


def main() -> None:
    """Run the command line; every error ends in one message and its exit code."""
    interrupts.listen()
    sys.exit(_guarded(lambda: leadripe(standalone_mode=False)))


def _guarded(command: Callable[[], object]) -> int:
    try:
        command()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except ConnectorError as error:
        return _told(error)
    except (KeyboardInterrupt, click.exceptions.Abort):
        sys.stderr.write("interrupted; what was committed stands, run again to go on\n")
        return interrupts.exit_code()
    except BrokenPipeError:
        # The reader of a pipe went away; nobody is left to tell. Python must not try to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _told(_of_the_machine(error))
    except Exception as error:  # noqa: BLE001  the last boundary: never a traceback for an admin
        return _told(_bug(error))
    return 0


def _told(error: ConnectorError) -> int:
    sys.stderr.write(f"error: {error}\n")
    return error.exit_code


def _of_the_machine(error: OSError) -> ConnectorError:
    where = str(error.filename) if error.filename else ""
    what = f"this machine refused: {error.strerror or type(error).__name__}"
    return StoreError(what, where, "Mend it and run again. Nothing that was committed is lost.")


def _bug(error: Exception) -> ConnectorError:
    import structlog

    structlog.get_logger().info("bug", exc_info=error)
    return ConnectorError(
        what=f"a bug of ours: {type(error).__name__}",
        where="run again with -v to log where",
        do="Please report it. Everything committed stands; running again is safe.",
    )


if __name__ == "__main__":
    main()
