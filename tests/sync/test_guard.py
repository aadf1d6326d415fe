from collections import Counter

import pytest

from connector.domain.ids import OwnerId
from connector.errors import GuardError
from connector.results import PlanSummary
from connector.sync.guard import Guards, check_contacts, check_plan

GUARDS = Guards(stage_changes=0.3, fewer_contacts=0.2, tasks_per_owner=25)


def test_a_plan_that_changes_the_stage_of_many_is_stopped() -> None:
    check_plan(GUARDS, PlanSummary(contacts=100, stage_changes=30))
    with pytest.raises(GuardError, match="31 of 100 contacts would change stage"):
        check_plan(GUARDS, PlanSummary(contacts=100, stage_changes=31))


def test_the_first_plan_may_give_every_contact_its_stage() -> None:
    check_plan(GUARDS, PlanSummary(contacts=100, stage_changes=100, is_first=True))


def test_a_small_account_may_change_all_its_stages() -> None:
    check_plan(GUARDS, PlanSummary(contacts=20, stage_changes=20))


def test_an_owner_is_not_flooded_with_tasks() -> None:
    check_plan(GUARDS, PlanSummary(tasks_by_owner=Counter({OwnerId("7"): 25})))
    with pytest.raises(GuardError, match="owner 7 would get 26 tasks"):
        check_plan(GUARDS, PlanSummary(tasks_by_owner=Counter({OwnerId("7"): 26})))


def test_many_tasks_of_nobody_do_not_hide_a_flooded_owner() -> None:
    tasks: Counter[OwnerId | None] = Counter({None: 90, OwnerId("7"): 40})
    with pytest.raises(GuardError, match="owner 7 would get 40 tasks"):
        check_plan(GUARDS, PlanSummary(tasks_by_owner=tasks))


def test_tasks_of_nobody_flood_nobody() -> None:
    check_plan(GUARDS, PlanSummary(tasks_by_owner=Counter({None: 90})))


def test_an_account_that_lost_many_contacts_is_stopped() -> None:
    check_contacts(GUARDS, before=100, now=80)
    with pytest.raises(GuardError, match="shows 79 contacts, the last run saw 100"):
        check_contacts(GUARDS, before=100, now=79)


def test_the_first_run_and_small_accounts_may_shrink() -> None:
    check_contacts(GUARDS, before=0, now=0)
    check_contacts(GUARDS, before=20, now=0)


def test_a_guard_says_what_to_do_and_that_nothing_was_written() -> None:
    with pytest.raises(GuardError, match="--accept-large-change") as stopped:
        check_contacts(GUARDS, before=100, now=0)
    assert "Nothing was written" in str(stopped.value)
