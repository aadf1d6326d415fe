"""Takes back writes that somebody's edit has overtaken, so that the next plan looks again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.domain.ids import ContactId
from connector.domain.text import same_value
from connector.store.database import Database
from connector.store.encoding import is_edited, json_list, property_map, to_json
from connector.store.merging import CLEAR_SHOWN

Properties = Mapping[str, str | None]

_WAITING = """
SELECT i.id, o.id, o.no, o.wish, c.found, c.wrote
FROM identity i JOIN outbox o ON o.no = i.no AND o.kind = 'contact' AND o.state = 'waiting'
    JOIN contact c ON c.no = o.no
WHERE i.id IN (SELECT value FROM json_each(?))
"""
_KNOW = """
UPDATE contact SET wrote = ?, is_edited = ? WHERE no = ?
"""


@dataclass(frozen=True, slots=True)
class Overtaking:
    """A contact of which a write-back waits, as it stood before something newer was read."""

    entry: int
    no: int
    wish: Properties
    found: Properties
    wrote: Properties


def waiting(database: Database, contacts: Iterable[ContactId]) -> dict[ContactId, Overtaking]:
    """Return those of some contacts of which a write-back waits."""
    return {
        ContactId(str(id_)): Overtaking(
            int(str(entry)), int(str(no)), *map(property_map, (wish, found, wrote))
        )
        for id_, entry, no, wish, found, wrote in database.rows(_WAITING, [json_list(contacts)])
    }


def withdraw_edited(
    database: Database, before: Mapping[ContactId, Overtaking]
) -> dict[ContactId, list[str]]:
    """Return {contact: properties that changed to something else than we would write}.

    The whole write-back of such a contact is taken back.
    """
    withdrawn: dict[ContactId, list[str]] = {}
    after = waiting(database, before)
    for id_, one in before.items():
        now = after[id_].found if id_ in after else one.found
        edited = [
            name
            for name, value in one.wish.items()
            if not same_value(now.get(name), one.found.get(name))
            and not same_value(now.get(name), value)
        ]
        if edited:
            # What stood there is what we knew of: by it, the new value is told as a person's.
            ours = {**one.wrote, **{name: one.found.get(name) or "" for name in edited}}
            database.run("DELETE FROM outbox WHERE id = ?", [one.entry])
            database.run(_KNOW, (to_json(ours), int(is_edited(now, ours)), one.no))
            database.run(CLEAR_SHOWN, [one.no])
            withdrawn[id_] = edited
    return withdrawn
