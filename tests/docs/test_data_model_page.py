"""docs/data-model.md is what the SQL says, and the SQL says enough."""

import pytest

from warehouse.data_model import DATA_MODEL, render
from warehouse.lineage import Table, read_tables

# Counted, numbered or fixed: nothing that a column could come from.
WITHOUT_ORIGIN = {
    "silver.trip.events",
    "gold.dim_vehicle.version",
    "gold.agg_zone_hour.trips",
    "gold.daily_trips.trips",
    "gold.health_rejected.events",
}
FIXED = {"gold.dim_date", "gold.dim_hour", "gold.dim_payment", "gold.dim_outcome"}
NOT_TOLD = {"gold.tlc_yellow", "gold.tlc_hvfhv"}
# Measured by checks of data quality, in lake and warehouse, and brought as a parameter.
MEASURED = "gold.health_"


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {table.name: table for table in read_tables()}


def test_the_page_is_generated() -> None:
    assert DATA_MODEL.read_text(encoding="utf-8") == render(), "run `make format`"


def test_every_table_says_its_grain_its_meaning_and_its_columns(tables: dict[str, Table]) -> None:
    for table in tables.values():
        assert table.description.startswith("One row per "), table.name
        assert all(column.description and column.type for column in table.columns), table.name


def test_every_table_has_a_key_of_its_own_columns_and_something_that_fills_it(tables: dict[str, Table]) -> None:
    for table in tables.values():
        names = {column.name for column in table.columns}
        assert names >= {*table.key, *table.clustering, *filter(None, [table.partition])}, table.name
        assert table.writers, table.name
        assert bool(table.key) != table.is_view, table.name
        assert not table.partition or table.partition in table.key, table.name


def test_every_value_comes_from_somewhere(tables: dict[str, Table]) -> None:
    known = {f"{table.name}.{column.name}" for table in tables.values() for column in table.columns}
    for table in tables.values():
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            outside = [each for each in column.sources if each not in known and not each.startswith("bronze.")]
            assert not outside, name
            measured = table.name.startswith(MEASURED) and table.name != "gold.health_rejected"
            told = table.name not in FIXED | NOT_TOLD | {"gold.dirty_trips"}
            if name not in WITHOUT_ORIGIN and not measured and told:
                assert column.sources, name


def test_origins_that_everybody_can_tell(tables: dict[str, Table]) -> None:
    def origin(name: str) -> list[str]:
        table, _, column = name.rpartition(".")
        (found,) = [each for each in tables[table].columns if each.name == column]
        return list(found.sources)

    trip, fact = "silver.trip", "gold.fact_trip"
    assert origin("silver.trip_event.total") == ["bronze.staging_event.total"]
    assert origin(f"{trip}.is_restated") == ["silver.trip_event.event_types"]
    assert origin(f"{fact}.revenue") == [f"{trip}.currency", f"{trip}.outcome", f"{trip}.total"]
    assert origin(f"{fact}.wait_seconds") == [f"{trip}.on_scene_at", f"{trip}.started_at"]
    assert origin(f"{fact}.vehicle_key") == ["gold.dim_vehicle.vehicle_key"]
    assert origin("gold.agg_zone_hour.revenue") == [f"{fact}.revenue"]
    assert origin("gold.tlc_yellow.total_amount") == [f"{fact}.payment_type", f"{fact}.tip", f"{fact}.total"]
    assert origin("gold.public_zone_hour.trips") == ["gold.agg_zone_hour.trips"]


def test_fields_of_the_event_are_named_as_in_its_schema() -> None:
    page = render()
    for column, field in {"latitude": "location.lat", "occurred_at": "timestamp", "tip": "fare.tip"}.items():
        assert f"| `$.{field}` |" in next(line for line in page.splitlines() if line.startswith(f"| `{column}` |"))
