"""Holds the compiled plan against the readable evaluator; finds the least story that parts them."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa

from connector.domain.moment import Moment
from connector.engine.embedded import EmbeddedEngine
from connector.ports import Evaluation, Facts
from connector.rules.compile import compile_rules
from connector.rules.model import RuleSet
from connector.rules.plan import CompiledRules
from connector.rules.tables import TAKING_PART
from connector.sync.robots import Part, robot_domains, with_robots
from tests.reference.evaluator import Result, Row, evaluate_all
from tests.reference.robots import Decision
from tests.reference.story import Instant, Opportunity, Story
from tests.reference.tables import deals_table, facts, results, table


def people(of: Facts) -> pa.Table:
    """Return the contacts of some facts."""
    return of.contact


class Plan:
    """A compiled rule set on an engine of its own."""

    def __init__(self, rules: RuleSet, engine: EmbeddedEngine) -> None:
        self.rules = rules
        self.compiled: CompiledRules = compile_rules(rules)
        self._engine = engine

    def evaluate(
        self, stories: Sequence[Story], as_of: Instant, decisions: Sequence[Decision] = ()
    ) -> dict[int, Result]:
        """Evaluate contacts in one batch: {contact: result}."""
        return self.evaluate_parts([stories], as_of, decisions)

    def evaluate_parts(
        self,
        parts: Sequence[Sequence[Story]],
        as_of: Instant,
        decisions: Sequence[Decision] = (),
    ) -> dict[int, Result]:
        """Evaluate contacts in several batches: {contact: result}."""
        answers = self._answers(parts, as_of, decisions)
        return {no: result for answer in answers for no, result in results(answer).items()}

    def score_opportunities(
        self,
        parts: Sequence[Sequence[Story]],
        deals: Mapping[str, Opportunity],
        as_of: Instant,
        decisions: Sequence[Decision] = (),
    ) -> dict[str, tuple[Row, tuple[Row, ...]]]:
        """Evaluate contacts in several batches, then score opportunities: {id: score, reasons}."""
        second = self.compiled.opportunities
        if second is None:
            return {}
        answers = self._answers(parts, as_of, decisions)
        taking_part = [each.taking_part for each in answers if each.taking_part is not None]
        answer = self._engine.score_opportunities(
            self.compiled,
            deals_table(deals, second.fields),
            pa.concat_tables(taking_part) if taking_part else table(TAKING_PART, []),
            at=Moment(as_of.us, as_of.day, as_of.zone),
        )
        reasons: dict[str, list[Row]] = {name: [] for name in deals}
        for row in answer.reason.to_pylist():
            reasons[row["opportunity"]].append(row)
        return {
            row["opportunity"]: (row, tuple(reasons[row["opportunity"]]))
            for row in answer.score.to_pylist()
        }

    def _answers(
        self, parts: Sequence[Sequence[Story]], as_of: Instant, decisions: Sequence[Decision]
    ) -> list[Evaluation]:
        read = [facts(part, self.compiled, decisions) for part in parts]
        found = robot_domains(
            self._engine,
            self.compiled,
            lambda: [Part(each.activity, partial(people, each)) for each in read],
            as_of_us=as_of.us,
        )
        read = [with_robots(each, found) for each in read]
        at = Moment(as_of.us, as_of.day, as_of.zone)
        accounts = self._engine.gather(self.compiled, read, at=at)
        return [
            self._engine.evaluate(
                self.compiled, dataclasses.replace(each, accounts=accounts), at=at
            )
            for each in read
        ]


def disagreements(plan: Plan, stories: Sequence[Story], as_of: Instant) -> list[Story]:
    """Return the contacts on which the two evaluators do not agree."""
    found, told = plan.evaluate(stories, as_of), evaluate_all(plan.rules, stories, as_of)
    return [story for story in stories if found.get(story.contact) != told[story.contact]]


def least(plan: Plan, story: Story, as_of: Instant) -> Story:
    """Take away from a story what is not needed for the disagreement."""
    for smaller in simpler(story):
        if disagreements(plan, [smaller], as_of):
            return least(plan, smaller, as_of)
    return story


def simpler(story: Story) -> Iterator[Story]:
    """Yield the story with one thing less."""
    for no in range(len(story.activities)):
        rest = story.activities[:no] + story.activities[no + 1 :]
        yield dataclasses.replace(story, activities=rest)
    for no in range(len(story.opportunities)):
        rest_of_deals = story.opportunities[:no] + story.opportunities[no + 1 :]
        yield dataclasses.replace(story, opportunities=rest_of_deals)
    if story.state is not None:
        yield dataclasses.replace(story, state=None)
    for name in story.fields:
        fewer = {key: value for key, value in story.fields.items() if key != name}
        yield dataclasses.replace(story, fields=fewer)


def difference(plan: Plan, story: Story, as_of: Instant) -> str:
    """Return the least story that parts the evaluators, and what each says, to read."""
    smallest = least(plan, story, as_of)
    ours, theirs = (
        evaluate_all(plan.rules, [smallest], as_of)[smallest.contact],
        plan.evaluate([smallest], as_of)[smallest.contact],
    )
    lines = [f"{as_of}", f"{smallest}"]
    for name, value in ours.score.items():
        if theirs.score[name] != value:
            lines.append(f"{name}: reference {value!r}, compiled {theirs.score[name]!r}")
    if ours.reasons != theirs.reasons:
        lines += [f"reasons: reference {ours.reasons}", f"reasons: compiled {theirs.reasons}"]
    if (ours.other_scores, ours.other_reasons) != (theirs.other_scores, theirs.other_reasons):
        lines += [f"others: reference {ours.other_scores} {ours.other_reasons}"]
        lines += [f"others: compiled {theirs.other_scores} {theirs.other_reasons}"]
    if ours.moves != theirs.moves:
        lines += [f"moves: reference {ours.moves}", f"moves: compiled {theirs.moves}"]
    for ours_told, theirs_told in (
        (ours.interests, theirs.interests),
        (ours.pressure, theirs.pressure),
        (ours.nurture, theirs.nurture),
    ):
        if ours_told != theirs_told:
            lines.append(f"reference {ours_told}, compiled {theirs_told}")
    return "\n".join([*lines, f"{plan.rules}"])
