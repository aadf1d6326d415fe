"""Whose a hand-off's task is, where the owner is a queue, or nobody any more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.config.salesforce_mapping import SalesforceMapping
from connector.domain.ids import ContactId
from connector.errors import ConfigError
from connector.ports import Verdict
from tests.crm.salesforce.office import PULLED, PUSHED, SalesforceOffice
from tests.crm.shipped import shipped_for_salesforce


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SalesforceOffice]:
    with SalesforceOffice(tmp_path) as office:
        office.account.add_lead("Zoe")
        office.begin()
        yield office


def _with_owner(username: str) -> SalesforceMapping:
    mapping = shipped_for_salesforce()
    assert mapping.tasks is not None
    tasks = mapping.tasks.model_copy(update={"owner": username})
    return mapping.model_copy(update={"tasks": tasks})


def _user(office: SalesforceOffice, name: str) -> str:
    from connector.sandbox.salesforce.org import user_values

    profile = next(iter(office.account.org.table("Profile").rows))
    values = user_values(f"{name}@acme.example", name, "Silva", profile, "Europe/Paris")
    return office.account.org.add("User", values).id


def _queue(office: SalesforceOffice, *objects: str) -> str:
    queue = office.account.add("Group", Name="New leads", Type="Queue")
    for name in objects:
        office.account.add("QueueSobject", QueueId=queue, SobjectType=name)
    return queue


def _asks(office: SalesforceOffice, owner: str) -> ContactId:
    lead = office.account.add_lead("Ana", OwnerId=owner)
    office.asks_for_demo(lead)
    return lead


def _owner_of_task(office: SalesforceOffice) -> object:
    (task,) = office.account.tasks().values()
    return task["OwnerId"]


def test_a_task_goes_to_the_owner_of_the_lead(office: SalesforceOffice) -> None:
    lea = _user(office, "lea")
    _asks(office, lea)
    office.run()
    assert _owner_of_task(office) == lea


def test_a_queue_that_takes_tasks_gets_it(office: SalesforceOffice) -> None:
    queue = _queue(office, "Lead", "Task")
    _asks(office, queue)
    report = office.run()
    assert _owner_of_task(office) == queue
    assert report.plan is not None
    assert report.plan.ownerless == 0


def test_of_a_queue_that_takes_none_the_named_user_gets_it(office: SalesforceOffice) -> None:
    tom = _user(office, "tom")
    _asks(office, _queue(office, "Lead"))
    report = office.run(mapping=_with_owner("tom@acme.example"))
    assert _owner_of_task(office) == tom
    assert report.plan is not None
    assert report.plan.ownerless == 1


def test_without_a_named_user_it_is_the_integration_user_s(office: SalesforceOffice) -> None:
    _asks(office, _queue(office, "Lead"))
    office.run()
    assert _owner_of_task(office) == office.account.org.main_user


def test_an_owner_who_leaves_between_plan_and_push_is_replaced(office: SalesforceOffice) -> None:
    lea, tom = _user(office, "lea"), _user(office, "tom")
    _asks(office, lea)
    mapping = _with_owner("tom@acme.example")
    office.run(PULLED, mapping=mapping)
    office.account.people.edit(lea, IsActive=False)
    report = office.run(PUSHED, mapping=mapping)
    assert report.push is not None
    assert report.push.of(Verdict.ACCEPTED, "task") == 1
    assert _owner_of_task(office) == tom


def test_a_named_user_who_is_not_there_is_a_mistake_in_the_mapping(
    office: SalesforceOffice,
) -> None:
    _asks(office, _queue(office, "Lead"))
    with pytest.raises(ConfigError, match="who is to get tasks") as caught:
        office.run(mapping=_with_owner("nobody@acme.example"))
    assert caught.value.where == "mappings/salesforce.yaml, tasks.owner"
    assert "nobody" not in str(caught.value)
    assert office.account.tasks() == {}
    office.run()
    assert len(office.account.tasks()) == 1
