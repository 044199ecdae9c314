"""Publish the two items with fabric-cicd: model first, bound to its connection, then the report on that model."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from azure.core.credentials import TokenCredential
from fabric_cicd import FabricWorkspace, publish_all_items

from contracts.errors import FatalError
from contracts.settings import PowerBISettings
from powerbi import FOLDER
from powerbi.model import Model

ITEMS = ["SemanticModel", "Report"]
_ENVIRONMENT = "target"


def publish_items(settings: PowerBISettings, credential: TokenCredential, model: Model, folder: Path = FOLDER) -> None:
    """Publish the items with the parameters and the connection of the settings.

    Raises FatalError with what fabric-cicd reports.
    """
    with TemporaryDirectory() as staging:
        for item in ITEMS:
            shutil.copytree(folder / f"Tripline.{item}", Path(staging) / f"Tripline.{item}")
        parameters = yaml.safe_dump(parameter_file(settings, model))
        (Path(staging) / "parameter.yml").write_text(parameters, encoding="utf-8")
        try:
            workspace = FabricWorkspace(
                workspace_id=settings.workspace_id,
                environment=_ENVIRONMENT,
                repository_directory=staging,
                item_type_in_scope=ITEMS,
                token_credential=credential,
            )
            publish_all_items(workspace)
        except Exception as error:
            where = f"workspace {settings.workspace_id}"
            raise FatalError(f"fabric-cicd could not publish: {error}", where=where) from error


def parameter_file(settings: PowerBISettings, model: Model) -> dict[str, object]:
    """Return fabric-cicd's parameter.yml: this environment's values for the model's parameters, and its connection."""
    values = {
        "BillingProject": settings.billing_project,
        "Project": settings.project,
        "Dataset": settings.dataset,
    }
    return {
        "find_replace": [
            {
                "find_value": f"expression {name} = {model.parameters[name]}",
                "replace_value": {_ENVIRONMENT: f"expression {name} = {_changed(model.parameters[name], value)}"},
                "item_type": "SemanticModel",
                "file_path": "/Tripline.SemanticModel/definition/expressions.tmdl",
            }
            for name, value in values.items()
        ],
        "semantic_model_binding": {"default": {"connection_id": {_ENVIRONMENT: settings.connection_id}}},
    }


def _changed(expression: str, value: str) -> str:
    """Return a parameter's expression, `"gold" meta […]`, with another value."""
    return f'"{value}"{expression[expression.index("meta") - 1 :]}'
