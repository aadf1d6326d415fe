"""Creates what is missing in an org: fields, the task key, permission sets, list views, mappings.

First everything that stands there is read, then one deploy brings what is lacking. What others made
is never changed; where it stands in the way, nothing is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.client import Client
from connector.crm.salesforce.deploying import DeployError, deploy
from connector.crm.salesforce.fields import extended, is_ours, lacking_values, mismatch_of
from connector.crm.salesforce.members import assign, is_assigned, user_id
from connector.crm.salesforce.merging import merged_conversion, merged_set, without
from connector.crm.salesforce.metadata import (
    CONVERSION,
    FIELD,
    LIST_VIEW,
    PERMISSION_SET,
    Component,
)
from connector.crm.salesforce.metadata_reading import read_metadata
from connector.crm.salesforce.needs import grants, readable_objects
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.wishes import Wishes, wishes
from connector.errors import CrmRefusedError
from connector.ports import Provision

_MOST_DEPLOYS = 10
_KINDS = (FIELD, LIST_VIEW, PERMISSION_SET, CONVERSION)
Found = Mapping[tuple[str, str], Component]
"""{type and name: component}, as it stands in the org."""


@dataclass(slots=True)
class Plan:
    """What the org lacks. `mismatches`: what stands in the way, and what to do about it."""

    parts: list[Provision] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)

    def note(self, what: str, *, is_present: bool) -> None:
        """Take a part up into what is told."""
        self.parts.append(Provision(what, is_present))


def provision(
    client: Client,
    mapping: SalesforceMapping,
    *,
    language: str,
    dry_run: bool,
    username: str | None = None,
) -> list[Provision]:
    """Create what is missing, and return every part with whether it was there.

    `username`: who gets our own user's permission set; None: who signs in.
    Raises CrmRefusedError, before anything is created, if something of one of our names is not ours
    or of another type.
    """
    reads = grants(mapping, Schema(client))
    wanted = wishes(mapping, language, reads, readable_objects(mapping))
    plan = planned(wanted, fetch_found(client, wanted))
    if plan.mismatches:
        raise _refused(plan.mismatches)
    user, set_name = user_id(client, username), wanted.integration.name
    assigned = is_assigned(client, user, set_name)
    plan.note(f"permission set {set_name} assigned to our user", is_present=assigned)
    if not dry_run:
        told = _carry_out(client, plan, wanted.integration.name, frozenset(reads))
        if not assigned:
            assign(client, user, set_name)
        if told:
            raise _without_views(told)
    return plan.parts


def fetch_found(client: Client, wanted: Wishes) -> Found:
    """Fetch what the org has of what is wanted: a call for ten of a kind."""
    found: dict[tuple[str, str], Component] = {}
    for kind in _KINDS:
        names = [each.name for each in _each(wanted) if each.type == kind]
        found |= {(kind, name): one for name, one in read_metadata(client, kind, names).items()}
    return found


def _each(wanted: Wishes) -> Iterator[Component]:
    yield from (*wanted.fields, *wanted.views, *wanted.sets)
    if wanted.conversion is not None:
        yield wanted.conversion


def planned(wanted: Wishes, found: Found) -> Plan:
    """Return what is lacking, and what stands in the way. Asks nothing."""
    plan = Plan()
    for each in wanted.fields:
        _compare_field(plan, each, found.get((FIELD, each.name)))
    if wanted.conversion is not None:
        _compare_conversion(plan, wanted.conversion, found.get((CONVERSION, CONVERSION)))
    for each in wanted.sets:
        _compare_set(plan, each, found.get((PERMISSION_SET, each.name)))
    for each in wanted.views:
        _compare_view(plan, each, found.get((LIST_VIEW, each.name)))
    return plan


def _compare_field(plan: Plan, wanted: Component, found: Component | None) -> None:
    plan.note(f"field {wanted.own_name} of {wanted.parent}", is_present=found is not None)
    if found is None:
        plan.components.append(wanted)
        return
    mismatch = mismatch_of(wanted, found)
    if mismatch:
        plan.mismatches.append(mismatch)
        return
    lacking = lacking_values(wanted, found)
    if lacking and is_ours(found):
        listed = ", ".join(lacking)
        plan.note(f"values {listed} of {wanted.own_name} of {wanted.parent}", is_present=False)
        plan.components.append(extended(wanted, found))


def _compare_conversion(plan: Plan, wanted: Component, found: Component | None) -> None:
    lacking, whole = merged_conversion(wanted, found)
    listed = f": {', '.join(lacking)}" if lacking else ""
    plan.note(f"fields that a converted lead takes along{listed}", is_present=not lacking)
    if lacking:
        plan.components.append(whole)


def _compare_set(plan: Plan, wanted: Component, found: Component | None) -> None:
    plan.note(f"permission set {wanted.name}", is_present=found is not None)
    if found is None:
        plan.components.append(wanted)
        return
    if not is_ours(found):
        plan.mismatches.append(
            f"there is a permission set {wanted.name} that is not ours: name another "
            "`permission_set` in the mapping"
        )
        return
    lacking, whole = merged_set(wanted, found)
    if lacking:
        plan.note(f"in permission set {wanted.name}: {', '.join(lacking)}", is_present=False)
        plan.components.append(whole)


def _compare_view(plan: Plan, wanted: Component, found: Component | None) -> None:
    # People arrange their lists as they like, and may have had one of this name: none is changed.
    name = f"list view {wanted.get('label')} of {wanted.parent} ({wanted.own_name})"
    plan.note(name, is_present=found is not None)
    if found is None:
        plan.components.append(wanted)


def _carry_out(client: Client, plan: Plan, set_name: str, reads: frozenset[str]) -> list[str]:
    """Deploy, and return what was said of list views that had to be left out.

    Which standard fields can be granted is told by descriptions, but not without exceptions, and
    the columns of list views have names of their own. Neither is to keep everything else out.
    """
    components, left, told = plan.components, reads, list[str]()
    for attempt in range(1, _MOST_DEPLOYS + 1):
        if not components:
            break
        try:
            deploy(client, components)
            break
        except DeployError as refused:
            barred = {name for name in left if _names(refused, set_name, name)}
            views = _views_at_fault(refused, components)
            if not (barred or views) or attempt == _MOST_DEPLOYS:
                raise
            components = [without(each, barred) for each in components if each.name not in views]
            left -= barred
            told += [f"{name}: {problem}" for name, problem in refused.problems if name in views]
    plan.parts += [
        Provision(f"{name}: the org lets no permission set grant it", is_present=True)
        for name in sorted(reads - left)
    ]
    return told


def _views_at_fault(refused: DeployError, components: Sequence[Component]) -> set[str]:
    """Return the list views that were refused, if nothing else was."""
    views = {each.name for each in components if each.type == LIST_VIEW}
    named = {name for name, _ in refused.problems}
    return named if named <= views else set()


def _without_views(told: Sequence[str]) -> CrmRefusedError:
    return CrmRefusedError(
        what=f"Salesforce does not take list views of ours: {'; '.join(told)}",
        where="Setup, Deployment Status",
        do="Everything else is in place. Make such lists by hand if they are wanted: temperature "
        "hot; the hand-off's date not empty; response time breached or escalated; «do not press "
        "until» after today.",
    )


def _names(refused: DeployError, set_name: str, field_name: str) -> bool:
    """Tell whether a permission set was refused for one field."""
    words = re.compile(rf"(?<![\w.]){re.escape(field_name)}(?![\w])")
    return any(name == set_name and words.search(told) for name, told in refused.problems)


def _refused(problems: Sequence[str]) -> CrmRefusedError:
    return CrmRefusedError(
        what="what stands in the org does not fit: " + "; ".join(problems),
        where="mappings/salesforce.yaml",
        do="Correct the mapping or the org's settings, then `leadripe provision` again. Nothing "
        "was changed.",
    )
