"""Measures what it costs to load and to write contacts of a HubSpot account: calls, CPU, memory.

    python bench/hubspot_io.py [--contacts 10000] [--rounds 3]

The sandbox runs in a process of its own with its limits off, so that the figures are ours alone.
Each job runs in a fresh process too, the libraries' import being counted apart. The peer is the
official client as its examples use it (`get_all`, typed batch updates); the floor is the same
requests through urllib3 with orjson, and nothing else.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported for real where the cost is measured
    import urllib3

    from connector.crm.hubspot.adapter import HubSpotCrm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SCORE = {"leadripe_score": "41", "leadripe_stage": "lead", "leadripe_grade": "B"}
ENDS_AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BATCH = 100


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def wait(self, span: timedelta) -> None:
        """Sleep."""
        time.sleep(span.total_seconds())


def serve_until_told(contacts: int) -> None:
    """Serve a sandbox; print its address, and stop when standard input ends."""
    from connector.sandbox.serve import start

    with start(contacts=contacts, seed=1, limits="off", ends_at=ENDS_AT) as sandbox:
        print(sandbox.url, sandbox.token, flush=True)
        sys.stdin.read()


def _adapter(url: str, token: str) -> "HubSpotCrm":
    from connector.config.mapping import HubSpotMapping
    from connector.config.mappings import load_mapping_of
    from connector.crm.hubspot.adapter import HubSpotCrm
    from connector.crm.hubspot.client import UNPACED

    mapping = load_mapping_of(HubSpotMapping, ROOT / "mappings" / "hubspot.yaml")
    return HubSpotCrm(lambda: token, mapping, WallClock(), base_url=url, rates=UNPACED)


def load(url: str, token: str) -> Callable[[], dict[str, int]]:
    """Prepare to read every contact."""
    crm = _adapter(url, token)

    def run() -> dict[str, int]:
        pages = crm.pages(crm.streams()[0], None)
        return {"rows": sum(len(page.contacts) for page in pages), "calls": _sum(crm.calls)}

    return run


def write(url: str, token: str) -> Callable[[], dict[str, int]]:
    """Prepare to write a score to every contact."""
    from connector.domain.ids import ContactId
    from connector.ports import Verdict, WriteBack

    crm, ids = _adapter(url, token), _ids(url, token)

    def run() -> dict[str, int]:
        accepted = 0
        for start in range(0, len(ids), BATCH):
            batch = [WriteBack(ContactId(id_), SCORE) for id_ in ids[start : start + BATCH]]
            accepted += sum(each.verdict is Verdict.ACCEPTED for each in crm.write(batch))
        return {"rows": accepted, "calls": _sum(crm.calls)}

    return run


def _ids(url: str, token: str) -> list[str]:
    crm = _adapter(url, token)
    pages = crm.pages(crm.streams()[0], None)
    return list(dict.fromkeys(contact.id for page in pages for contact in page.contacts))


def _names() -> list[str]:
    from connector.config.mapping import HubSpotMapping
    from connector.config.mappings import load_mapping_of
    from connector.crm.hubspot.contacts import ContactRows
    from connector.crm.reading import Unreadable

    mapping = load_mapping_of(HubSpotMapping, ROOT / "mappings" / "hubspot.yaml")
    return sorted(set(ContactRows(mapping, Unreadable()).properties))


def _pool() -> "urllib3.PoolManager":
    import urllib3

    return urllib3.PoolManager(maxsize=4)


def floor_load(url: str, token: str) -> Callable[[], dict[str, int]]:
    """Prepare to send the same reads bare, and parse the answers."""
    import orjson

    pool, names = _pool(), ",".join(_names())
    headers = {"Authorization": f"Bearer {token}"}

    def run() -> dict[str, int]:
        rows = calls = 0
        after: str | None = ""
        while after is not None:
            fields = {"limit": "100", "properties": names} | ({"after": after} if after else {})
            reply = pool.request(
                "GET", f"{url}/crm/objects/2026-09/contacts", fields=fields, headers=headers
            )
            body = orjson.loads(reply.data)
            rows, calls = rows + len(body["results"]), calls + 1
            after = body.get("paging", {}).get("next", {}).get("after")
        return {"rows": rows, "calls": calls}

    return run


def floor_write(url: str, token: str) -> Callable[[], dict[str, int]]:
    """Prepare to send the same writes bare, and parse the answers."""
    import orjson

    ids = _ids(url, token)
    pool = _pool()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def run() -> dict[str, int]:
        rows = calls = 0
        for start in range(0, len(ids), BATCH):
            inputs = [{"id": each, "properties": SCORE} for each in ids[start : start + BATCH]]
            reply = pool.request(
                "POST",
                f"{url}/crm/objects/2026-09/contacts/batch/update",
                body=orjson.dumps({"inputs": inputs}),
                headers=headers,
            )
            rows, calls = rows + len(orjson.loads(reply.data)["results"]), calls + 1
        return {"rows": rows, "calls": calls}

    return run


def peer_load(url: str, token: str) -> Callable[[], dict[str, int]]:
    """Prepare to read every contact with the official client."""
    from hubspot import HubSpot

    client, names = HubSpot(access_token=token, host=url), _names()

    def run() -> dict[str, int]:
        rows = len(client.crm.contacts.get_all(properties=names))
        return {"rows": rows, "calls": -(-rows // BATCH)}

    return run


def peer_write(url: str, token: str) -> Callable[[], dict[str, int]]:
    """Prepare to write with the official client's typed batches."""
    from hubspot import HubSpot
    from hubspot.crm.contacts import BatchInputSimplePublicObjectBatchInput as Inputs
    from hubspot.crm.contacts import SimplePublicObjectBatchInput as Row

    ids = _ids(url, token)
    client = HubSpot(access_token=token, host=url)

    def run() -> dict[str, int]:
        rows = calls = 0
        for start in range(0, len(ids), BATCH):
            batch = Inputs([Row(id=each, properties=SCORE) for each in ids[start : start + BATCH]])
            rows += len(client.crm.contacts.batch_api.update(batch).results)
            calls += 1
        return {"rows": rows, "calls": calls}

    return run


