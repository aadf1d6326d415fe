"""What bad input gets: each mistake with the very message, and the place it is shown at."""

from itertools import pairwise
from typing import NamedTuple

from connector.rules.decay import IN_DAYS


class Mistake(NamedTuple):
    """A file with something wrong in it, and what an admin is told: `line:column: message`."""

    name: str
    text: str
    told: tuple[str, ...]


def _laughs() -> str:
    """Return a few lines that aliases blow up to ten million values."""
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for before, name in pairwise("abcdefgh"):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    return "\n".join(lines)


_SETTINGS = """\
version: 1
crm: hubspot
connect: {token: "${HUBSPOT_TOKEN}"}
mapping: mappings/hubspot.yaml
rules: mappings/rules.yaml
"""
_CONNECT = """\
version: 1
crm: hubspot
mapping: mappings/hubspot.yaml
rules: mappings/rules.yaml
connect:
"""
_MAPPING = """\
version: 1
crm: hubspot
"""
_RULES = """\
version: 1
"""
_ONE_RULE = """\
version: 1
rules:
  - {id: paper, activity: content_download, points: 5}
"""

_DATED = """\
version: 1
crm: hubspot
activities:
  - {source: notes, type: note, where: {hs_timestamp: {within_last: 30d}}}
"""

SETTINGS = (
    Mistake(
        "an unknown key",
        _SETTINGS + "langauge: fr\n",
        ("6:1: unknown key «langauge»; did you mean «language»?",),
    ),
    Mistake(
        "an unknown key that is near nothing",
        _SETTINGS + "guards: {zzz: 1}\n",
        (
            "6:10: unknown key «zzz»; possible here: stage_changes, tasks_per_owner or "
            "fewer_contacts",
        ),
    ),
    Mistake(
        "missing keys",
        "version: 1\ncrm: hubspot\n",
        (
            "1:1: «mapping» is missing in this file",
            "1:1: «rules» is missing in this file",
            "1:1: «connect» is missing in this file",
        ),
    ),
    Mistake(
        "another version",
        "version: 2\n"
        "crm: hubspot\n"
        'connect: {token: "${HUBSPOT_TOKEN}"}\n'
        "mapping: mappings/hubspot.yaml\n"
        "rules: mappings/rules.yaml\n",
        ("1:10: «version» must be 1; the number 2 was found",),
    ),
    Mistake(
        "a CRM we do not know",
        "version: 1\n"
        "crm: hubspt\n"
        'connect: {token: "${HUBSPOT_TOKEN}"}\n'
        "mapping: mappings/hubspot.yaml\n"
        "rules: mappings/rules.yaml\n",
        (
            "2:6: «crm» must be hubspot or salesforce; the text «hubspt» was found; "
            "did you mean «hubspot»?",
        ),
    ),
    Mistake(
        "a token in the file",
        _MAPPING + 'connect: {token: "pat-na1-0123-4567"}\n'
        "mapping: mappings/hubspot.yaml\n"
        "rules: mappings/rules.yaml\n",
        (
            '3:18: a secret must not stand in this file: write "${HUBSPOT_TOKEN}" and set '
            'that environment variable, or "file:hubspot.token" and put it alone into that file',
        ),
    ),
    Mistake(
        "a token as the whole section",
        _MAPPING + "mapping: mappings/hubspot.yaml\n"
        "rules: mappings/rules.yaml\n"
        "connect: pat-na1-0123-4567\n",
        (
            "5:10: «connect» must be a section, for example `connect: {token: "
            '"${HUBSPOT_TOKEN}"}`; a text that looks like a secret was found',
        ),
    ),
    Mistake(
        "a token as a list",
        _CONNECT + "  token: [pat-na1-0123-4567]\n",
        (
            '6:10: a secret must not stand in this file: write "${HUBSPOT_TOKEN}" and set '
            'that environment variable, or "file:hubspot.token" and put it alone into that file',
        ),
    ),
    Mistake(
        "a token as a key",
        _CONNECT + "  pat-na1-01234567-89ab-cdef: yes\n",
        (
            "6:3: unknown key (a text that looks like a secret); possible here: token, "
            "oauth, base_url or max_daily_calls",
        ),
    ),
    Mistake(
        "a keyring reference",
        _CONNECT + "  token: keyring:leadripe/me\n",
        ("6:10: «keyring:» is not supported yet; use an environment variable or «file:»",),
    ),
    Mistake(
        "a reference without quotes between braces",
        _MAPPING + "mapping: mappings/hubspot.yaml\n"
        "rules: mappings/rules.yaml\n"
        "connect: {token: ${HUBSPOT_TOKEN}}\n",
        (
            "5:10: a bracket is not closed, a comma is missing, or a text with brackets needs "
            "quotes",
        ),
    ),
    Mistake(
        "neither token nor oauth",
        _MAPPING + "mapping: mappings/hubspot.yaml\n"
        "rules: mappings/rules.yaml\n"
        "connect: {max_daily_calls: 10}\n",
        ('5:10: give either «token» or «oauth», for example `token: "${HUBSPOT_TOKEN}"`',),
    ),
    Mistake(
        "both token and oauth",
        _CONNECT + "  token: ${A}\n"
        '  oauth: {client_id: "${A}", client_secret: "${B}", refresh_token: "${C}"}\n',
        ('6:3: give either «token» or «oauth», for example `token: "${HUBSPOT_TOKEN}"`',),
    ),
    Mistake(
        "an unsafe address",
        _CONNECT + "  token: ${A}\n  base_url: http://api.hubapi.com\n",
        ("7:13: «base_url» must begin with https:// (http:// is for this machine only)",),
    ),
    Mistake(
        "an address with a password",
        _CONNECT + "  token: ${A}\n  base_url: https://me:secret@api.hubapi.com\n",
        ("7:13: «base_url» must not hold a user name or password",),
    ),
    Mistake(
        "no address at all",
        _CONNECT + "  token: ${A}\n  base_url: hubapi\n",
        ("7:13: «base_url» must be an address like https://api.hubapi.com",),
    ),
    Mistake(
        "a language we do not speak",
        _SETTINGS + "language: de\n",
        ("6:11: «language» must be en or fr; the text «de» was found",),
    ),
    Mistake(
        "an unknown time zone",
        _SETTINGS + "time_zone: Europe/Pariss\n",
        ("6:12: «Europe/Pariss» is no time zone; write for example Europe/Paris",),
    ),
    Mistake(
        "a share that is no percentage",
        _SETTINGS + "guards: {stage_changes: 0.3}\n",
        (
            "6:25: «stage_changes» must be a percentage from 0% to 100%, for example 30%; "
            "the number 0.3 was found",
        ),
    ),
    Mistake(
        "more than all",
        _SETTINGS + "guards: {stage_changes: 130%}\n",
        (
            "6:25: «stage_changes» must be a percentage from 0% to 100%, for example 30%; "
            "the text «130%» was found",
        ),
    ),
    Mistake(
        "a duration without a unit",
        _SETTINGS + "write: {max_age: 30}\n",
        ("6:18: «max_age» must be a duration, for example 12h or 30d; the number 30 was found",),
    ),
    Mistake(
        "a number below the least",
        _SETTINGS + "write: {min_change: 0}\n",
        ("6:21: «min_change» must be at least 1",),
    ),
    Mistake(
        "a number in quotes",
        _SETTINGS + 'write: {min_change: "3"}\n',
        (
            "6:21: «min_change» must be a whole number, for example `min_change: 5`; the "
            "text «3» was found",
        ),
    ),
    Mistake(
        "a truth value for a number",
        _SETTINGS + "write: {min_change: yes}\n",
        (
            "6:21: «min_change» must be a whole number, for example `min_change: 5`; the "
            "text «yes» was found",
        ),
    ),
    Mistake(
        "a list for a section",
        _SETTINGS + "write: [3]\n",
        (
            "6:8: «write» must be a section, for example `write: {score: leadripe_score}`; a "
            "list was found",
        ),
    ),
    Mistake(
        "an emptied section",
        _SETTINGS + "write:\n",
        (
            "6:1: «write» must be a section, for example `write: {score: leadripe_score}`; "
            "nothing was found",
        ),
    ),
    Mistake(
        "a path that is a list",
        _MAPPING + 'connect: {token: "${HUBSPOT_TOKEN}"}\n'
        "mapping: [a.yaml]\n"
        "rules: mappings/rules.yaml\n",
        ("4:10: «mapping» must be a path, for example mappings/rules.yaml; a list was found",),
    ),
    Mistake(
        "a key that stands twice",
        _SETTINGS + "language: fr\nlanguage: en\n",
        ("7:1: «language» stands twice; the first is in line 6",),
    ),
    Mistake(
        "several mistakes",
        _MAPPING + "connect: {token: abc}\nmapping: m.yaml\nrulez: r.yaml\nlanguage: 5\n",
        (
            '3:18: a secret must not stand in this file: write "${HUBSPOT_TOKEN}" and set '
            'that environment variable, or "file:hubspot.token" and put it alone into that file',
            "5:1: unknown key «rulez»; did you mean «rules»?",
            "6:11: «language» must be en or fr; the number 5 was found",
        ),
    ),
)

