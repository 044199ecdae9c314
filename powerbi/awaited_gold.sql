-- Columns of gold that the model needs and sql/bigquery/ddl does not have yet. What stands there must not stand here.
CREATE TABLE `{gold}.health_reconciliation` (
  check_name STRING, source STRING, source_value NUMERIC, target STRING, target_value NUMERIC, difference NUMERIC,
  checked_at TIMESTAMP
);
CREATE TABLE `{gold}.health_freshness` (store STRING, newest_at TIMESTAMP, age_seconds INT64, checked_at TIMESTAMP);
CREATE TABLE `{gold}.health_rejected` (day DATE, reason STRING, events INT64);
CREATE TABLE `{gold}.health_dead_letter` (day DATE, reason STRING, messages INT64);
