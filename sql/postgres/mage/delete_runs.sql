-- Mage's finished runs that were due before, and their blocks; each trigger keeps its newest run.
WITH old AS (
    SELECT run.id
    FROM pipeline_run AS run
    WHERE
        run.execution_date < %(before)s
        AND run.status::text NOT IN ('INITIAL', 'RUNNING')
        AND EXISTS (
            SELECT FROM pipeline_run AS newer
            WHERE newer.pipeline_schedule_id = run.pipeline_schedule_id AND newer.execution_date > run.execution_date
        )
),

block AS (
    DELETE FROM block_run USING old
    WHERE block_run.pipeline_run_id = old.id
),

run AS (
    DELETE FROM pipeline_run USING old
    WHERE pipeline_run.id = old.id
)

SELECT count(*) FROM old
