"""Creates what is missing in HubSpot: groups, properties, options, the key of tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot import paths, wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.judging import ConflictError
from connector.crm.hubspot.refusal import Json, parse_entry
from connector.crm.hubspot.schema import CREATION_KEY, Wanted, options, wanted
from connector.errors import CrmRefusedError
from connector.ports import Provision

Definitions = Mapping[str, Json]
"""{property: its definition}."""


@dataclass(slots=True)
class Plan:
    """What one object type lacks. `mismatches`: what stands in the way, and what to do about it."""

    of: str
    has_group: bool
    parts: list[Provision] = field(default_factory=list)
    missing: list[Wanted] = field(default_factory=list)
    extended: dict[str, list[Json]] = field(default_factory=dict)
    mismatches: list[str] = field(default_factory=list)


def fetch_definitions(client: Client, kind: str) -> Definitions:
    """Fetch {property: its definition} of an object type."""
    reply = client.get(paths.properties(kind), needs="results")
    return {str(each.get("name")): each for each in wire.objects(reply["results"])}


def provision(
    client: Client, mapping: HubSpotMapping, *, language: str, dry_run: bool
) -> list[Provision]:
    """Create what is missing, and return every part with whether it was there.

    Raises CrmRefusedError, before anything is created, if a property of one of our names is of
    another type: it is not ours, and what is in it would be lost.
    """
    plans = [_plan(client, mapping, kind) for kind in _kinds(mapping)]
    mismatches = [each for plan in plans for each in plan.mismatches]
    if mismatches:
        raise _refused(mismatches)
    if not dry_run:
        for plan in plans:
            _carry_out(client, plan, mapping.group, language)
    return [part for plan in plans for part in plan.parts]


def option_labels(definition: Json | None) -> dict[str, str] | None:
    """Return {option: label} of a choice, in the account's order; None if it is no choice."""
    if definition is None or definition.get("type") != "enumeration":
        return None
    shown = [each for each in wire.objects(definition.get("options")) if not each.get("hidden")]
    ordered = sorted(shown, key=_place)
    return {str(each.get("value")): str(each.get("label")) for each in ordered}


def _place(option: Json) -> int:
    place = option.get("displayOrder")
    return place if isinstance(place, int) else 0


def _kinds(mapping: HubSpotMapping) -> list[str]:
    kinds = list(dict.fromkeys(each.of for each in wanted(mapping)))
    if mapping.tasks and "tasks" not in kinds:
        kinds.append("tasks")
    return kinds


def _plan(client: Client, mapping: HubSpotMapping, kind: str) -> Plan:
    definitions = fetch_definitions(client, kind)
    ours = [each for each in wanted(mapping) if each.of == kind]
    plan = Plan(kind, has_group=not ours or _has_group(client, kind, mapping.group))
    if ours:
        plan.parts.append(Provision(f"group {mapping.group} of {kind}", plan.has_group))
    for each in ours:
        _compare(plan, each, definitions.get(each.name), mapping.group)
    if kind == "tasks" and not ours:
        _check_creation_key(plan, definitions)
    return plan


def _has_group(client: Client, kind: str, name: str) -> bool:
    reply = client.get(paths.properties(kind, "groups"), needs="results")
    return any(each.get("name") == name for each in wire.objects(reply["results"]))


def _compare(plan: Plan, each: Wanted, found: Json | None, group: str) -> None:
    plan.parts.append(Provision(f"property {each.name} of {each.of}", found is not None))
    if found is None:
        plan.missing.append(each)
        return
    mismatch = mismatch_of(each, found)
    if mismatch:
        plan.mismatches.append(mismatch)
        return
    there = wire.objects(found.get("options"))
    lacking = lacking_options(each, found)
    if lacking and found.get("groupName") != group:
        plan.mismatches.append(
            f"property {each.name} of {each.of} lacks the options {', '.join(lacking)}, and stands "
            f"outside the group {group}: add them, or choose another name in the mapping"
        )
    elif lacking:
        labels = {value: (each.kind.options or {})[value] for value in lacking}
        plan.parts.append(
            Provision(f"options {', '.join(lacking)} of {each.name}", is_present=False)
        )
        # HubSpot replaces the whole list, so what people added has to be sent along.
        plan.extended[each.name] = [*there, *options(labels, first=len(there))]


