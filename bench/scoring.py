# ruff: noqa: S608  the numbers and paths are this benchmark's own
"""How fast contacts are scored: `python -m bench.scoring --contacts 100000 --activities 20`.

The shipped rules, scores, all reasons, interests and quarantine, out of files in buckets, as the
product does it; and scores and reasons alone, without what clicks of robots and topics cost. Beside
it stand a bare aggregate on the same engine, `GROUP BY contact, type` with a sum and maxima over
the same columns, and once more as lean as it can be, with a sum of days and the latest instant
only; a loop in plain Python and an engine of rules (`bench.scoring_peers`). Each part is measured
in a process of its own.
"""

import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.scoring_peers import Deed

    _Rows = tuple[pa.Table, pa.Table | Sequence[Path]]  # contacts, and activities or files of them

BUCKETS = 64
FEW = 1_000
"""So many contacts changed, of all; and the loops, which are slow, score so many."""
RULES = Path(__file__).parents[1] / "mappings" / "rules.yaml"


@click.command()
@click.option("--contacts", default=100_000, show_default=True)
@click.option("--activities", default=20, show_default=True, help="Of each contact, on average.")
@click.option("--buckets", default=BUCKETS, show_default=True, help="Files that contacts lie in.")
@click.option("--threads", default=2, show_default=True, help="Cores to use.")
@click.option("--measure", hidden=True, help="Run one part in this process.")
@click.option("--folder", type=click.Path(path_type=Path), help="Contacts to use, or to keep.")
def main(
    *,
    contacts: int,
    activities: int,
    buckets: int,
    threads: int,
    measure: str | None,
    folder: Path | None,
) -> None:
    """Print wall, CPU, memory and activities per CPU-second of scoring made-up contacts."""
    if measure and folder:
        print(json.dumps(_measured(_PARTS[measure], folder, threads)))
        return
    print(_set_up())
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) if folder is None else folder
        if not (place / "activity.parquet").exists():
            place.mkdir(parents=True, exist_ok=True)
            _make_up(place, contacts, activities, buckets)
        _compare(str(place), threads)


def _make_up(folder: Path, *numbers: int) -> None:
    """Make up contacts. A child's peak memory begins at its parent's, so ours has to stay small."""
    command = [sys.executable, "-m", "bench.scoring_data", str(folder), *map(str, numbers)]
    subprocess.run(command, check=True)  # noqa: S603  our own command


def _compare(folder: str, threads: int) -> None:
    """Print a line for each part, and what the scoring costs beside the bare aggregate."""
    results = {part: _in_own_process(part, folder, threads) for part in _PARTS}
    contacts, activities = (
        sum(_rows(bucket) for bucket in Path(folder).glob(f"{name}/bucket=*"))
        for name in ("contacts", "activities")
    )
    print(f"{contacts:,} contacts, {activities:,} activities, {threads} threads\n")
    print(f"{'':32}{'wall s':>9}{'CPU s':>9}{'RSS MB':>9}{'activities / CPU-s':>20}")
    for part, result in results.items():
        scored = result.get("activities", 0 if "contact" in part else activities)
        rate = f"{scored / result['cpu']:20,.0f}" if scored else ""
        print(
            f"{part:32}{result['wall']:9.3f}{result['cpu']:9.3f}{result['rss']:9.0f}{rate}".rstrip()
        )
    print()
    for scoring in ("scoring", "scores and reasons alone"):
        for part in (each for each in _PARTS if "GROUP BY" in each):
            if scoring == "scoring" or "lean" in part:
                ratio = results[scoring]["cpu"] / results[part]["cpu"]
                print(f"{scoring:24} / {part:30}{ratio:6.2f}")


def _set_up() -> str:
    """Return what the figures were measured on."""
    import duckdb
    import pyarrow as pa

    return (
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__},"
        f" PyArrow {pa.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def _in_own_process(part: str, folder: str, threads: int) -> dict[str, float]:
    """Measure one part in a fresh process, so that its memory is its own."""
    command = [sys.executable, "-m", "bench.scoring", "--measure", part, "--folder", folder]
    output = subprocess.check_output(  # noqa: S603  our own command
        [*command, "--threads", str(threads)], text=True
    )
    result: dict[str, float] = json.loads(output)
    return result


