"""Fills an org with a world: who there is, what they did, what was sold to them."""

from connector.sandbox.salesforce.fill_activities import define_fields, tell
from connector.sandbox.salesforce.fill_people import fill_deals, fill_people, fill_users
from connector.sandbox.salesforce.filling import Book
from connector.sandbox.salesforce.org import Org
from connector.sandbox.world import World


def fill(org: Org, world: World) -> None:
    """Put a world into an empty org, with the times at which it happened.

    The same world gives the same ids.
    """
    book = Book(org)
    define_fields(book)
    fill_users(book, world)
    fill_people(book, world)
    for happening in sorted(world.happenings, key=lambda one: (one.at, one.key)):
        tell(book, happening)
    fill_deals(book, world)
    book.close()
