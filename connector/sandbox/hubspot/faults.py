"""Faults on demand: what a network and a busy service do to answers, by seed or at a given call."""

from dataclasses import dataclass, field
from random import Random

from connector.sandbox.hubspot.call import Answer
from connector.sandbox.hubspot.limits import TEN_SECONDLY, breach
from connector.sandbox.hubspot.refusals import Refusal

KINDS = frozenset({"423", "429", "477", "500", "502", "503", "504", "lost", "truncate", "html"})
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>502</body></html>"
MAINTENANCE = b"<html><body><h1>We will be right back</h1></body></html>"


@dataclass
class Faults:
    """Which call meets which fault.

    A specification reads `429=0.02,lost=0.01,502@7`: shares of all calls, and single calls by their
    number (from 1). `lost` carries the call out and then answers 502; `truncate` cuts the answer's
    body; `html` is a maintenance page with status 200.
    """

    shares: dict[str, float] = field(default_factory=dict)
    planned: dict[int, str] = field(default_factory=dict)
    seed: int = 0
    calls: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - chance of a rehearsal, not of a secret

    @classmethod
    def parse(cls, spec: str, seed: int = 0) -> "Faults":
        """Return the faults of a specification. Raises ValueError for one that cannot be read."""
        faults = cls(seed=seed)
        for part in filter(None, (part.strip() for part in spec.split(","))):
            kind, at, number = part.partition("@")
            if at:
                faults.planned[int(number)] = _known(kind)
                continue
            kind, _, share = part.partition("=")
            faults.shares[_known(kind)] = float(share)
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


def before(kind: str) -> Answer | None:
    """Return the answer of a fault that keeps the call from being carried out; None for others."""
    if kind == "429":
        raise breach(*TEN_SECONDLY)
    if kind == "423":
        raise Refusal(423, "The resource is locked by other writes", "LOCKED")
    if kind == "477":
        moved = b'{"status":"error","message":"The account is being migrated"}'
        return Answer(477, raw=moved, headers={"Retry-After": "120"})
    if kind == "html":
        return Answer(200, raw=MAINTENANCE, media_type="text/html")
    if kind in {"500", "502", "503", "504"}:
        return Answer(int(kind), raw=BAD_GATEWAY, media_type="text/html")
    return None


def after(kind: str, answer: Answer) -> Answer:
    """Return what becomes of the answer of a call that was carried out."""
    if kind == "lost":
        return Answer(502, raw=BAD_GATEWAY, media_type="text/html")
    if kind == "truncate":
        payload = answer.payload()
        return Answer(answer.status, raw=payload[: len(payload) // 2])
    return answer


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; known are {', '.join(sorted(KINDS))}")
    return kind
