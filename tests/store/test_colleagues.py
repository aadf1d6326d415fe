"""Who shares a field's value with a contact, as text conditions compare."""

from connector.domain.contact import Contact
from connector.domain.ids import ContactId
from connector.ports import Page
from connector.store import EmbeddedStore
from tests.fakes.clock import MONDAY


def test_colleagues_share_the_folded_value_of_a_field(store: EmbeddedStore) -> None:
    companies = {"1": "Énergie Nord", "2": "energie nord", "3": "Other", "4": None, "5": ""}
    people = [
        Contact(ContactId(id_), MONDAY, {"job_title": company})
        for id_, company in companies.items()
    ]
    store.save_page("contacts", Page("c", contacts=people))
    numbers = {id_: store.find_contact(id_) for id_ in companies}
    no = {id_: known.no for id_, known in numbers.items() if known is not None}
    assert store.load_colleagues(no["1"], "job_title") == sorted([no["1"], no["2"]])
    assert store.load_colleagues(no["3"], "job_title") == [no["3"]]
    assert store.load_colleagues(no["4"], "job_title") == []
    assert store.load_colleagues(no["5"], "job_title") == []
