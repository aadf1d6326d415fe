"""Some contacts of an evaluation."""

from dataclasses import fields

import pyarrow as pa
import pyarrow.compute as pc

from connector.ports import Evaluation


def of_contacts(evaluation: Evaluation, numbers: pa.Array, *, is_in: bool = True) -> Evaluation:
    """Return what an evaluation says of these contacts, or of all but these.

    Who takes part in opportunities is summed up over all of its contacts, and is left out.
    """

    def kept(table: pa.Table) -> pa.Table:
        mask = pc.is_in(table["contact"], value_set=numbers)
        return table.filter(mask if is_in else pc.invert(mask))

    tables = {each.name: getattr(evaluation, each.name) for each in fields(evaluation)}
    tables["taking_part"] = None
    return Evaluation(
        **{name: table if table is None else kept(table) for name, table in tables.items()}
    )
