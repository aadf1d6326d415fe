"""Several sets of contacts evaluated at once: in order, as each alone, and ended when asked to."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from connector.domain.moment import Moment
from connector.engine.embedded import EmbeddedEngine
from connector.engine.side_by_side import side_by_side
from connector.errors import StoreError
from connector.ports import Evaluation, Facts
from connector.rules.compile import compile_rules
from connector.rules.plan import CompiledRules
from tests.reference.made_up_conditions import seeded
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import make_as_of, make_stories
from tests.reference.story import Instant
from tests.reference.tables import facts, results

SETS = 7


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(threads=2, memory_limit="400MB")
    yield made
    made.close()


def made_up(seed: int = 2) -> tuple[CompiledRules, list[Facts], Instant]:
    made: Random = seeded(seed)
    compiled = compile_rules(make_rule_set(made))
    as_of, zone = make_as_of(made)
    stories = make_stories(made, SETS * 30, as_of, zone)
    return compiled, [facts(stories[no::SETS], compiled) for no in range(SETS)], as_of


def test_each_set_says_what_it_says_alone_and_in_order(engine: EmbeddedEngine) -> None:
    compiled, sets, as_of = made_up()
    found = engine.evaluate_each(compiled, enumerate(sets), at=Moment(as_of.us, as_of.day))
    for count, (no, evaluation) in enumerate(found):
        alone = engine.evaluate(compiled, sets[no], at=Moment(as_of.us, as_of.day))
        assert no == count
        assert results(evaluation) == results(alone)
        assert len(evaluation.score) == 30
    assert count == SETS - 1


@pytest.mark.parametrize("count", [0, 1])
def test_there_may_be_none_or_one(engine: EmbeddedEngine, count: int) -> None:
    compiled, sets, as_of = made_up()
    some = [(no, sets[no]) for no in range(count)]
    found = engine.evaluate_each(compiled, some, at=Moment(as_of.us, as_of.day))
    assert [no for no, _ in found] == list(range(count))


def test_facts_are_read_in_the_caller_s_thread_and_not_far_ahead(engine: EmbeddedEngine) -> None:
    compiled, sets, as_of = made_up()
    read: list[threading.Thread] = []

    def reading() -> Iterator[tuple[int, Facts]]:
        for no, each in enumerate(sets):
            read.append(threading.current_thread())
            yield no, each

    found = engine.evaluate_each(compiled, reading(), at=Moment(as_of.us, as_of.day))
    for no, _ in found:
        assert len(read) <= no + 2
    assert set(read) == {threading.current_thread()}


def test_what_one_raises_reaches_the_caller(engine: EmbeddedEngine, tmp_path: Path) -> None:
    compiled, sets, as_of = made_up()
    sets[3] = replace(sets[3], activity=[tmp_path / "missing.parquet"])
    found = engine.evaluate_each(compiled, enumerate(sets), at=Moment(as_of.us, as_of.day))
    done = []
    with pytest.raises(StoreError):
        done += [no for no, _ in found]
    again = engine.evaluate_each(compiled, enumerate(sets[:3]), at=Moment(as_of.us, as_of.day))
    assert len(list(again)) == 3, "the engines can be used again"


class Slow:
    """Evaluates until it is interrupted."""

    def __init__(self, began: threading.Event) -> None:
        self.interrupted = threading.Event()
        self.began = began

    def interrupt(self) -> None:
        self.interrupted.set()

    def evaluate(self) -> Evaluation:
        self.began.set()
        if self.interrupted.wait(20):
            raise KeyboardInterrupt
        raise AssertionError("nobody interrupted it")


def test_what_is_under_way_ends_with_the_iteration() -> None:
    under_way = threading.Event()
    engines = [Slow(under_way), Slow(under_way)]
    nothing = pa.table({})
    done = Evaluation(nothing, nothing, nothing)

    def evaluate(engine: Slow, facts: Facts) -> Evaluation:
        return done if facts is quick else engine.evaluate()

    quick, slow = (Facts(nothing, nothing, nothing, nothing) for _ in range(2))
    found = side_by_side([("quick", quick), *[("slow", slow)] * 4], engines, evaluate)
    assert next(found) == ("quick", done)
    assert under_way.wait(5)
    began = time.monotonic()
    found.close()
    assert time.monotonic() - began < 5
    names = [each.name for each in threading.enumerate()]
    assert not [name for name in names if name.startswith("evaluation")]
