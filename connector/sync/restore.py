"""Which of a run's writes to one contact can be taken back, property by property. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.domain.ids import RunId
from connector.domain.text import same_value
from connector.ports import LedgerRecord
from connector.results import KeptWhy


@dataclass(frozen=True, slots=True)
class _Layer:
    """One of our values over what stood there before it."""

    run: RunId
    value: str | None
    before: str | None


@dataclass(slots=True)
class Decision:
    """What is to be done for one contact.

    `values`: {property: what is restored}; `shown`: {the same: what we wrote and the CRM shows};
    `returned`: those whose restored value was a person's, not ours. `kept`: {property: why, and the
    later run that wrote it}. `as_before`: properties that show already what stood there; `undone`:
    properties of which the ledger says that they were taken back.
    """

    values: dict[str, str | None] = field(default_factory=dict)
    shown: dict[str, str | None] = field(default_factory=dict)
    returned: list[str] = field(default_factory=list)
    kept: dict[str, tuple[KeptWhy, RunId | None]] = field(default_factory=dict)
    as_before: int = 0
    undone: int = 0


def decide(ledger: Sequence[LedgerRecord], live: Mapping[str, str | None], of: RunId) -> Decision:
    """Return what undoing a run comes to, given all that we wrote to a contact, oldest first.

    A value is restored only if the run's is the latest of ours that still stands, and the CRM shows
    it. Deciding again after the restores were accepted restores nothing.
    """
    decision = Decision()
    layers = _layers(ledger)
    touched = {name for record in ledger if record.run == of for name in record.values}
    for name in sorted(touched):
        _decide(decision, name, layers[name], live, of)
    return decision


def _layers(ledger: Sequence[LedgerRecord]) -> Mapping[str, list[_Layer]]:
    """Return our values of each property that still stand, the latest last.

    An undo takes away what the latest run wrote, and only ever that.
    """
    layers: defaultdict[str, list[_Layer]] = defaultdict(list)
    for record in ledger:
        for name, value in record.values.items():
            if record.is_undo:
                _take_latest(layers[name])
            else:
                layers[name].append(_Layer(record.run, value, record.before.get(name)))
    return layers


def _take_latest(stack: list[_Layer]) -> list[_Layer]:
    """Take the layers of the latest run off, and return them, the oldest first."""
    taken: list[_Layer] = []
    while stack and (not taken or stack[-1].run == taken[0].run):
        taken.insert(0, stack.pop())
    return taken


def _decide(
    decision: Decision,
    name: str,
    stack: list[_Layer],
    live: Mapping[str, str | None],
    of: RunId,
) -> None:
    if all(layer.run != of for layer in stack):
        decision.undone += 1
        return
    latest = _take_latest(stack)
    before, ours = latest[0].before, latest[-1].value
    if latest[0].run != of:
        decision.kept[name] = (KeptWhy.LATER_RUN, latest[0].run)
    elif name not in live:
        decision.kept[name] = (KeptWhy.NOT_READ, None)
    elif same_value(live[name], before):
        decision.as_before += 1
    elif not same_value(live[name], ours):
        decision.kept[name] = (KeptWhy.PERSON, None)
    else:
        decision.values[name], decision.shown[name] = before, live[name]
        was_ours = bool(stack) and same_value(stack[-1].value, before)
        if before and not was_ours:
            decision.returned.append(name)
