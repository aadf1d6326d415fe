"""The CSV set as a world: what its rows mean, and what is said of rows that mean nothing."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from connector.errors import ConfigError
from connector.sandbox.csv_rows import MOST_PROBLEMS
from connector.sandbox.load import load
from connector.sandbox.world import Deed, Happening, World

SHIPPED = Path(__file__).resolve().parents[3] / "shared" / "data" / "b2b_crm_synthetic"

FILES: Mapping[str, str] = {
    "accounts.csv": """\
account_id,company_name,industry,region,employee_band,estimated_revenue_band,created_at
acct_1,Company acct_1,logistics,UK,500-999,$10M-$50M,2023-06-06
acct_2,"Café, Thé & Cie",manufacturing,US,2000+,$200M+,2023-02-27
""",
    "contacts.csv": """\
contact_id,account_id,job_title,role_function,seniority,buyer_role,email_domain_type,created_at
cnt_1,acct_1,IT Director,it_director,vp,technical_evaluator,corporate,2022-02-14
cnt_2,acct_2,CFO,vp_finance,c_suite,economic_buyer,personal,2022-02-14
""",
    "leads.csv": """\
lead_id,contact_id,account_id,lead_created_at,lead_source,first_touch_channel,owner_rep_id
lead_1,cnt_1,acct_1,2024-01-03,sdr_outbound,sdr_outbound,rep_1
lead_2,cnt_2,acct_2,2024-01-10,inbound_marketing,inbound_marketing,rep_2
lead_3,cnt_2,acct_2,2024-01-20,partner_referral,partner_referral,rep_1
""",
    "touches.csv": """\
touch_id,lead_id,touch_timestamp,touch_type,touch_channel,touch_direction,campaign_id
t1,lead_1,2024-01-04,content_download,x,inbound,
t2,lead_1,2024-01-04,content_download,x,outbound,
t3,lead_1,2024-01-05,webinar,x,inbound,
t4,lead_1,2024-01-05,webinar,x,outbound,
t5,lead_1,2024-01-06,call,x,inbound,
t6,lead_1,2024-01-06,call,x,outbound,
t7,lead_1,2024-01-07,email,x,inbound,
t8,lead_1,2024-01-07,email,x,outbound,
t9,lead_2,2024-01-12,linkedin_message,x,inbound,
t10,lead_2,2024-01-12,linkedin_message,x,outbound,
""",
    "sessions.csv": """\
session_id,lead_id,session_timestamp,session_type,page_views,pricing_page_views,demo_page_views
s1,lead_1,2024-01-08,website,4,0,0
s2,lead_1,2024-01-08,website,4,2,0
s3,lead_1,2024-01-08,pricing_page,6,0,0
s4,lead_1,2024-01-08,demo_page,5,0,0
s5,lead_2,2024-01-13,demo_page,5,0,2
s6,lead_2,2024-01-13,website,3,0,1
""",
    "sales_activities.csv": """\
activity_id,lead_id,rep_id,activity_timestamp,activity_type,activity_outcome
a1,lead_1,rep_3,2024-01-09,call,left_voicemail
a2,lead_1,rep_1,2024-01-10,call,meeting_set
a3,lead_1,rep_1,2024-01-11,meeting,no_answer
a4,lead_2,rep_2,2024-01-15,demo,demo_completed
a5,lead_2,rep_2,2024-02-29,email,connected
""",
    "opportunities.csv": """\
