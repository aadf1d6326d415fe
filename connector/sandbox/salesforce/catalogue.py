"""The objects of a new org, in the notation of `notation.py`.

Lengths and types are those of the platform's field reference; fields that no scoring could ask for
are left out.
"""

from connector.sandbox.salesforce.fields import SObject
from connector.sandbox.salesforce.notation import sobject

_PERSON = """
LastName string(80) required
FirstName string(40)
Salutation picklist(40)
Name string(121) readonly name
Title string(128)
Email email
Phone phone
MobilePhone phone
LeadSource picklist(255)
Description textarea(32000)
HasOptedOutOfEmail boolean
HasOptedOutOfFax boolean
DoNotCall boolean
EmailBouncedReason string(255)
EmailBouncedDate datetime
LastActivityDate date readonly
LastTransferDate date readonly
Jigsaw string(20)
"""
LEAD = (
    _PERSON
    + """
MasterRecordId reference(Lead) as=MasterRecord readonly
Company string(255) required
Street textarea(255)
City string(40)
State string(80)
PostalCode string(20)
Country string(80)
Website url
Status picklist(255) defaulted
Industry picklist(255)
Rating picklist(255)
AnnualRevenue currency(18,0)
NumberOfEmployees int(8)
OwnerId reference(Group,User) as=Owner defaulted
IsConverted boolean readonly
ConvertedDate date readonly
ConvertedAccountId reference(Account) as=ConvertedAccount readonly
ConvertedContactId reference(Contact) as=ConvertedContact readonly
ConvertedOpportunityId reference(Opportunity) as=ConvertedOpportunity readonly
IsUnreadByOwner boolean
"""
)
CONTACT = (
    _PERSON
    + """
MasterRecordId reference(Contact) as=MasterRecord readonly
AccountId reference(Account) as=Account children=Contacts
Department string(80)
ReportsToId reference(Contact) as=ReportsTo
MailingStreet textarea(255)
MailingCity string(40)
MailingState string(80)
MailingPostalCode string(20)
MailingCountry string(80)
OwnerId reference(User) as=Owner defaulted
"""
)
ACCOUNT = """
MasterRecordId reference(Account) as=MasterRecord readonly
Name string(255) required name
Type picklist(255)
ParentId reference(Account) as=Parent children=ChildAccounts
Industry picklist(255)
AnnualRevenue currency(18,0)
NumberOfEmployees int(8)
BillingCity string(40)
BillingCountry string(80)
Phone phone
Website url
Description textarea(32000)
OwnerId reference(User) as=Owner defaulted
LastActivityDate date readonly
"""
CAMPAIGN = """
Name string(80) required name
Type picklist(255)
Status picklist(255)
ParentId reference(Campaign) as=Parent children=ChildCampaigns
StartDate date
EndDate date
IsActive boolean
Description textarea(32000)
NumberOfLeads int(8) readonly
NumberOfContacts int(8) readonly
NumberOfResponses int(8) readonly
OwnerId reference(User) as=Owner defaulted
"""
CAMPAIGN_MEMBER = """
CampaignId reference(Campaign) as=Campaign children=CampaignMembers required createonly cascade
LeadId reference(Lead) as=Lead children=CampaignMembers createonly cascade
ContactId reference(Contact) as=Contact children=CampaignMembers createonly cascade
LeadOrContactId reference(Lead,Contact) as=LeadOrContact readonly
LeadOrContactOwnerId reference(User,Group) as=LeadOrContactOwner readonly
Type picklist(40) readonly
Status picklist(40) defaulted
HasResponded boolean readonly
FirstRespondedDate date readonly
Name string(255) readonly name
FirstName string(40) readonly
LastName string(80) readonly
Email email readonly
Title string(128) readonly
CompanyOrAccount string(255) readonly
DoNotCall boolean readonly
HasOptedOutOfEmail boolean readonly
"""
CAMPAIGN_MEMBER_STATUS = """
CampaignId reference(Campaign) as=Campaign children=CampaignMemberStatuses required createonly
Label string(765) required name
HasResponded boolean
IsDefault boolean
SortOrder int(9)
"""
_ACTIVITY = """
WhatId reference(Account,Campaign,Opportunity) as=What
AccountId reference(Account) as=Account readonly
Subject combobox(255) name
ActivityDate date
Description textarea(32000)
OwnerId reference(User,Group) as=Owner defaulted
IsReminderSet boolean
ReminderDateTime datetime
IsArchived boolean readonly
WhoCount int(9) readonly
WhatCount int(9) readonly
"""
TASK = (
    _ACTIVITY
    + """
WhoId reference(Contact,Lead) as=Who children=Tasks cascade
Status picklist(255) defaulted
Priority picklist(255) defaulted
IsHighPriority boolean readonly
IsClosed boolean readonly
CompletedDateTime datetime readonly
TaskSubtype picklist(40) createonly restricted
CallType picklist(40) restricted
CallDisposition string(255)
CallDurationInSeconds int(8)
CallObject string(255)
"""
)
EVENT = (
    _ACTIVITY
    + """
WhoId reference(Contact,Lead) as=Who children=Events cascade
Location string(255)
IsAllDayEvent boolean
ActivityDateTime datetime
StartDateTime datetime
EndDateTime datetime
DurationInMinutes int(8)
ShowAs picklist(40)
EventSubtype picklist(40) createonly restricted
IsPrivate boolean
IsChild boolean readonly
"""
)
EMAIL_MESSAGE = """
ParentId reference(Account) as=Parent createonly
ActivityId reference(Task) as=Activity createonly
RelatedToId reference(Account,Campaign,Opportunity) as=RelatedTo createonly
Subject string(3000) name
TextBody textarea(131072)
HtmlBody textarea(131072)
FromAddress email
FromName string(1000)
ToAddress string(4000) nofilter
Incoming boolean createonly
IsTracked boolean readonly
IsOpened boolean readonly
IsBounced boolean readonly
Status picklist(40) defaulted
MessageDate datetime
FirstOpenedDate datetime readonly
LastOpenedDate datetime readonly
"""
EMAIL_MESSAGE_RELATION = """
EmailMessageId reference(EmailMessage) as=EmailMessage children=EmailMessageRelations required createonly cascade
RelationId reference(Contact,Lead,User) as=Relation children=EmailMessageRelations createonly cascade
RelationType picklist(40) required createonly
RelationAddress string(1000) createonly
RelationObjectType picklist(40) readonly
"""  # noqa: E501 - one field stands on one line
OPPORTUNITY = """
AccountId reference(Account) as=Account children=Opportunities
Name string(120) required name
Description textarea(32000)
StageName picklist(255) required
Amount currency(18,2)
Probability percent(3,0) defaulted
ExpectedRevenue currency(18,2) readonly
CloseDate date required
Type picklist(255)
LeadSource picklist(255)
IsClosed boolean readonly
IsWon boolean readonly
ForecastCategory picklist(40) readonly
ForecastCategoryName picklist(255) defaulted
CampaignId reference(Campaign) as=Campaign children=Opportunities
HasOpenActivity boolean readonly
HasOverdueTask boolean readonly
LastActivityDate date readonly
ContactId reference(Contact) as=Contact createonly
OwnerId reference(User) as=Owner defaulted
"""
OPPORTUNITY_CONTACT_ROLE = """
OpportunityId reference(Opportunity) as=Opportunity children=OpportunityContactRoles required createonly cascade
ContactId reference(Contact) as=Contact children=OpportunityContactRoles required cascade
Role picklist(255)
IsPrimary boolean
"""  # noqa: E501 - one field stands on one line
OPPORTUNITY_STAGE = """
MasterLabel string(255) fixed name
ApiName string(255) fixed
IsActive boolean fixed
SortOrder int(9) fixed
IsClosed boolean fixed
IsWon boolean fixed
ForecastCategory picklist(40) fixed
ForecastCategoryName string(255) fixed
DefaultProbability percent(3,0) fixed
"""
RECORD_TYPE = """
Name string(80) fixed name
DeveloperName string(80) fixed
NamespacePrefix string(15) readonly
Description string(255) readonly
SobjectType picklist(40) fixed
IsActive boolean fixed
"""
LEAD_STATUS = """
MasterLabel string(255) fixed name
ApiName string(255) fixed
IsDefault boolean fixed
SortOrder int(9) fixed
IsConverted boolean fixed
"""
TASK_STATUS = """
MasterLabel string(255) fixed name
ApiName string(255) fixed
IsDefault boolean fixed
SortOrder int(9) fixed
IsClosed boolean fixed
"""
USER = """
Username string(80) required unique
LastName string(80) required
FirstName string(40)
Name string(121) readonly name
CompanyName string(80)
Email email required
Alias string(8) required
IsActive boolean
UserType picklist(40) readonly
TimeZoneSidKey picklist(40) required
LanguageLocaleKey picklist(40) required
LocaleSidKey picklist(40) required
ProfileId reference(Profile) as=Profile required
UserRoleId string(18)
LastLoginDate datetime readonly
"""
PROFILE = "Name string(255) fixed name\n"
GROUP = """
Name string(40) required name
DeveloperName string(80)
Type picklist(40) required createonly
Email email
RelatedId reference(User) as=Related readonly
OwnerId reference(User) as=Owner readonly
"""
QUEUE_SOBJECT = """
QueueId reference(Group) as=Queue children=QueueSobjects required createonly cascade
SobjectType picklist(40) required createonly
"""
ORGANIZATION = """
Name string(80) fixed name
OrganizationType picklist(40) fixed
InstanceName string(5) fixed
IsSandbox boolean fixed
NamespacePrefix string(15) readonly
TrialExpirationDate datetime readonly
TimeZoneSidKey picklist(40) fixed
LanguageLocaleKey picklist(40) fixed
DefaultLocaleSidKey picklist(40) fixed
PrimaryContact string(80) readonly
"""
PERMISSION_SET = """
Name string(80) required name
Label string(80) required
Description string(255)
IsOwnedByProfile boolean readonly
IsCustom boolean readonly
NamespacePrefix string(15) readonly
ProfileId reference(Profile) as=Profile readonly
"""
PERMISSION_SET_ASSIGNMENT = """
AssigneeId reference(User) as=Assignee children=PermissionSetAssignments required createonly cascade
PermissionSetId reference(PermissionSet) as=PermissionSet children=Assignments required createonly cascade
PermissionSetGroupId string(18) readonly
ExpirationDate datetime
IsActive boolean readonly
"""  # noqa: E501 - one field stands on one line
FIELD_PERMISSIONS = """
ParentId reference(PermissionSet) as=Parent children=FieldPerms required createonly cascade
SobjectType picklist(40) required createonly
Field picklist(255) required createonly
PermissionsRead boolean
PermissionsEdit boolean
"""
OBJECT_PERMISSIONS = """
ParentId reference(PermissionSet) as=Parent children=ObjectPerms required createonly cascade
SobjectType picklist(40) required createonly
PermissionsRead boolean
PermissionsCreate boolean
PermissionsEdit boolean
PermissionsDelete boolean
PermissionsViewAllRecords boolean
PermissionsModifyAllRecords boolean
"""
LIST_VIEW = """
Name string(80) fixed name
DeveloperName string(80) fixed
NamespacePrefix string(15) readonly
SobjectType picklist(40) fixed
IsSoqlCompatible boolean fixed
"""
ENTITY_DEFINITION = """
DurableId string(255) fixed
QualifiedApiName string(70) fixed name
DeveloperName string(70) fixed
Label string(255) fixed
PluralLabel string(255) fixed
KeyPrefix string(3) readonly
"""
ENTITY_LIMIT = """
DurableId string(255) fixed
EntityDefinitionId reference(EntityDefinition) as=EntityDefinition fixed
Type picklist(40) fixed
Label string(255) fixed
Max int(9) fixed
Remaining int(9) fixed
"""
FIELD_DEFINITION = """
DurableId string(255) fixed
QualifiedApiName string(70) fixed name
EntityDefinitionId reference(EntityDefinition) as=EntityDefinition fixed
Label string(255) fixed
DataType string(255) fixed
IsFieldHistoryTracked boolean fixed
"""
_HISTORY = """
Field picklist(255) fixed
DataType picklist(40) readonly
OldValue anyType readonly nofilter
NewValue anyType readonly nofilter
"""
LEAD_HISTORY = f"LeadId reference(Lead) as=Lead children=Histories fixed cascade{_HISTORY}"
CONTACT_HISTORY = (
    f"ContactId reference(Contact) as=Contact children=Histories fixed cascade{_HISTORY}"
)
CUSTOM_FIELD = """
DeveloperName string(40) fixed name
TableEnumOrId picklist(40) fixed
EntityDefinitionId reference(EntityDefinition) as=EntityDefinition fixed
NamespacePrefix string(15) readonly
FullName string(255) readonly nofilter
Description textarea(1000) readonly
Length int(8) readonly
"""
STAGES = (
    # name, probability, closed, won, forecast category
    ("Qualification", 20, False, False, "Pipeline"),
    ("Needs Analysis", 40, False, False, "Pipeline"),
    ("Proposal/Price Quote", 60, False, False, "BestCase"),
    ("Negotiation/Review", 80, False, False, "Forecast"),
    ("Closed Won", 100, True, True, "Closed"),
    ("Closed Lost", 0, True, False, "Omitted"),
)
FORECAST_LABELS = {
    "Pipeline": "Pipeline", "BestCase": "Best Case", "Forecast": "Commit",
    "Closed": "Closed", "Omitted": "Omitted",
}  # fmt: skip
LEAD_STATUSES = (
    "Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"
)  # fmt: skip
CONVERTED_STATUS = "Closed - Converted"
TASK_STATUSES = (
    "Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"
)  # fmt: skip
CLOSED_TASK = "Completed"
VALUES: dict[str, tuple[str, ...]] = {
    "Lead.Status": LEAD_STATUSES,
    "Lead.Rating": ("Hot", "Warm", "Cold"),
    "Lead.LeadSource": ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
    "Contact.LeadSource": ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
    "Campaign.Type": ("Conference", "Webinar", "Trade Show", "Email", "Web", "Other"),
    "Campaign.Status": ("Planned", "In Progress", "Completed", "Aborted"),
    "CampaignMember.Status": ("Sent", "Responded"),
    "CampaignMember.Type": ("Lead", "Contact"),
    "Task.Status": TASK_STATUSES,
    "Task.Priority": ("High", "Normal", "Low"),
    "Task.TaskSubtype": ("Task", "Email", "List Email", "Cadence", "Call", "LinkedIn"),
    "Task.CallType": ("Internal", "Inbound", "Outbound"),
    "Event.ShowAs": ("Busy", "OutOfOffice", "Free"),
    "Event.EventSubtype": ("Event",),
    "EmailMessage.Status": ("0", "1", "2", "3", "4", "5"),
    "EmailMessageRelation.RelationType": (
        "FromAddress", "ToAddress", "CcAddress", "BccAddress", "OtherAddress"
    ),
    "Opportunity.StageName": tuple(stage[0] for stage in STAGES),
    "Opportunity.ForecastCategoryName": tuple(FORECAST_LABELS.values()),
    "OpportunityContactRole.Role": (
        "Business User", "Decision Maker", "Economic Buyer", "Evaluator", "Influencer", "Other"
    ),
    "Group.Type": ("Queue", "Regular", "Role", "Organization"),
}  # fmt: skip


