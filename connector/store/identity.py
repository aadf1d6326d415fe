"""Which number a contact has: by the ids and addresses it goes by, before and after a merge."""

from collections.abc import Iterable

from connector.domain.ids import ContactId
from connector.store.database import Database
from connector.store.encoding import json_list

_FIND_IDS = """
SELECT id, no FROM identity WHERE id IN (SELECT value FROM json_each(?))
"""
_FIND_ADDRESSES = """
SELECT email, no FROM address WHERE email IN (SELECT value FROM json_each(?))
"""


class Identities:
    """The numbers of contacts, for the length of one transaction.

    A contact that is named before it was read (by an activity, a deal, a merge) gets its number
    already; it is `unseen` until its own page comes, and no evaluation sees it.
    """

    def __init__(self, database: Database, ids: Iterable[ContactId], buckets: int) -> None:
        self._database = database
        self._buckets = buckets
        self._numbers = {
            str(id_): _number(no) for id_, no in database.rows(_FIND_IDS, [json_list(set(ids))])
        }
        self._next = database.number("SELECT max(no) FROM contact") + 1

    def known(self, id_: ContactId) -> int | None:
        """Return a contact's number if it has one; that of the survivor if it was merged."""
        return self._numbers.get(id_)

    def number(self, id_: ContactId) -> int:
        """Return a contact's number, a new one if it has none."""
        number = self._numbers.get(id_)
        if number is not None:
            return number
        number = self._next
        self._next += 1
        self._database.run(
            "INSERT INTO contact (no, id, bucket) VALUES (?, ?, ?)",
            (number, id_, number % self._buckets),
        )
        self.name(id_, number)
        return number

    def name(self, id_: ContactId, number: int) -> None:
        """Let an id lead to a contact."""
        self._database.run(
            "INSERT INTO identity (id, no) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET no = excluded.no",
            (id_, number),
        )
        self._numbers[id_] = number

    def merged(self, loser: int, survivor: int) -> None:
        """Take note that every id of `loser` leads to `survivor` now."""
        self._numbers = {
            id_: survivor if number == loser else number for id_, number in self._numbers.items()
        }


def find_addresses(database: Database, emails: Iterable[str]) -> dict[str, int]:
    """Return {address: contact's number} of those that are known."""
    found = database.rows(_FIND_ADDRESSES, [json_list(set(emails))])
    return {str(email): _number(no) for email, no in found}


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)  # the schema is STRICT: cannot be
    return value
