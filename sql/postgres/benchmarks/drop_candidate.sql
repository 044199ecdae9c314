DROP INDEX raw.candidate
