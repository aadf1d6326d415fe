"""Serves a Salesforce in a process of its own, so that a benchmark's figures are its own alone.

`python -m connector.sandbox.apart '{"contacts": 1000}'` does the same from anywhere: it prints one
line of JSON, how to reach the org and sign in, and stops when its standard input ends.
"""

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from connector.errors import UsageError


@dataclass(frozen=True, slots=True)
class Apart:
    """Where an org answers, and what opens it."""

    url: str
    token: str
    username: str
    consumer_key: str
    consumer_secret: str
    private_key: str  # PEM
    seconds: float  # how long filling it took


@contextmanager
def salesforce_apart(
    *, contacts: int, activities: float = 20.0, seed: int = 7, faults: str = ""
) -> Iterator[Apart]:
    """Serve an org without limits from a process of its own; it is gone at the end.

    `activities`: how many things happen to a person on average, which makes some two thirds as many
    records. Raises CalledProcessError if it does not start.
    """
    wish = json.dumps(
        {"contacts": contacts, "activities": activities, "seed": seed, "faults": faults}
    )
    command = [sys.executable, "-m", __name__, wish]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes
        told = process.stdout.readline()
        if not told:
            raise subprocess.CalledProcessError(process.wait(), command)
        try:
            yield Apart(**json.loads(told))
        finally:
            process.stdin.close()
            process.wait()


def _serve(wish: str) -> None:
    from time import perf_counter

    from connector.sandbox.serve import start

    begun = perf_counter()
    try:
        running = start(crm="salesforce", limits="off", **json.loads(wish))
    except UsageError as error:
        sys.exit(str(error))
    with running as org:
        # What an org holds stays: looking through it for garbage would take seconds each time.
        gc.freeze()
        reached = Apart(
            url=org.url,
            token=org.token,
            username=org.username,
            consumer_key=org.consumer_key,
            consumer_secret=org.consumer_secret,
            private_key=org.private_key,
            seconds=round(perf_counter() - begun, 1),
        )
        print(json.dumps(asdict(reached)), flush=True)  # noqa: T201 - what the other side waits for
        sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1])
