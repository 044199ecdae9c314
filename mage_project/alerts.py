"""Alerts: what is said when a run failed or is late, and to whom. Nothing here imports Mage.

An alert names the pipeline, the run, the block and the error in one line with its remedy; never a payload or a secret.
"""

from typing import Any, NamedTuple

import requests
import structlog
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from contracts.errors import TriplineError
from contracts.settings import MageSettings

SECONDS = 5
# What did not arrive is sent again; what may have arrived is not, so that nobody is alerted twice.
RETRY = Retry(total=2, read=0, backoff_factor=0.5, status_forcelist=(429, 502, 503), allowed_methods=None)

log = structlog.get_logger()


class Alert(NamedTuple):
    """What happened (`failed` or `late`) to which run; block and link are empty when there is none."""

    what: str
    pipeline: str
    run: int
    trigger: str
    block: str
    error: str
    link: str

    def line(self) -> str:
        """Return the alert in one line."""
        block = f", block {self.block}" if self.block else ""
        link = f" {self.link}" if self.link else ""
        return f"{self.pipeline} {self.what}: run {self.run} by {self.trigger}{block}: {self.error}{link}"

    def document(self) -> dict[str, Any]:
        """Return the alert for JSON; `text` is all of it in one line."""
        return {"text": self.line(), **self._asdict()}


def in_one_line(error: BaseException) -> str:
    """Return what stopped a step and what to do; of a foreign error its kind only, whose text may quote data."""
    if isinstance(error, TriplineError):
        return " ".join(str(error).split())
    return f"{type(error).__name__}. Mage's log of the run has the traceback."


def send(alert: Alert, settings: MageSettings) -> None:
    """Post the alert to the webhooks that are set. Raises nothing: an alert must not stop what it speaks of."""
    _post("webhook", settings.alert_webhook_url, alert.document())
    _post("slack", settings.slack_webhook_url, {"text": alert.line()})


def _post(channel: str, url: SecretStr, document: dict[str, Any]) -> None:
    if not url.get_secret_value():
        return
    try:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=RETRY))
            session.post(url.get_secret_value(), json=document, timeout=SECONDS).raise_for_status()
    except requests.RequestException as error:
        # Only the kind: the text names the address, which is a secret.
        log.warning("alert_not_sent", channel=channel, error=type(error).__name__)
