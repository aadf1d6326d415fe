"""Write-backs of scores, and the fields that they go to."""

from collections.abc import Sequence

from connector.domain.ids import ContactId
from connector.ports import WriteBack

SCORE = "Leadripe_Score__c"
REASONS = "Leadripe_Reasons__c"
PERSONA = "Leadripe_Persona__c"


def scored(ids: Sequence[str], score: str = "42") -> list[WriteBack]:
    """Return a write-back of a score for each lead or contact."""
    return [WriteBack(ContactId(id_), {SCORE: score}) for id_ in ids]
