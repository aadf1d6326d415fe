"""What the tooling tells of an org's make-up: its objects, and the fields they may still get."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from connector.sandbox.salesforce.table import Record, Values

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org import Org

ENTITIES = (
    "Lead", "Contact", "Account", "Campaign", "CampaignMember", "Opportunity", "Activity", "User"
)  # fmt: skip
STANDS_FOR_ACTIVITY = "Task"


def define_tooling(org: "Org") -> None:
    """Let the org tell of its objects; each is known by its name, as standard ones are."""
    for name in ENTITIES:
        one = org.objects[STANDS_FOR_ACTIVITY if name == "Activity" else name]
        is_activity = name == "Activity"
        org.table("EntityDefinition").put(
            Record(
                name,
                {
                    "DurableId": name,
                    "QualifiedApiName": name,
                    "DeveloperName": name,
                    "Label": "Activity" if is_activity else one.label,
                    "PluralLabel": "Activities" if is_activity else one.plural,
                    "KeyPrefix": None if is_activity else one.prefix,
                },
                *_stamps(org),
            )
        )
        org.add(
            "EntityLimit",
            {
                "DurableId": f"{name}.CustomFields",
                "EntityDefinitionId": name,
                "Type": "CustomFields",
                "Label": "Custom Fields",
                "Max": org.options.custom_fields_each,
            },
        )
    org.objects["EntityLimit"].fields["remaining"].formula = _remaining(org)
    org.objects["FieldDefinition"].fields["isfieldhistorytracked"].formula = _tracked(org)


def list_fields(org: "Org") -> None:
    """Let the org tell of each field; those that came since they were listed last are added."""
    table = org.table("FieldDefinition")
    for name in ENTITIES:
        one = org.objects[STANDS_FOR_ACTIVITY if name == "Activity" else name]
        for field in one.fields.values():
            durable = f"{name}.{field.name}"
            if not table.having("DurableId", durable):
                values: Values = {
                    "DurableId": durable,
                    "QualifiedApiName": field.name,
                    "EntityDefinitionId": name,
                    "Label": field.label or field.name,
                    "DataType": field.type,
                }
                org.add("FieldDefinition", values)


def _tracked(org: "Org") -> Callable[[Record], object]:
    return lambda record: record.values["DurableId"] in org.tracked


def _remaining(org: "Org") -> Callable[[Record], object]:
    def remaining(record: Record) -> int:
        name = str(record.values["EntityDefinitionId"])
        one = org.objects[STANDS_FOR_ACTIVITY if name == "Activity" else name]
        taken = sum(field.custom for field in one.fields.values())
        return max(0, org.options.custom_fields_each - taken)

    return remaining


def _stamps(org: "Org") -> tuple[int, str, int, str, int]:
    now = org.now_s()
    return now, org.main_user, now, org.main_user, now
