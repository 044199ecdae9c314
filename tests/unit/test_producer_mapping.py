"""A mapping is right, or the error names the file and the setting."""

from pathlib import Path

import pytest

from contracts.errors import BadInputError
from producer.mapping import SHIPPED, load_mapping, shipped_mappings

GOOD = (SHIPPED / "chicago.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", shipped_mappings())
def test_shipped_mappings_load(name: str) -> None:
    assert load_mapping(name).columns()


def test_a_mapping_says_which_columns_a_file_must_have() -> None:
    columns = load_mapping("chicago").columns()
    assert columns[:3] == ["trip_start_timestamp", "trip_miles", "payment_type"]
    assert {"fare", "tips", "company", "pickup_latitude", "dropoff_community_area"} <= set(columns)
    assert len(columns) == len(set(columns))


@pytest.mark.parametrize(
    ("text", "replacement", "message"),
    [
        ('source = "chicago-taxi-trips"', "", "`source`"),
        ('source = "chicago-taxi-trips"', 'sources = "x"', "sources"),
        ('time_zone = "America/Chicago"', 'time_zone = "America/Gotham"', r"America/Gotham.*\$\.time_zone"),
        ('time_zone = "America/Chicago"', 'time_zone = "../../etc/passwd"', r"\$\.time_zone"),
        ('currency = "USD"', 'currency = "$"', r"\$\.currency"),
        ('unit = "miles"', 'unit = "leagues"', r"leagues.*\$\.distance\.unit"),
        ('format = "epoch_seconds_local"', 'format = "stardate"', r"stardate.*\$\.start\.format"),
        ('"Cash" = "cash"', '"Cash" = "gold"', r"gold.*\$\.payment\.values"),
        ('base_fare = ["fare"]', "base_fare = []", r"\$\.fare\.base_fare"),
        ('latitude = "pickup_latitude"', "", r"belong together.*\$\.pickup"),
        ("[start]", "[start", "not TOML"),
    ],
)
def test_a_wrong_mapping_is_named_by_file_and_setting(
    tmp_path: Path, text: str, replacement: str, message: str
) -> None:
    assert text in GOOD
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(text, replacement), encoding="utf-8")
    with pytest.raises(BadInputError, match=message) as caught:
        load_mapping(str(path))
    assert "mine.toml" in str(caught.value)


def test_a_mapping_that_is_not_there_tells_which_are(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="Shipped mappings: chicago"):
        load_mapping(str(tmp_path / "gotham.toml"))