def _measured(run: "Part", folder: Path, threads: int) -> dict[str, float]:
    """Return wall and CPU seconds and peak memory of the part that follows its first `yield`.

    A part that did not score all activities yields how many it did.
    """
    started = run(folder, threads)
    next(started)
    wall, cpu = time.perf_counter(), time.process_time()
    said = [count for count in started if count]
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **({"activities": said[-1]} if said else {}),
    }


# ---------------------------------------------------------------------- parts


def _score(folder: Path, threads: int) -> Iterator[int]:
    """Score everybody by the shipped rules."""
    yield from _score_all(folder, threads)


def _score_plainly(folder: Path, threads: int) -> Iterator[int]:
    """Score everybody by the shipped rules without their interests and their quarantine."""
    yield from _score_all(folder, threads, plainly=True)


def _score_all(folder: Path, threads: int, *, plainly: bool = False) -> Iterator[int]:
    """Score everybody, as many buckets at a time as the product takes."""
    from connector.sync.batches import MOST

    buckets = sorted(folder.glob("contacts/bucket=*"), key=lambda each: int(each.name[7:]))
    rows = sum(_rows(bucket) for bucket in buckets)
    at_a_time = max(1, MOST * len(buckets) // max(1, rows))
    batches = [buckets[start : start + at_a_time] for start in range(0, len(buckets), at_a_time)]
    yield from _evaluate(threads, [(each, "TRUE") for each in batches], plainly=plainly)


def _score_one_by_one(folder: Path, threads: int) -> Iterator[int]:
    """Score ten contacts one after the other, their facts at hand, with a warm engine."""
    import duckdb
    import pyarrow.compute as pc

    evaluate = _evaluating(threads)
    bucket = folder / "contacts" / "bucket=1"
    reader = duckdb.connect()
    contacts, activities = (
        reader.sql(f"SELECT * FROM read_parquet('{files}/*.parquet')").to_arrow_table()
        for files in (bucket, folder / "activities" / bucket.name)
    )
    facts = []
    for number in contacts["contact"][:10]:
        own = pc.field("contact") == number
        facts.append((contacts.filter(own), activities.filter(own)))
    # A plan is made ready for few contacts the second time that it is asked.
    for each in facts[:2]:
        evaluate([each])
    yield 0
    for each in facts:
        evaluate([each])


def _score_changed(folder: Path, threads: int) -> Iterator[int]:
    """Score a thousand contacts who lie in all buckets, with a warm engine."""
    buckets = sorted(folder.glob("contacts/bucket=*"))
    every = max(1, sum(_rows(bucket) for bucket in buckets) // FEW)
    some = (buckets, f"contact % {every} = 0 AND contact < {every * FEW}")
    yield from _evaluate(threads, [some], warm=True)


def _evaluate(
    threads: int,
    sets: Sequence[tuple[Sequence[Path], str]],
    *,
    warm: bool = False,
    plainly: bool = False,
) -> Iterator[int]:
    """Evaluate sets of contacts; what a set-up costs comes before the first `yield`."""
    import duckdb

    evaluate = _evaluating(threads, plainly=plainly)
    reader = duckdb.connect(config={"threads": threads})

    def read(buckets: Sequence[Path], where: str) -> "_Rows":
        files = ", ".join(f"'{bucket}/*.parquet'" for bucket in buckets)
        contact = reader.sql(f"SELECT * FROM read_parquet([{files}]) WHERE {where}")
        activity = [
            file
            for bucket in buckets
            for file in sorted((bucket.parents[1] / "activities" / bucket.name).glob("*.parquet"))
        ]
        return contact.to_arrow_table(), activity

    # A plan is made ready for few contacts the second time that it is asked.
    for _ in range(2 if warm else 0):
        evaluate([read(*sets[0])])
    yield 0
    evaluate(read(*each) for each in sets)


def _evaluating(threads: int, *, plainly: bool = False) -> "Callable[[Iterable[_Rows]], None]":
    """Return what evaluates sets of contacts by the shipped rules.

    `plainly`: without their interests and their quarantine.
    """
    from bench.scoring_data import AS_OF_DAY, AS_OF_US, no_rows
    from connector.config.rules_file import load_rules
    from connector.domain.moment import Moment
    from connector.engine.embedded import EmbeddedEngine
    from connector.ports import Facts
    from connector.rules.compile import compile_rules
    from connector.rules.quarantine import Quarantine

    rules = load_rules(RULES)
    if plainly:
        rules = replace(rules, interests=None, quarantine=Quarantine(), pressure=None, nurture=None)
    compiled = compile_rules(rules)
    engine = EmbeddedEngine(threads=threads)

    def evaluate(sets: "Iterable[_Rows]") -> None:
        facts = ((None, Facts(*each, no_rows(), no_rows())) for each in sets)
        for _ in engine.evaluate_each(compiled, facts, at=Moment(AS_OF_US, AS_OF_DAY)):
            pass

    return evaluate


def _loop(folder: Path, threads: int) -> Iterator[int]:  # noqa: ARG001  as every part
    """Score some contacts one after the other in Python."""
    from bench.scoring_data import AS_OF_DAY
    from bench.scoring_peers import Loop
    from connector.config.rules_file import load_rules

    deeds = _deeds(folder)
    loop = Loop(load_rules(RULES), AS_OF_DAY)
    yield 0
    for each in deeds:
        loop.score(each)
    yield sum(map(len, deeds))


def _rules_engine(folder: Path, threads: int) -> Iterator[int]:  # noqa: ARG001  as every part
    """Tell which rules the same activities meet, by an engine of rules."""
    from bench.scoring_peers import RulesEngine
    from connector.config.rules_file import load_rules

    deeds = _deeds(folder)
    engine = RulesEngine(load_rules(RULES))
    yield 0
    engine.met(deed for each in deeds for deed in each)
    yield sum(map(len, deeds))


def _deeds(folder: Path) -> "list[list[Deed]]":
    """Return what a thousand contacts did, already in Python's values."""
    import duckdb

    from bench.scoring_data import AS_OF_US
    from bench.scoring_peers import Deed

    rows = duckdb.connect().execute(
        "SELECT contact, activity, type, occurred_us, day, a_asset_kind, a_asset, a_event"
        f" FROM read_parquet('{folder}/activities/*/*.parquet')"
        f" WHERE NOT is_outbound AND occurred_us <= {AS_OF_US} AND contact < {FEW}"
    )
    deeds: dict[int, list[Deed]] = {}
    for contact, name, kind, occurred_us, day, asset_kind, asset, event in rows.fetchall():
        attributes = {"asset_kind": asset_kind, "asset": asset, "event": event}
        deeds.setdefault(contact, []).append(Deed(name, kind, occurred_us, day, attributes))
    return list(deeds.values())


def _rows(bucket: Path) -> int:
    """Return how many contacts lie in a bucket."""
    import pyarrow.parquet as pq

    return sum(int(pq.read_metadata(file).num_rows) for file in bucket.glob("*.parquet"))


def _grouping(files: str, *, is_lean: bool) -> "Part":
    """Return the part that runs the bare aggregate over files of the folder."""

    def run(folder: Path, threads: int) -> Iterator[int]:
        import duckdb

        connection = duckdb.connect(config={"threads": threads})
        rows = f"read_parquet('{folder / files}')"
        present = connection.sql(f"SELECT * FROM {rows} LIMIT 0").columns
        others = {"occurred_us"} if is_lean else _words_of_plan() - {"contact", "type"}
        maxima = "".join(f", MAX({name}) AS most_{name}" for name in present if name in others)
        yield 0
        connection.execute(
            f"CREATE TEMP TABLE grouped AS SELECT contact, type, SUM(day) AS total{maxima}"
            f" FROM {rows} GROUP BY contact, type"
        )

    return run


def _words_of_plan() -> set[str]:
    """Return the words in the plan of the shipped rules, the columns that it reads among them."""
    from connector.config.rules_file import load_rules
    from connector.rules.compile import compile_rules

    compiled = compile_rules(load_rules(RULES))
    steps = (*compiled.robots.flag, *compiled.steps)
    return {word for step in steps for word in re.findall(r"\w+", step.sql)}


Part = Callable[[Path, int], Iterator[int]]

_PARTS: dict[str, Part] = {
    "scoring": _score,
    "scores and reasons alone": _score_plainly,
    "10 contacts, one by one": _score_one_by_one,
    "1,000 contacts changed": _score_changed,
    "GROUP BY, as they arrived": _grouping("activity.parquet", is_lean=False),
    "GROUP BY, in buckets": _grouping("activities/*/*.parquet", is_lean=False),
    "lean GROUP BY, as they arrived": _grouping("activity.parquet", is_lean=True),
    "lean GROUP BY, in buckets": _grouping("activities/*/*.parquet", is_lean=True),
    "a loop in Python": _loop,
    "business-rules, types only": _rules_engine,
}

if __name__ == "__main__":
    main()
