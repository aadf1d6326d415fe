"""The made-up market: repeatable, plausible, and unable to reach anybody."""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from connector.sandbox import catalogue
from connector.sandbox.generate import HORIZON_DAYS, generate
from connector.sandbox.stories import PLOTS
from connector.sandbox.world import DEAL_PROBABILITY, Deed, Happening, Person, World

ENDS_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PEOPLE = 1_500

# What `Deed` promises of the details: the keys that are always there, and those that may be.
KEYS: Mapping[Deed, tuple[set[str], set[str]]] = {
    Deed.FORM: ({"form", "page_url"}, {"asset", "asset_kind", "topic"}),
    Deed.MAIL_SENT: ({"campaign", "subject"}, set()),
    Deed.MAIL_DELIVERED: ({"campaign"}, set()),
    Deed.MAIL_OPENED: ({"campaign", "user_agent"}, set()),
    Deed.MAIL_CLICKED: ({"campaign", "url", "user_agent"}, set()),
    Deed.MAIL_BOUNCED: ({"campaign"}, set()),
    Deed.UNSUBSCRIBED: ({"campaign"}, set()),
    Deed.PAGE_VISIT: ({"url", "pages"}, set()),
    Deed.EVENT_REGISTERED: ({"event", "event_kind", "topic"}, set()),
    Deed.EVENT_ATTENDED: ({"event", "event_kind", "topic", "minutes"}, {"replay"}),
    Deed.EVENT_CANCELLED: ({"event"}, set()),
    Deed.CALL: ({"direction", "outcome", "minutes"}, set()),
    Deed.EMAIL: ({"direction", "subject"}, set()),
    Deed.MEETING: ({"outcome", "title"}, set()),
    Deed.MESSAGE: ({"direction", "channel"}, set()),
    Deed.NOTE: ({"body"}, set()),
}
VALUES = {
    "event_kind": {"webinar", "trade_fair"},
    "direction": {"inbound", "outbound"},
    "channel": {"linkedin"},
    "replay": {"true"},
    "asset_kind": {"white_paper", "guide", "case_study", "roi_tool", "comparison"},
}


@pytest.fixture(scope="module")
def world() -> World:
    return generate(people=PEOPLE, seed=7, ends_at=ENDS_AT)


def mail_addresses(made: World) -> list[str]:
    return [person.email for person in made.people] + [rep.email for rep in made.reps]


def by_person(made: World) -> dict[str, list[Happening]]:
    stories: dict[str, list[Happening]] = defaultdict(list)
    for happening in made.happenings:
        stories[happening.person].append(happening)
    return stories


def test_the_same_seed_makes_the_same_world() -> None:
    once, again, other = (generate(people=60, seed=seed, ends_at=ENDS_AT) for seed in (3, 3, 4))
    assert once == again
    assert once != other


def test_the_world_does_not_depend_on_the_process_that_makes_it() -> None:
    script = (
        "from datetime import UTC, datetime;"
        "from connector.sandbox.generate import generate;"
        "end = datetime(2026, 11, 23, 9, 30, tzinfo=UTC);"
        "print(ascii(generate(people=60, seed=3, ends_at=end)))"
    )
    worlds = {
        subprocess.run(  # noqa: S603 - our own interpreter with the script above
            [sys.executable, "-c", script],
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "4711")
    }
    assert worlds == {ascii(generate(people=60, seed=3, ends_at=ENDS_AT))}


def test_the_zone_of_the_end_does_not_matter() -> None:
    paris = ENDS_AT.astimezone(timezone(timedelta(hours=1)))
    assert generate(people=20, seed=1, ends_at=paris) == generate(
        people=20, seed=1, ends_at=ENDS_AT
    )


def test_who_is_made_up_and_what_they_do_hangs_on_no_calendar() -> None:
    now = datetime(2026, 3, 28, 0, 30, tzinfo=UTC)
    worlds = [
        generate(people=60, seed=11, ends_at=now + timedelta(hours=hours))
        for hours in range(0, 24 * 8, 5)
    ]
    for world in worlds:
        assert [_as_known(each) for each in world.people] == [
            _as_known(each) for each in worlds[0].people
        ]
        assert _deeds(world) == _deeds(worlds[0])


def _as_known(person: Person) -> Person:
    return replace(person, created_at=ENDS_AT)


def _deeds(world: World) -> Counter[tuple[str, Deed]]:
    return Counter((each.person, each.deed) for each in world.happenings)


def test_there_are_as_many_people_and_happenings_as_asked_for(world: World) -> None:
    assert len(world.people) == PEOPLE
    assert len(world.happenings) / PEOPLE == pytest.approx(20, rel=0.15)
    busy = generate(people=300, seed=7, ends_at=ENDS_AT, activities_per_person=60)
    assert len(busy.happenings) / 300 == pytest.approx(60, rel=0.15)


