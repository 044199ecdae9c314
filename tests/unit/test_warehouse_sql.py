"""All SQL that is sent to BigQuery is BigQuery SQL; what changes a partitioned table names its partitions."""

from datetime import date
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from contracts.sql import SQL_FOLDER
from warehouse.columns import ACCEPTED_COLUMNS, REJECTED_COLUMNS
from warehouse.merge import staging_tables
from warehouse.names import Target, render

TARGET = Target("tripline", "dev_")
FOLDER = SQL_FOLDER / "bigquery"
FILES = sorted(FOLDER.rglob("*.sql"))
TABLES = {
    **staging_tables(TARGET, "0" * 32),
    "seed": "tripline.dev_bronze.seed_zone",
    "staging_forecast": "tripline.dev_bronze.staging_forecast_0",
}
TABLES |= {name: f"tripline.{name}_silver.trip" for name in ("table", "built", "before", "after")}
DAYS = [date(2016, 2, 28), date(2016, 2, 29), date(2016, 3, 1), date(2017, 7, 1)]
OF_A_WINDOW = [path for path in FILES if path.parent.name in {"merge", "gold"} or path.stem == "window"]
# Dimensions are small, and are compared as a whole.
MERGES = [
    path for path in OF_A_WINDOW if "MERGE `" in path.read_text(encoding="utf-8") and not path.stem.startswith("dim_")
]
MERGES += [FOLDER / "rebuild" / "replace_days.sql", FOLDER / "rebuild" / "remove_replayed.sql"]
# What a whole history is read of, on purpose: one narrow row per company, or vehicle, and day.
UNBOUNDED = {"dim_provider", "dim_vehicle", "stale_days"}
PARTITIONED = {"trip_event", "trip", "provider_day", "vehicle_day", "stale_vehicle_day"}
PARTITIONED |= {"fact_trip", "fact_trip_event", "agg_zone_hour"}
PARTITION_COLUMN = {
    "health_rejected": "day",
    "rejected_event": "arrived_on",
    "remove_replayed": "arrived_on",
    "trip_event": "service_date",
    "trip": "service_date",
}


# The row of a vehicle's day is found by all but its company; the version is written once its trips carry it.
KEYS = {"merge/vehicle_day": {"service_date", "vehicle_id", "first_seen_at", "vehicle_key"}}


def rendered(path: Path) -> str:
    return render(path.read_text(encoding="utf-8"), TARGET, tables=TABLES, dates=DAYS, columns=["service_date"])