def builtin_objects() -> dict[str, SObject]:
    """Return the objects of a new org by name."""
    made = [
        sobject("Lead|00Q|Lead|Leads", LEAD, VALUES),
        sobject("Contact|003|Contact|Contacts", CONTACT, VALUES),
        sobject("Account|001|Account|Accounts", ACCOUNT, VALUES),
        sobject("Campaign|701|Campaign|Campaigns", CAMPAIGN, VALUES),
        sobject("CampaignMember|00v|Campaign Member|Campaign Members", CAMPAIGN_MEMBER, VALUES),
        sobject(
            "CampaignMemberStatus|01Y|Campaign Member Status|Campaign Member Statuses",
            CAMPAIGN_MEMBER_STATUS,
            VALUES,
        ),
        sobject("Task|00T|Task|Tasks", TASK, VALUES, is_activity=True),
        sobject("Event|00U|Event|Events", EVENT, VALUES, is_activity=True),
        sobject("EmailMessage|02s|Email Message|Email Messages", EMAIL_MESSAGE, VALUES),
        sobject(
            "EmailMessageRelation|0BI|Email Message Relation|Email Message Relations",
            EMAIL_MESSAGE_RELATION,
            VALUES,
        ),
        sobject("Opportunity|006|Opportunity|Opportunities", OPPORTUNITY, VALUES),
        sobject(
            "OpportunityContactRole|00K|Opportunity Contact Role|Opportunity Contact Roles",
            OPPORTUNITY_CONTACT_ROLE,
            VALUES,
        ),
        sobject("User|005|User|Users", USER, VALUES),
        sobject("Group|00G|Group|Groups", GROUP, VALUES),
        sobject("QueueSobject|03g|Queue Sobject|Queue Sobjects", QUEUE_SOBJECT, VALUES),
        sobject("PermissionSet|0PS|Permission Set|Permission Sets", PERMISSION_SET, VALUES),
        sobject(
            "PermissionSetAssignment|0Pa|Permission Set Assignment|Permission Set Assignments",
            PERMISSION_SET_ASSIGNMENT,
            VALUES,
            replicated=False,
        ),
        sobject(
            "FieldPermissions|01k|Field Permissions|Field Permissions",
            FIELD_PERMISSIONS,
            VALUES,
            replicated=False,
        ),
        sobject(
            "ObjectPermissions|110|Object Permissions|Object Permissions",
            OBJECT_PERMISSIONS,
            VALUES,
            replicated=False,
        ),
        *_fixed(),
    ]
    objects = {one.name: one for one in made}
    for name in ("LeadHistory", "ContactHistory"):
        for never in ("lastmodifieddate", "lastmodifiedbyid", "systemmodstamp"):
            del objects[name].fields[never]  # a row of history is not changed
    _join(objects)
    return objects


