-- Whoever migrates may act for the role: give it tables and a database. A superuser may anyway.
GRANT {role} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE
