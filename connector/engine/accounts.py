"""Puts contacts together by account: own points in, facts of whole accounts out, in a file."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector.engine.connection import Limits, opened
from connector.ports import Evaluation
from connector.rules.accounts import FACTS, OWN
from connector.rules.plan import AccountPlan
from connector.rules.tables import FIELD

_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class GatheredAccounts:
    """Facts of accounts in a file: there may be as many as contacts, so memory holds a part."""

    plan: AccountPlan
    file: Path

    def beside(self, contact: pa.Table) -> pa.Table:
        """Return the contacts with the facts of their accounts as fields."""
        keys = _key(contact, self.plan.key)
        found = self._of(pc.unique(keys))
        place = pc.index_in(keys, value_set=found["account"])
        for name, column in FACTS.items():
            values = found[column].take(place)
            field = FIELD + name
            if field in contact.column_names:
                contact = contact.drop_columns([field])
            contact = contact.append_column(field, values)
        return contact

    def _of(self, keys: pa.Array) -> pa.Table:
        """Return the facts of these accounts."""
        with pq.ParquetFile(self.file) as file:
            parts = [
                batch.filter(pc.is_in(batch["account"], value_set=keys))
                for batch in file.iter_batches(_ROWS_AT_ONCE)
            ]
            return pa.Table.from_batches(parts, file.schema_arrow)


def gather(
    plan: AccountPlan,
    evaluated: Iterable[tuple[pa.Table, Evaluation]],
    limits: Limits,
) -> GatheredAccounts:
    """Sum the points of contacts up by account, each set of them with its evaluation.

    On a connection of its own, whose tables go to disk where memory ends.
    """
    limits.temp_folder.mkdir(parents=True, exist_ok=True)
    file = limits.temp_folder / f"accounts-{secrets.token_hex(6)}.parquet"
    with opened(limits, frozenset()) as connection:
        columns = ", ".join(f"{name} {kind}" for name, kind in OWN.items())
        connection.execute(f"CREATE TEMP TABLE own ({columns})")
        for contact, evaluation in evaluated:
            _insert(connection, _own(plan, contact, evaluation.score))
        reader = connection.sql(plan.summary.sql).to_arrow_reader(_ROWS_AT_ONCE)
        with pq.ParquetWriter(file, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    return GatheredAccounts(plan, file)


def _insert(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    connection.register("arriving", rows)
    connection.execute("INSERT INTO own SELECT account, role, points FROM arriving")
    connection.unregister("arriving")


def _own(plan: AccountPlan, contact: pa.Table, score: pa.Table) -> pa.Table:
    """Return account, role and own points of the contacts that have an account."""
    place = pc.index_in(contact["contact"], value_set=score["contact"])
    role = pa.nulls(len(contact), pa.string()) if plan.role is None else _key(contact, plan.role)
    rows = pa.table(
        {
            "account": _key(contact, plan.key),
            "role": role,
            "points": score["points"].take(place),
        }
    )
    return rows.filter(pc.is_valid(rows["account"]))


def _key(contact: pa.Table, column: str) -> pa.ChunkedArray:
    """Return what tells accounts or roles apart, as text; what folds to nothing is unknown."""
    texts = pc.cast(contact[column], pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)
