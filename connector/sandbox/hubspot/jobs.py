"""Exports and imports: work that the account does later, one step per second or per poll."""

import io
import zipfile
from dataclasses import dataclass

from connector.sandbox.hubspot import sheets
from connector.sandbox.hubspot.call import Answer, Call, is_whole, names_of, text_of
from connector.sandbox.hubspot.keeping import Export, Import
from connector.sandbox.hubspot.kinds import kind_of
from connector.sandbox.hubspot.moments import DAY_MS, iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, Refusal, invalid, not_found

STEP_MS = 1_000
POLLS_PER_STEP = 2
EXPORTS_PER_DAY = 30
ASSOCIATED_TYPES = 4
LINK_MS = 300_000
ZIPPED_FROM = 2_000_000
IMPORTS_AT_ONCE = 3
RUNNING = frozenset({"STARTED", "PROCESSING"})
FILES = "/_sandbox/files"  # a real account signs a link to another host


@dataclass(slots=True)
class Jobs:
    """The exports and imports of one account."""

    portal: Portal

    def settle(self) -> None:
        """Do what is due by now."""
        for export in self.portal.exports.values():
            if export.state == "COMPLETE":
                continue
            self._advance_export(export)
            if export.state != "COMPLETE":
                break  # one export at a time; the others queue
        for job in self.portal.imports.values():
            self._advance_import(job)

    def start_export(self, call: Call) -> Answer:
        """Take an export on."""
        body, now = call.json(), self.portal.now_ms()
        recent = [export for export in self.portal.exports.values() if export.at_ms > now - DAY_MS]
        if len(recent) >= EXPORTS_PER_DAY:
            raise Refusal(429, "30 exports in 24 hours are the limit", "RATE_LIMITS")
        if text_of(body, "exportType", needed=True) not in {"VIEW", "LIST"}:
            raise invalid("exportType must be VIEW or LIST")
        for name in ("format", "exportName", "language", "objectType"):
            text_of(body, name, needed=True)
        if body["format"] != "CSV":
            raise invalid("only CSV is served here")
        associated = body.get("associatedObjectType") or []
        if isinstance(associated, list) and len(associated) > ASSOCIATED_TYPES:
            raise invalid(f"No more than {ASSOCIATED_TYPES} associated types are supported")
        names = names_of(body, "objectProperties")
        if not names:
            raise invalid("Some required fields were not set: [objectProperties]")
        kind = kind_of(str(body["objectType"]))
        sheets.exported_ids(self.portal, kind, body)  # a filter that cannot be is refused at once
        job = Export(len(self.portal.exports) + 1, kind.name, body, now)
        self.portal.exports[job.id] = job
        self.portal.changes += 1
        return Answer(202, {"id": str(job.id), "links": {"status": f"{call.path}/tasks/{job.id}"}})

    def export_status(self, call: Call) -> Answer:
        """Serve how far an export is; a done one gives a link that works for five minutes."""
        key = call.params[0]
        job = self.portal.exports.get(int(key)) if is_whole(key) else None
        if job is None:
            raise not_found()
        job.polls += 1
        self.settle()
        now = self.portal.now_ms()
        body: Json = {
            "status": job.state,
            "requestedAt": iso(job.at_ms),
            "startedAt": iso(job.at_ms),
        }
        body["completedAt"] = iso(now)  # the client insists on one, done or not
        if job.state == "COMPLETE":
            job.link_ms = now
            body["result"] = f"{call.base_url}{FILES}/{job.id}-{now}"
        return Answer(body=body)

    def file(self, name: str) -> bytes | None:
        """Return an export's file while its link is valid; a long one is zipped."""
        number, _, at = name.partition("-")
        job = self.portal.exports.get(int(number)) if is_whole(number) else None
        if job is None or not is_whole(at) or self.portal.now_ms() - int(at) > LINK_MS:
            return None
        if len(job.file) <= ZIPPED_FROM:
            return job.file
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("export.csv", job.file)
        return packed.getvalue()

    def start_import(self, call: Call) -> Answer:
        """Take an import on; a fourth one waits."""
        now = self.portal.now_ms()
        job = sheets.read_import(call, len(self.portal.imports) + 1, now)
        running = [one for one in self.portal.imports.values() if one.state in RUNNING]
        if len(running) >= IMPORTS_AT_ONCE:
            job.state = "DEFERRED"
        self.portal.imports[job.id] = job
        self.portal.changes += 1
        return Answer(200, _import(job))

    def import_status(self, call: Call) -> Answer:
        """Serve how far an import is."""
        job = self._found_import(call)
        job.polls += 1
        self.settle()
        return Answer(body=_import(job))

    def list_imports(self, call: Call) -> Answer:
        """Serve a page of the imports, oldest first."""
        limit, after = call.limit(100, 100), call.number("after", 0)
        jobs = [job for job in self.portal.imports.values() if job.id >= after]
        body: Json = {"results": [_import(job) for job in jobs[:limit]]}
        if len(jobs) > limit:
            body["paging"] = {"next": {"after": str(jobs[limit].id), "link": ""}}
        return Answer(body=body)

    def import_errors(self, call: Call) -> Answer:
        """Serve the rows that an import refused."""
        job = self._found_import(call)
        limit, after = call.limit(100, 500), call.number("after", 0)
        body: Json = {"results": job.errors[after : after + limit]}
        if after + limit < len(job.errors):
            body["paging"] = {"next": {"after": str(after + limit), "link": ""}}
        return Answer(body=body)

    def cancel_import(self, call: Call) -> Answer:
        """Stop an import that is not done yet."""
        job = self._found_import(call)
        if job.state in {*RUNNING, "DEFERRED"}:
            job.state = "CANCELED"
        now = iso(self.portal.now_ms())
        return Answer(body={"status": "COMPLETE", "startedAt": now, "completedAt": now})

    def _found_import(self, call: Call) -> Import:
        key = call.params[0]
        job = self.portal.imports.get(int(key)) if is_whole(key) else None
        if job is None:
            raise not_found()
        return job

    def _steps(self, job: Export | Import) -> int:
        return max((self.portal.now_ms() - job.at_ms) // STEP_MS, job.polls // POLLS_PER_STEP)

    def _advance_export(self, job: Export) -> None:
        steps = self._steps(job)
        if steps >= 1:
            job.state = "PROCESSING"
        if steps >= 2:
            job.file = sheets.written(self.portal, job)
            job.state = "COMPLETE"

    def _advance_import(self, job: Import) -> None:
        if job.state == "DEFERRED":
            running = [one for one in self.portal.imports.values() if one.state in RUNNING]
            if len(running) < IMPORTS_AT_ONCE:
                job.state, job.at_ms, job.polls = "STARTED", self.portal.now_ms(), 0
            return
        if job.state not in RUNNING:
            return
        steps = self._steps(job)
        if steps >= 1:
            job.state = "PROCESSING"
        if steps >= 2:
            sheets.carry_out(self.portal, job)
            job.state = "DONE"
            job.updated_ms = self.portal.now_ms()


def _import(job: Import) -> Json:
    return {
        "id": str(job.id),
        "state": job.state,
        "importName": job.name,
        "optOutImport": False,
        "importSource": "API",
        "mappedObjectTypeIds": [kind_of(job.kind).type_id],
        "metadata": {"counters": job.counters, "fileIds": [str(job.id)], "objectLists": []},
        "createdAt": iso(job.at_ms),
        "updatedAt": iso(max(job.at_ms, job.updated_ms)),
    }
