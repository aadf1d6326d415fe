"""Looks at everything that a sync needs in an org, and says what is missing. Changes nothing."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce import check_reading, check_writing, soql
from connector.crm.salesforce.account import asking_for_org, org_of, records
from connector.crm.salesforce.check_sharing import check_sharing
from connector.crm.salesforce.client import Client, Sub, SubReply, as_object, objects
from connector.crm.salesforce.findings import PROVISION, Findings, listed
from connector.crm.salesforce.hiding import Hiding
from connector.crm.salesforce.members import assignment_query, fetch_own_id, holders_query
from connector.crm.salesforce.merging import merged_conversion
from connector.crm.salesforce.metadata import CONVERSION
from connector.crm.salesforce.metadata_reading import read_metadata
from connector.crm.salesforce.needs import ON_PEOPLE, needs
from connector.crm.salesforce.refusal import Json
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.wishes import set_names, wishes
from connector.errors import CredentialsError, CrmRefusedError
from connector.ports import Finding

_FEW_CALLS = 1_000
_FEW_SHARE = 10
"""Percent of the day's calls."""
_YEARS, _A_YEAR = 3, 3
"""A version is supported for three years at least, and three come each year."""
_RECENT = soql.Condition("CreatedDate = LAST_N_DAYS:42")
_MAIL = "EmailMessage"
_VERSION = re.compile(r"\d{2,3}\.0")
_OWN_PROFILES = ("api only", "integration")


