"""Stops a run before it does harm: too much would change, or the account looks emptied."""

from dataclasses import dataclass

from connector.errors import GuardError
from connector.results import PlanSummary


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits of one run, as shares of 1 and whole numbers."""

    stage_changes: float = 0.3
    fewer_contacts: float = 0.2
    tasks_per_owner: int = 25


SMALL = 20
"""Accounts up to this size are not guarded by shares: one contact would already be too many."""


def check_contacts(guards: Guards, *, before: int, now: int) -> None:
    """Raise GuardError if far fewer contacts are there than after the last run."""
    if before > SMALL and now < before * (1 - guards.fewer_contacts):
        raise GuardError(
            what=f"the CRM shows {now} contacts, the last run saw {before}",
            where="guard fewer_contacts",
            do="Look whether the credentials still see every contact. If they are really gone, run "
            "again with --accept-large-change. Nothing was written.",
        )


def check_plan(guards: Guards, plan: PlanSummary) -> None:
    """Raise GuardError if a plan changes more than the admin allowed for one run."""
    _check_stages(guards, plan)
    _check_tasks(guards, plan)


def _check_stages(guards: Guards, plan: PlanSummary) -> None:
    # The first plan gives every contact its stage; there is nothing yet that it could change.
    if plan.is_first or plan.contacts <= SMALL:
        return
    if plan.stage_changes > plan.contacts * guards.stage_changes:
        raise GuardError(
            what=f"{plan.stage_changes} of {plan.contacts} contacts would change stage",
            where="guard stage_changes",
            do="Look at `leadripe plan`: did the rules or the mapping change? If it is what you "
            "want, run again with --accept-large-change. Nothing was written.",
        )


def _check_tasks(guards: Guards, plan: PlanSummary) -> None:
    for owner, count in plan.tasks_by_owner.most_common():
        if owner is not None and count > guards.tasks_per_owner:
            raise GuardError(
                what=f"owner {owner} would get {count} tasks in one run",
                where="guard tasks_per_owner",
                do="Look at `leadripe plan`; raise guards.tasks_per_owner, or run again with "
                "--accept-large-change. Nothing was written.",
            )
