"""Evaluations side by side, each on an engine and a core of its own.

Two cores that share one evaluation cost about a seventh more CPU than two that do one each, and one
of them has nothing to do while steps with a row for each contact run.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Protocol, TypeVar

from connector.ports import Evaluation, Facts
from connector.ports.engine import Item

_AGAIN = 0.05
"""Seconds after which an evaluation that goes on is interrupted anew: it was between two steps."""


class Worker(Protocol):
    """An engine that one thread at a time uses."""

    def interrupt(self) -> None:
        """End what runs now, in whichever thread."""
        ...


Engine = TypeVar("Engine", bound=Worker)


def side_by_side(
    every: Iterable[tuple[Item, Facts]],
    engines: Sequence[Engine],
    evaluate: Callable[[Engine, Facts], Evaluation],
) -> Generator[tuple[Item, Evaluation], None, None]:
    """Yield what comes of each set of facts, in their order; as many at once as there are engines.

    `every` is iterated in the caller's thread, no further ahead than there are engines. Whatever
    ends the iteration early ends the evaluations that are under way.
    """
    idle: SimpleQueue[Engine] = SimpleQueue()
    for engine in engines:
        idle.put(engine)

    def run(facts: Facts) -> Evaluation:
        engine = idle.get()
        try:
            return evaluate(engine, facts)
        finally:
            idle.put(engine)

    under_way: deque[tuple[Item, Future[Evaluation]]] = deque()
    with ThreadPoolExecutor(len(engines), thread_name_prefix="evaluation") as pool:
        try:
            for item, facts in every:
                under_way.append((item, pool.submit(run, facts)))
                if len(under_way) == len(engines):
                    done, evaluation = under_way.popleft()
                    yield done, evaluation.result()
            while under_way:
                done, evaluation = under_way.popleft()
                yield done, evaluation.result()
        finally:
            _end([evaluation for _, evaluation in under_way], engines)


def _end(evaluations: Sequence[Future[Evaluation]], engines: Sequence[Worker]) -> None:
    """End what nobody waits for any more."""
    going_on = {each for each in evaluations if not each.cancel()}
    while going_on:
        for engine in engines:
            engine.interrupt()
        _, going_on = wait(going_on, _AGAIN)
