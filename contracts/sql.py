"""SQL stands in `sql/**/*.sql` and is loaded by name."""

from functools import cache
from pathlib import Path
from typing import LiteralString

SQL_FOLDER = Path(__file__).resolve().parent.parent / "sql"


@cache
def load_sql(name: str) -> LiteralString:
    """Return the text of `sql/<name>.sql`, e.g. `load_sql("postgres/queries/advance_offsets")`.

    The files are part of the program, which is why their text counts as literal to the type checker.
    """
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
