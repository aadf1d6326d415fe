"""What tracks, contents and budgets ask of a mapping that it does not yield."""

from collections.abc import Iterator, Sequence

from connector.config.review.remark import Remark, Weight
from connector.config.review.unfilled import Entry, Yields, as_filled, misspelt_among, remedy
from connector.config.rules_document import RulesDocument
from connector.config.wording import listed
from connector.rules.model import OPEN_TASK, RuleSet
from connector.rules.satisfiable import never_holds


def unread(rules: RuleSet, written: RulesDocument, yields: Yields) -> Iterator[Remark]:
    """Yield contents that nobody is known to have seen, and budgets that are never used up."""
    yield from _contents(rules, yields.entries)
    yield from _touches(written, frozenset(entry.type for entry in yields.entries))


def _contents(rules: RuleSet, entries: Sequence[Entry]) -> Iterator[Remark]:
    """Yield contents that none of the activities can show to be seen: they would stay next."""
    inbound = [each for each in entries if not each.is_outbound]
    nurture = rules.nurture
    if nurture is None or not inbound:
        return
    for position, content in enumerate(nurture.content):
        if content.where is None or never_holds(content.where):
            continue
        if all(never_holds(as_filled(content.where, entry)) for entry in inbound):
            yield Remark(
                ("nurture", "content", position, "seen"),
                Weight.WARNING,
                "never_counts",
                f"nobody is known to have seen «{content.id}» with this mapping: no activity has "
                "such attributes",
                remedy(content.where, inbound),
            )
    named = [content.id for content in nurture.content if content.where is None]
    if named and not any(nurture.attribute in entry.kinds for entry in inbound):
        contents = listed([f"«{name}»" for name in named], "and")
        yield Remark(
            ("nurture", "content"),
            Weight.WARNING,
            "not_filled",
            f"the mapping fills no «{nurture.attribute}»: nobody is known to have seen {contents}",
            f"Fill «{nurture.attribute}» in the mapping, name another «attribute», or say by "
            "`seen` which activities show it.",
            of_key=True,
        )


def _touches(written: RulesDocument, read: frozenset[str]) -> Iterator[Remark]:
    """Yield touches that look misspelt, and budgets that are never used up.

    A note: the shipped rules name what one CRM gives and the other does not.
    """
    pressure = written.pressure
    if pressure is None or not read:
        return
    known = read | {OPEN_TASK}
    yield from misspelt_among(("pressure", "touches"), pressure.touches, known)
    for position, budget in enumerate(pressure.budget):
        touches = budget.touches or pressure.touches
        tasks = int(OPEN_TASK in touches)  # there is one at a time
        if read.isdisjoint(touches) and tasks < budget.at_most:
            types = [f"«{name}»" for name in touches if name != OPEN_TASK]
            why = (
                f"the mapping yields none of {listed(types, 'and')}"
                if types
                else "there is one task at a time"
            )
            yield Remark(
                ("pressure", "budget", position),
                Weight.NOTE,
                "not_filled",
                f"this budget is never used up: {why}",
                "Read them in the mapping, or name touches that it yields.",
            )
