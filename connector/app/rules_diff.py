"""`leadripe rules diff`: who would change if other rules took the place of these."""

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from connector.app import show
from connector.app.account import open_account
from connector.app.clock import SystemClock
from connector.app.diff_data import Data, of_files, of_store, unread
from connector.app.diff_inputs import COMMAND, STORE, inputs_of
from connector.app.diff_inputs import FilesNamed as FilesNamed  # the command line says which
from connector.app.diff_opportunities import Side, compared
from connector.app.diff_output import writer_for
from connector.app.diff_tables import Comparison
from connector.app.diff_totals import add, new_report
from connector.app.score import check_zone
from connector.app.score_command import form_of
from connector.app.score_output import Form, written
from connector.config.rules_file import load_rules
from connector.domain.moment import Moment
from connector.engine.embedded import EmbeddedEngine
from connector.ports import Accounts, Evaluation, Facts, Shapes
from connector.report import terminal
from connector.report.rules_diff import DiffReport, rules_diff, totals
from connector.rules.compile import compile_rules
from connector.rules.explain import Words
from connector.rules.model import RuleSet
from connector.rules.plan import CompiledRules
from connector.sync.progress import Progress
from connector.sync.robots import Parts, robot_domains, with_robots

_MEMORY = "700MB"  # of the engine, as for `leadripe score`


@dataclass(frozen=True, slots=True)
class DiffWish:
    """What the command line asks for.

    `on`: a folder of files, or `store` for what was pulled; `files`: named one by one instead.
    `top`: how many of the contacts that change most the report names. `out`: a file for every
    contact that differs. `as_json`: these as lines on stdout; with `out`, the totals there.
    """

    before: Path
    after: Path
    on: str = STORE
    files: FilesNamed = field(default_factory=FilesNamed)
    zone: str = "UTC"
    language: str | None = None
    as_of: datetime | None = None
    out: Path | None = None
    form: Literal["json", "csv", "parquet"] | None = None
    top: int = 10
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Two:
    """Two rule sets, compiled, and the words for what they say."""

    before: CompiledRules
    after: CompiledRules
    comparison: Comparison

    @property
    def rules(self) -> tuple[tuple[RuleSet, CompiledRules], tuple[RuleSet, CompiledRules]]:
        """Each with what it compiles to."""
        words = self.comparison
        return (words.before.rules, self.before), (words.after.rules, self.after)


def diff(config: Path, wish: DiffWish, progress: Progress) -> DiffReport:
    """Compare two rules files on files or, without them, on what was pulled; nothing is changed.

    What was pulled is evaluated with what is remembered of each contact, as the next run would do
    it; contacts of files as if they had never been evaluated before.
    """
    inputs = inputs_of(wish.on, wish.files)
    in_lines = wish.as_json and wish.out is None
    form = form_of(wish.out, wish.form, as_json=in_lines, where=COMMAND)
    with ExitStack() as stack:
        if inputs is None:
            opened = open_account(config)
            language = wish.language or opened.loaded.settings.language
            two = _two(wish, language, opened.loaded.mapping.shapes())
            data = stack.enter_context(of_store(opened, two.before, two.after, wish.as_of))
            lacking = list(unread(opened.loaded.mapping, *two.rules))
            data = replace(data, notes=[*data.notes, lacking])
        else:
            check_zone(wish.zone)
            two = _two(wish, wish.language or "en", None)
            files = of_files(
                two.before,
                two.after,
                inputs,
                wish.zone,
                lambda name: progress.step(f"read {name}", done=0, total=None),
            )
            data = stack.enter_context(files)
        return _compare(wish, two, data, form, progress)


def _two(wish: DiffWish, language: str, shapes: Shapes | None) -> _Two:
    before, after = load_rules(wish.before, shapes), load_rules(wish.after, shapes)
    words = Comparison(Words(before, language), Words(after, language))
    return _Two(compile_rules(before), compile_rules(after), words)


def _compare(wish: DiffWish, two: _Two, data: Data, form: Form, progress: Progress) -> DiffReport:
    """Evaluate and compare part by part."""
    at = wish.as_of or SystemClock().now()
    report = new_report(at, wish.before, wish.after, two.comparison)
    engine = EmbeddedEngine(memory_limit=_MEMORY)
    moment = Moment.at(at, data.zone)

    def robots(compiled: CompiledRules, crowd: Parts) -> pa.Table | None:
        return robot_domains(engine, compiled, crowd, as_of_us=moment.us)

    def gathered(compiled: CompiledRules, parts: Iterable[Facts]) -> Accounts | None:
        return engine.gather(compiled, parts, at=moment)

    def evaluated(compiled: CompiledRules, facts: Facts, accounts: Accounts | None) -> Evaluation:
        facts = replace(facts, accounts=accounts)
        return engine.evaluate(compiled, facts, at=moment)

    out = wish.out or (sys.stdout.buffer if wish.as_json else None)
    schema = two.comparison.schema
    words = two.comparison.before, two.comparison.after
    earlier, later = Side(two.before, words[0]), Side(two.after, words[1])
    try:
        old, new = robots(two.before, data.crowds[0]), robots(two.after, data.crowds[-1])
        first = gathered(two.before, (with_robots(p.before, old) for p in data.beforehand()))
        second = gathered(two.after, (with_robots(p.after, new) for p in data.beforehand()))
        with written(out) as stream, writer_for(stream, form, schema) as writer:
            for part in data.parts:
                differences = two.comparison.of(
                    earlier.add(evaluated(two.before, with_robots(part.before, old), first)),
                    later.add(evaluated(two.after, with_robots(part.after, new), second)),
                    part.ids,
                )
                add(report, differences, wish.top)
                writer.write(differences.differing)
                progress.step("compare", done=report.contacts, total=data.total)
        if data.opportunities:
            report.opportunities = compared(
                earlier.scored(engine, data.opportunities[0](moment.us), moment),
                later.scored(engine, data.opportunities[-1](moment.us), moment),
                words,
                wish.top,
            )
    finally:
        engine.close()
    report.notes = list(dict.fromkeys(note for notes in data.notes for note in notes))
    return report


def tell(report: DiffReport, wish: DiffWish) -> None:
    """Print the report on stdout; if the contacts are there already, what is to know on stderr."""
    if not wish.as_json:
        terminal.show(show.console(), rules_diff(report))
    elif wish.out is not None:
        show.json(totals(report))
    else:
        sys.stderr.writelines(f"{note}\n" for note in [*report.remarks, *report.notes])
