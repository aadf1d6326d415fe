"""The properties and groups that an account has before anybody adds one.

A line is `name type field flags`; flags: r = its values are read-only, c = calculated (and so
read-only), u = unique.
Only what a connector can meet is listed; a real account has hundreds more.
"""

GROUPS = {
    "contacts": "contactinformation analyticsinformation emailinformation conversioninformation "
    "sales_properties deal_information contact_activity",
    "companies": "companyinformation",
    "deals": "dealinformation",
    "leads": "leadinformation",
    "tasks": "task",
    "notes": "note",
    "meetings": "meeting",
    "calls": "call",
    "emails": "email",
    "communications": "communication",
}

_COMMON = """
hs_object_id number number r
hs_unique_creation_key string text ru
hs_merged_object_ids enumeration checkbox r
hs_created_by_user_id number number r
hs_updated_by_user_id number number r
hubspot_owner_assigneddate datetime date r
hubspot_owner_id enumeration select
hubspot_team_id enumeration select r
"""

_ACTIVITY = f"""{_COMMON}
hs_createdate datetime date r
hs_lastmodifieddate datetime date r
hs_timestamp datetime date
hs_body_preview string text r
hs_body_preview_html string html r
hs_activity_type string text
"""

LIFECYCLE = (
    "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer "
    "evangelist other"
)
DEAL_STAGES = (
    "qualifiedtobuy presentationscheduled decisionmakerboughtin contractsent closedwon closedlost"
)


def _stage_times(stages: str) -> str:
    each = (
        f"hs_v2_date_entered_{stage} datetime date r\n"
        f"hs_v2_date_exited_{stage} datetime date r\n"
        f"hs_v2_cumulative_time_in_{stage} number number r"
        for stage in stages.split()
    )
    return "\n".join(["hs_v2_date_entered_current_stage datetime date r", *each])


