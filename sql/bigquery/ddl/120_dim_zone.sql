CREATE TABLE IF NOT EXISTS `{gold}.dim_zone` (
  zone_key INT64 NOT NULL OPTIONS (description = 'Number of the area; 0 is the unknown area.'),
  zone_name STRING NOT NULL OPTIONS (description = 'Name of the area.'),
  side STRING NOT NULL OPTIONS (description = 'Side of the city that the area belongs to.'),
  latitude FLOAT64 OPTIONS (description = 'Latitude of the centre of the area, decimal degrees, WGS 84.'),
  longitude FLOAT64 OPTIONS (description = 'Longitude of the centre of the area, decimal degrees, WGS 84.')
)
OPTIONS (description = 'One row per area of the city (Chicago: its 77 community areas), and the unknown area.');
