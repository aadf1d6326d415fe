"""Associations: which records are linked, and as what."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field

from connector.sandbox.hubspot.kinds import Kind

# HubSpot's own association types, by (from, to): the default one first, then the others.
TYPES: dict[tuple[str, str], tuple[int, ...]] = {
    ("contacts", "companies"): (279, 1),
    ("companies", "contacts"): (280, 2),
    ("deals", "contacts"): (3,),
    ("contacts", "deals"): (4,),
    ("deals", "companies"): (341, 5),
    ("companies", "deals"): (342, 6),
    # The way back is the number below, as it is for the other links of leads.
    ("leads", "contacts"): (608, 578),
    ("contacts", "leads"): (607, 577),
}
PRIMARY_CONTACT = 578
# As inline links call them, where it is not `this_to_that`.
NAMES = {PRIMARY_CONTACT: "lead_to_primary_contact", 608: "lead_to_contact"}
_ACTIVITY_TYPES = {  # contact→activity, company→activity, deal→activity; the way back is one more
    "calls": (193, 181, 205),
    "emails": (197, 185, 209),
    "meetings": (199, 187, 211),
    "notes": (201, 189, 213),
    "tasks": (203, 191, 215),
    "communications": (82, 88, 86),
}
for _activity, _ids in _ACTIVITY_TYPES.items():
    for _owner, _id in zip(("contacts", "companies", "deals"), _ids, strict=True):
        _back = _id - 1 if _activity == "communications" else _id + 1
        TYPES[_owner, _activity] = (_id,)
        TYPES[_activity, _owner] = (_back,)
LABELS = dict.fromkeys((1, 2, 5, 6, 577, PRIMARY_CONTACT), "Primary")
INVERSE = {1: 2, 2: 1, 5: 6, 6: 5, 577: PRIMARY_CONTACT, PRIMARY_CONTACT: 577}


@dataclass(slots=True)
class Links:
    """All associations of an account, held from both sides."""

    _to: dict[tuple[str, str], dict[int, list[int]]] = field(default_factory=dict)
    _labels: dict[tuple[str, str], dict[tuple[int, int], set[int]]] = field(default_factory=dict)

    def to(self, kind: Kind, record_id: int, other: Kind) -> Sequence[int]:
        """Return the ids of `other` linked with a record, ascending."""
        return self._to.get((kind.name, other.name), {}).get(record_id, ())

    def types(self, kind: Kind, record_id: int, other: Kind, other_id: int) -> tuple[int, ...]:
        """Return the association types of a linked pair, the labelled ones first."""
        pair = (kind.name, other.name)
        extra = self._labels.get(pair, {}).get((record_id, other_id), set())
        return (*sorted(extra), TYPES[pair][0])

    def add(self, kind: Kind, record_id: int, other: Kind, other_id: int, type_id: int = 0) -> bool:
        """Link a pair from both sides; false if it was linked already."""
        fresh = self._add_one((kind.name, other.name), record_id, other_id)
        if fresh:
            self._add_one((other.name, kind.name), other_id, record_id)
        if type_id in INVERSE:
            self._label((kind.name, other.name), (record_id, other_id), type_id)
            self._label((other.name, kind.name), (other_id, record_id), INVERSE[type_id])
        return fresh

    def remove(self, kind: Kind, record_id: int, other: Kind, other_id: int) -> None:
        """Unlink a pair; nothing happens if it is not linked."""
        self._remove_one((kind.name, other.name), record_id, other_id)
        self._remove_one((other.name, kind.name), other_id, record_id)

    def take_label(
        self, kind: Kind, record_id: int, other: Kind, other_id: int, type_id: int
    ) -> None:
        """Take a label off a pair, from both sides; the pair stays linked."""
        ways = (
            ((kind.name, other.name), (record_id, other_id), type_id),
            ((other.name, kind.name), (other_id, record_id), INVERSE[type_id]),
        )
        for pair, ids, label in ways:
            self._labels.get(pair, {}).get(ids, set()).discard(label)

    def drop(self, kind: Kind, record_id: int) -> None:
        """Unlink a record from everything."""
        for first, second in list(self._to):
            if first == kind.name:
                for other_id in list(self._to[first, second].get(record_id, ())):
                    self._remove_one((first, second), record_id, other_id)
                    self._remove_one((second, first), other_id, record_id)

    def move(self, kind: Kind, old_id: int, new_id: int) -> None:
        """Let `new_id` have the links of `old_id`."""
        for first, second in list(self._to):
            if first != kind.name:
                continue
            for other_id in list(self._to[first, second].get(old_id, ())):
                self._add_one((first, second), new_id, other_id)
                self._add_one((second, first), other_id, new_id)
        self.drop(kind, old_id)

    def dump(self) -> dict[str, object]:
        """Return everything in plain values, each pair once."""
        return {
            "to": [[a, b, [[i, t] for i, t in held.items()]] for (a, b), held in self._to.items()],
            "labels": [
                [a, b, [[x, y, sorted(types)] for (x, y), types in held.items()]]
                for (a, b), held in self._labels.items()
            ],
        }

    def restore(self, dump: dict[str, list[list[object]]]) -> None:
        """Take back what `dump` gave."""
        for a, b, held in dump["to"]:
            self._to[str(a), str(b)] = dict(held)  # type: ignore[call-overload]  # as dumped
        for a, b, held in dump["labels"]:
            self._labels[str(a), str(b)] = {(x, y): set(t) for x, y, t in held}  # type: ignore[attr-defined]  # as dumped

    def _add_one(self, pair: tuple[str, str], from_id: int, to_id: int) -> bool:
        held = self._to.setdefault(pair, {})
        ids = held.get(from_id)
        if ids is None:
            held[from_id] = [to_id]
            return True
        if to_id > ids[-1]:
            ids.append(to_id)
            return True
        if ids[bisect_left(ids, to_id)] == to_id:
            return False
        insort(ids, to_id)
        return True

    def _remove_one(self, pair: tuple[str, str], from_id: int, to_id: int) -> None:
        ids = self._to.get(pair, {}).get(from_id, [])
        place = bisect_left(ids, to_id)
        if place < len(ids) and ids[place] == to_id:
            ids.pop(place)
            if not ids:
                del self._to[pair][from_id]
        self._labels.get(pair, {}).pop((from_id, to_id), None)

    def _label(self, pair: tuple[str, str], ids: tuple[int, int], type_id: int) -> None:
        self._labels.setdefault(pair, {}).setdefault(ids, set()).add(type_id)
