CREATE TABLE IF NOT EXISTS `{gold}.dim_zone` (
  zone_key INT64 NOT NULL OPTIONS (description = 'Number of the area; 0 is the unknown area.'),
  zone_name STRING NOT NULL OPTIONS (description = 'Name of the area.'),
  side STRING NOT NULL OPTIONS (description = 'Side of the city that the area belongs to.')
)
OPTIONS (description = 'One row per area of the city (Chicago: its 77 community areas), and the unknown area.');
