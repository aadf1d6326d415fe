"""The starting points of `scoring.md` section 10, as the golden cases write rules."""

from ruamel.yaml import YAML

from connector.rules.model import RuleSet
from tests.reference.compact import mapping, rule_set

TEXT = """
rules:
  - {id: email_click, activity: email_click, where: {not: {suspicious: true}}, points: 1,
     at_most: {count: 3, per: 7d}, decay: {half_life: 21d}, group: mail, family: mail}
  - {id: email_reply, activity: email_reply, points: 10, once_per: week,
     decay: {half_life: 45d}, family: mail}
  - {id: page, activity: page_view, points: 1, once_per: day, at_most: 5,
     decay: {half_life: 14d}, group: web, family: web}
  - {id: key_page, activity: key_page_view, points: 5, once_per: day,
     decay: {half_life: 21d}, group: web, family: web}
  - {id: white_paper, activity: content_download,
     where: {asset_kind: [white_paper, guide]}, points: 5, once_per: asset,
     decay: {half_life: 60d}, group: content, family: content}
  - {id: case_study, activity: content_download,
     where: {asset_kind: [case_study, roi_tool, comparison]}, points: 10, once_per: asset,
     decay: {half_life: 60d}, group: content, family: content}
  - {id: webinar_registered, activity: webinar_registered, points: 3, once_per: event,
     replaced_by: webinar_attended, decay: {half_life: 60d}, group: event, family: event}
  - {id: webinar_attended, activity: webinar_attended, points: 10, once_per: event,
     decay: {half_life: 60d}, group: event, family: event}
  - {id: replay, activity: webinar_replay, points: 5, once_per: event,
     decay: {half_life: 60d}, group: event, family: event}
  - {id: booth, activity: event_talk, points: 15, once_per: event,
     decay: {half_life: 60d}, group: event, family: event}
  - {id: demo_request, activity: demo_request, points: 20, once_per: day, need: true,
     decay: {half_life: 30d, hold: 30d}, family: need}
  - {id: call, activity: call_connected, points: 10, once_per: day,
     decay: {half_life: 45d}, family: sales}
  - {id: careers, activity: careers_page_view, points: -10, once_per: 30d,
     repeated: {count: 3, within: 30d}, decay: {half_life: 90d}}
  - {id: unsubscribed, activity: unsubscribed, points: -15, once_per: ever,
     decay: {expire_after: never}}
  - {id: no_show, activity: meeting_missed, points: -5, decay: {half_life: 45d}}
groups: {mail: {cap: 5}, web: {cap: 15}, content: {cap: 25}, event: {cap: 30}}
personas:
  operations: {job_title: {matches: 'head|chief|director|directeur', weight: 3},
               industry: {in: [manufacturing, logistics], weight: 2},
               employees: {gte: 50, weight: 2}}
stages: {not_engaging: [ad_click, page_view_anonymous, email_open]}
hand_off: {blockers: {competitor: {industry: competitor}, student: {job_title: {matches: student}}}}
"""


def shipped() -> RuleSet:
    """Return the rules that a case starts from."""
    return rule_set(RuleSet(rules=()), mapping(YAML(typ="safe").load(TEXT)))
