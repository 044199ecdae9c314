-- Whole years from the first to the last service date that there has been or that is predicted, without a gap.
MERGE `{gold}.dim_date` AS target
USING (
  WITH span AS (
    SELECT
      LEAST({first_date}, COALESCE(MIN(date), {first_date})) AS first_date,
      GREATEST({last_date}, COALESCE(MAX(date), {last_date})) AS last_date
    FROM `{gold}.dim_date`
  )

  SELECT day
  FROM span, UNNEST(GENERATE_DATE_ARRAY(DATE_TRUNC(first_date, YEAR), LAST_DAY(last_date, YEAR))) AS day
) AS source
ON target.date = source.day
WHEN NOT MATCHED THEN
  INSERT (date_key, date, year, quarter, month, month_name, year_month, day, weekday, weekday_name, is_weekend)
  VALUES (
    EXTRACT(YEAR FROM source.day) * 10000 + EXTRACT(MONTH FROM source.day) * 100 + EXTRACT(DAY FROM source.day),
    source.day,
    EXTRACT(YEAR FROM source.day),
    EXTRACT(QUARTER FROM source.day),
    EXTRACT(MONTH FROM source.day),
    FORMAT_DATE('%B', source.day),
    EXTRACT(YEAR FROM source.day) * 100 + EXTRACT(MONTH FROM source.day),
    EXTRACT(DAY FROM source.day),
    MOD(EXTRACT(DAYOFWEEK FROM source.day) + 5, 7) + 1,
    FORMAT_DATE('%A', source.day),
    EXTRACT(DAYOFWEEK FROM source.day) IN (1, 7)
  );