JOBS = {
    "load": load,
    "load, floor": floor_load,
    "load, official client": peer_load,
    "write": write,
    "write, floor": floor_write,
    "write, official client": peer_write,
}


def measure(job: str, url: str, token: str) -> None:
    """Run one job in this process and print its figures as JSON."""
    run = JOBS[job](url, token)
    before, began = time.process_time(), time.perf_counter()
    counts = run()
    figures = {
        **counts,
        "cpu": time.process_time() - before,
        "wall": time.perf_counter() - began,
        "cpu_in_all": time.process_time(),
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def _sum(calls: Mapping[str, int]) -> int:
    return sum(calls.values())


def _command(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(__file__).resolve()), *arguments]


def _provision(url: str, token: str) -> None:
    _adapter(url, token).provision(dry_run=False)


def compare(contacts: int, rounds: int) -> None:
    """Run every job `rounds` times, interleaved, and print medians."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{contacts} contacts, median of {rounds}; sandbox on loopback, limits off\n")
    server = subprocess.Popen(  # noqa: S603  our own script
        _command("--serve", "--contacts", str(contacts)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url, token = server.stdout.readline().split() if server.stdout else ("", "")
        _provision(url, token)
        found: dict[str, list[dict[str, float]]] = {job: [] for job in JOBS}
        for _ in range(rounds):
            for job in JOBS:
                output = subprocess.run(  # noqa: S603  our own script
                    _command("--job", job, "--url", url, "--token", token),
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
                found[job].append(json.loads(output))
    finally:
        server.communicate()
    print(f"{'job':24}{'rows':>8}{'calls':>7}{'CPU s':>8}{'wall s':>8}{'all CPU':>9}{'MiB':>6}")
    for job, runs in found.items():
        middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        print(
            f"{job:24}{middle['rows']:>8.0f}{middle['calls']:>7.0f}{middle['cpu']:>8.2f}"
            f"{middle['wall']:>8.2f}{middle['cpu_in_all']:>9.2f}{middle['mib']:>6.0f}"
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    for hidden in ("--job", "--url", "--token"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve_until_told(given.contacts)
    elif given.job:
        measure(given.job, given.url, given.token)
    else:
        compare(given.contacts, given.rounds)


if __name__ == "__main__":
    main()