MAPPING = (
    Mistake(
        "a comparison with the day of reading",
        _DATED,
        ("4:69: «within_last» compares with the day of reading, which changes: name a date",),
    ),
    Mistake(
        "an unknown key in an activity",
        _MAPPING + "activities:\n  - source: calls\n    tpye: call\n",
        ("5:5: unknown key «tpye»; did you mean «type»?",),
    ),
    Mistake(
        "an unknown source",
        _MAPPING + "activities:\n  - {source: call, type: call}\n",
        (
            "4:14: «source» must be form_submissions, email_events, marketing_events, calls, "
            "emails, meetings, notes, tasks, communications or contact; the text «call» was "
            "found; did you mean «calls»?",
        ),
    ),
    Mistake(
        "a type that is no name",
        _MAPPING + "activities:\n  - {source: calls, type: Phone Call}\n",
        ("4:27: «Phone Call» is no name: use lower-case letters, digits, underscores",),
    ),
    Mistake(
        "a contact date without its property",
        _MAPPING + "activities:\n  - {source: contact, type: page_view}\n",
        (
            "4:5: the source «contact» needs «at», the property that says when it happened, "
            "for example `at: hs_analytics_last_timestamp`",
        ),
    ),
    Mistake(
        "a field name in capitals",
        _MAPPING + "contact:\n  fields:\n    JobTitle: jobtitle\n",
        ("5:5: «JobTitle» is no name: use lower-case letters, digits, underscores",),
    ),
    Mistake(
        "a name with our own ending",
        _MAPPING + "contact:\n  fields: {title_folded: jobtitle}\n",
        ("4:12: a name must not end in «_folded»: that ending is ours",),
    ),
    Mistake(
        "a field that is always read",
        _MAPPING + "contact:\n  fields: {email: email}\n",
        ("4:19: «email» is always read: leave it out",),
    ),
    Mistake(
        "an unknown type of value",
        _MAPPING + "contact:\n  fields: {size: {property: numemployees, type: numbr}}\n",
        (
            "4:49: «type» must be text, number, boolean or datetime; the text «numbr» was "
            "found; did you mean «number»?",
        ),
    ),
    Mistake(
        "dividing a text",
        _MAPPING + "contact:\n  fields: {size: {property: numemployees, divide_by: 2}}\n",
        ("4:54: «divide_by» needs `type: number`",),
    ),
    Mistake(
        "dividing by nothing",
        _MAPPING + "contact:\n"
        "  fields: {size: {property: numemployees, type: number, divide_by: 0}}\n",
        ("4:68: «divide_by» must be more than 0",),
    ),
    Mistake(
        "an activity called like the task of a hand-off",
        _MAPPING + "activities:\n"
        "  - {source: calls, type: call}\n"
        "  - {source: meetings, type: open_task}\n",
        ("5:30: «open_task» is the task of a hand-off, which the rules know by themselves",),
    ),
    Mistake(
        "an attribute of two kinds",
        _MAPPING + "activities:\n"
        "  - {source: calls, type: call, attributes: {minutes: {property: "
        "hs_call_duration, type: number}}}\n"
        "  - {source: meetings, type: meeting, attributes: {minutes: hs_length}}\n",
        (
            "5:61: the attribute «minutes» is number in one activity and text in another: "
            "give it one type, or two names",
        ),
    ),
    Mistake(
        "an attribute read and set",
        _MAPPING + "activities:\n"
        "  - {source: calls, type: call, attributes: {kind: a}, set: {kind: b}}\n",
        ("4:61: «kind» stands in «attributes» and in «set»",),
    ),
    Mistake(
        "one property for two results",
        _MAPPING + "write: {score: lead_score, fit: lead_score}\n",
        (
            "3:33: «lead_score» would be written with both score and fit: give each a "
            "property of its own",
        ),
    ),
    Mistake(
        "a property that cannot exist",
        _MAPPING + "write: {score: Lead Score}\n",
        ("3:16: «Lead Score» is no name: use lower-case letters, digits, underscores",),
    ),
    Mistake(
        "an unknown kind of task",
        _MAPPING + "tasks: {key: leadripe_key, type: PHONE}\n",
        ("3:34: «type» must be CALL, TODO or EMAIL; the text «PHONE» was found",),
    ),
    Mistake(
        "pipelines that are neither all nor a list",
        _MAPPING + "opportunities: {pipelines: some}\n",
        ("3:28: «pipelines» must be all or a list; the text «some» was found",),
    ),
    Mistake(
        "the mapping of a CRM that we do not know",
        "version: 1\ncrm: pipedrive\n",
        ("2:6: «crm» must be hubspot or salesforce; the text «pipedrive» was found",),
    ),
    Mistake(
        "a regular expression that is not RE2",
        _MAPPING + "activities:\n"
        "  - source: form_submissions\n"
        "    where: {form_name: {matches: '(?=demo)'}}\n"
        "    type: demo_request\n",
        (
            "5:34: «(?=demo)» is not a regular expression of the RE2 kind: invalid perl "
            "operator: (?=",
        ),
    ),
    Mistake(
        "an unknown comparison",
        _MAPPING + "activities:\n"
        "  - source: calls\n"
        "    where: {hs_call_status: {equal: COMPLETED}}\n"
        "    type: call\n",
        ("5:30: unknown key «equal»; did you mean «equals»?",),
    ),
    Mistake(
        "an inequality of words",
        _MAPPING + "activities:\n"
        "  - source: calls\n"
        "    where: {hs_call_duration: {gte: long}}\n"
        "    type: call\n",
        ("5:37: «gte» is for numbers and dates; the text «long» is neither",),
    ),
    Mistake(
        "an inequality of a number beyond all",
        _MAPPING + "activities:\n"
        "  - source: calls\n"
        "    where: {hs_call_duration: {gte: 99999999999999999999}}\n"
        "    type: call\n",
        ("5:37: the number 99999999999999999999 is too large to compare with",),
    ),
)

