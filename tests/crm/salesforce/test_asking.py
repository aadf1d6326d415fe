"""Answers that come with a status of success and are none."""

import pytest

from connector.errors import CrmUnavailableError
from tests.crm.salesforce.conftest import Opener


@pytest.mark.parametrize("fault", ["html", "truncate"])
def test_a_page_or_half_an_answer_is_asked_for_again(open_org: Opener, fault: str) -> None:
    org = open_org()
    org.client.get("/limits")
    org.faults.planned[org.faults.calls + 1] = fault
    answer = org.client.get("/limits")
    assert isinstance(answer, dict)
    assert "DailyApiRequests" in answer
    assert len(org.clock.waited) == 1


def test_what_stays_no_answer_ends_as_unavailable(open_org: Opener) -> None:
    org = open_org()
    org.client.get("/limits")
    org.faults.shares["html"] = 1
    with pytest.raises(CrmUnavailableError, match="no JSON"):
        org.client.get("/limits")
    assert len(org.clock.waited) == 2
