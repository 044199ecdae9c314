"""What the DDL says is read right; a table takes a new nullable column, and no other change."""

import pytest
import sqlglot
from google.cloud.bigquery import SchemaField
from sqlglot import exp

from contracts.sql import SQL_FOLDER, load_sql
from warehouse import swap
from warehouse.definitions import DefinedColumn, Definition, defined_tables, definition_of, definitions
from warehouse.evolution import compare

FOLDER = SQL_FOLDER / "bigquery"
EXISTING = {
    "trip_id": SchemaField("trip_id", "STRING", "REQUIRED"),
    "miles": SchemaField("miles", "NUMERIC", "NULLABLE"),
    "kinds": SchemaField("kinds", "STRING", "REPEATED"),
    "late": SchemaField("late", "BOOLEAN", "NULLABLE"),
}


def column(name: str, kind: str, *, required: bool = False) -> DefinedColumn:
    return DefinedColumn(name, kind, required, f"{name} {kind}")


SAME = (
    column("trip_id", "STRING", required=True),
    column("miles", "NUMERIC(18, 4)"),
    column("kinds", "ARRAY<STRING>"),
    column("late", "BOOL"),
)


def test_every_table_of_the_ddl_is_read_as_sqlglot_reads_it() -> None:
    read = 0
    for name in definitions():
        created = sqlglot.parse_one(load_sql(name).replace("{", "").replace("}", ""), dialect="bigquery")
        definition = definition_of(load_sql(name))
        if created.args["kind"] == "VIEW":
            assert definition is None
            continue
        assert definition is not None, f"{name} is not written as the other tables are"
        columns = list(created.find_all(exp.ColumnDef))
        assert [each.name for each in definition.columns] == [each.name for each in columns]
        assert [each.required for each in definition.columns] == [
            each.find(exp.NotNullColumnConstraint) is not None for each in columns
        ]
        partition = created.find(exp.PartitionedByProperty)
        assert definition.partition == (partition.this.name if partition else "")
        read += 1
    assert read == len(defined_tables()) > 10


def test_a_line_that_is_no_column_is_refused() -> None:
    with pytest.raises(ValueError, match="Not one column"):
        definition_of("CREATE TABLE IF NOT EXISTS `{gold}.x` (\n  a STRING\n)\nOPTIONS (description = 'x');")


def test_a_new_nullable_column_is_added() -> None:
    new = column("tip_share", "NUMERIC(18, 4)")
    assert compare(Definition("gold.x", (*SAME, new), ""), EXISTING) == ([new], [])
    assert compare(Definition("gold.x", SAME, ""), EXISTING) == ([], [])


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ((*SAME, column("new", "STRING", required=True)), "new is new and NOT NULL"),
        (SAME[1:], "trip_id is no longer defined"),
        ((*SAME[:3], column("late", "STRING")), "late is STRING now and was BOOL"),
        ((*SAME[:2], column("kinds", "STRING"), SAME[3]), "kinds is STRING now and was ARRAY<STRING>"),
        ((*SAME[:3], column("late", "BOOL", required=True)), "late is NOT NULL now and was not"),
        ((column("trip_id", "STRING"), *SAME[1:]), "trip_id may be NULL now and could not"),
    ],
)
def test_any_other_change_is_refused(columns: tuple[DefinedColumn, ...], reason: str) -> None:
    _, refused = compare(Definition("gold.x", columns, ""), EXISTING)
    assert refused == [reason]


def test_every_table_that_windows_fill_is_put_in_place_by_a_rebuild() -> None:
    """A table that a rebuild forgets would keep the rows of before."""
    filled = set()
    for part in ("merge", "gold", "seed"):
        for file in (FOLDER / part).glob("*.sql"):
            text = file.read_text(encoding="utf-8")
            if "MERGE `{" in text:
                filled.add(text.split("MERGE `{", 1)[1].split("`", 1)[0].replace("}", ""))
    assert {*swap.EVENTS, *swap.DAYS, *swap.DIMENSIONS, *swap.FACTS, swap.REJECTED} == filled


def test_the_difference_of_two_rebuilds_looks_at_every_column_of_a_trip() -> None:
    compared = load_sql("bigquery/rebuild/diff")
    for each in defined_tables()["silver.trip"].columns:
        if each.name not in {"trip_id", "service_date"}:
            assert f"IF(before.{each.name} IS DISTINCT FROM after.{each.name}, '{each.name} ', '')" in compared
