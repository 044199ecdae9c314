"""The Power BI report as text, and what checks, previews and publishes it."""

from pathlib import Path

FOLDER = Path(__file__).parent
MODEL_FOLDER = FOLDER / "Tripline.SemanticModel"
REPORT_FOLDER = FOLDER / "Tripline.Report"
