"""What a look at a past instant says of itself."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.ports import Basis
from connector.report.sources import Sources, sources

MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
FIELDS = {
    "country": Basis(seen=3, told=4, cut=2, told_since=MARCH - 300 * DAY),
    "industry": Basis(unkept=9),
    "job_title": Basis(seen=3, told=6, told_since=MARCH - 400 * DAY),
    "size": Basis(seen=3, unasked=6),
    "status": Basis(seen=9),
}


def told(days: float, fields: dict[str, Basis], language: str = "en", **how: bool) -> Sources:
    return sources(MARCH + days * DAY, MARCH, fields, language=language, zone=PARIS, **how)


def instead(found: Sources) -> list[str]:
    (fields,) = [each for each in found.sources if each.kind == "fields"]
    return list(fields.instead)


def test_each_field_that_we_had_not_read_says_what_it_rests_on() -> None:
    assert instead(told(-9, FIELDS)) == [
        "not read by us by then, taken from the CRM's own history (reliable since 2025-05-06"
        " 11:00+02:00): country (of 4 contacts), job_title (of 6 contacts)",
        "today's or the first known value, as the CRM's history does not reach back so far:"
        " country (of 2 contacts)",
        "today's or the first known value, as the CRM keeps no history of: industry",
        "today's or the first known value, as the CRM was not asked for its history"
        " (`leadripe pull --history`): size (of 6 contacts)",
    ]
    assert told(-9, FIELDS).fields == FIELDS


def test_it_says_so_in_french() -> None:
    assert instead(told(-9, {"ville": Basis(unkept=4, told=2)}, "fr")) == [
        "pas encore lus alors, pris dans l’historique du CRM : ville (de 2 contacts)",
        "valeur d’aujourd’hui ou première connue, le CRM ne gardant pas d’historique de :"
        " ville (de 4 contacts)",
    ]


def test_what_we_had_read_needs_no_word() -> None:
    assert instead(told(9, {"status": Basis(seen=9)})) == []


def test_of_one_contact_a_value_that_stands_in_makes_the_look_unreliable() -> None:
    one = {"size": Basis(unasked=1)}
    assert told(9, one).is_reliable
    assert not told(9, one, is_of_one=True).is_reliable
    assert told(9, one, is_of_one=True).warning.startswith("Where the first known value stands in")
    assert told(9, {"size": Basis(told=1)}, is_of_one=True).warning == ""
