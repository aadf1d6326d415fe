"""Takes back writes that somebody's edit has overtaken, so that the next plan looks again."""

from collections.abc import Iterable

from connector.domain.ids import ContactId
from connector.domain.text import same_value
from connector.store.database import Database
from connector.store.encoding import json_list, property_map
from connector.store.merging import CLEAR_SHOWN

_WAITING = """
SELECT i.id, o.id, o.no, o.wish, o.before, c.found
FROM identity i JOIN outbox o ON o.no = i.no AND o.kind = 'contact' AND o.state = 'waiting'
    JOIN contact c ON c.no = o.no
WHERE i.id IN (SELECT value FROM json_each(?))
"""


def withdraw_edited(
    database: Database, contacts: Iterable[ContactId]
) -> dict[ContactId, list[str]]:
    """Return {contact: properties whose planned write was taken back}."""
    withdrawn: dict[ContactId, list[str]] = {}
    with database.writing():
        rows = list(database.rows(_WAITING, [json_list(contacts)]))
        for id_, entry, no, wish, before, found in rows:
            wished, stood, now = property_map(wish), property_map(before), property_map(found)
            edited = [
                name
                for name, value in wished.items()
                if not same_value(now.get(name), value)
                and not same_value(now.get(name), stood.get(name))
            ]
            if edited:
                database.run("DELETE FROM outbox WHERE id = ?", [entry])
                database.run(CLEAR_SHOWN, [no])
                withdrawn[ContactId(str(id_))] = edited
    return withdrawn