opportunity_id,lead_id,created_at,stage,estimated_acv
o1,lead_1,2024-02-03,closed_won,93381
o2,lead_2,2024-01-23,negotiation,49422
o3,lead_3,2024-02-28,closed_lost,1000
""",
}


def write(folder: Path, **changed: str) -> Path:
    for name, text in FILES.items():
        (folder / name).write_text(changed.get(name.removesuffix(".csv"), text), encoding="utf-8")
    return folder


@pytest.fixture
def world(tmp_path: Path) -> World:
    return load(write(tmp_path))


def told(made: World) -> dict[str, Happening]:
    return {happening.key: happening for happening in made.happenings}


def complaints(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert caught.value.where == str(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_lead_becomes_a_person_with_its_contact_and_account(world: World) -> None:
    lead = world.people[0]
    assert (lead.key, lead.company, lead.rep, lead.source) == (
        "lead_1", "acct_1", "rep_1", "sdr_outbound",
    )  # fmt: skip
    assert (lead.job_title, lead.seniority, lead.role) == (
        "IT Director", "vp", "technical_evaluator",
    )  # fmt: skip
    assert lead.country == "United Kingdom"
    assert lead.created_at == datetime(2024, 1, 3, 8, tzinfo=UTC)


def test_leads_of_one_contact_share_a_name_but_not_an_address(world: World) -> None:
    second, third = world.people[1:]
    assert (second.first_name, second.last_name) == (third.first_name, third.last_name)
    assert second.email != third.email


def test_addresses_lie_in_example_domains(world: World) -> None:
    domains = [person.email.partition("@")[2] for person in world.people]
    assert domains[0] == "acct-1.example"
    assert set(domains[1:]) <= {"example.com", "example.net", "example.org"}
    assert all(rep.email.endswith(".example") for rep in world.reps)


def test_bands_become_a_number_inside_them(world: World) -> None:
    first, second = world.companies
    assert first.employees is not None
    assert first.revenue is not None
    assert 500 <= first.employees <= 999
    assert 10_000_000 <= first.revenue < 50_000_000
    assert second.employees is not None
    assert second.employees >= 2_000
    assert second.name == "Café, Thé & Cie"


def test_reps_come_from_owners_and_from_those_who_acted(world: World) -> None:
    assert [rep.key for rep in world.reps] == ["rep_1", "rep_2", "rep_3"]
    assert told(world)["a1"].rep == "rep_3"
    assert told(world)["t5"].rep == "rep_1"


@pytest.mark.parametrize(
    ("key", "deed", "details"),
    [
        ("t1", Deed.FORM, {}),
        ("t2", Deed.MAIL_SENT, {}),
        ("t3", Deed.EVENT_ATTENDED, {"event_kind": "webinar"}),
        ("t4", Deed.MAIL_SENT, {"campaign": "Webinar invitation"}),
        ("t5", Deed.CALL, {"direction": "inbound", "outcome": "connected"}),
        ("t6", Deed.CALL, {"direction": "outbound", "outcome": "no_answer"}),
        ("t7", Deed.EMAIL, {"direction": "inbound"}),
        ("t8", Deed.EMAIL, {"direction": "outbound"}),
        ("t9", Deed.MESSAGE, {"direction": "inbound", "channel": "linkedin"}),
        ("t10", Deed.MESSAGE, {"direction": "outbound"}),
        ("s1", Deed.PAGE_VISIT, {"pages": "4"}),
        ("s2", Deed.PAGE_VISIT, {"url": "https://www.orchestrel.example/pricing"}),
        ("s3", Deed.PAGE_VISIT, {"url": "https://www.orchestrel.example/pricing", "pages": "6"}),
        ("s4", Deed.PAGE_VISIT, {"url": "https://www.orchestrel.example/demo"}),
        ("s5", Deed.PAGE_VISIT, {"url": "https://www.orchestrel.example/demo"}),
        ("s5-2", Deed.FORM, {"form": "Demo request"}),
        ("s6", Deed.PAGE_VISIT, {"url": "https://www.orchestrel.example/demo"}),
        ("a1", Deed.CALL, {"direction": "outbound", "outcome": "left_voicemail"}),
        ("a2", Deed.CALL, {"direction": "outbound", "outcome": "connected"}),
        ("a2-2", Deed.MEETING, {"outcome": "scheduled"}),
        ("a3", Deed.MEETING, {"outcome": "no_show"}),
        ("a4", Deed.MEETING, {"outcome": "completed", "title": "Product demo"}),
        ("a5", Deed.EMAIL, {"direction": "inbound"}),
    ],
)
def test_each_row_means(world: World, key: str, deed: Deed, details: dict[str, str]) -> None:
    happening = told(world)[key]
    assert happening.deed is deed
    assert details.items() <= happening.details.items()


def test_a_download_names_its_asset(world: World) -> None:
    details = told(world)["t1"].details
    assert details["form"].endswith(f": {details['asset']}")
    assert details["asset_kind"] in {"white_paper", "guide", "case_study"}


def test_nothing_happens_but_what_the_rows_say(world: World) -> None:
    assert len(world.happenings) == 10 + 6 + 5 + 2  # a demo request and a meeting come on top


def test_opportunities_become_deals(world: World) -> None:
    won, in_hand, lost = world.deals
    assert (won.stage, won.amount, won.probability, won.rep) == ("won", 93_381, 100, "rep_1")
    assert (in_hand.stage, in_hand.probability) == ("negotiation", 80)
    assert (lost.stage, lost.probability) == ("lost", 0)
    assert in_hand.close_at is not None
    assert in_hand.close_at > world.ends_at
    for closed, lead in ((won, world.people[0]), (lost, world.people[2])):
        assert closed.close_at is not None
        assert closed.created_at <= closed.close_at <= world.ends_at
        assert closed.close_at - lead.created_at <= timedelta(days=90)


def test_dates_stay_where_they_are_unless_an_end_is_given(world: World) -> None:
    assert world.ends_at == datetime(2024, 2, 29, 18, tzinfo=UTC)
    assert told(world)["a1"].at.date() == date(2024, 1, 9)
    assert all(8 <= happening.at.hour < 18 for happening in world.happenings)


@pytest.mark.parametrize("hour", [0, 7, 10, 23])
def test_all_moves_by_whole_days_until_the_last_is_today(tmp_path: Path, hour: int) -> None:
    ends_at = datetime(2026, 11, 23, hour, 20, tzinfo=UTC)
    made = load(write(tmp_path), ends_at=ends_at)
    assert made.ends_at == ends_at
    last = told(made)["a5"].at
    assert last.date() == ends_at.date()
    assert last <= ends_at
    shift = date(2026, 11, 23) - date(2024, 2, 29)
    assert told(made)["a1"].at.date() == date(2024, 1, 9) + shift
    assert max(happening.at for happening in made.happenings) <= ends_at


def test_loading_again_gives_the_same_world(tmp_path: Path) -> None:
    ends_at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    write(tmp_path)
    assert load(tmp_path, ends_at=ends_at) == load(
        tmp_path, ends_at=ends_at.astimezone(timezone(timedelta(hours=2)))
    )


def test_a_byte_order_mark_blank_lines_and_other_columns_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeff" + FILES["accounts.csv"].replace("\n", "\r\n") + "\r\n\r\n"
    plain, odd = tmp_path / "plain", tmp_path / "odd"
    plain.mkdir()
    odd.mkdir()
    assert load(write(odd, accounts=text)) == load(write(plain))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist") as caught:
        load(tmp_path / "nowhere")
    assert caught.value.where == str(tmp_path / "nowhere")
    assert "accounts.csv" in caught.value.do


def test_a_missing_file_and_a_missing_column_are_named_without_what_follows_from_them(
    tmp_path: Path,
) -> None:
    write(tmp_path, contacts="contact_id,job_title,seniority\ncnt_1,CFO,vp\n", sessions="")
    (tmp_path / "accounts.csv").unlink()
    assert complaints(tmp_path) == [
        "accounts.csv: there is no such file",
        "contacts.csv:1:1: the header lacks «buyer_role», «email_domain_type»",
        "sessions.csv:1:1: the header lacks «session_id», «session_timestamp», «lead_id»,"
        " «session_type», «page_views», «pricing_page_views», «demo_page_views»",
    ]


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        accounts=FILES["accounts.csv"]
        .replace(",UK,500-999", ",Mars,5-9")
        .replace("$200M+", "much"),
        leads=FILES["leads.csv"].replace("cnt_1,acct_1", "cnt_9,acct_9")
        + "lead_2,cnt_2,acct_2,2024-01-20,x,x,rep_1\n",
        touches=FILES["touches.csv"] + "t11,lead_7,2024-13-01,fax,x,sideways,\nt12,lead_1\n",
        sessions=FILES["sessions.csv"] + "s7,lead_1,0204-01-08,kiosk,4,-1,many\n",
        sales_activities=FILES["sales_activities.csv"] + "a6,lead_1,rep_1,2024-01-09,walk,ok\n",
        opportunities=FILES["opportunities.csv"] + ",lead_1,2024-02-03,dreamt_of,1e6\n",
    )
    assert complaints(tmp_path) == [
        "accounts.csv:2:1: region «Mars» is not one of US, UK",
        "accounts.csv:2:1: employee_band «5-9» is not one of 200-499, 500-999, 1000-1999, 2000+",
        "accounts.csv:3:1: estimated_revenue_band «much» is not one of $1M-$10M, $10M-$50M,"
        " $50M-$200M, $200M+",
        "leads.csv:2:1: contact_id «cnt_9» does not stand in contacts.csv",
        "leads.csv:2:1: account_id «acct_9» does not stand in accounts.csv",
        "leads.csv:5:1: lead_id «lead_2» already stands in line 3",
        "opportunities.csv:5:1: opportunity_id is empty",
        "opportunities.csv:5:1: estimated_acv «1e6» is not a whole number",
        "opportunities.csv:5:1: stage «dreamt_of» is not one of demo_scheduled, demo_completed,"
        " proposal_sent, negotiation, closed_won, closed_lost",
        "sales_activities.csv:7:1: sales activity «walk», «ok» is unknown: the type is call, email,"
        " meeting or demo, the outcome connected, no_answer, left_voicemail, meeting_set or"
        " demo_completed",
        "sessions.csv:8:1: session_timestamp «0204-01-08» lies outside 1970-01-01 to 2199-12-31",
        "sessions.csv:8:1: pricing_page_views «-1» is not a whole number",
        "sessions.csv:8:1: demo_page_views «many» is not a whole number",
        "sessions.csv:8:1: session_type «kiosk» is not website, pricing_page or demo_page",
        "touches.csv:12:1: touch_timestamp «2024-13-01» is not a date like 2024-01-31",
        "touches.csv:12:1: touch «fax», «sideways» is unknown: the type is call, email,"
        " linkedin_message, content_download or webinar, inbound or outbound",
        "touches.csv:12:1: lead_id «lead_7» does not stand in leads.csv",
        "touches.csv:13:1: 2 values where the header has 7",
    ]


def test_the_first_twenty_mistakes_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    bad = "".join(f"x{number},lead_1,soon,email,x,inbound,\n" for number in range(30))
    write(tmp_path, touches=FILES["touches.csv"] + bad)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert "30 mistakes" in caught.value.what
    assert len(caught.value.problems) == MOST_PROBLEMS == 20
    assert caught.value.problems[0].line == 12


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"lead_id\xff\n", "leads.csv: is not UTF-8 text: invalid start byte"),
        (
            FILES["leads.csv"].encode() + b'lead_4,"cnt_1" ,acct_1\n',
            "leads.csv:5:1: is not CSV: ',' expected after '\"'",
        ),
        (b'lead_id,"contact', "leads.csv:1:1: is not CSV: unexpected end of data"),
    ],
)
def test_a_file_that_is_no_csv_is_named(tmp_path: Path, raw: bytes, complaint: str) -> None:
    write(tmp_path)
    (tmp_path / "leads.csv").write_bytes(raw)
    assert complaints(tmp_path) == [complaint]


def test_a_long_value_is_cut_in_the_message(tmp_path: Path) -> None:
    write(tmp_path, accounts=FILES["accounts.csv"].replace("UK", "U" * 5_000))
    assert complaints(tmp_path) == [f"accounts.csv:2:1: region «{'U' * 40}…» is not one of US, UK"]


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="the CSV set does not lie beside this checkout")
def test_the_whole_set_is_loaded() -> None:
    ends_at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    made = load(SHIPPED, ends_at=ends_at)
    assert (len(made.companies), len(made.people), len(made.deals)) == (800, 2_500, 2_128)
    assert len({person.email for person in made.people}) == 2_500
    assert len(told(made)) == len(made.happenings)
    assert max(happening.at for happening in made.happenings).date() == ends_at.date()
    deeds = Counter(happening.deed for happening in made.happenings)
    assert deeds[Deed.PAGE_VISIT] == 4_942
    assert deeds[Deed.EVENT_ATTENDED] == 1_687
    requests = [one for one in made.happenings if one.details.get("form") == "Demo request"]
    assert len(requests) == 188
