"""The report's five pages, described briefly, and what writes them as PBIR files."""
