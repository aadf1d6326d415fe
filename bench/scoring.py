# ruff: noqa: S608  the numbers and paths are this benchmark's own
"""How fast contacts are scored: `python -m bench.scoring --contacts 100000 --activities 20`.

The shipped rules, scores and all reasons, out of files in buckets, as the product does it. Beside
it stands one bare aggregate on the same engine over the same columns: `GROUP BY contact, type` with
a sum and a maximum. Each part is measured in a process of its own.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

BUCKETS = 64
RULES = Path(__file__).parents[1] / "mappings" / "rules.yaml"


@click.command()
@click.option("--contacts", default=100_000, show_default=True)
@click.option("--activities", default=20, show_default=True, help="Of each contact, on average.")
@click.option("--buckets", default=BUCKETS, show_default=True, help="Files that contacts lie in.")
@click.option("--threads", default=2, show_default=True, help="Cores to use.")
@click.option("--measure", hidden=True, help="Run one part in this process.")
@click.option("--folder", type=click.Path(path_type=Path), hidden=True)
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
        # A child's peak memory begins at its parent's, so this process has to stay small.
        subprocess.run(  # noqa: S603  our own command
            [
                sys.executable,
                "-m",
                "bench.scoring_data",
                name,
                *map(str, (contacts, activities, buckets)),
            ],
            check=True,
        )
        _compare(name, threads, contacts * activities)


def _compare(folder: str, threads: int, activities: int) -> None:
    """Print a line for each part, and what the scoring costs beside the bare aggregate."""
    print(f"{activities:,} activities, {threads} threads\n")
    print(f"{'':28}{'wall s':>9}{'CPU s':>9}{'RSS MB':>9}{'activities / CPU-s':>20}")
    results = {part: _in_own_process(part, folder, threads) for part in _PARTS}
    for part, result in results.items():
        rate = f"{activities / result['cpu']:20,.0f}" if "contact" not in part else ""
        print(
            f"{part:28}{result['wall']:9.2f}{result['cpu']:9.2f}{result['rss']:9.0f}{rate}".rstrip()
        )
    print()
    for part in ("GROUP BY, as they arrived", "GROUP BY, in buckets"):
        print(f"scoring / {part:26}{results['scoring']['cpu'] / results[part]['cpu']:6.2f}")


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


def _measured(
    run: Callable[[Path, int], Iterator[None]], folder: Path, threads: int
) -> dict[str, float]:
    """Return wall and CPU seconds and peak memory of the part that follows its first `yield`."""
    started = run(folder, threads)
    next(started)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in started:
        pass
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


# ---------------------------------------------------------------------- parts


def _score(folder: Path, threads: int) -> Iterator[None]:
    """Score everybody, as many buckets at a time as the product takes."""
    from connector.sync.batches import MOST

    buckets = sorted(folder.glob("contacts/bucket=*"), key=lambda each: int(each.name[7:]))
    rows = sum(_rows(bucket) for bucket in buckets)
    at_a_time = max(1, MOST * len(buckets) // max(1, rows))
    batches = [buckets[start : start + at_a_time] for start in range(0, len(buckets), at_a_time)]
    yield from _evaluate(threads, [(each, "TRUE") for each in batches])


def _score_one(folder: Path, threads: int) -> Iterator[None]:
    """Score a single contact out of its bucket, with a warm engine."""
    one = ([folder / "contacts" / "bucket=1"], "contact = 1")
    yield from _evaluate(threads, [one], warm=True)


def _evaluate(
    threads: int, sets: Sequence[tuple[Sequence[Path], str]], *, warm: bool = False
) -> Iterator[None]:
    """Evaluate sets of contacts; what a set-up costs comes before the first `yield`."""
    import duckdb

    from bench.scoring_data import AS_OF_DAY, AS_OF_US, no_rows
    from connector.config.rules_file import load_rules
    from connector.engine.embedded import EmbeddedEngine
    from connector.ports import Facts
    from connector.rules.compile import compile_rules

    compiled = compile_rules(load_rules(RULES))
    engine = EmbeddedEngine(threads=threads)
    reader = duckdb.connect(config={"threads": threads})

    def run(buckets: Sequence[Path], where: str) -> None:
        files = ", ".join(f"'{bucket}/*.parquet'" for bucket in buckets)
        contact = reader.sql(f"SELECT * FROM read_parquet([{files}]) WHERE {where}")
        activity = [
            file
            for bucket in buckets
            for file in sorted((bucket.parents[1] / "activities" / bucket.name).glob("*.parquet"))
        ]
        facts = Facts(contact.to_arrow_table(), activity, no_rows(), no_rows())
        engine.evaluate(compiled, facts, as_of_us=AS_OF_US, as_of_day=AS_OF_DAY)

    if warm:
        run(*sets[0])
    yield
    for buckets, where in sets:
        run(buckets, where)


def _rows(bucket: Path) -> int:
    """Return how many contacts lie in a bucket."""
    import pyarrow.parquet as pq

    return sum(int(pq.read_metadata(file).num_rows) for file in bucket.glob("*.parquet"))


def _grouping(files: str) -> Callable[[Path, int], Iterator[None]]:
    """Return the part that runs the bare aggregate over files of the folder."""

    def run(folder: Path, threads: int) -> Iterator[None]:
        import duckdb

        connection = duckdb.connect(config={"threads": threads})
        yield
        connection.execute(
            "CREATE TEMP TABLE grouped AS"
            " SELECT contact, type, SUM(day) AS total, MAX(occurred_us) AS latest"
            f" FROM read_parquet('{folder / files}') GROUP BY contact, type"
        )

    return run


_PARTS: dict[str, Callable[[Path, int], Iterator[None]]] = {
    "scoring": _score,
    "one contact": _score_one,
    "GROUP BY, as they arrived": _grouping("activity.parquet"),
    "GROUP BY, in buckets": _grouping("activities/*/*.parquet"),
}

if __name__ == "__main__":
    main()
