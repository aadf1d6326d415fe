"""DuckDB as the engine: in memory, without a file, an extension or the network."""

import re
import shutil
import tempfile
import weakref
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from connector.domain.moment import Moment
from connector.engine import robots
from connector.engine.accounts import GatheredAccounts, gather
from connector.engine.connection import Limits, folder_of, interruptible, opened
from connector.engine.inputs import (
    activities_of,
    create_table,
    is_few,
    load_activities,
    load_constants,
    load_facts,
    load_opportunities,
    moment_table,
    moment_tables,
)
from connector.engine.prepared import PreparedPlan
from connector.engine.side_by_side import side_by_side
from connector.engine.step_tables import create_step, creating
from connector.errors import StoreError
from connector.ports import Evaluation, Facts, OpportunityEvaluation
from connector.ports.engine import Item
from connector.rules.plan import CompiledRules, OpportunityPlan, Step
from connector.rules.tables import OF_OPPORTUNITIES, OUTPUTS

_WORD = re.compile(r"\w+")
_FEW_ACTIVITIES = 10_000
"""Up to how many activities a plan is run as it is written.

Beyond, what the optimizer makes of running sums and of looking up matters more than it costs.
"""
_LIMITS = """
SELECT current_setting('threads'), parse_formatted_bytes(current_setting('memory_limit'))
"""
_MOST_AT_ONCE = 2
"""Evaluations side by side: each takes as much memory as its contacts ask for."""


