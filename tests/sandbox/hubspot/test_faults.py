import pytest

from connector.sandbox.hubspot.faults import Faults
from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, TASKS

TASK = {"properties": {"hs_timestamp": "1", "hs_task_subject": "Call"}}


def test_a_lost_acknowledgement_commits_and_answers_502(open_desk: Opener) -> None:
    desk = open_desk(faults="lost@1")
    assert desk.post(TASKS, TASK).status == 502
    assert len(desk.get(TASKS).json["results"]) == 1


def test_a_bad_gateway_commits_nothing(open_desk: Opener) -> None:
    desk = open_desk(faults="502@1")
    reply = desk.post(TASKS, TASK)
    assert (reply.status, reply.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert desk.get(TASKS).json["results"] == []


def test_a_body_can_be_cut_and_a_page_be_no_json(open_desk: Opener) -> None:
    desk = open_desk(faults="truncate@1,html@2,429@3,423@4,477@5")
    assert desk.get(CONTACTS).raw == b'{"resul'
    page = desk.get(CONTACTS)
    assert (page.status, page.raw[:6]) == (200, b"<html>")
    assert desk.get(CONTACTS).json["policyName"] == "TEN_SECONDLY_ROLLING"
    assert desk.get(CONTACTS).status == 423
    moved = desk.get(CONTACTS)
    assert (moved.status, moved.headers["retry-after"]) == (477, "120")


def test_a_seed_gives_the_same_faults_again() -> None:
    drawn = [[Faults.parse("429=0.2,lost=0.1", seed=3).next()] for _ in range(2)]
    first, second = (Faults.parse("429=0.2,lost=0.1", seed=3) for _ in range(2))
    drawn = [[faults.next() for _ in range(1_000)] for faults in (first, second)]
    assert drawn[0] == drawn[1]
    assert 150 < drawn[0].count("429") < 250
    assert 60 < drawn[0].count("lost") < 140


@pytest.mark.parametrize("spec", ["teapot=0.1", "429=2", "429=much", "502@soon"])
def test_a_specification_that_makes_no_sense_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Faults.parse(spec)
