"""Identifiers, each a type of its own so that one cannot stand in for another."""

from typing import NewType

ContactId = NewType("ContactId", str)
"""A contact as the CRM spells it: HubSpot's record id, Salesforce's 18 characters."""

ActivityId = NewType("ActivityId", str)
"""An activity, unique in the account: `source:id`, for example `meetings:512`."""

LeadId = NewType("LeadId", str)
OpportunityId = NewType("OpportunityId", str)
OwnerId = NewType("OwnerId", str)
TaskId = NewType("TaskId", str)
TaskKey = NewType("TaskKey", str)
"""The deterministic key of a task, unique in the CRM (DESIGN, decision 5)."""

RuleId = NewType("RuleId", str)
RunId = NewType("RunId", str)
JobId = NewType("JobId", str)
"""A job that the CRM works on by itself, by the id that it gave it."""
