# ruff: noqa: S608  the numbers and paths are this benchmark's own
"""How fast contacts are scored: `python -m bench.scoring --contacts 100000 --activities 20`.

Beside the whole evaluation stands the leanest aggregate of the same shape, on the same files:
`GROUP BY contact, type` with a sum and a maximum. Each is measured in a process of its own.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click

BUCKETS = 64


@click.command()
@click.option("--contacts", default=100_000, show_default=True)
@click.option("--activities", default=20, show_default=True, help="Of each contact, on average.")
@click.option("--buckets", default=BUCKETS, show_default=True, help="Files of the bucketed run.")
@click.option("--threads", type=int, help="Cores to use; all of them by default.")
@click.option("--measure", hidden=True, help="Run one part in this process.")
@click.option("--folder", type=click.Path(path_type=Path), hidden=True)
def main(
    *,
    contacts: int,
    activities: int,
    buckets: int,
    threads: int | None,
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
        print(f"{contacts:,} contacts, {contacts * activities:,} activities\n")
        print(f"{'':24}{'wall s':>9}{'CPU s':>9}{'RSS MB':>9}{'activities / CPU-s':>20}")
        results = {part: _in_own_process(part, name, threads) for part in _PARTS}
    for part, result in results.items():
        rate = contacts * activities / result["cpu"] if "contact" not in part else 0
        print(
            f"{part:24}{result['wall']:9.2f}{result['cpu']:9.2f}{result['rss']:9.0f}"
            + (f"{rate:20,.0f}" if rate else "")
        )
    print(
        "\nscoring / leanest GROUP BY:"
        f" {results['scoring']['cpu'] / results['group by']['cpu']:.2f}"
    )


def _set_up() -> str:
    """Return what the figures were measured on."""
    import duckdb
    import pyarrow as pa

    return (
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__},"
        f" PyArrow {pa.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def _in_own_process(part: str, folder: str, threads: int | None) -> dict[str, float]:
    """Measure one part in a fresh process, so that its memory is its own."""
    command = [sys.executable, "-m", "bench.scoring", "--measure", part, "--folder", folder]
    command += ["--threads", str(threads)] if threads else []
    output = subprocess.check_output(command, text=True)  # noqa: S603  our own command
    result: dict[str, float] = json.loads(output)
    return result


def _measured(
    run: Callable[[Path, int | None], Iterator[None]], folder: Path, threads: int | None
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


def _score(folder: Path, threads: int | None) -> Iterator[None]:
    """Score everybody at once."""
    yield from _evaluate(folder, threads, [([folder / "activity.parquet"], "TRUE")])


def _score_in_buckets(folder: Path, threads: int | None) -> Iterator[None]:
    """Score one bucket of contacts after the other."""
    buckets = sorted(folder.glob("buckets/bucket=*"))
    sets = [
        (sorted(bucket.glob("*.parquet")), f"contact % {len(buckets)} = {bucket.name[7:]}")
        for bucket in buckets
    ]
    yield from _evaluate(folder, threads, sets)


def _score_one(folder: Path, threads: int | None) -> Iterator[None]:
    """Score a single contact out of its bucket, with a warm engine."""
    one = (sorted(folder.glob("buckets/bucket=1/*.parquet")), "contact = 1")
    yield from _evaluate(folder, threads, [one], warm=True)


def _evaluate(
    folder: Path, threads: int | None, sets: list[tuple[list[Path], str]], *, warm: bool = False
) -> Iterator[None]:
    """Evaluate sets of contacts; what a set-up costs comes before the first `yield`."""
    import duckdb

    from bench.scoring_data import AS_OF_DAY, AS_OF_US, no_rows
    from bench.scoring_rules import shipped_like
    from connector.engine.embedded import EmbeddedEngine
    from connector.ports import Facts
    from connector.rules.compile import compile_rules

    compiled = compile_rules(shipped_like())
    engine = EmbeddedEngine(threads=threads)
    reader = duckdb.connect()
    everybody = f"SELECT * FROM read_parquet('{folder}/contact.parquet') WHERE "

    def run(files: list[Path], where: str) -> None:
        contact = reader.sql(everybody + where).to_arrow_table()
        facts = Facts(contact=contact, activity=files, opportunity=no_rows(), state=no_rows())
        engine.evaluate(compiled, facts, as_of_us=AS_OF_US, as_of_day=AS_OF_DAY)

    if warm:
        run(*sets[0])
    yield
    for files, where in sets:
        run(files, where)


def _group_by(folder: Path, threads: int | None) -> Iterator[None]:
    """Run the leanest aggregate of the same shape."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads} if threads else {})
    yield
    connection.execute(
        "CREATE TEMP TABLE grouped AS"
        " SELECT contact, type, SUM(day) AS total, MAX(occurred_us) AS latest"
        f" FROM read_parquet('{folder}/activity.parquet') GROUP BY contact, type"
    )


_PARTS: dict[str, Callable[[Path, int | None], Iterator[None]]] = {
    "scoring": _score,
    "scoring in buckets": _score_in_buckets,
    "one contact": _score_one,
    "group by": _group_by,
}

if __name__ == "__main__":
    main()
