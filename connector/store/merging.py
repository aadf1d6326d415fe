"""What becomes of a contact that the CRM merged into another, or no longer has."""

from connector.domain.ids import ContactId
from connector.store.database import Database
from connector.store.identity import Identities

_NO_LONGER = (
    # What was read of the person goes at once; `wrote` is ours, and tells our value from a person's
    # if the CRM restores the contact.
    "UPDATE contact SET status = 'gone', owner = NULL, fields = '{}', emails = '[]', found = '{}',"
    " is_edited = 0, verdict_value = NULL, verdict = NULL, verdict_us = NULL, first_us = NULL,"
    " updated_us = -9223372036854775808 WHERE no = ?",
    "DELETE FROM contact_former WHERE no = ?",
    "DELETE FROM field_first WHERE no = ?",
    "DELETE FROM field_former WHERE no = ?",
    "DELETE FROM history_asked WHERE no = ?",
    "DELETE FROM address WHERE no = ?",
    "DELETE FROM opportunity_contact WHERE no = ?",
    "DELETE FROM outbox WHERE no = ? AND state <> 'accepted'",
    "DELETE FROM lead WHERE no = ?",
    "INSERT OR IGNORE INTO moving (no) VALUES (?)",
)

_MERGED = (
    "UPDATE contact SET merged_into = :survivor WHERE merged_into = :loser",
    # A survivor that we never wrote to goes on where the loser was: what a conversion carries over
    # is ours, or the person's whose it was; a verdict keeps its date.
    "UPDATE contact SET wrote = (SELECT wrote FROM contact WHERE no = :loser)"
    " WHERE no = :survivor AND wrote = '{}'",
    "UPDATE contact SET verdict_value = loser.verdict_value, verdict = loser.verdict,"
    " verdict_us = loser.verdict_us"
    " FROM (SELECT verdict_value, verdict, verdict_us FROM contact WHERE no = :loser) loser"
    " WHERE contact.no = :survivor AND contact.verdict_value IS NULL",
    "UPDATE contact SET status = 'merged', merged_into = :survivor, owner = NULL, fields = '{}',"
    " emails = '[]', found = '{}', wrote = '{}', is_edited = 0, verdict_value = NULL,"
    " verdict = NULL, verdict_us = NULL, first_us = NULL WHERE no = :loser",
    "DELETE FROM contact_former WHERE no = :loser",
    "DELETE FROM field_first WHERE no = :loser",
    "DELETE FROM field_former WHERE no = :loser",
    # The survivor's past is the CRM's to tell again: it may hold the loser's by now.
    "DELETE FROM history_asked WHERE no IN (:loser, :survivor)",
    "UPDATE identity SET no = :survivor WHERE no = :loser",
    "UPDATE address SET no = :survivor WHERE no = :loser",
    "INSERT OR IGNORE INTO opportunity_contact (no, opportunity)"
    " SELECT :survivor, opportunity FROM opportunity_contact WHERE no = :loser",
    "DELETE FROM opportunity_contact WHERE no = :loser",
    # The survivor goes on from its own state. What must not happen twice comes along: the hand-off
    # that is open, or was last.
    "INSERT INTO state (no, stage, temperature, stage_since_us, lower_since_us, ripe_since_us,"
    " handed_off_us, hand_off_reason, hand_off_open, answered_us, escalated_us, task_key, given_to)"
    " SELECT :survivor, stage, temperature, stage_since_us, lower_since_us, ripe_since_us,"
    " handed_off_us, hand_off_reason, hand_off_open, answered_us, escalated_us, task_key, given_to"
    " FROM state WHERE no = :loser"
    " ON CONFLICT (no) DO UPDATE SET handed_off_us = excluded.handed_off_us,"
    " hand_off_reason = excluded.hand_off_reason, hand_off_open = excluded.hand_off_open,"
    " answered_us = excluded.answered_us, escalated_us = excluded.escalated_us,"
    " task_key = excluded.task_key, given_to = excluded.given_to"
    " WHERE (coalesce(excluded.hand_off_open, 0), coalesce(excluded.handed_off_us, 0))"
    " > (coalesce(state.hand_off_open, 0), coalesce(state.handed_off_us, 0))",
    "DELETE FROM state WHERE no = :loser",
    "DELETE FROM state_former WHERE no = :loser",
    "UPDATE lead SET no = :survivor WHERE no = :loser",
    # Its properties are the survivor's business now; its tasks still are to be done.
    "DELETE FROM outbox WHERE no = :loser AND kind <> 'task'",
    # Of two hand-offs on their way, both of what is one person now, one is enough: the one that is
    # remembered as open.
    "DELETE FROM outbox WHERE kind = 'task' AND no IN (:loser, :survivor) AND state <> 'accepted'"
    " AND NOT json_extract(wish, '$.is_done') AND subject <> (SELECT o.subject FROM state s"
    " JOIN outbox o ON o.kind = 'task' AND o.subject = s.task_key"
    " WHERE s.no = :survivor AND o.no IN (:loser, :survivor))",
    "UPDATE outbox SET no = :survivor, wish = json_set(wish, '$.contact', :id)"
    " WHERE no = :loser AND kind = 'task'",
    "UPDATE known_task SET no = :survivor WHERE no = :loser",
    "INSERT OR IGNORE INTO moving (no) VALUES (:loser)",
)

CLEAR_SHOWN = """
UPDATE state SET shown_score = NULL, shown_fit = NULL, shown_grade = NULL, shown_persona = NULL,
shown_stage = NULL, shown_temperature = NULL, shown_need_us = NULL, shown_reasons = NULL,
shown_missing = NULL, shown_scores = NULL, shown_interests = NULL, shown_native = NULL,
shown_sla = NULL, shown_nurture = NULL, shown_pressure = NULL, shown_form = NULL,
shown_at_us = NULL WHERE no = ?
"""
"""Lets the next plan look at a contact as if nothing had been shown in the CRM yet."""


def merge(database: Database, identities: Identities, loser: ContactId, into: ContactId) -> None:
    """Give all that `loser` has to `into`, once; either may be unknown so far.

    Activities follow when they are settled. Moves and ledger stay as they were written, and are
    found through `merged_into`.
    """
    losing, surviving = identities.known(loser), identities.number(into)
    if losing is None:
        identities.name(loser, surviving)
        return
    if losing == surviving:
        return
    values = {"loser": losing, "survivor": surviving, "id": into}
    for statement in _MERGED:
        database.run_named(statement, values)
    database.run(CLEAR_SHOWN, [surviving])
    identities.merged(losing, surviving)


def forget(database: Database, number: int) -> None:
    """Take a contact that the CRM no longer has out of every evaluation, plan and outbox."""
    for statement in _NO_LONGER:
        database.run(statement, [number])
    database.run(CLEAR_SHOWN, [number])
