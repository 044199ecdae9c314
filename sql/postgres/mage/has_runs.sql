SELECT to_regclass('public.pipeline_run') IS NOT NULL AND to_regclass('public.block_run') IS NOT NULL
