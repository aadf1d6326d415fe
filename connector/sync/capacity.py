"""Who acts for whom: routes, and how many contacts an owner is given in a week.

The one gate that looks across contacts: it can be asked only when all of them were evaluated.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.contact import Owner
from connector.domain.ids import OwnerId
from connector.ports import Evaluation, KnownContact
from connector.rules.model import HandOff, Route
from connector.rules.predicate import Values, predicate
from connector.sync.some_contacts import of_contacts
from connector.sync.untold import not_yet

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Part:
    """Some contacts that were evaluated together.

    `state`: what was remembered of them before; `deals`: those with an open deal; `edited`: those
    that are looked at whatever was shown of them.
    """

    evaluation: Evaluation
    state: pa.Table
    deals: pa.Array
    edited: pa.Array

    def divided(self) -> tuple["Part", "Part"]:
        """Return those who are handed off, and the others, who keep all that is in quarantine."""
        score = self.evaluation.score
        handed = score.filter(score["handed_off"])["contact"].combine_chunks()
        some, others = self._of(handed, is_in=True), self._of(handed, is_in=False)
        # That is only counted, in one place.
        return (
            replace(some, evaluation=replace(some.evaluation, flag=None)),
            replace(others, evaluation=replace(others.evaluation, flag=self.evaluation.flag)),
        )

    def _of(self, numbers: pa.Array, *, is_in: bool) -> "Part":
        def kept(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
            mask = pc.is_in(values, value_set=numbers)
            return mask if is_in else pc.invert(mask)

        return Part(
            of_contacts(self.evaluation, numbers, is_in=is_in),
            self.state.filter(kept(self.state["contact"])),
            self.deals.filter(kept(self.deals)),
            self.edited.filter(kept(self.edited)),
        )

    def waiting(self, numbers: Sequence[int]) -> "Part":
        """Return it with the hand-offs of some contacts still to come."""
        return replace(self, evaluation=not_yet(self.evaluation, self.state, numbers))


def joined(parts: Sequence[Part]) -> Part:
    """Return several parts, at least one, as one."""
    tables = {
        name: [getattr(each.evaluation, name) for each in parts]
        for name in (each.name for each in fields(Evaluation))
        if getattr(parts[0].evaluation, name) is not None
    }
    together = {name: pa.concat_tables(each) for name, each in tables.items()}
    return Part(
        replace(parts[0].evaluation, **together),
        pa.concat_tables([each.state for each in parts]),
        pa.concat_arrays([each.deals for each in parts]),
        pa.concat_arrays([each.edited for each in parts]),
    )


@dataclass(frozen=True, slots=True)
class Given:
    """Who acts for whom. `owners`: {contact: owner of its task}; `waiting`: contacts to come later.

    A contact in neither has nobody who could act for it, and does not wait.
    """

    owners: Mapping[int, OwnerId]
    waiting: Sequence[int]


def give(
    score: pa.Table,
    candidates: Mapping[int, Sequence[OwnerId]],
    had: Mapping[OwnerId, int],
    limit: int | None,
) -> Given:
    """Give the contacts of `score`, all handed off, to owners; who finds no room this week waits.

    Needs go first, then more points, then who has waited longer. `candidates`: {contact: owners who
    may act for it}; the one of them who was given the fewest does, of equals the first. `had`:
    {owner: contacts of the last days}; `limit`: the most of one; None: there is none.
    """
    counts = Counter(had)
    owners: dict[int, OwnerId] = {}
    waiting = []
    for no in _in_order(score):
        able = candidates.get(no)
        if not able:
            continue
        owner = min(able, key=lambda each: counts[each])
        if limit is not None and counts[owner] >= limit:
            waiting.append(no)
        else:
            counts[owner] += 1
            owners[no] = owner
    return Given(owners, waiting)


@dataclass(frozen=True, slots=True)
class Addressed:
    """The active owners of some addresses, in their order, and the addresses that none has."""

    found: Sequence[OwnerId]
    unknown: Sequence[str]


def addressed(mails: Iterable[str], owners: Sequence[Owner]) -> Addressed:
    """Return whom addresses of the rules file mean; case does not count."""
    active = {each.email.casefold(): each.id for each in owners if each.is_active}
    folded = [(mail, active.get(mail.casefold())) for mail in mails]
    return Addressed(
        [owner for _, owner in folded if owner is not None],
        [mail for mail, owner in folded if owner is None],
    )


def named_in(hand_off: HandOff) -> Sequence[str]:
    """Return the addresses of those whom the rules of the hand-off name, each once."""
    routed = (mail for route in hand_off.routes for mail in route.owners)
    return list(dict.fromkeys((*routed, *hand_off.sla.escalate_to)))


class Candidates:
    """Finds who may act for a contact: its owner, or else those of the first route that fits."""

    def __init__(self, owners: Sequence[Owner], routes: Sequence[Route]) -> None:
        self._active = {each.id for each in owners if each.is_active}
        self._routes = [
            (predicate(route.where), addressed(route.owners, owners).found) for route in routes
        ]
        named = dict.fromkeys(mail for route in routes for mail in route.owners)
        self.unknown = addressed(named, owners).unknown

    def of(self, contact: KnownContact) -> Sequence[OwnerId]:
        """Return who may act for a contact, the first first; nobody, if so it is."""
        if contact.owner in self._active:
            return [contact.owner]
        fields: Values = contact.fields  # type: ignore[assignment]  # as the mapping read them
        for holds, owners in self._routes:
            if owners and holds(fields):
                return owners
        return ()


def _in_order(score: pa.Table) -> list[int]:
    rows = score.select(["contact", "hand_off_reason", "points", "episode_us"]).to_pylist()
    rows.sort(
        key=lambda row: (
            row["hand_off_reason"] != "need",
            -row["points"],
            row["episode_us"],
            row["contact"],
        )
    )
    return [row["contact"] for row in rows]
