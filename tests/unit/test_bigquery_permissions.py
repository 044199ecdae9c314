"""docs/bigquery.md asks for what the code does: every call, every kind of statement, the roles that allow them."""

import ast
import re
from pathlib import Path

import sqlglot
from google.cloud import bigquery
from sqlglot import exp

from contracts.sql import SQL_FOLDER

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "bigquery.md").read_text(encoding="utf-8")
CALLS = {name for name in dir(bigquery.Client) if not name.startswith("_")}
# Google's definition of the roles, as far as they matter here.
ROLES = {
    "roles/bigquery.jobUser": {"bigquery.jobs.create"},
    "roles/bigquery.dataEditor": {
        "bigquery.datasets.get",
        *(f"bigquery.tables.{verb}" for verb in ("create", "delete", "get", "getData", "list", "update", "updateData")),
    },
}
STATEMENT = {
    exp.Select: "SELECT",
    exp.Union: "SELECT",
    exp.Merge: "MERGE",
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.TruncateTable: "TRUNCATE",
    exp.Create: "CREATE",
    exp.Alter: "ALTER",
}


def rows() -> list[list[str]]:
    """Return the cells of the page's tables of permissions."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if re.match(r"\| [`A-Za-z].*\| .*bigquery\..* \||\| `get_job`", line)
    ]


def test_every_call_of_the_client_is_on_the_page_and_no_other() -> None:
    called: set[str] = set()
    for path in (ROOT / "warehouse").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                if owner in {"client", "self._client"} and node.func.attr in CALLS:
                    called.add(node.func.attr)
    listed = {row[0].strip("`") for row in rows() if re.fullmatch(r"`[a-z_]+`", row[0])}
    assert called == listed


def test_every_kind_of_statement_is_on_the_page() -> None:
    sent = set()
    for path in (SQL_FOLDER / "bigquery").rglob("*.sql"):
        text = re.sub(r"\{\w+ [\w.]+\}", "TRUE", path.read_text(encoding="utf-8"))
        for statement in sqlglot.parse(re.sub(r"\{(\w+)\}", r"\1", text), dialect="bigquery"):
            if statement is not None:
                sent.add(STATEMENT[type(statement)])
    listed = {word.split()[0] for row in rows() for word in re.findall(r"`([A-Z][A-Z ]+)`", row[0])}
    assert sent <= listed


def test_the_roles_have_the_permissions_that_the_page_says() -> None:
    found = rows()
    assert len(found) > 12
    for cells in found:
        role = cells[2].strip("`")
        if role in ROLES:
            assert set(re.findall(r"`(bigquery\.[\w.]+)`", cells[1])) <= ROLES[role], cells
    granted = set(re.findall(r"^\| .* \| `(roles/[\w.]+)` \| .* \|$", PAGE, re.MULTILINE))
    assert granted == set(ROLES)
