"""Faults on demand: the line is cut at one call, before or after its effect."""

from collections.abc import Callable
from typing import TypeVar

from connector.errors import CrmUnavailableError

Answer = TypeVar("Answer")


class Faultless:
    """Every call arrives, and so does its answer."""

    def carry(self, call: Callable[[], Answer]) -> Answer:
        """Make the call."""
        return call()


class FailsAt(Faultless):
    """Fails at the `call`-th call, once.

    `loses_answer`: the call takes effect, and its answer is lost. `calls`: calls seen so far.
    """

    def __init__(
        self,
        call: int,
        *,
        loses_answer: bool = False,
        error: type[BaseException] = CrmUnavailableError,
    ) -> None:
        self._call = call
        self._loses_answer = loses_answer
        self._error = error
        self.calls = 0

    @property
    def was_reached(self) -> bool:
        """Tell whether there was such a call."""
        return self.calls >= self._call

    def carry(self, call: Callable[[], Answer]) -> Answer:
        """Make the call, unless it is the one to fail."""
        self.calls += 1
        if self.calls != self._call:
            return call()
        if self._loses_answer:
            call()
        raise self._error("the line was cut")
