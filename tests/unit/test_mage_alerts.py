"""What an alert says, and that it arrives once or does no harm."""

import pytest
from pydantic import SecretStr

from contracts.errors import ConfigurationError, UnreachableError
from contracts.settings import MageSettings, load
from mage_project.alerts import Alert, in_one_line, send
from stack.ports import free_port
from tests.support.inbox import inbox

ALERT = Alert("failed", "trips_to_bigquery", 7, "every_minute", "merge", "No answer. Start it.", "http://mage/7")
LINE = "trips_to_bigquery failed: run 7 by every_minute, block merge: No answer. Start it. http://mage/7"


def settings(webhook: str = "", slack: str = "") -> MageSettings:
    return MageSettings(alert_webhook_url=SecretStr(webhook), slack_webhook_url=SecretStr(slack))


def test_the_webhook_gets_fields_and_slack_gets_the_line() -> None:
    with inbox() as server:
        send(ALERT, settings(f"{server.url}/hook", f"{server.url}/slack"))
    assert server.at("/hook") == [{"text": LINE, **ALERT._asdict()}]
    assert server.at("/slack") == [{"text": LINE}]


def test_nothing_is_sent_when_nothing_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    send(ALERT, settings())
    assert capsys.readouterr().out == ""


def test_a_busy_receiver_gets_the_alert_once() -> None:
    with inbox(503, 429) as server:
        send(ALERT, settings(server.url + "/hook"))
    assert len(server.at("/hook")) == 1


@pytest.mark.parametrize("path", ["/hook-of-secret", "/"])
def test_a_receiver_that_is_not_there_or_refuses_does_no_harm_and_is_not_named(
    path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    send(ALERT, settings(f"http://127.0.0.1:{free_port()}{path}"))
    with inbox(404) as server:
        send(ALERT, settings(server.url + path))
    said = "".join(capfd.readouterr())
    assert said.count("alert_not_sent") == 2
    assert "127.0.0.1" not in said


def test_an_error_is_one_line_with_what_to_do() -> None:
    error = UnreachableError("Postgres\ndid not answer", where="x:1", remedy="Start it.")
    assert in_one_line(error) == "Postgres did not answer [x:1]. Start it."


def test_a_foreign_error_is_not_quoted() -> None:
    assert "fare" not in in_one_line(ValueError("the fare of trip 12 is 9.50"))
    assert in_one_line(ValueError("x")).startswith("ValueError. ")


def test_an_address_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="TRIPLINE_MAGE_SLACK_WEBHOOK_URL") as raised:
        load(MageSettings, {"TRIPLINE_MAGE_SLACK_WEBHOOK_URL": "hooks.slack.com/T0/secret"})
    assert "secret" not in str(raised.value)
