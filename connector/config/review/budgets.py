"""Budgets of touches that change nothing."""

from collections.abc import Iterator

from connector.config.review.remark import Remark, Weight
from connector.rules.model import Budget, RuleSet


def budgets_in_vain(rules: RuleSet) -> Iterator[Remark]:
    """Yield each budget beside which another is used up at least as soon, and as long."""
    budgets = rules.pressure.budgets if rules.pressure else ()
    for place, budget in enumerate(budgets):
        # Of equals the first stays.
        others = [*(each for each in budgets if each != budget), *budgets[:place]]
        stricter = next((each for each in others if _covers(each, budget)), None)
        if stricter is not None:
            is_same = stricter == budget
            yield Remark(
                ("pressure", "budget", place),
                Weight.WARNING,
                "duplicate" if is_same else "shadowed",
                f"{_named(budget)} changes nothing: "
                + ("it stands twice" if is_same else f"{_named(stricter)} is stricter"),
                "Take it out, or correct its figures.",
            )


def _covers(strict: Budget, loose: Budget) -> bool:
    """Tell whether whenever the loose one has no room, the strict one has none for as long."""
    return (
        loose.touches <= strict.touches
        and strict.most <= loose.most
        and strict.within >= loose.within
    )


def _named(budget: Budget) -> str:
    return f"the budget of {budget.most} in {budget.within}d"
