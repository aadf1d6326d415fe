"""Which call of a sandbox meets which fault, by seed or at a given call."""

from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Self


@dataclass
class FaultPlan:
    """Which call meets which fault.

    A specification reads `429=0.02,lost=0.01,502@7`: shares of all calls, and single calls by their
    number (from 1). Each CRM names the `kinds` that it knows.
    """

    kinds: ClassVar[frozenset[str]] = frozenset()

    shares: dict[str, float] = field(default_factory=dict)
    planned: dict[int, str] = field(default_factory=dict)
    seed: int = 0
    calls: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - chance of a rehearsal, not of a secret

    @classmethod
    def parse(cls, spec: str, seed: int = 0) -> Self:
        """Return the faults of a specification. Raises ValueError for one that cannot be read."""
        faults = cls(seed=seed)
        for part in filter(None, (part.strip() for part in spec.split(","))):
            kind, at, number = part.partition("@")
            if at:
                faults.planned[int(number)] = cls._known(kind)
                continue
            kind, _, share = part.partition("=")
            faults.shares[cls._known(kind)] = float(share)
        if not 0 <= sum(faults.shares.values()) <= 1:
            raise ValueError("the shares of all faults must lie between 0 and 1 together")
        return faults

    def next(self) -> str:
        """Return the fault that the coming call meets, empty for none."""
        self.calls += 1
        drawn = self._random.random()
        for kind, share in self.shares.items():
            drawn -= share
            if drawn < 0:
                return self.planned.get(self.calls, kind)
        return self.planned.get(self.calls, "")

    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in cls.kinds:
            raise ValueError(f"unknown fault {kind!r}; known are {', '.join(sorted(cls.kinds))}")
        return kind
