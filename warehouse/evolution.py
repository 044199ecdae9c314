"""Evolution of the tables: a new column that may be NULL is added; any other change needs a rebuild."""

from collections.abc import Container, Mapping

from google.cloud.bigquery import SchemaField

from contracts.errors import FatalError
from warehouse.bigquery import BigQuery
from warehouse.definitions import DefinedColumn, Definition, defined_tables
from warehouse.names import Target

# The API's answers have the names of legacy SQL.
_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


def evolve(bigquery: BigQuery, target: Target, standing: Container[str]) -> None:
    """Add to the tables that stand, `dataset.table`, the columns that their definitions have and they have not.

    Raises FatalError, naming the rebuild, for a column that is gone, of another type, or that may no longer be NULL.
    """
    for definition in defined_tables().values():
        if definition.table not in standing:
            continue
        dataset, name = definition.table.split(".")
        table = f"{target.dataset(dataset)}.{name}"
        added, refused = compare(definition, bigquery.columns(table))
        if refused:
            raise FatalError(
                f"The definition of a table has changed by more than new nullable columns: {'; '.join(refused)}",
                where=table,
                remedy="`python -m warehouse rebuild silver` builds the tables again by their new definition.",
            )
        for column in added:
            bigquery.query(f"ALTER TABLE `{table}` ADD COLUMN IF NOT EXISTS {column.clause}", "prepare")


def compare(definition: Definition, existing: Mapping[str, SchemaField]) -> tuple[list[DefinedColumn], list[str]]:
    """Return the columns to add, and in words what cannot be changed in place."""
    defined = {each.name: each for each in definition.columns}
    added = [column for name, column in defined.items() if name not in existing and not column.required]
    refused = [f"{name} is new and NOT NULL" for name in defined if name not in existing and defined[name].required]
    refused += [f"{name} is no longer defined" for name in existing if name not in defined]
    for name in defined.keys() & existing.keys():
        column, field = defined[name], existing[name]
        if column.type.partition("(")[0] != _type(field):
            refused.append(f"{name} is {column.type} now and was {_type(field)}")
        elif column.required and field.mode != "REQUIRED":
            refused.append(f"{name} is NOT NULL now and was not")
        elif not column.required and field.mode == "REQUIRED":
            refused.append(f"{name} may be NULL now and could not")
    return added, sorted(refused)


def _type(field: SchemaField) -> str:
    name = _NAMES.get(field.field_type, field.field_type)
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name