@dataclass(slots=True)
class Checkup:
    """One examination of an org."""

    client: Client
    mapping: SalesforceMapping
    told: Findings = field(default_factory=Findings)
    _user: str = ""

    def run(self) -> list[Finding]:
        """Return what was found, the org first. About nine calls.

        Raises CrmUnavailableError if the org does not answer.
        """
        try:
            if not self._check_version():
                return self.told.found
            self._check_user()
        except CredentialsError as error:
            self.told.error(error.what, error.do)
            return self.told.found
        except CrmRefusedError as refused:
            self.told.error(refused.what, refused.do)
            return self.told.found
        self._look()
        return self.told.found

    def _look(self) -> None:
        schema = Schema(self.client)
        hiding = Hiding(self.client, schema)
        schema.load([*needs(self.mapping), "Task", "Account", "Campaign", hiding.SOURCE])
        for look in (
            lambda: check_reading.check(self.mapping, schema, hiding, self.told),
            lambda: check_reading.check_members(self.mapping, self.client, self.told),
            lambda: check_writing.check(self.mapping, schema, hiding, self.told),
            lambda: check_sharing(self.mapping, self.client, schema, self._user, self.told),
            self._check_conversion,
            lambda: self._check_engagement(schema),
        ):
            self._try(look)
        self._note_rules()
        self._check_daily()

    def _try(self, look: Callable[[], None]) -> None:
        try:
            look()
        except CrmRefusedError as refused:
            self.told.error(refused.what, refused.do)

    def _check_version(self) -> bool:
        told = [str(each.get("version")) for each in objects(self.client.get("/services/data"))]
        offered = [float(version) for version in told if _VERSION.fullmatch(version)]
        ours, newest = float(self.client.version), max(offered, default=0.0)
        if ours not in offered:
            self.told.error(
                f"the org does not speak version {ours} of the interface",
                f"Set connect.api_version to one from {min(offered, default=0.0)} to {newest}.",
            )
            return False
        if newest - ours >= _YEARS * _A_YEAR:
            self.told.warn(
                f"version {ours} of the interface is older than three years, the least that "
                "Salesforce supports one",
                f"Set connect.api_version to a newer one; the org speaks up to {newest}.",
            )
        else:
            self.told.ok(f"version {ours} of the interface; the org speaks up to {newest}")
        return True

    def _check_user(self) -> None:
        user = self._user = fetch_own_id(self.client)
        people, ours = set_names(self.mapping)
        asked = [
            asking_for_org(),
            _query(_user_query(user)),
            _query(assignment_query(user, ours)),
            _query(holders_query(people)),
            _query(_owned(self.mapping, user)),
        ]
        org, who, assigned, holders, owned = self.client.composite(asked)
        account = org_of(org)
        self.told.ok(f"org {account.id} ({account.kind}), days end in {account.time_zone}")
        self._tell_user(user, next(records(who), {}), is_person=_has_rows(owned))
        if not _has_rows(assigned):
            self.told.warn(f"our user does not have the permission set {ours}", PROVISION)
        if holders.is_done and not _has_rows(holders):
            self.told.warn(
                f"nobody has the permission set {people}: people do not see scores and stages",
                "Assign it to those who work with leads, and add the fields to their pages "
                "(docs/salesforce.md, «What people see»).",
            )

    def _tell_user(self, user: str, row: Json, *, is_person: bool) -> None:
        profile = row.get("Profile")
        name = str(as_object(profile).get("Name")) if isinstance(profile, dict) else "unknown"
        what = f"we are the user {user}, profile «{name}»"
        is_own = any(word in name.lower() for word in _OWN_PROFILES)
        if is_person and not is_own:
            self.told.warn(
                f"{what}, who owns leads or contacts: a person, it seems",
                "Give Leadripe a user of its own: with the rights it needs alone, and so that the "
                "org's history tells its changes from that person's.",
            )
        else:
            self.told.ok(what)

    def _check_conversion(self) -> None:
        wanted = wishes(self.mapping, "en", (), ()).conversion
        if wanted is None or not self.mapping.results:
            return
        try:
            found = read_metadata(self.client, CONVERSION, [CONVERSION])
        except CrmRefusedError:
            # Reading it takes the right to change it, which our user had better not have.
            self.told.ok("what a converted lead takes along is not ours to see; provisioning does")
            return
        lacking, _ = merged_conversion(wanted, found.get(CONVERSION))
        if lacking:
            self.told.warn(f"a converted lead loses {listed(lacking)}", PROVISION)
        else:
            self.told.ok("a converted lead takes our fields along")

    def _check_engagement(self, schema: Schema) -> None:
        sources = [each for each in self.mapping.sources if each != ON_PEOPLE]
        seen = [source for source in sources if schema.find(source) is not None]
        subs = [_query(_recent(source)) for source in seen]
        answers = self.client.composite(subs) if subs else []
        alive = [name for name, each in zip(seen, answers, strict=True) if _has_rows(each)]
        if not alive:
            self.told.warn(
                "no engagement source found: in six weeks nothing came to "
                f"{listed(sources) or 'any source, since the mapping names none'}",
                _WHERE_IT_MAY_BE,
            )
        elif _MAIL in seen and _MAIL not in alive:
            self.told.warn("in six weeks no mail came to EmailMessage", _WHERE_MAILS_ARE)
        else:
            self.told.ok(f"in six weeks something came to {listed(alive)}")

    def _note_rules(self) -> None:
        self.told.ok(
            "assignment rules move no lead and duplicate rules block no write of ours: each call "
            "says so; a duplicate rule may still stop rows of a large write, which are named then"
        )

    def _check_daily(self) -> None:
        if self.client.daily is None:
            return
        used, total = self.client.daily
        left = total - used
        what = f"{left:,} of {total:,} calls of the last 24 hours are left"
        if left < _FEW_CALLS or left * 100 < total * _FEW_SHARE:
            advice = "All apps of the org share them. Look under Setup, Company Information, who"
            self.told.warn(f"only {what}", f"{advice} uses them; the window moves hour by hour.")
        else:
            self.told.ok(what)


_WHERE_MAILS_ARE = (
    "If mails are in the timeline all the same, Einstein Activity Capture keeps them outside of "
    "the org's records: turn on its sync to Salesforce, or Enhanced Email. If you have no mails "
    "there, take the entries of EmailMessage out of the mapping; where mails are logged as tasks "
    "alone, give those of the subtype Email the type email_sent."
)
_WHERE_IT_MAY_BE = (
    "Silence would be scored as disinterest. Look where calls, meetings, mails and campaign "
    "responses are kept: a tool may show them in the timeline alone (Einstein Activity Capture), "
    "or keep them in fields of its own, which the source `contact` reads. See "
    "docs/salesforce-mapping.md, «activities»."
)


def _query(text: str) -> Sub:
    return Sub("GET", "/query", {"q": text})


def _user_query(user: str) -> str:
    columns: Sequence[str] = ("Id", "IsActive", "Profile.Name")
    return soql.select(columns, "User", [soql.compared("Id", "=", user)])


def _owned(mapping: SalesforceMapping, user: str) -> str:
    owner = soql.compared("OwnerId", "=", user)
    return soql.select(["Id"], mapping.contact.objects[0], [owner], most=1)


def _recent(source: str) -> str:
    return soql.select(["Id"], source, [_RECENT], most=1)


def _has_rows(answer: SubReply) -> bool:
    return answer.is_done and any(True for _ in objects(answer.body, "records"))
