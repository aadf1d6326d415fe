"""What a deploy does: fields, list views, permission sets, the mapping of conversions."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from connector.sandbox.salesforce import custom_fields
from connector.sandbox.salesforce.custom_fields import SPREAD, Definition, FlawError
from connector.sandbox.salesforce.keeping import Deploy
from connector.sandbox.salesforce.metadata_files import File, Package, definition_of
from connector.sandbox.salesforce.nodes import Node
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.table import Values

API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
RIGHTS = {
    "allowRead": "PermissionsRead", "allowCreate": "PermissionsCreate",
    "allowEdit": "PermissionsEdit", "allowDelete": "PermissionsDelete",
    "viewAllRecords": "PermissionsViewAllRecords",
    "modifyAllRecords": "PermissionsModifyAllRecords",
}  # fmt: skip
Apply = Callable[[], None]


@dataclass(slots=True)
class DeployWork:
    """What the components of a package would do to an org, worked out before anything is done."""

    org: Org
    deploy: Deploy
    package: Package
    steps: list[Apply] = field(default_factory=list)
    brought: dict[str, Definition] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def plan(self) -> None:
        """Look at every component: note what it would do, or what is wrong with it."""
        order = ("CustomObject", "LeadConvertSettings", "PermissionSet")
        for file in sorted(self.package.files, key=lambda file: order.index(file.type)):
            if file.type == "CustomObject":
                self._object(file)
            elif file.type == "PermissionSet":
                self._component(file, "PermissionSet", file.name, partial(self._set, file))
                self._keep("PermissionSet", file.name, file.root)
            else:
                self._component(
                    file, "LeadConvertSettings", file.name, partial(self._mapping, file)
                )
        for path in self.package.unknown:
            self._fail(path, "", "", f"Unknown file type: {path}")
        self._missing()

    def _object(self, file: File) -> None:
        for node in file.root.all("fields"):
            name = f"{file.name}.{node.get('fullName')}"
            self._component(file, "CustomField", name, partial(self._field, file, node))
            self._keep("CustomField", name, node)
        for node in file.root.all("listViews"):
            name = f"{file.name}.{node.get('fullName')}"
            self._component(file, "ListView", name, partial(self._list_view, file, node))
            self._keep("ListView", name, node)

    def _component(
        self, file: File, kind: str, name: str, plan: Callable[[], tuple[bool, bool]]
    ) -> None:
        self.seen.add((kind, name))
        named = self.package.members.get(kind, set())
        try:
            if name not in named and "*" not in named:
                raise FlawError(f"{name} is not in package.xml")  # noqa: TRY301 - like its kin
            created, changed = plan()
        except FlawError as flaw:
            self._fail(file.path, kind, name, str(flaw))
            return
        self.deploy.successes.append(
            {
                "componentType": kind,
                "fullName": name,
                "fileName": file.path,
                "success": True,
                "created": created,
                "changed": changed,
                "deleted": False,
            }
        )

    def _keep(self, kind: str, name: str, node: Node) -> None:
        self.steps.append(lambda: self.org.components.update({(kind, name): node}))

    def _fail(self, path: str, kind: str, name: str, told: str) -> None:
        self.deploy.failures.append(
            {
                "componentType": kind,
                "fullName": name,
                "fileName": path,
                "success": False,
                "created": False,
                "changed": False,
                "deleted": False,
                "problem": told,
                "problemType": "Error",
            }
        )

    def _missing(self) -> None:
        for kind in ("CustomField", "ListView", "PermissionSet", "LeadConvertSettings"):
            for name in sorted(self.package.members.get(kind, set()) - {"*"}):
                if (kind, name) not in self.seen:
                    told = "In package.xml but not in zipped directory"
                    self._fail("package.xml", kind, name, told)

    def _field(self, file: File, node: Node) -> tuple[bool, bool]:
        definition = definition_of(file.name, node)
        changed = custom_fields.check(self.org, definition, self.fresh)
        kinds = custom_fields.kinds_of(self.org, file.name)
        created = self.org.objects[kinds[0]].find(definition.name) is None
        self.fresh += [f"{kind}.{definition.name}" for kind in kinds if created]
        for kind in (file.name, *kinds):
            self.brought[f"{kind}.{definition.name}"] = definition
        if changed:
            self.steps.append(lambda: _defined(self.org, definition))
        return created, changed

    def _list_view(self, file: File, node: Node) -> tuple[bool, bool]:
        name, label = node.get("fullName"), node.get("label")
        if not API_NAME.fullmatch(name) or not label or not node.get("filterScope"):
            raise FlawError("A list view needs a fullName, a label and a filterScope")
        for column in node.all("columns"):
            if column.text in self.org.undeployable:
                raise FlawError(f"Could not resolve list view column: {column.text}")
            if column.text.endswith("__c"):
                self._existing(f"{file.name}.{column.text}")
        values: Values = {
            "Name": label, "DeveloperName": name, "SobjectType": file.name, "IsSoqlCompatible": True
        }  # fmt: skip
        return self._row("ListView", {"DeveloperName": name, "SobjectType": file.name}, values)

    def _set(self, file: File) -> tuple[bool, bool]:
        label = file.root.get("label")
        if not API_NAME.fullmatch(file.name) or not label:
            raise FlawError("Required fields are missing: [label]")
        for node in file.root.all("fieldPermissions"):
            self._grantable(node.get("field"))
        for node in file.root.all("objectPermissions"):
            if node.get("object") not in self.org.objects:
                raise FlawError(f"In field: object - no object named {node.get('object')} found")
        described = file.root.get("description")
        values: Values = {"Label": label, "IsCustom": True}
        values |= {"Description": described} if described else {}
        held = self._row("PermissionSet", {"Name": file.name}, values)
        self.steps.append(lambda: _granted(self.org, file))
        return held

    def _mapping(self, file: File) -> tuple[bool, bool]:
        mapped: dict[str, str] = {}
        for mapping in file.root.all("objectMapping"):
            target = mapping.get("outputObject")
            for pair in mapping.all("mappingFields"):
                source, end = pair.get("inputField"), pair.get("outputField")
                if not (source.endswith("__c") and end.endswith("__c")):
                    raise FlawError(f"Only custom fields can be mapped: {source} to {end}")
                self._existing(f"Lead.{source}")
                self._existing(f"{target}.{end}")
                if target == "Contact":
                    mapped[source] = end
        if not self.org.options.mapping_is_replaced:
            mapped = self.org.lead_mapping | mapped
        self.steps.append(partial(_mapped, self.org, mapped))
        return False, mapped != self.org.lead_mapping

    def _grantable(self, name: str) -> None:
        kind, _, column = name.partition(".")
        definition = self.brought.get(name)
        held = self.org.objects[kind].find(column) if kind in self.org.objects else None
        is_known = definition is not None or kind in SPREAD or held is not None
        if name in self.org.undeployable or not is_known:
            raise FlawError(f"In field: field - no CustomField named {name} found")
        is_required = (
            definition.is_required
            if definition
            else held is not None and not (held.nillable or held.defaulted)
        )
        if is_required:
            raise FlawError(f"You cannot deploy to a required field: {name}")

    def _existing(self, name: str) -> None:
        kind, _, column = name.partition(".")
        known = kind in self.org.objects and self.org.objects[kind].find(column) is not None
        if not known and name not in self.brought:
            raise FlawError(f"Could not resolve the field {name}")

    def _row(self, kind: str, key: Values, values: Values) -> tuple[bool, bool]:
        table = self.org.table(kind)
        for row in table.live():
            if key.items() <= row.values.items():
                changed = not values.items() <= row.values.items()
                if changed:
                    self.steps.append(partial(table.change, row, values))
                return False, changed
        self.steps.append(lambda: _added(self.org, kind, key | values))
        return True, True


def _defined(org: Org, definition: Definition) -> None:
    custom_fields.define(org, definition)


def _mapped(org: Org, mapping: dict[str, str]) -> None:
    org.lead_mapping = mapping
    org.changes += 1


def _added(org: Org, kind: str, values: Values) -> None:
    org.add(kind, values)


def _granted(org: Org, file: File) -> None:
    """Make the grants of a permission set exactly those of its file."""
    [parent] = [r.id for r in org.table("PermissionSet").live() if r.values["Name"] == file.name]
    for kind in ("FieldPermissions", "ObjectPermissions"):
        for row in list(org.table(kind).having("ParentId", parent)):
            org.table(kind).purge(row)
    for node in file.root.all("fieldPermissions"):
        kind, _, column = node.get("field").partition(".")
        for each in SPREAD.get(kind, (kind,)):
            values: Values = {
                "ParentId": parent, "SobjectType": each, "Field": f"{each}.{column}",
                "PermissionsRead": node.get("readable") == "true",
                "PermissionsEdit": node.get("editable") == "true",
            }  # fmt: skip
            org.add("FieldPermissions", values)
    for node in file.root.all("objectPermissions"):
        rights: Values = {right: node.get(name) == "true" for name, right in RIGHTS.items()}
        rights |= {"ParentId": parent, "SobjectType": node.get("object")}
        org.add("ObjectPermissions", rights)
