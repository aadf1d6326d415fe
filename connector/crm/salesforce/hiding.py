"""Whether a field that our user does not see is hidden from it, or not there at all."""

from collections.abc import Iterable, Mapping

from connector.crm.salesforce import soql
from connector.crm.salesforce.client import Client, objects
from connector.crm.salesforce.fields import ACTIVITY
from connector.crm.salesforce.schema import Schema
from connector.errors import CrmRefusedError

_CUSTOM = "__c"
_ON_ACTIVITY = ("Task", "Event")


class Hiding:
    """Asks what describes do not tell, if anything is to be asked."""

    SOURCE = "FieldPermissions"
    """The object that offers every field that can be granted, seen or not."""

    def __init__(self, client: Client, schema: Schema) -> None:
        self._client = client
        self._schema = schema

    def hidden(self, unseen: Mapping[str, Iterable[str]]) -> set[str]:
        """Return which of the fields of objects are there, as `Lead.Title`.

        One call if custom fields are among them; what cannot be told counts as not there.
        """
        names = {f"{source}.{name}" for source, some in unseen.items() for name in some}
        custom = {name for name in names if name.endswith(_CUSTOM)}
        return (names & self._grantable()) | (self._defined(custom) if custom else set())

    def _grantable(self) -> set[str]:
        offered = self._schema.field(self.SOURCE, "Field")
        return set(offered.values) if offered else set()

    def _defined(self, names: set[str]) -> set[str]:
        bare = sorted({name.partition(".")[2].removesuffix(_CUSTOM) for name in names})
        query = soql.select(
            ["DeveloperName", "TableEnumOrId"], "CustomField", [soql.one_of("DeveloperName", bare)]
        )
        try:
            rows = objects(self._client.get("/tooling/query", {"q": query}), "records")
        except CrmRefusedError:
            return set()
        there = {(str(row.get("TableEnumOrId")), str(row.get("DeveloperName"))) for row in rows}
        return {name for name in names if _key(name) in there}


def _key(name: str) -> tuple[str, str]:
    source, _, own = name.partition(".")
    return ACTIVITY if source in _ON_ACTIVITY else source, own.removesuffix(_CUSTOM)
