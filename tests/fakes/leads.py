"""The fake CRM of an account with leads beside its contacts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from connector.domain.contact import Contact, Lead
from connector.domain.ids import LeadId
from connector.domain.moment import micros
from connector.ports import (
    LEADS,
    Outcome,
    Page,
    Stream,
    Verdict,
    WriteBack,
    lead_and_name,
    on_lead,
)
from tests.fakes.crm import STREAMS, FakeCrm
from tests.fakes.desk import Row

LABEL = "label"
OPTIONS = ("COLD", "WARM", "HOT")


def lead(id_: str, of: Contact, at: datetime, label: str | None = None) -> Lead:
    """Return an open lead of a contact."""
    us = micros(at)
    return Lead(LeadId(id_), of.id, {LABEL: label}, is_open=True, created_us=us, changed_us=us)


class FakeLeadCrm(FakeCrm):
    """A `FakeCrm` that is a `LeadCrm` too. With `lags`, the stream of leads shows nothing new."""

    lags = False

    def streams(self) -> Sequence[Stream]:
        """Return the four streams, and leads."""
        return (*STREAMS, Stream(LEADS, LEADS))

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as the fake does."""
        return iter(()) if self.lags and stream.name == LEADS else super().pages(stream, checkpoint)

    def fetch_leads(self, ids: Sequence[LeadId]) -> Sequence[Lead]:
        """Return those that are there, without their contacts."""
        self._check_batch(ids)
        found = self._call("read", lambda: [self.desk.lead(each) for each in ids])
        return [replace(each, contact=None) for each in found if each is not None]

    def write_leads(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set labels, one by one."""
        self._check_batch([_lead_of(each) for each in batch])
        return self._call("lead", lambda: [self._write_lead(each) for each in batch])

    def _page(self, stream: Stream, rows: Sequence[Row], change: int) -> Page:
        leads = [row.value for row in rows if isinstance(row.value, Lead)]
        return replace(super()._page(stream, rows, change), leads=leads)

    def _write_lead(self, wish: WriteBack) -> Outcome:
        id_ = _lead_of(wish)
        if self.desk.lead(id_) is None:
            return Outcome(Verdict.GONE)
        ((called, value),) = wish.values.items()
        if called != on_lead(id_, LABEL) or value not in {*OPTIONS, None}:
            return Outcome(Verdict.REFUSED, reason=f"{value} is no option of {called}")
        changed = self.desk.change_lead(id_, label=value)
        assert changed.is_open
        return Outcome(Verdict.ACCEPTED, values=wish.values, changed_at=self._clock.now())


def _lead_of(wish: WriteBack) -> LeadId:
    (id_,) = {found[0] for found in map(lead_and_name, wish.values) if found}
    return id_