def mismatch_of(each: Wanted, found: Json) -> str:
    """Return why an existing property cannot be ours; empty if it can."""
    if found.get("type") != each.kind.type:
        return (
            f"property {each.name} of {each.of} is of type {found.get('type')}, not "
            f"{each.kind.type}: choose another name for it in the mapping, or rename what is there"
        )
    if each.kind.is_unique and found.get("hasUniqueValue") is not True:
        return (
            f"property {each.name} of {each.of} allows one value twice, which cannot be changed: "
            "choose another name for it in the mapping"
        )
    if is_read_only(found):
        return f"property {each.name} of {each.of} cannot be written: choose another name"
    return ""


def is_read_only(definition: Json) -> bool:
    """Tell whether values of a property cannot be set."""
    metadata = definition.get("modificationMetadata")
    read_only = isinstance(metadata, dict) and metadata.get("readOnlyValue") is True
    return read_only or definition.get("calculated") is True


def lacking_options(each: Wanted, found: Json) -> list[str]:
    """Return the values that a choice of ours does not offer yet."""
    offered = {option.get("value") for option in wire.objects(found.get("options"))}
    return [str(value) for value in each.kind.options or () if str(value) not in offered]


def _check_creation_key(plan: Plan, definitions: Definitions) -> None:
    found = definitions.get(CREATION_KEY)
    usable = found is not None and not is_read_only(found)
    plan.parts.append(Provision(f"property {CREATION_KEY} of tasks", usable))
    if not usable:
        plan.mismatches.append(
            f"property {CREATION_KEY} of tasks cannot be written in this account: name another "
            "`tasks.key` in the mapping, or leave `tasks` out"
        )


def _carry_out(client: Client, plan: Plan, group: str, language: str) -> None:
    if not plan.has_group:
        _create_group(client, plan.of, group)
    if plan.missing:
        _create(client, plan, group, language)
    for name, offered in plan.extended.items():
        client.patch(paths.properties(plan.of, name), {"options": offered})


def _create_group(client: Client, kind: str, group: str) -> None:
    body = {"name": group, "label": group.replace("_", " ").title()}
    try:
        client.post(paths.properties(kind, "groups"), body, needs="")
    except ConflictError as conflict:
        if conflict.status != 409:
            raise
    except CrmRefusedError as refused:
        raise _no_custom(refused, kind) from refused


def _create(client: Client, plan: Plan, group: str, language: str) -> None:
    inputs = [each.definition(group, language) for each in plan.missing]
    path = paths.properties(plan.of, "batch/create")
    try:
        reply = client.post(path, {"inputs": inputs})
    except ConflictError as conflict:
        if conflict.status != 409:
            raise
        return
    except CrmRefusedError as refused:
        raise _no_custom(refused, plan.of) from refused
    _check_created(reply, plan.of, plan.missing)


def _check_created(reply: Json, kind: str, missing: Sequence[Wanted]) -> None:
    whys = [parse_entry(entry) for entry in wire.objects(reply.get("errors"))]
    problems = [why.says for why in whys if "EXISTS" not in why.category and why.status != 409]
    if problems:
        raise _no_custom(_refused(problems), kind)
    # A property that lay archived under this name comes back as it was, whatever we asked for.
    created = {str(each.get("name")): each for each in wire.objects(reply.get("results"))}
    found = [mismatch_of(each, created[each.name]) for each in missing if each.name in created]
    if any(found):
        raise _refused([mismatch for mismatch in found if mismatch])


def _no_custom(refused: CrmRefusedError, kind: str) -> CrmRefusedError:
    if kind != "tasks" or refused.scopes:
        return refused
    return CrmRefusedError(
        what=f"HubSpot takes no property of ours on tasks: {refused.what}",
        where="mappings/hubspot.yaml, tasks.key",
        do=f"Write `tasks: {{key: {CREATION_KEY}}}` in the mapping and provision again; if that is "
        "refused too, leave `tasks` out. Properties of contacts are in place.",
        status=refused.status,
    )


def _refused(problems: Sequence[str]) -> CrmRefusedError:
    return CrmRefusedError(
        what="HubSpot's properties do not fit: " + "; ".join(problems),
        where="mappings/hubspot.yaml",
        do="Correct the mapping or HubSpot's settings, then `leadripe provision` again.",
    )