PROPERTIES = {
    "contacts": f"""{_COMMON}
createdate datetime date r
lastmodifieddate datetime date r
hs_lastmodifieddate datetime date r
email string text u
firstname string text
lastname string text
jobtitle string text
phone string phonenumber
mobilephone string phonenumber
company string text
website string text
industry string text
city string text
state string text
zip string text
country string text
address string text
numemployees string text
annualrevenue string text
seniority string text
job_function string text
hs_seniority enumeration select
hs_role enumeration select
hs_language enumeration select
lifecyclestage enumeration radio
hs_lead_status enumeration radio
hs_all_contact_vids string text r
hs_calculated_merged_vids string text r
hs_is_merge_revertible bool booleancheckbox r
hs_additional_emails enumeration checkbox
hubspotscore number number c
associatedcompanyid number number
closedate datetime date
hs_analytics_source enumeration select
hs_latest_source enumeration select r
hs_latest_source_timestamp datetime date r
hs_analytics_num_visits number number r
hs_analytics_num_page_views number number r
hs_analytics_average_page_views number number r
hs_analytics_num_event_completions number number r
hs_analytics_first_timestamp datetime date r
hs_analytics_last_visit_timestamp datetime date r
hs_analytics_last_timestamp datetime date r
hs_analytics_last_url string text r
num_page_views number number r
num_visits number number r
num_conversion_events number number r
num_unique_conversion_events number number r
recent_conversion_date datetime date r
recent_conversion_event_name string text r
first_conversion_date datetime date r
first_conversion_event_name string text r
hs_calculated_form_submissions string text c
hs_email_delivered number number r
hs_email_open number number r
hs_email_click number number r
hs_email_replied number number r
hs_email_bounce number number r
hs_email_last_open_date datetime date r
hs_email_last_click_date datetime date r
hs_email_last_reply_date datetime date r
hs_email_last_send_date datetime date r
hs_email_last_email_name string text r
hs_email_sends_since_last_engagement number number r
hs_email_optout bool booleancheckbox r
hs_email_bad_address bool booleancheckbox r
hs_email_hard_bounce_reason_enum enumeration select r
hs_email_quarantined bool booleancheckbox r
hs_email_domain string text r
hs_sales_email_last_opened datetime date r
hs_sales_email_last_clicked datetime date r
hs_sales_email_last_replied datetime date r
notes_last_contacted datetime date r
notes_last_updated datetime date r
notes_next_activity_date datetime date r
num_notes number number r
num_contacted_notes number number r
hs_last_sales_activity_timestamp datetime date r
hs_last_sales_activity_type enumeration select r
hs_latest_meeting_activity datetime date r
engagements_last_meeting_booked datetime date r
hs_latest_sequence_enrolled_date datetime date r
hs_is_unworked bool booleancheckbox c
hs_first_outreach_date datetime date r
num_associated_deals number number r
recent_deal_amount number number r
recent_deal_close_date datetime date r
first_deal_created_date datetime date r
total_revenue number number r
hs_latest_open_lead_date datetime date r
hs_latest_qualified_lead_date datetime date r
hs_latest_disqualified_lead_date datetime date r
{_stage_times(LIFECYCLE)}
""",
    "companies": f"""{_COMMON}
createdate datetime date r
hs_lastmodifieddate datetime date r
name string text
domain string text
industry string text
country string text
city string text
phone string phonenumber
website string text
numberofemployees number number
annualrevenue number number
lifecyclestage enumeration radio
num_associated_contacts number number r
num_associated_deals number number r
""",
    "deals": f"""{_COMMON}
createdate datetime date r
hs_createdate datetime date r
hs_lastmodifieddate datetime date r
dealname string text
amount number number
amount_in_home_currency number number c
deal_currency_code enumeration select
pipeline enumeration select
dealstage enumeration radio
dealtype enumeration radio
closedate datetime date
hs_is_closed bool booleancheckbox c
hs_is_closed_won bool booleancheckbox c
hs_deal_stage_probability number number c
hs_forecast_amount number number
hs_forecast_probability number number
hs_manual_forecast_category enumeration select
hs_projected_amount number number c
hs_closed_amount number number c
num_associated_contacts number number r
num_notes number number r
notes_last_contacted datetime date r
notes_last_updated datetime date r
{_stage_times(DEAL_STAGES)}
""",
    "leads": f"""{_COMMON}
hs_createdate datetime date r
hs_lastmodifieddate datetime date r
hs_lead_name string text
hs_lead_label enumeration select
hs_lead_type enumeration select
hs_lead_disqualification_reason enumeration select
hs_lead_disqualification_note string textarea
hs_pipeline enumeration select
hs_pipeline_stage enumeration radio
hs_lead_is_open bool booleancheckbox c
""",
    "tasks": f"""{_ACTIVITY}
hs_task_subject string text
hs_task_body string html
hs_task_status enumeration select
hs_task_priority enumeration select
hs_task_type enumeration select
hs_task_reminders string text
hs_task_is_completed number number c
hs_task_completion_date datetime date r
hs_task_is_overdue bool booleancheckbox c
hs_task_last_contact_outreach datetime date r
""",
    "notes": f"""{_ACTIVITY}
hs_note_body string html
""",
    "meetings": f"""{_ACTIVITY}
hs_meeting_title string text
hs_meeting_body string html
hs_internal_meeting_notes string html
hs_meeting_location string text
hs_meeting_external_url string text
hs_meeting_start_time datetime date
hs_meeting_end_time datetime date
hs_meeting_outcome enumeration select
""",
    "calls": f"""{_ACTIVITY}
hs_call_title string text
hs_call_body string html
hs_call_direction enumeration select
hs_call_status enumeration select
hs_call_duration number number
hs_call_disposition enumeration select
hs_call_from_number string text
hs_call_to_number string text
""",
    "emails": f"""{_ACTIVITY}
hs_email_subject string text
hs_email_text string textarea
hs_email_html string html
hs_email_direction enumeration select
hs_email_status enumeration select
hs_email_headers string text
hs_email_from_email string text r
hs_email_to_email string text r
hs_email_open_count number number r
hs_email_click_count number number r
hs_email_reply_count number number r
""",
    "communications": f"""{_ACTIVITY}
hs_communication_channel_type enumeration select
hs_communication_logged_from enumeration select
hs_communication_body string html
""",
}