@pytest.mark.parametrize("people", [0, 1, 2])
def test_a_tiny_world_is_a_world(people: int) -> None:
    assert len(generate(people=people, seed=1, ends_at=ENDS_AT).people) == people


def test_everything_refers_to_something_that_exists(world: World) -> None:
    people, reps, companies = (
        {thing.key for thing in things} for things in (world.people, world.reps, world.companies)
    )
    assert {person.company for person in world.people} <= companies | {""}
    assert {person.rep for person in world.people} <= reps | {""}
    assert {happening.person for happening in world.happenings} == people
    assert {happening.rep for happening in world.happenings} <= reps | {""}
    assert {deal.person for deal in world.deals} <= people
    assert {deal.rep for deal in world.deals} <= reps


def test_keys_and_addresses_are_unique(world: World) -> None:
    for things in (world.people, world.reps, world.companies, world.happenings, world.deals):
        assert len({thing.key for thing in things}) == len(things)
    assert len({company.domain for company in world.companies}) == len(world.companies)
    addresses = mail_addresses(world)
    assert len(set(addresses)) == len(addresses)


def test_nothing_can_reach_anybody(world: World) -> None:
    domains = {address.partition("@")[2] for address in mail_addresses(world)}
    domains |= {company.domain for company in world.companies}
    assert all(
        domain.endswith(".example") or domain in {"example.com", "example.net", "example.org"}
        for domain in domains
    )
    assert "example.com" in domains
    assert all(person.email.isascii() for person in world.people)
    fiction = ("+33 1 99 00 ", "+44 20 7946 0", "+1 212 555 01")
    assert all(person.phone.startswith(fiction) for person in world.people if person.phone)
    urls = {happening.details.get("url", catalogue.SITE) for happening in world.happenings}
    assert all(url.startswith(catalogue.SITE) for url in urls)


def test_times_lie_within_two_years_and_each_story_runs_forward(world: World) -> None:
    begins_at = ENDS_AT - timedelta(days=HORIZON_DAYS)
    assert all(begins_at <= happening.at <= ENDS_AT for happening in world.happenings)
    assert {happening.at.tzinfo for happening in world.happenings} == {UTC}
    stories = by_person(world)
    for person in world.people:
        story = stories[person.key]
        assert person.created_at < story[0].at
        assert all(before.at <= after.at for before, after in pairwise(story))


def test_most_of_it_is_recent_and_some_of_it_old(world: World) -> None:
    ages = [(ENDS_AT - happening.at).days for happening in world.happenings]
    assert 0.5 < sum(age < 120 for age in ages) / len(ages) < 0.8
    assert sum(age > 365 for age in ages) / len(ages) > 0.03


def test_people_keep_the_hours_of_their_own_zone() -> None:
    made = generate(people=400, seed=2, ends_at=ENDS_AT)
    countries = {person.key: person.country for person in made.people}
    hours: dict[str, Counter[int]] = defaultdict(Counter)
    for happening in made.happenings:
        if happening.deed is Deed.MAIL_SENT:
            hours[countries[happening.person]][happening.at.hour] += 1
    assert max(hours["France"]) < 18
    assert max(hours["United States"]) >= 23


def test_details_hold_what_each_deed_promises(world: World) -> None:
    for happening in world.happenings:
        always, sometimes = KEYS[happening.deed]
        assert always <= set(happening.details) <= always | sometimes
        for key, allowed in VALUES.items():
            assert happening.details.get(key, next(iter(allowed))) in allowed
    assert {happening.deed for happening in world.happenings} == set(Deed)


def test_only_a_connected_call_takes_time(world: World) -> None:
    calls = [happening.details for happening in world.happenings if happening.deed is Deed.CALL]
    assert {call["outcome"] for call in calls} == {"connected", "no_answer", "left_voicemail"}
    assert all((int(call["minutes"]) > 0) == (call["outcome"] == "connected") for call in calls)


def test_every_stage_is_there_in_a_sensible_share() -> None:
    shares: Counter[str] = Counter()
    for plot in PLOTS:
        shares[plot.stage] += plot.share
    assert shares.total() == 1_000
    assert 350 <= shares["suspect"] <= 450
    assert set(shares) == {
        "suspect", "lead cold", "lead warm", "lead hot", "prospect cold", "prospect hot", "client",
    }  # fmt: skip
    assert min(shares.values()) >= 30


def test_about_two_in_five_have_done_nothing_but_look(world: World) -> None:
    identifying = {Deed.FORM, Deed.EVENT_REGISTERED, Deed.EVENT_ATTENDED}
    passive = [
        story
        for story in by_person(world).values()
        if not identifying & {happening.deed for happening in story}
    ]
    assert len(passive) / PEOPLE == pytest.approx(0.39, abs=0.02)