def name_of(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def merge_in(path: Path) -> exp.Merge:
    statement = sqlglot.parse_one(rendered(path), dialect="bigquery")
    assert isinstance(statement, exp.Merge)
    return statement


def columns_in(definition: str) -> list[str]:
    created = sqlglot.parse_one(rendered(FOLDER / "ddl" / f"{definition}.sql"), dialect="bigquery")
    return [column.name for column in created.find_all(exp.ColumnDef)]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_is_one_bigquery_statement(path: Path) -> None:
    statements = sqlglot.parse(rendered(path), dialect="bigquery")
    assert len([each for each in statements if each is not None]) == 1
    assert not any(isinstance(each, exp.Command) for each in statements), "sqlglot did not understand it"


@pytest.mark.parametrize("path", MERGES, ids=name_of)
def test_a_merge_bounds_its_target_by_literal_dates(path: Path) -> None:
    """Only a literal condition on the partition column of the target keeps BigQuery from reading the whole table.

    Either ON has it or, where ON is FALSE and whole partitions are replaced, the clause that deletes the old rows.
    """
    column = PARTITION_COLUMN.get(path.stem, "service_date")
    merge = merge_in(path)
    condition = merge.args["on"]
    by_source = [each for each in merge.find_all(exp.When) if each.args.get("source")]
    assert len(by_source) == (condition.sql() == "FALSE"), "only a replaced partition may lose rows"
    if by_source:
        condition = by_source[0].args["condition"]
    bounds = [each.unnest() for each in condition.flatten(unnest=False) if isinstance(each, exp.Paren)]
    bounds = bounds or [condition.unnest()]
    for literal in bounds[0].find_all(exp.Cast):
        assert isinstance(literal.this, exp.Literal)
    assert {found.sql() for found in bounds[0].find_all(exp.Column)} == {f"target.{column}"}
    assert bounds[0].sql(dialect="bigquery").count("CAST('") == 3


@pytest.mark.parametrize("path", OF_A_WINDOW, ids=name_of)
def test_a_partitioned_table_is_read_within_bounds(path: Path) -> None:
    """Every SELECT of a window that reads silver or gold facts has a condition on the partition column."""
    for select in sqlglot.parse_one(rendered(path), dialect="bigquery").find_all(exp.Select):
        tables = {table.name for table in select.find_all(exp.Table) if table.parent_select is select}
        if path.stem not in UNBOUNDED:
            bounds = select.sql(dialect="bigquery").count("service_date BETWEEN CAST('2016-02-28' AS DATE)")
            assert bounds >= len(tables & PARTITIONED)


def test_the_source_of_the_events_is_deduplicated() -> None:
    """BigQuery refuses a MERGE that meets a target row twice; the emulator takes it."""
    source = merge_in(FOLDER / "merge" / "trip_event.sql").args["using"]
    qualify = source.find(exp.Qualify)
    assert qualify is not None
    assert [each.sql() for each in qualify.find(exp.Window).args["partition_by"]] == [
        "event_id",
        "trip_id",
        "service_date",
    ]


@pytest.mark.parametrize(
    ("merge", "definition"),
    [
        ("merge/rejected_event", "010_rejected_event"),
        ("merge/trip_event", "020_trip_event"),
        ("merge/trip", "030_trip"),
        ("merge/provider_day", "040_provider_day"),
        ("merge/vehicle_day", "050_vehicle_day"),
        ("gold/dim_date", "110_dim_date"),
        ("seed/dim_hour", "112_dim_hour"),
        ("seed/dim_zone", "120_dim_zone"),
        ("gold/dim_provider", "122_dim_provider"),
        ("gold/dim_vehicle", "124_dim_vehicle"),
        ("seed/dim_payment", "126_dim_payment"),
        ("seed/dim_outcome", "128_dim_outcome"),
        ("gold/fact_trip", "130_fact_trip"),
        ("gold/fact_trip_event", "140_fact_trip_event"),
        ("gold/agg_zone_hour", "150_agg_zone_hour"),
        ("forecast/forecast_zone_hour", "160_forecast_zone_hour"),
    ],
)
def test_a_merge_writes_every_column(merge: str, definition: str) -> None:
    columns = columns_in(definition)
    statement = merge_in(FOLDER / f"{merge}.sql")
    inserts = list(statement.find_all(exp.Insert))
    assert [column.name for column in inserts[0].this.expressions] == columns
    assert len(inserts[0].expression.expressions) == len(columns)
    for updated in statement.find_all(exp.Update):
        keys = set(columns) - {assignment.this.name for assignment in updated.expressions}
        assert keys <= KEYS.get(
            merge, {"event_id", "trip_id", "service_date", f"{merge.rsplit('_', maxsplit=1)[-1]}_key"}
        )


def test_silver_has_the_columns_of_the_staging_table() -> None:
    assert columns_in("020_trip_event") == [column.name for column in ACCEPTED_COLUMNS]
    assert columns_in("010_rejected_event") == ["arrived_on", *(column.name for column in REJECTED_COLUMNS)]


@pytest.mark.parametrize("path", sorted((FOLDER / "ddl").glob("*.sql")), ids=name_of)
def test_every_table_and_column_is_described(path: Path) -> None:
    created = sqlglot.parse_one(rendered(path), dialect="bigquery")
    view = created.args["kind"] == "VIEW"
    columns = list(created.this.expressions if view else created.find_all(exp.ColumnDef))
    assert columns
    described = created.sql(dialect="bigquery").count("description=")
    assert described == len(columns) + 1


def test_silver_and_gold_facts_are_partitioned_by_service_date() -> None:
    for definition in ("020_trip_event", "030_trip", "130_fact_trip", "140_fact_trip_event", "150_agg_zone_hour"):
        text = rendered(FOLDER / "ddl" / f"{definition}.sql")
        assert "PARTITION BY service_date\nCLUSTER BY " in text