def _fixed() -> list[SObject]:
    # What an org tells of itself: no record of these is written through the API.
    listed = (
        ("OpportunityStage|01J|Opportunity Stage|Opportunity Stages", OPPORTUNITY_STAGE),
        ("RecordType|012|Record Type|Record Types", RECORD_TYPE),
        ("LeadStatus|01J|Lead Status Value|Lead Status Values", LEAD_STATUS),
        ("TaskStatus|01J|Task Status Value|Task Status Values", TASK_STATUS),
        ("Profile|00e|Profile|Profiles", PROFILE),
        ("Organization|00D|Organization|Organizations", ORGANIZATION),
        ("ListView|00B|List View|List Views", LIST_VIEW),
        ("EntityDefinition|4ie|Entity Definition|Entity Definitions", ENTITY_DEFINITION),
        ("FieldDefinition|4id|Field Definition|Field Definitions", FIELD_DEFINITION),
        ("LeadHistory|017|Lead History|Lead Histories", LEAD_HISTORY),
        ("ContactHistory|017|Contact History|Contact Histories", CONTACT_HISTORY),
    )
    tooling = (
        ("CustomField|00N|Custom Field|Custom Fields", CUSTOM_FIELD),
        ("EntityLimit|4im|Entity Limit|Entity Limits", ENTITY_LIMIT),
    )
    return [
        sobject(heading, lines, VALUES, writable=False, replicated=False, is_tooling=is_tooling)
        for is_tooling, group in ((False, listed), (True, tooling))
        for heading, lines in group
    ]


def _join(objects: dict[str, SObject]) -> None:
    for child in objects.values():
        for one in child.fields.values():
            for parent in one.refers_to if one.children else ():
                objects[parent].children[one.children.lower()] = (child.name, one.name)