def test_about_three_in_a_hundred_are_clients_and_deals_stand_at_every_stage(world: World) -> None:
    stages = Counter(deal.stage for deal in world.deals)
    assert set(stages) == set(DEAL_PROBABILITY)
    assert stages["won"] / PEOPLE == pytest.approx(0.035, abs=0.005)
    for deal in world.deals:
        assert deal.probability == DEAL_PROBABILITY[deal.stage]
        assert deal.close_at is not None
        is_closed = deal.stage in {"won", "lost"}
        assert deal.created_at <= deal.close_at
        assert (deal.close_at <= ENDS_AT) == is_closed


def test_french_keeps_its_accents_and_both_languages_are_spoken(world: World) -> None:
    languages = Counter(person.language for person in world.people)
    assert languages["fr"] / PEOPLE == pytest.approx(0.45, abs=0.06)
    titles = {person.job_title for person in world.people}
    assert {"Étudiante", "Responsable qualité", "Head of Quality"} <= titles
    assert any("é" in person.last_name for person in world.people)
    assert any(company.name.startswith("Établissements ") for company in world.companies)


def test_some_of_what_a_crm_could_know_is_unknown(world: World) -> None:
    for field in ("job_title", "phone", "country", "company", "seniority", "rep"):
        unknown = sum(not getattr(person, field) for person in world.people) / PEOPLE
        assert 0.02 < unknown < 0.7, field


def test_robots_click_every_link_within_seconds_of_delivery(world: World) -> None:
    scanned = 0
    for story in by_person(world).values():
        delivered_at: datetime | None = None
        hasty: set[str] = set()
        for happening in story:
            if happening.deed is Deed.MAIL_DELIVERED:
                delivered_at, hasty = happening.at, set()
            if happening.deed is Deed.MAIL_CLICKED and delivered_at is not None:
                hasty |= (
                    {happening.details["url"]}
                    if happening.at - delivered_at < timedelta(seconds=10)
                    else set()
                )
                scanned += len(hasty) == 4
    assert scanned > 50
    agents = {happening.details.get("user_agent", "") for happening in world.happenings}
    assert set(catalogue.ROBOTS) <= agents


def test_nobody_is_mailed_after_unsubscribing(world: World) -> None:
    for story in by_person(world).values():
        left_at = [happening.at for happening in story if happening.deed is Deed.UNSUBSCRIBED]
        mailed_at = [happening.at for happening in story if happening.deed is Deed.MAIL_SENT]
        assert not left_at or max(mailed_at) < left_at[0]


def test_some_are_mailed_so_often_that_a_budget_is_used_up(world: World) -> None:
    ages: dict[str, list[int]] = defaultdict(list)
    for each in world.happenings:
        if each.deed is Deed.MAIL_SENT:
            ages[each.person].append((ENDS_AT - each.at).days)
    in_a_week = sum(min(days) < 7 for days in ages.values())
    often_in_a_month = sum(sum(day < 30 for day in days) >= 4 for days in ages.values())
    assert 0.05 < in_a_week / PEOPLE < 0.25
    assert 0.02 < often_in_a_month / PEOPLE < 0.25


def test_the_awkward_people_are_there(world: World) -> None:
    domains = {company.key: company.domain for company in world.companies}
    staffed = Counter(domains.get(person.company, "") for person in world.people)
    assert staffed[catalogue.OWN_DOMAIN] > 0
    for known in (catalogue.COMPETITORS, catalogue.SCHOOLS):
        assert sum(staffed[domain] for _, domain in known) > 0
    careers = [
        happening.person
        for happening in world.happenings
        if "/careers" in happening.details.get("url", "")
    ]
    assert max(Counter(careers).values()) >= 3


def test_some_follow_the_whole_path_from_paper_to_webinar_to_demo(world: World) -> None:
    path = ["White paper", "webinar", "Demo request"]
    followed = 0
    for story in by_person(world).values():
        ahead = iter(path)
        wanted = next(ahead)
        for happening in story:
            told = happening.details.get("form", "") or happening.details.get("event_kind", "")
            if told.startswith(wanted):
                wanted = next(ahead, "the end")
        followed += wanted == "the end"
    assert followed > PEOPLE * 0.02


def test_marketing_forms_carry_their_asset_and_need_forms_do_not(world: World) -> None:
    forms = {
        happening.details["form"]: happening.details
        for happening in world.happenings
        if happening.deed is Deed.FORM
    }
    assert set(catalogue.NEED_FORMS) | {"Newsletter"} <= set(forms)
    for name, details in forms.items():
        assert ("asset" in details) == (": " in name)
