-- Whether a copy is whole. BigQuery counts without reading; the metadata of the emulator does not follow a copy.
SELECT
  (SELECT COUNT(*) FROM `{built}`) AS built,
  (SELECT COUNT(*) FROM `{table}`) AS copied;