class EmbeddedEngine:
    """Runs compiled plans; keeps what belongs to one rule set between evaluations.

    Not to be shared by threads: give each its own. `threads`: how many cores one evaluation may
    use, all of them by default. `memory_limit`: for example `2GB`; beyond it, work goes to files in
    `temp_folder`, by default a new one that is removed with the engine.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        temp_folder: Path | None = None,
    ) -> None:
        if temp_folder is None:
            temp_folder = Path(tempfile.mkdtemp(prefix="leadripe-"))
            weakref.finalize(self, shutil.rmtree, temp_folder, ignore_errors=True)
        self._limits = Limits(threads, memory_limit, temp_folder)
        self._folders: frozenset[Path] = frozenset()
        self._loaded_rules = ""
        self._parsed: dict[str, duckdb.Statement] = {}
        self._few_asked = ""
        self._prepared: PreparedPlan | None = None
        self._others: Sequence[EmbeddedEngine] | None = None
        self._connection = opened(self._limits, self._folders)

    def close(self) -> None:
        """Free everything."""
        self._forget_prepared()
        self._connection.close()
        for each in self._others or ():
            each.close()

    def evaluate(self, compiled: CompiledRules, facts: Facts, *, at: Moment) -> Evaluation:
        """Evaluate the contacts of `facts` as of a moment.

        Raises StoreError if files cannot be read, or memory or disk do not suffice.
        """
        with _explained():
            facts = _with_accounts(facts)
            self._allow(facts.activity)
            if not is_few(facts.contact):
                return self._evaluate(compiled, facts, at, is_quick=False)
            activity = self._activity_of_few(compiled, facts)
            is_quick = len(activity) <= _FEW_ACTIVITIES
            prepared = self._prepared_for(compiled) if is_quick else None
            if prepared is not None:
                return prepared.evaluate(facts, activity, at)
            facts = replace(facts, activity=activity)
            return self._evaluate(compiled, facts, at, is_quick=is_quick)

    def evaluate_each(
        self,
        compiled: CompiledRules,
        every: Iterable[tuple[Item, Facts]],
        *,
        at: Moment,
    ) -> Generator[tuple[Item, Evaluation], None, None]:
        """Evaluate sets of contacts, each as `evaluate` does, and yield each with its item.

        Several at once, each on a core of its own, if there are several; see `Engine`. Raises as
        `evaluate` does.
        """

        def on(engine: EmbeddedEngine, facts: Facts) -> Evaluation:
            return engine.evaluate(compiled, facts, at=at)

        coming = iter(every)
        ahead = list(islice(coming, 2))
        others = self._engines_beside() if len(ahead) > 1 else ()
        each = _then(ahead, coming)
        if others:
            yield from side_by_side(each, others, on)
        else:
            yield from ((item, on(self, facts)) for item, facts in each)

    def _engines_beside(self) -> Sequence["EmbeddedEngine"]:
        """Return engines that share the cores and the memory of this one; none for one core."""
        if self._others is None:
            cores, memory = self._connection.execute(_LIMITS).fetchall()[0]
            count = min(cores, _MOST_AT_ONCE)
            self._others = [
                EmbeddedEngine(
                    threads=cores // count,
                    memory_limit=f"{memory // count}B",
                    temp_folder=self._limits.temp_folder / f"beside-{number}",
                )
                for number in range(count if count > 1 else 0)
            ]
        return self._others

    def interrupt(self) -> None:
        """End what runs now; to be called by another thread."""
        # The connection may be closed at this very moment, to be opened anew.
        with suppress(duckdb.Error):
            self._connection.interrupt()

    def _activity_of_few(self, compiled: CompiledRules, facts: Facts) -> pa.Table:
        """Return the activities of few contacts, out of the files if they lie in any."""
        if isinstance(facts.activity, pa.Table):
            return facts.activity
        return activities_of(self._connection, compiled, facts.activity, facts.contact)

    def _prepared_for(self, compiled: CompiledRules) -> PreparedPlan | None:
        """Return the plan made ready for few contacts, from the second time on that it is asked.

        To prepare it costs more than to run it once.
        """
        if self._few_asked != compiled.hash:
            self._forget_prepared()
            self._few_asked = compiled.hash
            return None
        if self._prepared is None:
            # On one core: few contacts are done before another would have begun to help.
            alone = opened(replace(self._limits, threads=1), frozenset())
            self._prepared = PreparedPlan(alone, compiled)
        return self._prepared

    def _forget_prepared(self) -> None:
        self._few_asked = ""
        if self._prepared is not None:
            self._prepared.close()
            self._prepared = None

    def _evaluate(
        self, compiled: CompiledRules, facts: Facts, at: Moment, *, is_quick: bool
    ) -> Evaluation:
        """Run the plan as it stands: with `is_quick`, without a thought on how to run it best."""
        self._load_rules(compiled)
        for name, table in moment_tables(compiled, at).items():
            create_table(self._connection, name, table)
        registered = load_facts(self._connection, compiled, facts)
        try:
            self._connection.execute(f"PRAGMA {'disable' if is_quick else 'enable'}_optimizer")
            return self._run(compiled, facts)
        finally:
            self._clear(compiled, registered)

    def select(
        self,
        compiled: CompiledRules,
        activity: pa.Table | Sequence[Path],
        steps: Sequence[Step],
        tables: Mapping[str, pa.Table],
        *,
        as_of_us: int,
    ) -> pa.Table:
        """Run steps over activities, of whichever contacts, and `tables`; return the last result.

        Raises as `evaluate` does.
        """
        with _explained():
            self._allow(activity)
            for name, table in {"moment": moment_table(as_of_us, 0), **tables}.items():
                create_table(self._connection, name, table)
            registered = load_activities(self._connection, compiled, activity)
            try:
                return robots.select(self._connection, steps)
            finally:
                for name in tables:
                    self._connection.execute(f"DROP TABLE {name}")
                self._clear(compiled, registered)

    def score_opportunities(
        self,
        compiled: CompiledRules,
        opportunity: pa.Table,
        taking_part: pa.Table,
        *,
        at: Moment,
    ) -> OpportunityEvaluation:
        """Score opportunities as of a moment, each row of `opportunity` one of them.

        `taking_part`: what evaluations of their contacts said, of several sets one below the other.
        Raises as `evaluate` does.
        """
        plan = compiled.opportunities
        if plan is None:
            raise ValueError("these rules give opportunities no score")
        with _explained():
            create_table(self._connection, "moment", moment_table(at.us, at.day))
            for constants in plan.constants:
                load_constants(self._connection, constants)
            registered = load_opportunities(self._connection, plan, opportunity, taking_part)
            try:
                results = self._second_turn(plan)
            finally:
                for name in registered:
                    self._connection.unregister(name)
                made = [each.name for each in plan.constants] + [each.name for each in plan.steps]
                for name in made:
                    self._connection.execute(f"DROP TABLE IF EXISTS {name}")
            return OpportunityEvaluation(
                score=results["opportunity_score"], reason=results["opportunity_reason"]
            )

    def _second_turn(self, plan: OpportunityPlan) -> Mapping[str, pa.Table]:
        """Run the steps that score opportunities, and return the results."""
        results: dict[str, pa.Table] = {}
        for step in plan.steps:
            if step.name in OF_OPPORTUNITIES:
                results[step.name] = self._connection.sql(step.sql).to_arrow_table()
            else:
                create_step(self._connection, step, {})
        return results

    def gather(
        self, compiled: CompiledRules, parts: Iterable[Facts], *, at: Moment
    ) -> GatheredAccounts | None:
        """Put contacts together by account; what comes of it lives as long as the engine.

        Raises as `evaluate` does.
        """
        plan = compiled.account
        if plan is None:
            return None

        own = ((facts.contact, facts) for facts in parts)
        with (
            _explained(),
            closing(self.evaluate_each(plan.own, own, at=at)) as evaluated,
        ):
            return gather(plan, evaluated, self._limits)

    def _allow(self, activity: pa.Table | Sequence[Path]) -> None:
        """Open the engine anew if it has to read files of folders that it may not read yet."""
        if isinstance(activity, pa.Table):
            return
        needed = {folder_of(file) for file in activity}
        if needed <= self._folders:
            return
        self._folders |= needed
        self._loaded_rules = ""
        self._forget_prepared()
        self._connection.close()
        self._connection = opened(self._limits, self._folders)

    def _load_rules(self, compiled: CompiledRules) -> None:
        """Create the constants of a rule set and parse its steps, unless that is done already."""
        if self._loaded_rules == compiled.hash:
            return
        self._loaded_rules = ""
        for constants in compiled.constants:
            load_constants(self._connection, constants)
        self._parsed = {
            step.name: self._connection.extract_statements(
                step.sql if step.name in OUTPUTS else creating(step)
            )[0]
            for step in compiled.steps
        }
        self._loaded_rules = compiled.hash

    def _run(self, compiled: CompiledRules, facts: Facts) -> Evaluation:
        """Set apart what is in quarantine, and run the steps without it."""
        flag = robots.flagged(self._connection, compiled, facts)
        turns = robots.in_turns(self._connection, flag, is_small=is_few(facts.contact))
        return Evaluation(**robots.joined([self._steps(compiled, facts) for _ in turns]), flag=flag)

    def _steps(self, compiled: CompiledRules, facts: Facts) -> Mapping[str, pa.Table]:
        """Run the steps: results are returned, the others become tables."""
        results: dict[str, pa.Table] = {}
        rows = {"opportunity": len(facts.opportunity)}
        for step, done_with in zip(compiled.steps, _done_with(compiled.steps), strict=True):
            if step.name in OUTPUTS:
                results[step.name] = self._connection.sql(self._parsed[step.name]).to_arrow_table()
            else:
                create_step(self._connection, step, rows, self._parsed[step.name])
            # Their memory serves the steps that follow.
            for name in done_with:
                self._connection.execute(f"DROP TABLE {name}")
        return results

    def _clear(self, compiled: CompiledRules, registered: tuple[str, ...]) -> None:
        """Drop what belongs to one evaluation, so that memory does not wait for the next."""
        for name in registered:
            self._connection.unregister(name)
        names = [step.name for step in compiled.steps if step.name not in OUTPUTS]
        for name in names:
            self._connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._connection.execute("PRAGMA enable_optimizer")


def _then(ahead: list[Item], coming: Iterator[Item]) -> Iterator[Item]:
    """Yield what was taken out of an iterator ahead, keeping none of it, and then the rest."""
    while ahead:
        yield ahead.pop(0)
    yield from coming


def _with_accounts(facts: Facts) -> Facts:
    """Return facts whose contacts hold what is known of their accounts."""
    if facts.accounts is None:
        return facts
    return replace(facts, contact=facts.accounts.beside(facts.contact), accounts=None)


def _done_with(steps: Sequence[Step]) -> Iterator[list[str]]:
    """Yield, for each step, the tables of steps that none after it reads."""
    words = [frozenset(_WORD.findall(step.sql)) for step in steps]
    last_read = {
        step.name: max((at for at, read in enumerate(words) if step.name in read), default=own)
        for own, step in enumerate(steps)
        if step.name not in OUTPUTS
    }
    for at in range(len(steps)):
        yield [name for name, last in last_read.items() if last == at]


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what an admin can mend into a StoreError; anything else is a bug of ours."""
    try:
        with interruptible():
            yield
    except duckdb.OutOfMemoryException as error:
        raise StoreError(
            what="The scores could not be computed: memory, or the disk beside it, is full.",
            where="evaluation of the rules",
            do="Free disk space, or allow more memory, and run again. Nothing was written.",
        ) from error
    except (duckdb.IOException, duckdb.InvalidInputException, pa.ArrowInvalid, OSError) as error:
        raise StoreError(
            what="The stored activities could not be read.",
            where="evaluation of the rules",
            do=(
                "Check the disk and the permissions; if a file is damaged, put the store's folder"
                " back from a backup, or set it aside and run `leadripe plan`, which reads the CRM"
                " anew. Nothing was written."
            ),
        ) from error
