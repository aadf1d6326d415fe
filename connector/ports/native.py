"""The CRM's own fields that show how far a contact is, and what they have to do with our stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

VERDICTS = frozenset({"accepted", "rejected"})


@dataclass(frozen=True, slots=True)
class Native:
    """One of the CRM's own fields.

    `write`: {place: option}, places as in `connector.sync.native`. `read`: {option: what it says if
    it was not set by us: accepted, rejected, or a stage}. `order`: options from lowest to highest.
    `may_fall`: a value of ours may be replaced by a lower one; a person's never is.
    """

    name: str
    write: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, str] = field(default_factory=dict)
    order: Sequence[str] = ()
    may_fall: bool = False

    @property
    def options(self) -> Sequence[str]:
        """Every option that is named, once."""
        return list(dict.fromkeys([*self.write.values(), *self.read, *self.order]))

    def rises(self, before: str, after: str) -> bool:
        """Tell whether an option is higher than another; one without a place is not."""
        if before not in self.order or after not in self.order:
            return False
        return self.order.index(after) > self.order.index(before)
