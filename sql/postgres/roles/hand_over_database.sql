-- Also a database that Mage made before there were roles.
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
ALTER DATABASE {database} OWNER TO {owner};
DO $body$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE public.%I OWNER TO %I', relname, {name})
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND relowner <> {name}::regrole
        UNION ALL
        SELECT format('ALTER TYPE public.%I OWNER TO %I', typname, {name})
        FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typtype = 'e' AND typowner <> {name}::regrole
    LOOP
        EXECUTE statement;
    END LOOP;
END
$body$;
