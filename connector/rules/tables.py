"""The tables that an evaluation reads and yields: names, columns and SQL types.

Written down once, for the plan that is compiled, the engine that runs it, the store that feeds it
and the tests. `docs/semantics.md` says what each column means. Every column may be NULL unless it
is said not to be.
"""

from collections.abc import Mapping

from connector.rules.conditions import Kind

SQL_TYPE: Mapping[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.NUMBER: "BIGINT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.MOMENT: "BIGINT",
}

FIELD = "f_"
"""Prefix of a contact field's column; a text field has a second column, `f_name_folded`."""
ATTRIBUTE = "a_"
"""Prefix of an activity attribute's column; a text attribute has `a_name_folded` beside it."""
FOLDED = "_folded"

CONTACT = {"contact": "BIGINT"}
"""One row for each contact to evaluate, never NULL; then the field columns."""

ACTIVITY = {
    "contact": "BIGINT",
    "activity": "VARCHAR",
    "type": "VARCHAR",
    "occurred_us": "BIGINT",
    "day": "INTEGER",
    "is_outbound": "BOOLEAN",
}
"""One row for each activity and contact, unique, never NULL; then the attribute columns."""

OPPORTUNITY = {
    "contact": "BIGINT",
    "opportunity": "VARCHAR",
    "created_us": "BIGINT",
    "changed_us": "BIGINT",
    "amount": "BIGINT",
    "probability": "BIGINT",
    "close_us": "BIGINT",
    "is_closed": "BOOLEAN",
    "is_won": "BOOLEAN",
}
"""One row for each opportunity and contact, unique."""

MEMORY = {
    "stage": "VARCHAR",
    "temperature": "VARCHAR",
    "stage_since_us": "BIGINT",
    "lower_since_us": "BIGINT",
    "ripe_since_us": "BIGINT",
    "handed_off_us": "BIGINT",
    "hand_off_reason": "VARCHAR",
    "hand_off_open": "BOOLEAN",
    "answered_us": "BIGINT",
    "escalated_us": "BIGINT",
}
"""What an evaluation remembers for the next one. `temperature` is '' where a stage has none.

`answered_us`: when sales acted on the last hand-off; `escalated_us`: when its clock was first seen
at the end of its time. Both are NULL again with the next hand-off.
"""

STATE = {
    "contact": "BIGINT",
    **MEMORY,
    "task_done": "BOOLEAN",
    "verdict": "VARCHAR",
    "verdict_us": "BIGINT",
    "human_stage": "VARCHAR",
    "not_before_day": "BIGINT",
}
"""The previous state, at most one row for each contact; a contact without one was never evaluated.

`verdict`: `accepted`, `rejected` or NULL, since `verdict_us`. `human_stage`: the stage that a
person set in the CRM since our last write. `task_done`: the open hand-off's task is done in the
CRM. `not_before_day`: the local day until which sales said not to come back.
"""

WORKING = {
    "start_us": "BIGINT",
    "end_us": "BIGINT",
    "next_us": "BIGINT",
    "before_us": "BIGINT",
}
"""The spans in which sales works, around the moment of evaluation, in order, none NULL.

`next_us`: when the following one starts; `before_us`: how long the spans before last together.
"""

DECISION = {
    "decision": "BIGINT",
    "is_release": "BOOLEAN",
    "sign": "VARCHAR",
    "activity": "VARCHAR",
    "contact": "BIGINT",
    "domain": "VARCHAR",
    "made_us": "BIGINT",
    "until_us": "BIGINT",
}
"""What people said of quarantine, a later word with a greater `decision` (from 1).

`sign`: the one that is lifted, '' for every one. `activity`, `contact`, `domain` (folded): whose,
one of them at most; none of them is everybody's. `until_us`: it holds for what happened by then.
"""

ROBOT_DOMAIN = {"mail": "VARCHAR", "domain": "VARCHAR"}
"""Mails of which all known recipients of a mail domain clicked many links within seconds."""

FLAG = {
    "contact": "BIGINT",
    "activity": "VARCHAR",
    "type": "VARCHAR",
    "occurred_us": "BIGINT",
    "sign": "VARCHAR",
}
"""What is in quarantine, a row for each activity and sign, none of them NULL."""

SCORE = {
    "contact": "BIGINT",
    "raw": "BIGINT",
    "points": "BIGINT",
    "fit": "BIGINT",
    "grade": "VARCHAR",
    "persona": "VARCHAR",
    "missing": "VARCHAR",
    "need_us": "BIGINT",
    "families": "BIGINT",
    "engaged_us": "BIGINT",
    "touch_us": "BIGINT",
    **MEMORY,
    "gate_points": "BOOLEAN",
    "gate_fit": "BOOLEAN",
    "gate_families": "BOOLEAN",
    "gate_reachable": "BOOLEAN",
    "gate_free": "BOOLEAN",
    "gate_unblocked": "BOOLEAN",
    "blocker": "VARCHAR",
    "handed_off": "BOOLEAN",
    "hand_off_closed": "VARCHAR",
    "episode_us": "BIGINT",
    "due_us": "BIGINT",
    "sla": "VARCHAR",
    "escalates": "BOOLEAN",
    "untold_answered_us": "BIGINT",
    "untold_due_us": "BIGINT",
    "untold_sla": "VARCHAR",
}
"""One row for each contact. `raw` is the signed sum before the bounds, `points` after, both micro-
points.

`blocker`: the first that holds. `handed_off`: a hand-off happened in this evaluation, of the
episode that began at `episode_us` (need_us or ripe_since_us). `hand_off_closed`: why an open one
closed in this evaluation, else NULL. `due_us`, `sla`: by when sales had to act on the last hand-
off, and where its clock stands; NULL where none runs or ran. `escalates`: the clock reached the end
in this evaluation. `untold_`: of the hand-off before, where one happens in this evaluation.
"""