RULES = (
    Mistake(
        "no rules",
        "version: 1\n",
        ("1:1: «rules» is missing in this file",),
    ),
    Mistake(
        "an empty list of rules",
        _RULES + "rules: []\n",
        ("2:8: «rules» must have at least 1 entry",),
    ),
    Mistake(
        "missing keys of a rule",
        _RULES + "rules:\n  - id: paper\n    points: 5\n",
        ("3:5: «activity» is missing in «paper»",),
    ),
    Mistake(
        "a misspelt key in a decay",
        _RULES + "rules:\n"
        "  - id: paper\n"
        "    activity: content_download\n"
        "    points: 5\n"
        "    decay:\n"
        "      hlaf_life: 60d\n",
        ("7:7: unknown key «hlaf_life»; did you mean «half_life»?",),
    ),
    Mistake(
        "points in words",
        _RULES + "rules:\n  - {id: paper, activity: content_download, points: five}\n",
        ("3:53: «points» must be a number, for example `points: 2.5`; the text «five» was found",),
    ),
    Mistake(
        "points without end",
        _RULES + "rules:\n  - {id: paper, activity: content_download, points: 100000}\n",
        ("3:53: «points» must be from -1000 to 1000; 100000 was found",),
    ),
    Mistake(
        "points with seven decimals",
        _RULES + "rules:\n  - {id: paper, activity: content_download, points: 0.1234567}\n",
        ("3:53: «points» must have at most six decimals; 0.1234567 was found",),
    ),
    Mistake(
        "a negative count",
        _RULES + "rules:\n  - {id: paper, activity: content_download, points: 5, at_most: -1}\n",
        ("3:65: «at_most» must be at least 1",),
    ),
    Mistake(
        "a period that is none",
        _RULES + "rules:\n"
        "  - {id: paper, activity: content_download, points: 5, at_most: {count: 3, per: "
        "week}}\n",
        ("3:81: «per» must be whole days, for example 30d; the text «week» was found",),
    ),
    Mistake(
        "a bucket that is none",
        _RULES + "rules:\n"
        "  - {id: paper, activity: content_download, points: 5, once_per: 30 days}\n",
        (
            "3:66: «once_per» must be each, day, week, ever, a period like 30d, or an "
            "attribute; the text «30 days» was found",
        ),
    ),
    Mistake(
        "steps that rise",
        _RULES + "rules:\n"
        "  - {id: paper, activity: content_download, points: 5, decay: {steps: {30d: "
        "50%, 90d: 60%}}}\n",
        ("3:71: points must not rise with age, but do at 90d",),
    ),
    Mistake(
        "steps without a unit",
        _RULES + "rules:\n"
        "  - {id: paper, activity: content_download, points: 5, decay: {steps: {30: 50%}}}\n",
        ("3:71: «30» is no age: write for example 30d: 50%",),
    ),
    Mistake(
        "two curves",
        _RULES + "rules:\n"
        "  - {id: paper, activity: content_download, points: 5, decay: {half_life: 60d, "
        "linear: 90d}}\n",
        ("3:88: «half_life» and «linear» exclude each other",),
    ),
    Mistake(
        "a hold before nothing",
        _RULES + "rules:\n"
        "  - {id: paper, activity: content_download, points: 5, decay: {hold: 60d}}\n",
        (
            f"3:70: «hold» delays a {', '.join(kind.key for kind in IN_DAYS)} or steps: none is "
            "given",
        ),
    ),
    Mistake(
        "an expiry that is none",
        _RULES + "rules:\n"
        "  - {id: paper, activity: content_download, points: 5, decay: {expire_after: 0d}}\n",
        (
            "3:78: «expire_after» must be whole days or never, for example 365d; the text "
            "«0d» was found",
        ),
    ),
    Mistake(
        "a decay that is no word of ours",
        _RULES + "rules:\n  - {id: paper, activity: content_download, points: 5, decay: fast}\n",
        (
            "3:63: «decay» must say how points fade: write `none` or for example "
            "`{half_life: 60d}`; the text «fast» was found",
        ),
    ),
    Mistake(
        "an unknown score, and a group of two",
        "version: 1\n"
        "scores: {engagement: {}, risk: {}}\n"
        "stages: {score: egagement}\n"
        "rules:\n"
        "  - {id: a, activity: x, points: 5, score: rsk}\n"
        "  - {id: b, activity: x, points: 5, score: risk, group: web}\n"
        "  - {id: c, activity: x, points: 5, group: web}\n"
        "groups: {web: {cap: 5}}\n",
        (
            "3:17: there is no score «egagement»; did you mean «engagement»?",
            "5:44: there is no score «rsk»; did you mean «risk»?",
            "7:44: the group «web» caps points of «risk» (rule «b»), and this rule gives points to "
            "«engagement»: give each score groups of its own",
        ),
    ),
    Mistake(
        "one score and several",
        _ONE_RULE
        + "score: {highest: 50}\nscores: {engagement: {}, risk: {lowest: 5, highest: 5}}\n",
        ("5:41: «lowest» must be below «highest»",),
    ),
    Mistake(
        "one score and several, each right",
        _ONE_RULE + "score: {highest: 50}\nscores: {engagement: {}}\n",
        ("4:8: «score» and «scores» exclude each other: list all in «scores»",),
    ),
    Mistake(
        "a question for a field that no persona looks at",
        _ONE_RULE + "personas: [{id: p, criteria: [{field: job_title, is: x}]}]\n"
        "fit: {questions: {jobtitle: Your role?}}\n",
        ("5:19: no persona looks at the field «jobtitle»; did you mean «job_title»?",),
    ),
    Mistake(
        "facts of accounts that nothing tells",
        _ONE_RULE + "contact_rules:\n  - {id: a, where: {account_people: {gte: 2}}, points: 5}\n",
        (
            "5:21: «account_people» needs to know who is of one account: "
            "add `account: {by: company}`",
        ),
    ),
    Mistake(
        "roles that nothing tells apart, and other mistakes with accounts",
        _ONE_RULE + "account: {by: company, sum_cap: 0, engged_from: 1}\n"
        "contact_rules:\n"
        "  - {id: paper, where: {account_roles: 2}, points: 5, group: contnt}\n"
        "  - {id: b, where: {account_people: {contains: two}}, points: 5, score: rsk}\n"
        "groups: {content: {cap: 5}}\n",
        (
            "4:33: «sum_cap» must be more than 0 and at most 1000000; 0 was found",
            "4:36: unknown key «engged_from»; did you mean «engaged_from»?",
            "6:10: the id «paper» stands twice: give each its own",
            "6:25: «account_roles» needs to tell roles apart: add `role` to «account»",
            "6:62: there is no group «contnt»; did you mean «content»?",
            "7:48: «contains» is for text, but «account_people» holds a number",
            "7:73: there is no score «rsk»; there is engagement",
        ),
    ),
    Mistake(
        "rules and scores for contacts of whom nothing tells, or what they are made of",
        "version: 1\n"
        "account: {by: company}\n"
        "score: {contact: {account_sum: {gte: 5}}}\n"
        "rules:\n"
        "  - {id: a, activity: x, points: 5, contact: {any: [{account_people: {gte: 2}}]}}\n"
        "  - {id: b, activity: x, points: 5, contact: {size: {gte: much}}}\n"
        "  - {id: c, activity: x, points: 5, contact: {grade: [A, E], persona: nobody}}\n",
        (
            "3:19: «account_sum» does not go here: it is made of the points that activities give",
            "5:54: «account_people» does not go here: it is made of the points that activities "
            "give",
            "6:59: «gte» is for numbers and dates; the text «much» is neither",
            "7:54: there is no grade «E»; there is A, B, C, D and U",
            "7:71: there is no persona «nobody»",
        ),
    ),
    Mistake(
        "comparisons with the day of asking where they make no sense",
        "version: 1\n"
        "rules:\n"
        "  - {id: a, activity: x, points: 5, where: {any: [{since: {within_last: 30d}}]}}\n"
        "contact_rules:\n"
        "  - {id: b, where: {created: {longer_ago: 12h}}, points: 1}\n"
        "  - {id: c, where: {country: {within_next: 3d, contains: f}}, points: 1}\n",
        (
            "3:60: «within_last» is for contacts; by its age an activity fades: say so with "
            "`decay`, for example `decay: {expire_after: 30d}`",
            "5:43: «longer_ago» must be whole days, for example 30d; the text «12h» was found",
            "6:44: «within_next» is for dates, but «country» holds text",
        ),
    ),
    Mistake(
        "routes that ask what they cannot, or lead nowhere",
        _ONE_RULE + "account: {by: company}\n"
        "hand_off:\n"
        "  weekly_limit: 0\n"
        "  routing:\n"
        "    - {where: {any: [{since: {within_last: 30d}}]}, owners: [a@x.example]}\n"
        "    - {where: {account_people: {gte: 2}}, owners: [a@x.example]}\n"
        "    - {owners: []}\n",
        (
            "6:17: «weekly_limit» must be at least 1",
            "8:31: «within_last» does not go here: routes look at fields, not at the day",
            "9:16: «account_people» does not go here: routes look at fields, not at accounts",
            "10:16: «owners» must have at least 1 entry",
        ),
    ),
    Mistake(
        "an unknown group",
        _ONE_RULE + "  - {id: guide, activity: content_download, points: 5, group: contnt}\n"
        "groups: {content: {cap: 25}}\n",
        ("4:63: there is no group «contnt»; did you mean «content»?",),
    ),
    Mistake(
        "a cap below the floor",
        _ONE_RULE + "groups: {content: {cap: -5, floor: 0}}\n",
        ("4:25: «cap» must not be below «floor»",),
    ),
    Mistake(
        "an id that stands twice",
        _ONE_RULE + "  - {id: paper, activity: guide, points: 5}\n",
        ("4:10: the id «paper» stands twice: give each its own",),
    ),
    Mistake(
        "a replacement that does not exist",
        _ONE_RULE
        + "  - {id: guide, activity: guide, points: 5, once_per: asset, replaced_by: papr}\n",
        ("4:75: there is no rule «papr»; did you mean «paper»?",),
    ),
    Mistake(
        "a replacement with another bucket",
        _ONE_RULE
        + "  - {id: guide, activity: guide, points: 5, once_per: asset, replaced_by: paper}\n",
        (
            "4:75: «guide» and «paper» must have the same attribute as «once_per», for "
            "example event: it tells which one replaces which",
        ),
    ),
    Mistake(
        "rules that replace each other",
        _RULES + "rules:\n"
        "  - {id: a, activity: x, points: 1, once_per: e, replaced_by: b}\n"
        "  - {id: b, activity: y, points: 1, once_per: e, replaced_by: a}\n",
        (
            "3:63: «a» and «b» replace each other: nothing would be left",
            "4:63: «b» and «a» replace each other: nothing would be left",
        ),
    ),
    Mistake(
        "an attribute of two kinds",
        _RULES + "rules:\n"
        "  - {id: a, activity: x, where: {minutes: {gte: 5}}, points: 1}\n"
        "  - {id: b, activity: x, where: {minutes: long}, points: 1}\n",
        (
            "4:43: «minutes» holds a number, and the text «long» is none; write for example "
            "250 or 2.5, without quotes",
        ),
    ),
    Mistake(
        "an empty comparison",
        _RULES + "rules:\n  - {id: a, activity: x, where: {minutes: {exact: true}}, points: 1}\n",
        ("3:43: a comparison is missing, for example `equals: white_paper`",),
    ),
    Mistake(
        "nothing to compare with",
        _RULES + "rules:\n  - {id: a, activity: x, where: {minutes: }, points: 1}\n",
        ("3:34: a value is missing, for example `white_paper` or `{gte: 10}`",),
    ),
    Mistake(
        "a condition that is a word",
        _RULES + "rules:\n  - {id: a, activity: x, where: minutes, points: 1}\n",
        (
            "3:33: «where» must be a section, for example `where: {asset_kind: "
            "white_paper}`; the text «minutes» was found",
        ),
    ),
    Mistake(
        "a regular expression that is not closed",
        _RULES + "rules:\n"
        "  - id: a\n"
        "    activity: x\n"
        "    where:\n"
        "      any:\n"
        "        - {page: {matches: '(pricing'}}\n"
        "    points: 1\n",
        ("7:28: «(pricing» is not a regular expression of the RE2 kind: missing ): (pricing",),
    ),
    Mistake(
        "a comparison of a truth value",
        _RULES + "rules:\n"
        "  - {id: a, activity: x, where: {robot: true, any: [{robot: {gte: 1}}]}, points: 1}\n",
        ("3:67: «gte» is for numbers and dates, but «robot» holds true or false",),
    ),
    Mistake(
        "a list of two kinds",
        _RULES + "rules:\n  - {id: a, activity: x, where: {minutes: [5, long]}, points: 1}\n",
        (
            "3:43: «minutes» holds a number, and the text «long» is none; write for example "
            "250 or 2.5, without quotes",
        ),
    ),
    Mistake(
        "an empty list to compare with",
        _RULES + "rules:\n  - {id: a, activity: x, where: {minutes: []}, points: 1}\n",
        ("3:43: «minutes» must have at least 1 entry",),
    ),
    Mistake(
        "an unknown key of a stage",
        _ONE_RULE + "stages: {cooling_of: 30d}\n",
        ("4:10: unknown key «cooling_of»; did you mean «cooling_off»?",),
    ),
    Mistake(
        "a label in a language we do not speak",
        _RULES + "rules:\n  - {id: a, label: {de: Hallo}, activity: x, points: 1}\n",
        ("3:21: unknown key «de»; possible here: en or fr",),
    ),
    Mistake(
        "a persona without criteria",
        _ONE_RULE + "personas:\n  - {id: it_lead, criteria: []}\n",
        ("5:29: «criteria» must have at least 1 entry",),
    ),
    Mistake(
        "a weight of nothing",
        _ONE_RULE + "personas:\n"
        "  - {id: it_lead, criteria: [{field: country, is: FR, weight: 0}]}\n",
        ("5:63: «weight» must be at least 1",),
    ),
    Mistake(
        "grades upside down",
        _ONE_RULE + "fit: {grades: {a: 50, b: 70}}\n",
        ("4:15: a must be above b, and b above c",),
    ),
    Mistake(
        "a band upside down",
        _ONE_RULE + "stages: {warm: {enter: 15, leave: 20}}\n",
        ("4:35: «leave» must not be above «enter»",),
    ),
    Mistake(
        "no time to act, and too much",
        _ONE_RULE + "hand_off: {due: {need: 0h, points: 61d}}\n",
        (
            "4:24: «need» must be minutes, hours or working days, up to 60d, for example 1h or 1d; "
            "the text «0h» was found",
            "4:36: «points» must be minutes, hours or working days, up to 60d, for example 1h or "
            "1d; the text «61d» was found",
        ),
    ),
    Mistake(
        "one time for both",
        _ONE_RULE + "hand_off: {due: 4h}\n",
        (
            "4:17: «due» must be a section, for example `due: {need: 1h, points: 1d}`; the text "
            "«4h» was found",
        ),
    ),
    Mistake(
        "hours that overlap",
        _ONE_RULE + 'hand_off: {working_hours: {hours: ["12:00-18:00", "9:00-12:30"]}}\n',
        ("4:35: 09:00-12:30 and 12:00-18:00 overlap: write each hour once",),
    ),
    Mistake(
        "hours that are none",
        _ONE_RULE + "hand_off:\n"
        "  working_hours:\n"
        '    hours: ["18:00-09:00", 9-18, 9:00-24:30, 900]\n',
        (
            "6:13: «hours» must end after it starts, on the same day; 18:00-09:00 was found",
            "6:28: «hours» must be from and to, for example 09:00-18:00; the text «9-18» was found",
            "6:34: «hours» must end after it starts, on the same day; 9:00-24:30 was found",
            "6:46: «hours» must be from and to, for example 09:00-18:00; the number 900 was found",
        ),
    ),
    Mistake(
        "hours that are no list, and no days",
        _ONE_RULE + "hand_off: {working_hours: {hours: 09:00-18:00, days: []}}\n",
        (
            '4:35: «hours» must be a list, for example `hours: ["09:00-18:00"]`; the text '
            "«09:00-18:00» was found",
            "4:54: «days» must have at least 1 entry",
        ),
    ),
    Mistake(
        "days that are none, and a place that is none",
        _ONE_RULE + "hand_off:\n"
        "  working_hours:\n"
        "    days: [mo, friday]\n"
        "    holidays: [25.12.2026, 2026-02-30]\n"
        "    time_zone: Europe/Pariss\n",
        (
            "6:12: «days» must be mon, tue, wed, thu, fri, sat or sun; the text «mo» was found; "
            "did you mean «mon»?",
            "6:16: «days» must be mon, tue, wed, thu, fri, sat or sun; the text «friday» was found",
            "7:16: «holidays» must be a date, for example 2026-12-25; the text «25.12.2026» was "
            "found",
            "7:28: «holidays» must be a date, for example 2026-12-25; the text «2026-02-30» was "
            "found",
            "8:16: «Europe/Pariss» is no time zone; write for example Europe/Paris",
        ),
    ),
    Mistake(
        "shares of the time that are none",
        _ONE_RULE + "hand_off: {sla: {warned: 120%, escalated: 50%, escalate_to: a@x.example}}\n",
        (
            "4:26: «warned» must be a percentage from 0% to 100%, for example 30%; the text «120%» "
            "was found",
            "4:43: «escalated» must be a percentage from 100% to 1000%, for example 200%; the text "
            "«50%» was found",
            "4:61: «escalate_to» must be a list, for example `escalate_to: "
            "[head.of.sales@example.com]`; the text «a@x.example» was found",
        ),
    ),
    Mistake(
        "tracks and contents that name what does not exist",
        _ONE_RULE + "personas: [{id: it_lead, criteria: [{field: job_title, is: cio}]}]\n"
        "nurture:\n"
        "  tracks:\n"
        "    - {id: welcome, stages: [leed], temperatures: [lukewarm]}\n"
        "    - {id: deepen, personas: [it_led, it_lead]}\n"
        "    - {id: deepen}\n"
        "    - {id: paused}\n"
        "  content:\n"
        "    - {id: guide, tracks: [welcom, welcome, deepen], topics: [security]}\n"
        "    - {id: guide, seen: {any: [{since: {within_last: 30d}}]}}\n",
        (
            "7:30: «stages» must be suspect, lead, prospect, client, recycled or disqualified; the "
            "text «leed» was found; did you mean «lead»?",
            "7:52: «temperatures» must be cold, warm or hot; the text «lukewarm» was found",
            "8:31: there is no persona «it_led»; did you mean «it_lead»?",
            "9:12: the id «deepen» stands twice: give each its own",
            "10:12: «paused» stands for contacts that are with sales",
            "12:28: there is no track «welcom»; did you mean «welcome»?",
            "12:54: topics are held against a contact's interests, and without a section "
            "«interests» nobody has any: add `interests: {top: 3}`",
            "13:12: the id «guide» stands twice: give each its own",
            "13:41: «within_last» does not go here: whoever has seen a content knows it for good",
        ),
    ),
    Mistake(
        "a faulty track, persona and section that are named: one mistake each",
        _ONE_RULE + "personas: [{id: it_lead, criterai: []}]\n"
        "interests: {topp: 3}\n"
        "nurture:\n"
        "  tracks: [{id: welcome, stges: [lead]}, {id: deepen, personas: [it_lead]}]\n"
        "  content: [{id: guide, tracks: [welcome], topics: [security]}]\n",
        (
            "4:26: unknown key «criterai»; did you mean «criteria»?",
            "5:13: unknown key «topp»; did you mean «top»?",
            "7:26: unknown key «stges»; did you mean «stages»?",
        ),
    ),
    Mistake(
        "facts of accounts for a track that nothing tells",
        _ONE_RULE + "nurture: {tracks: [{id: a, where: {account_people: {gte: 2}}}]}\n",
        (
            "4:36: «account_people» needs to know who is of one account: "
            "add `account: {by: company}`",
        ),
    ),
    Mistake(
        "an attribute that names nothing",
        _ONE_RULE + "nurture:\n"
        "  attribute: number\n"
        "  tracks: [{id: a}]\n"
        "  content: [{id: guide}, {id: paper, seen: {number: 5}}]\n",
        ("5:14: «number» holds a number, and names nothing",),
    ),
    Mistake(
        "an address that no field of a CRM holds",
        _ONE_RULE + "nurture:\n"
        "  tracks: [{id: a}]\n"
        f"  content: [{{id: guide, url: https://www.example.com/{'x' * 250}}}]\n",
        ("6:30: «url» is longer than 255 characters",),
    ),
    Mistake(
        "budgets of touches that do not count",
        _ONE_RULE + "pressure:\n"
        "  touches: [call, email_sent, open_task]\n"
        "  budget:\n"
        "    - {touches: [emial_sent, open_task], at_most: 3, within: 7d}\n"
        "    - {at_most: 0, within: 12h}\n"
        "    - {touches: [], at_most: 1}\n",
        (
            "7:18: «emial_sent» is none of the «touches» of the section; did you mean "
            "«email_sent»?",
            "8:17: «at_most» must be at least 1",
            "8:28: «within» must be whole days, for example 30d; the text «12h» was found",
            "9:7: «within» is missing in entry 3 of «budget»",
            "9:17: «touches» must have at least 1 entry",
        ),
    ),
    Mistake(
        "pressure that is a word",
        _ONE_RULE + "pressure: {touches: call, budget: {at_most: 1, within: 7d}}\n",
        (
            "4:21: «touches» must be a list, for example `touches: [call, email_sent]`; the text "
            "«call» was found",
            "4:35: «budget» must be a list, for example `budget: [{at_most: 3, within: 7d}]`; a "
            "section with keys was found",
        ),
    ),
    Mistake(
        "a topic that hangs on the day",
        _ONE_RULE + "interests: {topics: [{id: x, where: {since: {longer_ago: 3d}}}]}\n",
        (
            "4:46: «longer_ago» does not go here: what an activity is about is the same on every "
            "day",
        ),
    ),
    Mistake(
        "a blocker without a condition",
        _ONE_RULE + "hand_off: {blockers: [{id: student}]}\n",
        ("4:23: «where» is missing in «student»",),
    ),
    Mistake(
        "bounds upside down",
        _ONE_RULE + "score: {lowest: 100, highest: 0}\n",
        ("4:17: «lowest» must be below «highest»",),
    ),
    Mistake(
        "one bad line that hides no other",
        _RULES + "rules:\n"
        "  - {id: a, activity: x, points: 1, gruop: web}\n"
        "  - {id: b, activity: x, points: 1, group: web}\n",
        (
            "3:37: unknown key «gruop»; did you mean «group»?",
            "4:44: there is no group «web»",
        ),
    ),
)

