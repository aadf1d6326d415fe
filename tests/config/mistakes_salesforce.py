"""Mistakes in the files of a Salesforce org, and what an admin is told of each."""

# ruff: noqa: E501 - messages stand whole, so that they can be searched for

from tests.config.mistakes import Mistake

_SETTINGS = """\
version: 1
crm: salesforce
mapping: mappings/salesforce.yaml
rules: mappings/rules.yaml
connect:
  base_url: https://acme.my.salesforce.com
"""
_JWT = """\
  jwt: {client_id: "${ID}", username: leadripe@acme.com, private_key: file:server.key}
"""
_MAPPING = """\
version: 1
crm: salesforce
"""

SETTINGS = (
    Mistake(
        "no way in",
        _SETTINGS,
        (
            '6:3: give either «jwt» or «client_credentials», for example `jwt: {client_id: "${SF_CLIENT_ID}", username: leadripe@acme.com, private_key: file:server.key}`',
        ),
    ),
    Mistake(
        "the address of pages",
        _SETTINGS.replace("my.salesforce", "lightning.force") + _JWT,
        (
            "6:13: «base_url» must not be the address of pages; write https://acme.my.salesforce.com",
        ),
    ),
    Mistake(
        "the address where everybody signs in",
        _SETTINGS.replace("acme.my", "login") + _JWT,
        ("6:13: «base_url» must be the org's own My Domain, like https://acme.my.salesforce.com",),
    ),
    Mistake(
        "a version that is a number",
        _SETTINGS + _JWT + "  api_version: 66\n",
        ('8:16: «api_version» must be a version like "66.0"',),
    ),
    Mistake(
        "a secret in the file",
        _SETTINGS + "  client_credentials: {client_id: pat-na1-secret, client_secret: x}\n",
        (
            '7:35: a secret must not stand in this file: write "${CRM_CLIENT_ID}" and set that environment variable, or "file:client_id.secret" and put it alone into that file',
            '7:66: a secret must not stand in this file: write "${CRM_CLIENT_SECRET}" and set that environment variable, or "file:client_secret.secret" and put it alone into that file',
        ),
    ),
    Mistake(
        "HubSpot's token",
        _SETTINGS + _JWT + '  token: "${T}"\n',
        (
            "8:3: unknown key «token»; possible here: base_url, jwt, client_credentials, api_version, max_daily_calls or max_daily_share",
        ),
    ),
)
MAPPING = (
    Mistake(
        "a standard field to write",
        _MAPPING + "write: {score: Rating}\n",
        (
            "3:16: «score» must be the API name of a custom field, like Leadripe_Score__c: letters, digits and single underscores, at most 40 of them, then __c",
        ),
    ),
    Mistake(
        "both ways to name a field",
        _MAPPING + "contact: {fields: {company: {property: A, lead: B}}}\n",
        (
            "3:29: give either «property», or «lead» and «contact», for example {lead: Company, contact: Account.Name}",
        ),
    ),
    Mistake(
        "a source that is HubSpot's",
        _MAPPING + "activities: [{source: calls, type: call}]\n",
        (
            "3:23: «source» must be Task, Event, CampaignMember, EmailMessage or contact; the text «calls» was found",
        ),
    ),
    Mistake(
        "a date that nobody says",
        _MAPPING + "activities: [{source: contact, type: page_view}]\n",
        (
            "3:14: the source «contact» needs «at», the field that says when it happened, for example `at: pi__last_activity__c`",
        ),
    ),
    Mistake(
        "one field for two results",
        _MAPPING + "write: {score: A__c, fit: A__c}\n",
        ("3:27: «A__c» would be written with both score and fit: give each a property of its own",),
    ),
    Mistake(
        "an object without people",
        _MAPPING + "contact: {objects: [Account]}\n",
        ("3:21: «objects» must be Lead or Contact; the text «Account» was found",),
    ),
    Mistake(
        "a key with spaces",
        _MAPPING + "tasks: {key: My Key__c}\n",
        (
            "3:14: «key» must be the API name of a custom field, like Leadripe_Score__c: letters, digits and single underscores, at most 40 of them, then __c",
        ),
    ),
)
