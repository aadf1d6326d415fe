"""What the people of a world did, as the records in which Salesforce keeps it.

Forms, events and campaigns become campaign members, whose status is the last that was reached;
mails become e-mail messages, each with its task; calls, notes and messages tasks; meetings events.
Page visits stay in Account Engagement, as they do in real orgs: only its fields on the person move.
"""

from collections.abc import Callable, Mapping

from connector.sandbox.salesforce.fill_people import kind_of
from connector.sandbox.salesforce.filling import Book
from connector.sandbox.salesforce.moments import bulk_moment, to_s
from connector.sandbox.salesforce.table import Record, Values
from connector.sandbox.world import Deed, Happening

Teller = Callable[[Book, Record, Happening, int], None]

MINUTE_S = 60
MEETING_MINUTES = 30
# The statuses of campaign members, in the order in which they are reached, and which of them count
# as a response.
STATUSES = {
    "Sent": False,
    "Registered": False,
    "Opened": False,
    "Bounced": False,
    "Cancelled": False,
    "Clicked": True,
    "Responded": True,
    "Attended": True,
    "Attended On-demand": True,
    "Unsubscribed": False,
}
RANKS = {status: rank for rank, status in enumerate(STATUSES)}
TYPES = {"webinar": "Webinar", "trade_fair": "Trade Show"}
DISPOSITIONS = {"connected": "Connected", "no_answer": "No answer", "left_voicemail": "Voicemail"}


def define_fields(book: Book) -> None:
    """Define the custom fields that the stories need."""
    book.define(("Task", "Event"), "World_Key__c string(40)", "Outcome__c string(40)")
    book.define(("Campaign",), "Topic__c string(80)", "Asset_Kind__c string(80)")
    book.define(("CampaignMember",), "Page_URL__c string(255)", "Minutes__c double(18,0)")


def tell(book: Book, happening: Happening) -> None:
    """Keep one thing that happened."""
    person, at_s = book.people[happening.person], to_s(happening.at)
    TELLERS[happening.deed](book, person, happening, at_s)