YAML = (
    Mistake(
        "nothing",
        "",
        ("0:0: the file is empty",),
    ),
    Mistake(
        "only comments",
        "# nothing yet\n",
        ("0:0: the file is empty",),
    ),
    Mistake(
        "a list",
        "- version: 1\n",
        ("1:1: the file must have keys, like `version: 1`; a list was found",),
    ),
    Mistake(
        "a word",
        "hubspot\n",
        ("1:1: the file must have keys, like `version: 1`; the text «hubspot» was found",),
    ),
    Mistake(
        "a tab",
        "version: 1\ncrm:\n	- hubspot\n",
        ("3:1: a tab where spaces are needed: indent with spaces",),
    ),
    Mistake(
        "an open quotation mark",
        "version: 1\ncrm: 'hubspot\n",
        ("2:6: a quotation mark is never closed",),
    ),
    Mistake(
        "an open bracket",
        "version: 1\nwrite: {min_change: 3\nlanguage: en\n",
        ("2:8: a bracket is not closed, a comma is missing, or a text with brackets needs quotes",),
    ),
    Mistake(
        "a colon in a text",
        "version: 1\nstore: a: b\n",
        (
            "2:9: a «:» where none can be: look at the indentation, or put a text with «: » "
            "in quotes",
        ),
    ),
    Mistake(
        "wrong indentation",
        "version: 1\n  crm: hubspot\n",
        (
            "2:6: a «:» where none can be: look at the indentation, or put a text with «: » "
            "in quotes",
        ),
    ),
    Mistake(
        "a line that goes back too far",
        "write:\n    min_change: 3\n  max_age: 30d\n",
        ("3:3: this line does not fit the one above: look at the indentation",),
    ),
    Mistake(
        "a sign that needs quotes",
        "version: 1\naccount: @me\n",
        ("2:10: a text that begins with a sign like @, % or ` needs quotes",),
    ),
    Mistake(
        "a key without a colon",
        "version: 1\ncrm hubspot\nlanguage: en\n",
        ("3:1: a «:» is missing after the key",),
    ),
    Mistake(
        "a control character",
        "version: 1\ncrm: hub\x07spot\n",
        ("2:9: a control character that no YAML file may hold: delete it",),
    ),
    Mistake(
        "two documents",
        _SETTINGS + "---\nversion: 1\n",
        ("6:1: a second document begins here: one file holds one",),
    ),
    Mistake(
        "a merge key",
        _SETTINGS + "write: &w {min_change: 3}\nguards: {<<: *w}\n",
        ("7:10: «<<» is not understood: write the keys out",),
    ),
    Mistake(
        "an alias of nothing",
        _SETTINGS + "write: *w\n",
        (
            "6:1: «write» must be a section, for example `write: {score: leadripe_score}`; "
            "nothing was found",
            "6:8: «*w» stands for nothing above",
        ),
    ),
    Mistake(
        "a tag",
        _SETTINGS + "language: !!str fr\n",
        ("6:11: tags like «!!str» are not understood: delete it, use quotes for text",),
    ),
    Mistake(
        "a list for a key",
        "? [a]\n: 1\n",
        ("1:3: a key must be a word, not a list, a mapping or an alias",),
    ),
    Mistake(
        "a deep nest",
        "a: " + "[" * 40 + "]" * 40,
        ("1:34: nested more than 30 levels deep",),
    ),
    Mistake(
        "a billion laughs",
        _laughs(),
        ("5:20: the file holds more than 50,000 values",),
    ),
)