REASON = {
    "contact": "BIGINT",
    "kind": "VARCHAR",
    "rule": "VARCHAR",
    "points": "BIGINT",
    "count": "BIGINT",
    "latest_us": "BIGINT",
    "rank": "BIGINT",
}
"""The lines of a score. `kind`: rule, cap, floor or bound; `rule`: the rule's or group's id, or the
score's name.

`count` and `latest_us` are NULL except for rules. `rank` counts from 1 within a contact.
"""

OTHER_SCORE = {
    "contact": "BIGINT",
    "score": "VARCHAR",
    "raw": "BIGINT",
    "points": "BIGINT",
}
"""One row for each contact and further score; numbers as in `SCORE`."""

OTHER_REASON = {"contact": "BIGINT", "score": "VARCHAR", **REASON}
"""The lines of the further scores; `rank` counts from 1 within a contact and score."""

MOVE = {
    "contact": "BIGINT",
    "position": "BIGINT",
    "from_stage": "VARCHAR",
    "from_temperature": "VARCHAR",
    "to_stage": "VARCHAR",
    "to_temperature": "VARCHAR",
    "reason": "VARCHAR",
}
"""Changes of stage or temperature, in order of `position` (from 1) within a contact."""

INTEREST = {
    "contact": "BIGINT",
    "topic": "VARCHAR",
    "spelling": "VARCHAR",
    "points": "BIGINT",
    "rank": "BIGINT",
}
"""What a contact is interested in, most first. `topic`: its id; folded where the rules name none;
`spelling`: as it was written, the id again for one of the rules' own.
"""

PRESSURE = {
    "contact": "BIGINT",
    "touches_7d": "BIGINT",
    "touches_30d": "BIGINT",
    "until_day": "BIGINT",
    "untold_touches_7d": "BIGINT",
    "untold_touches_30d": "BIGINT",
    "untold_until_day": "BIGINT",
}
"""How much those are pressed who were touched lately.

`until_day`: the first local day on which every budget has room again; NULL where it has. `untold_`:
the same if nobody is told of a hand-off of this evaluation, where its task presses; else NULL.
"""

NURTURE = {
    "contact": "BIGINT",
    "track": "VARCHAR",
    "content": "VARCHAR",
    "untold_track": "VARCHAR",
    "untold_content": "VARCHAR",
}
"""Those on a track. `track`: its id, or `paused` while sales has the contact. `content`: the id of
what comes next; NULL if nothing is left.

`untold_track`, `untold_content`: the same if nobody is told of a hand-off of this evaluation; NULL
where there is none.
"""

TAKING_PART = {
    "opportunity": "VARCHAR",
    "rule": "BIGINT",
    "people": "BIGINT",
    "best": "BIGINT",
    "total": "BIGINT",
}
"""Who takes part in open opportunities, by the rules of opportunities that ask: a row for each
opportunity and rule (its place in the file, from 0) that some of these contacts meet.

`people`: how many meet it; `best`, `total`: the most of their points, and all together. What
different sets of contacts give is put together by the same sums.
"""

OPPORTUNITY_SCORE = {"opportunity": "VARCHAR", "raw": "BIGINT", "points": "BIGINT"}
"""One row for each opportunity that was asked about; numbers as in `SCORE`."""

OPPORTUNITY_REASON = {
    "opportunity": "VARCHAR",
    "kind": "VARCHAR",
    "rule": "VARCHAR",
    "points": "BIGINT",
    "count": "BIGINT",
    "rank": "BIGINT",
}
"""The lines of the scores of opportunities, as in `REASON`. `count`: the people whom a rule asked
for, NULL where it asked for none. `rule` of a bound: `opportunity`.
"""

OUTPUTS: Mapping[str, Mapping[str, str]] = {
    "score": SCORE,
    "reason": REASON,
    "move": MOVE,
    "other_score": OTHER_SCORE,
    "other_reason": OTHER_REASON,
    "interest": INTEREST,
    "pressure": PRESSURE,
    "nurture": NURTURE,
    "taking_part": TAKING_PART,
}
"""The steps of a plan that are its results, each with its columns."""

OF_OPPORTUNITIES: Mapping[str, Mapping[str, str]] = {
    "opportunity_score": OPPORTUNITY_SCORE,
    "opportunity_reason": OPPORTUNITY_REASON,
}
"""The same for the steps of the second turn, which scores opportunities."""
