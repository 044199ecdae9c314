-- How long each role may take, unless its program asks for another time itself.
ALTER ROLE {consumer} SET statement_timeout = '2min';
ALTER ROLE {consumer} SET lock_timeout = '30s';
ALTER ROLE {consumer} SET idle_in_transaction_session_timeout = '2min';
ALTER ROLE {warehouse} SET statement_timeout = '30min';
ALTER ROLE {warehouse} SET lock_timeout = '30s';
ALTER ROLE {warehouse} SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE {maintenance} SET statement_timeout = '2h';
ALTER ROLE {maintenance} SET lock_timeout = '2s';
ALTER ROLE {maintenance} SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE {analyst} SET statement_timeout = '1min';
ALTER ROLE {analyst} SET lock_timeout = '5s';
ALTER ROLE {analyst} SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE {analyst} SET default_transaction_read_only = on;
-- A day's trips are sorted in memory, and no question is long enough to be worth compiling.
ALTER ROLE {analyst} SET work_mem = '64MB';
ALTER ROLE {analyst} SET jit = off;
