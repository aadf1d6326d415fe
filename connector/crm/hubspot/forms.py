"""Form submissions: form by form, newest first, as far back as they are not known yet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from connector.crm.hubspot import paths, wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.cursor import FormCursor, dump, fields
from connector.crm.hubspot.follow import Lag
from connector.crm.hubspot.judging import ConflictError
from connector.crm.hubspot.refusal import Json
from connector.crm.hubspot.sources import Records
from connector.crm.values import millis
from connector.domain.contact import Activity
from connector.ports import Page

_PAGE = 50
_FORMS = 100


@dataclass(frozen=True, slots=True)
class FormStream:
    """Reads every form's submissions, if any contact shows one that is not known yet.

    Reading costs a call for each form, however quiet. So it waits for `latest`, the latest
    submission that the contacts have shown (None: not known), or for `sweep_every` to pass.
    """

    client: Client
    records: Records
    lag: Lag
    sweep_every: timedelta
    latest: Callable[[], int | None]

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        cursor = _load(checkpoint)
        latest = self.latest()
        if not cursor.todo and not self._is_due(cursor, latest):
            return
        names = fetch_forms(self.client)
        if not cursor.todo:
            cursor.began = millis(self.client.now())
            cursor.todo = list(names)
        while cursor.todo:
            yield self._page(cursor, names, latest)

    def _is_due(self, cursor: FormCursor, latest: int | None) -> bool:
        age = timedelta(milliseconds=millis(self.client.now()) - cursor.read)
        return latest is None or latest > cursor.converted or age >= self.sweep_every

    def _page(self, cursor: FormCursor, names: Mapping[str, str], latest: int | None) -> Page:
        form = cursor.todo[0]
        submissions, after = self._fetch(form, cursor.after) if form in names else ([], "")
        moments = [at for at in map(_submitted, submissions) if at is not None]
        known = cursor.forms.get(form, 0) - self.lag.millis
        cursor.after = after if moments and min(moments) >= known else ""
        if not cursor.after:
            _finish(cursor, form, latest)
        fresh = [each for each in submissions if (_submitted(each) or 0) >= known]
        name = names.get(form, "")
        activities = [found for each in fresh for found in self._activities(form, name, each)]
        return Page(dump(cursor), activities=activities)

    def _fetch(self, form: str, after: str) -> tuple[list[Json], str]:
        query = {"limit": str(_PAGE)} | ({"after": after} if after else {})
        try:
            reply = self.client.get(paths.submissions(form), query, needs="results")
        except ConflictError as conflict:
            if conflict.status != 404:
                raise
            return [], ""  # some kinds of forms have no submissions that could be read
        return wire.objects(reply["results"]), wire.next_after(reply) or ""

    def _activities(self, form: str, name: str, submission: Json) -> Iterator[Activity]:
        properties = _properties(form, name, submission)
        email = properties.get("field.email")
        if email:
            id_ = wire.text(submission.get("conversionId")) or _digest(properties)
            yield from self.records.activities(
                f"{form}:{id_}", properties, email=email.strip().lower()
            )


def fetch_forms(client: Client) -> Mapping[str, str]:
    """Fetch {form id: its name} of every form."""
    forms: dict[str, str] = {}
    after: str | None = ""
    while after is not None:
        query = {"limit": str(_FORMS)} | ({"after": after} if after else {})
        reply = client.get(paths.FORMS, query, needs="results")
        for form in wire.objects(reply["results"]):
            forms[str(form.get("id"))] = wire.text(form.get("name")) or ""
        after = wire.next_after(reply)
    return forms


def _finish(cursor: FormCursor, form: str, latest: int | None) -> None:
    cursor.forms[form] = cursor.began
    cursor.todo, cursor.after = cursor.todo[1:], ""
    if not cursor.todo:
        cursor.read = cursor.began
        cursor.converted = max(cursor.converted, latest or 0)


def _load(checkpoint: str | None) -> FormCursor:
    try:
        return FormCursor(**fields(checkpoint))  # type: ignore[arg-type]  # as `dump` wrote them
    except TypeError:
        return FormCursor()


def _submitted(submission: Json) -> int | None:
    at = submission.get("submittedAt")
    return at if isinstance(at, int) else None


def _properties(form: str, name: str, submission: Json) -> Mapping[str, str | None]:
    url = wire.text(submission.get("pageUrl"))
    return {
        "form_guid": form,
        "form_name": name or None,
        "submittedAt": wire.text(submission.get("submittedAt")),
        "page_url": url,
        "page_path": urlsplit(url).path if url else None,
        "page_title": wire.text(submission.get("pageTitle")),
        **_values(wire.objects(submission.get("values"))),
    }


def _values(values: Sequence[Json]) -> Mapping[str, str | None]:
    """Return {`field.<name>`: value}; several values of one name are joined as HubSpot does."""
    found: dict[str, str | None] = {}
    for entry in values:
        name, value = f"field.{entry.get('name')}", wire.text(entry.get("value"))
        found[name] = f"{found[name]};{value}" if found.get(name) and value else value
    return found


def _digest(properties: Mapping[str, str | None]) -> str:
    """Return a stable id for a submission that has none of its own."""
    text = f"{properties.get('submittedAt')}|{properties.get('field.email')}"
    return sha256(text.encode()).hexdigest()[:24]