CALL_CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
CALL_LEFT_VOICEMAIL = "b2cf5968-551e-4856-9783-52b3da59a7d0"
CALL_NO_ANSWER = "73a0d17f-1163-4015-bdd5-ec830791da20"

OPTIONS = {
    "lifecyclestage": LIFECYCLE,
    "hs_lead_status": "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED "
    "BAD_TIMING",
    "hs_language": "en fr de es it nl pt-br en-gb en-us fr-fr fr-ca de-de",
    "hs_seniority": "entry employee manager director vp executive owner partner senior",
    "hs_role": "accounting administrative business_development communications consulting "
    "customer_service design education engineering entrepreneurship finance health_professional "
    "human_resources information_technology legal marketing operations product project_management "
    "public_relations quality_assurance real_estate recruiting research sales support retired",
    "hs_analytics_source": "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS "
    "OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE PAID_SOCIAL AI_REFERRALS",
    "hs_email_hard_bounce_reason_enum": "CONTENT MAILBOX_FULL OTHER POLICY SPAM UNKNOWN_USER",
    "hs_last_sales_activity_type": "EMAIL_OPEN EMAIL_CLICK EMAIL_REPLY MEETING_BOOKED CALL EMAIL",
    "hs_task_status": "NOT_STARTED IN_PROGRESS WAITING DEFERRED COMPLETED",
    "hs_task_priority": "NONE LOW MEDIUM HIGH",
    "hs_task_type": "TODO CALL EMAIL LINKED_IN LINKED_IN_CONNECT LINKED_IN_MESSAGE",
    "hs_meeting_outcome": "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED",
    "hs_call_direction": "INBOUND OUTBOUND",
    "hs_call_status": "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS "
    "MISSED NO_ANSWER QUEUED RINGING",
    "hs_call_disposition": f"{CALL_CONNECTED} {CALL_LEFT_VOICEMAIL} {CALL_NO_ANSWER}",
    "hs_email_direction": "EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
    "hs_email_status": "BOUNCED FAILED SCHEDULED SENDING SENT",
    "hs_communication_channel_type": "WHATS_APP LINKEDIN_MESSAGE SMS CUSTOM_CHANNEL_CONVERSATION",
    "hs_communication_logged_from": "CRM",
    "deal_currency_code": "EUR USD GBP CHF CAD",
    "dealtype": "newbusiness existingbusiness",
    "hs_manual_forecast_category": "OMIT PIPELINE BEST_CASE COMMIT CLOSED",
    "hs_lead_label": "HOT WARM COLD",
    "hs_lead_type": "NEW_BUSINESS UPSELL RE_ATTEMPTING",  # HubSpot has a blank in the first
    "hs_lead_disqualification_reason": "NO_BUDGET NO_NEED NOT_A_FIT UNRESPONSIVE OTHER",
}
OPTIONS["hs_latest_source"] = OPTIONS["hs_analytics_source"]

# Prefixes that tell a contact property's group; the first that fits, else contact information.
CONTACT_GROUPS = (
    ("hs_analytics_", "analyticsinformation"),
    ("hs_latest_source", "analyticsinformation"),
    ("num_page_views", "analyticsinformation"),
    ("num_visits", "analyticsinformation"),
    ("hs_email_", "emailinformation"),
    ("num_associated_deals", "deal_information"),
    ("recent_deal_", "deal_information"),
    ("total_revenue", "deal_information"),
    ("recent_conversion", "conversioninformation"),
    ("first_conversion", "conversioninformation"),
    ("num_conversion", "conversioninformation"),
    ("num_unique_conversion", "conversioninformation"),
    ("notes_", "sales_properties"),
    ("num_notes", "sales_properties"),
    ("num_contacted_notes", "sales_properties"),
    ("hs_sales_", "sales_properties"),
    ("hs_last_sales_", "sales_properties"),
)