def _form(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    details = happening.details
    campaign = _campaign(book, details.get("form", "Form"), "Web", at_s, details)
    url = details.get("page_url", "")[:255] or None
    _join(book, campaign, person, "Responded", at_s, Page_URL__c=url)


def _mail(status: str) -> Teller:
    def tell_mail(book: Book, person: Record, happening: Happening, at_s: int) -> None:
        name = happening.details.get("campaign", "Mailing")
        campaign = _campaign(book, name, "Email", at_s, happening.details)
        _join(book, campaign, person, status, at_s)
        if status == "Sent":
            subject = happening.details.get("subject", name)
            mail = _message(book, person, subject, at_s, is_inbound=False)
            mail.values["IsTracked"] = True
            task = _task(
                book, person, happening, at_s,
                Subject=f"List Email: {subject}"[:255],
                TaskSubtype="List Email",
            )  # fmt: skip
            mail.values["ActivityId"] = task.id
            book.mails[campaign.id, person.id] = mail
            return
        _follow_mail(book, person, book.mails.get((campaign.id, person.id)), status, at_s)

    return tell_mail


def _follow_mail(book: Book, person: Record, mail: Record | None, status: str, at_s: int) -> None:
    if status == "Unsubscribed":
        book.touch(person, at_s, HasOptedOutOfEmail=True)
    if status == "Bounced":
        reason = "550 mailbox unavailable"
        book.touch(person, at_s, EmailBouncedDate=at_s, EmailBouncedReason=reason)
        if mail is not None:
            book.touch(mail, at_s, IsBounced=True)
    if status == "Opened" and mail is not None:
        first = mail.values.get("FirstOpenedDate", at_s)
        book.touch(mail, at_s, IsOpened=True, FirstOpenedDate=first, LastOpenedDate=at_s)


def _delivered(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    """Keep nothing: the platform tells no delivery."""
    del book, person, happening, at_s


def _page_visit(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    score = person.values.get("pi__score__c", 0.0)
    pages = float(happening.details.get("pages") or 1)
    book.touch(
        person,
        at_s,
        pi__score__c=(score if isinstance(score, float) else 0.0) + pages,
        pi__first_activity__c=person.values.get("pi__first_activity__c", at_s),
        pi__last_activity__c=at_s,
    )


def _event_step(status: str) -> Teller:
    def tell_event(book: Book, person: Record, happening: Happening, at_s: int) -> None:
        details = happening.details
        kind = TYPES.get(details.get("event_kind", ""), "Conference")
        campaign = _campaign(book, details.get("event", "Event"), kind, at_s, details)
        reached = status
        if status == "Attended" and details.get("replay") == "true":
            reached = "Attended On-demand"
        minutes = float(details["minutes"]) if details.get("minutes") else None
        _join(book, campaign, person, reached, at_s, Minutes__c=minutes)

    return tell_event


def _call(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    details = happening.details
    direction = details.get("direction", "outbound").capitalize()
    _task(
        book, person, happening, at_s,
        Subject="Call",
        TaskSubtype="Call",
        CallType=direction,
        CallDisposition=DISPOSITIONS.get(details.get("outcome", ""), "Connected"),
        CallDurationInSeconds=round(float(details.get("minutes") or 0) * MINUTE_S),
    )  # fmt: skip


def _email(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    subject = happening.details.get("subject", "")
    is_inbound = happening.details.get("direction") == "inbound"
    task = _task(
        book, person, happening, at_s, Subject=f"Email: {subject}"[:255], TaskSubtype="Email"
    )
    mail = _message(book, person, subject, at_s, is_inbound=is_inbound)
    mail.values["ActivityId"] = task.id


def _meeting(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    details = happening.details
    values: Values = {
        "WhoId": person.id,
        "WhoCount": 1,
        "WhatCount": 0,
        "AccountId": person.values.get("AccountId"),
        "Subject": details.get("title", "Meeting")[:255],
        "EventSubtype": "Event",
        "ShowAs": "Busy",
        "StartDateTime": at_s,
        "ActivityDateTime": at_s,
        "EndDateTime": at_s + MEETING_MINUTES * MINUTE_S,
        "DurationInMinutes": MEETING_MINUTES,
        "ActivityDate": bulk_moment(at_s)[:10],
        "OwnerId": book.owners.get(happening.rep, book.org.main_user),
        "Outcome__c": details.get("outcome", "scheduled"),
        "World_Key__c": happening.key,
    }
    book.add("Event", values, at_s)
    _date(person, at_s)


def _message_sent(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    direction = happening.details.get("direction", "outbound")
    channel = happening.details.get("channel", "linkedin")
    subtype = "LinkedIn" if channel.lower() == "linkedin" else "Task"
    subject = f"{channel.capitalize()} message ({direction})"
    _task(book, person, happening, at_s, Subject=subject, TaskSubtype=subtype)


def _note(book: Book, person: Record, happening: Happening, at_s: int) -> None:
    body = happening.details.get("body", "")
    _task(
        book, person, happening, at_s, Subject="Note", TaskSubtype="Task", Description=body[:32_000]
    )


def _task(book: Book, person: Record, happening: Happening, at_s: int, **values: object) -> Record:
    _date(person, at_s)
    return book.add(
        "Task",
        {
            "WhoId": person.id,
            "WhoCount": 1,
            "WhatCount": 0,
            "AccountId": person.values.get("AccountId"),
            "Status": "Completed",
            "IsClosed": True,
            "Priority": "Normal",
            "ActivityDate": bulk_moment(at_s)[:10],
            "CompletedDateTime": at_s,
            "OwnerId": book.owners.get(happening.rep, book.org.main_user),
            "World_Key__c": happening.key,
            **values,
        },
        at_s,
    )


def _date(person: Record, at_s: int) -> None:
    person.values["LastActivityDate"] = bulk_moment(at_s)[:10]


def _message(book: Book, person: Record, subject: str, at_s: int, *, is_inbound: bool) -> Record:
    mail = book.add(
        "EmailMessage",
        {
            "Subject": subject,
            "Incoming": is_inbound,
            "MessageDate": at_s,
            "Status": "0" if is_inbound else "3",
        },
        at_s,
    )
    relation: Values = {
        "EmailMessageId": mail.id,
        "RelationId": person.id,
        "RelationType": "FromAddress" if is_inbound else "ToAddress",
        "RelationAddress": person.values.get("Email"),
        "RelationObjectType": book.org.kind_of(person.id),
    }
    book.add("EmailMessageRelation", relation, at_s)
    return mail


def _campaign(book: Book, name: str, kind: str, at_s: int, details: Mapping[str, str]) -> Record:
    held = book.campaigns.get(f"{kind}|{name}")
    if held is not None:
        return held
    values: Values = {
        "Name": name[:80],
        "Type": kind,
        "Status": "In Progress",
        "IsActive": True,
        "StartDate": bulk_moment(at_s)[:10],
        "OwnerId": book.org.main_user,
        "Topic__c": details.get("topic", ""),
        "Asset_Kind__c": details.get("asset_kind", ""),
    }
    held = book.campaigns[f"{kind}|{name}"] = book.add("Campaign", values, at_s)
    for status, responded in STATUSES.items():
        row: Values = {
            "CampaignId": held.id, "Label": status, "HasResponded": responded,
            "IsDefault": status == "Sent", "SortOrder": RANKS[status] + 1,
        }  # fmt: skip
        book.add("CampaignMemberStatus", row, at_s)
    return held


def _join(
    book: Book, campaign: Record, person: Record, status: str, at_s: int, **more: object
) -> None:
    member = book.members.get((campaign.id, person.id))
    if member is None:
        who = kind_of(book, person)
        values: Values = {
            "CampaignId": campaign.id,
            **who,
            "LeadOrContactId": person.id,
            "Type": next(iter(who)).removesuffix("Id"),
            "Status": status,
        }
        member = book.members[campaign.id, person.id] = book.add("CampaignMember", values, at_s)
    reached = max(status, str(member.values["Status"]), key=RANKS.__getitem__)
    responded = STATUSES[status] or None
    first = bulk_moment(at_s)[:10] if responded else None
    book.touch(
        member,
        at_s,
        Status=reached,
        HasResponded=responded,
        FirstRespondedDate=member.values.get("FirstRespondedDate", first),
        **more,
    )


TELLERS: Mapping[Deed, Teller] = {
    Deed.FORM: _form,
    Deed.MAIL_SENT: _mail("Sent"),
    Deed.MAIL_DELIVERED: _delivered,
    Deed.MAIL_OPENED: _mail("Opened"),
    Deed.MAIL_CLICKED: _mail("Clicked"),
    Deed.MAIL_BOUNCED: _mail("Bounced"),
    Deed.UNSUBSCRIBED: _mail("Unsubscribed"),
    Deed.PAGE_VISIT: _page_visit,
    Deed.EVENT_REGISTERED: _event_step("Registered"),
    Deed.EVENT_ATTENDED: _event_step("Attended"),
    Deed.EVENT_CANCELLED: _event_step("Cancelled"),
    Deed.CALL: _call,
    Deed.EMAIL: _email,
    Deed.MEETING: _meeting,
    Deed.MESSAGE: _message_sent,
    Deed.NOTE: _note,
}
