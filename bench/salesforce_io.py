"""Measures what a Salesforce org costs: calls, CPU, memory, from the first sync to a usual day.

    python -m bench.salesforce_io [--contacts 100000] [--activities 31]

The org is the sandbox, served from a process of its own with its limits off; it counts the calls.
Every step is the command that an admin would run, in a process of its own, start-up included. The
peer reads the same leads and writes the same scores with the vendor's Python client as its
documentation shows (`bulk2`). `--activities`: happenings per person; about two thirds of them are
records, so that 31 make some 20 activities a lead.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.app import setup
from connector.sandbox.apart import Apart, salesforce_apart

CHANGED = 0.02
_VERSION = "66.0"
_MINUTE = 65.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command cost. `calls`: as the org counted them."""

    calls: int
    cpu: float
    wall: float
    mib: float
    said: Mapping[str, Any]


class Account:
    """An org, and a folder of files that lead to it."""

    def __init__(self, org: Apart, folder: Path) -> None:
        self.org = org
        setup.init(folder, "salesforce", None, base_url=org.url)
        (folder / "server.key").write_text(org.private_key)
        self._config = folder / "leadripe.yaml"
        text = self._config.read_text()
        self._config.write_text(text.replace("leadripe@acme.com", org.username))
        self._environment = {**os.environ, "SF_CLIENT_ID": org.consumer_key}

    def run(self, *command: str) -> Cost:
        """Run a command of ours."""
        ours = [sys.executable, "cli.py", "-c", str(self._config), *command, "--json"]
        return self.measured(ours, self._environment)

    def measured(self, command: list[str], environment: Mapping[str, str]) -> Cost:
        """Run a command that prints JSON, and return what it cost, as the system counted it."""
        before, began = self.calls(), time.perf_counter()
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)  # noqa: S603  ours
            _, status, used = os.wait4(process.pid, 0)
            out.seek(0)
            err.seek(0)
            if os.waitstatus_to_exitcode(status) not in (0, 3):
                sys.exit(err.read())
            said = json.loads(out.read())
        wall = time.perf_counter() - began
        cpu = used.ru_utime + used.ru_stime
        return Cost(self.calls() - before, cpu, wall, used.ru_maxrss / 1024, said)

    def calls(self) -> int:
        """Return how many calls the org has counted."""
        return int(self.ask("GET", "/_sandbox/calls")["total"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send a request as people and admins do; it counts against nothing."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  the sandbox's own address
            self.org.url + path,
            data=content,
            method=method,
            headers={
                "Authorization": f"Bearer {self.org.token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310  the same
            return json.loads(reply.read() or b"null")

    def leads(self) -> Iterator[str]:
        """Yield the ids of all leads."""
        path = f"/services/data/v{_VERSION}/query?q=SELECT+Id+FROM+Lead"
        while path:
            page = self.ask("GET", path)
            yield from (row["Id"] for row in page["records"])
            path = page.get("nextRecordsUrl") or ""

    def change(self, share: float) -> int:
        """Let a share of the leads ask for a demo and get another title; return how many."""
        leads = list(self.leads())
        some = random.Random(1).sample(leads, int(len(leads) * share))  # noqa: S311  no secret
        made = {"Name": "Demo request", "Type": "Web", "IsActive": True}
        campaign = self._create("Campaign", made)
        for lead in some:
            member = {"CampaignId": campaign, "LeadId": lead, "Status": "Responded"}
            self._create("CampaignMember", member)
            self.ask("POST", "/_sandbox/people/edit", {"id": lead, "values": {"Title": "CFO"}})
        return len(some)

    def _create(self, sobject: str, values: Mapping[str, object]) -> str:
        body = {"sobject": sobject, "values": values}
        return str(self.ask("POST", "/_sandbox/people/create", body)["id"])


def tell(name: str, cost: Cost, more: str = "") -> None:
    """Print one line."""
    print(f"{name:34}{cost.calls:>7}{cost.cpu:>9.1f}{cost.wall:>9.1f}{cost.mib:>8.0f}  {more}")


def _read(cost: Cost) -> str:
    counts = cost.said["counts"]
    names = ("contacts_read", "activities_read", "opportunities_read")
    return ", ".join(f"{counts.get(name, 0):,} {name.partition('_')[0]}" for name in names)


def _plan(cost: Cost) -> str:
    plan = cost.said["plan"]
    calls = plan["calls"]["total"]
    return f"{plan['writes']:,} writes, {plan['tasks']:,} tasks; planned calls {calls}"


def _written(cost: Cost) -> str:
    counts = cost.said["counts"]
    contacts, tasks = counts.get("contacts_accepted", 0), counts.get("tasks_accepted", 0)
    return f"{contacts:,} contacts, {tasks:,} tasks; calls to write {counts.get('write_calls', 0)}"


@contextmanager
def _account(contacts: int, activities: float) -> Iterator[Account]:
    with (
        salesforce_apart(contacts=contacts, activities=activities) as org,
        tempfile.TemporaryDirectory() as folder,
    ):
        print(f"filled in {org.seconds:.0f} s\n")
        yield Account(org, Path(folder))


def measure(contacts: int, activities: float) -> None:
    """Run every step, and print what it cost."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        f"{contacts:,} people, about {activities * 2 / 3:.0f} activities each; sandbox on loopback"
    )
    with _account(contacts, activities) as account:
        print(f"{'step':34}{'calls':>7}{'CPU s':>9}{'wall s':>9}{'MiB':>8}")
        tell("provision", account.run("provision"))
        cost = account.run("pull")
        tell("pull, everything", cost, _read(cost))
        cost = account.run("plan", "--no-pull")
        tell("plan", cost, _plan(cost))
        cost = account.run("sync", "--accept-large-change")
        tell("sync: look again, write all", cost, _written(cost))
        cost = account.run("sync")
        tell("sync, nothing happened", cost, _read(cost))
        # What was written a minute ago is settled, and by the next day it has been read back.
        time.sleep(_MINUTE)
        cost = account.run("sync")
        tell("sync, a minute later", cost, _read(cost))
        count = account.change(CHANGED)
        cost = account.run("sync", "--accept-large-change")
        tell(f"sync, {count:,} leads did something", cost, f"{_read(cost)}; {_written(cost)}")
        cost = account.run("sync")
        tell("sync, nothing happened", cost, _read(cost))
        for job in PEERS:
            tell(f"the vendor's client: {job}", _peer(account, job))


def _peer(account: Account, job: str) -> Cost:
    environment = {**os.environ, "URL": account.org.url, "TOKEN": account.org.token}
    return account.measured(
        [sys.executable, "-m", "bench.salesforce_io", "--peer", job], environment
    )


def _client() -> Any:
    import requests
    from requests.adapters import HTTPAdapter
    from simple_salesforce.api import Salesforce

    host = os.environ["URL"].removeprefix("http://")

    class Plain(HTTPAdapter):
        """The client insists on https; the sandbox has none."""

        def send(self, request: Any, *args: Any, **options: Any) -> Any:
            request.url = f"http://{host}/{request.url.split('/', 3)[3]}"
            return super().send(request, *args, **options)

    session = requests.Session()
    session.mount("https://", Plain())
    token = os.environ["TOKEN"]
    return Salesforce(session_id=token, instance=host, version=_VERSION, session=session)


def read_leads() -> None:
    """Read every lead's scoring inputs as the client's documentation shows."""
    import csv
    import io

    query = "SELECT Id, Email, FirstName, LastName, Title, Company, Industry, OwnerId FROM Lead"
    count = 0
    for page in _client().bulk2.Lead.query(query, max_records=100_000):
        count += sum(1 for _ in csv.DictReader(io.StringIO(page)))
    print(count)


def write_scores() -> None:
    """Write a score to every lead as the client's documentation shows."""
    import csv
    import io

    client, ids = _client(), []
    for page in client.bulk2.Lead.query("SELECT Id FROM Lead", max_records=100_000):
        ids += [row["Id"] for row in csv.DictReader(io.StringIO(page))]
    records = [{"Id": id_, "Leadripe_Score__c": 41, "Leadripe_Stage__c": "lead"} for id_ in ids]
    print(json.dumps(client.bulk2.Lead.update(records=records)))


PEERS = {"read leads": read_leads, "write scores": write_scores}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--activities", type=float, default=31)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        PEERS[given.peer]()
    else:
        measure(given.contacts, given.activities)


if __name__ == "__main__":
    main()
