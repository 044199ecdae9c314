"""Publishing, against a fake of the REST endpoints that is strict about order, bodies and errors."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests

from contracts.errors import ConfigurationError, FatalError, TransientError, UnreachableError
from contracts.settings import PowerBISettings
from powerbi.model import read_model
from powerbi.publish.api import Api
from powerbi.publish.items import publish_items
from powerbi.publish.refresh import refresh_when_newer
from powerbi.publish.run import find_model, planned_calls, publish, refresh_and_wait, require
from tests.support.fake_powerbi import CONNECTION, MODEL, REPORT, WORKSPACE, Answer, Credential, FakePowerBi

SETTINGS = PowerBISettings(
    tenant_id="tenant",
    client_id="publisher",
    client_secret="secret",
    workspace_id=WORKSPACE,
    connection_id=CONNECTION,
    billing_project="acme-pays",
    project="acme-data",
    dataset="prod_gold",
    refresh_times="05:30,17:00",
    viewers="group-one, group-two",
    smoke_user="reader@example.org",
)


class Publisher:
    """Publishes to a fake; remembers how long it was told to sleep."""

    def __init__(self, service: FakePowerBi, token: str = "") -> None:
        self.slept: list[float] = []
        self.credential = Credential(token or service.token)
        self.api = Api(self.credential, self.slept.append)

    def run(self, settings: PowerBISettings = SETTINGS) -> dict[str, object]:
        return publish(settings, self.api, lambda: publish_items(settings, self.credential, read_model()))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> FakePowerBi:
    fake = FakePowerBi()
    monkeypatch.setattr(requests, "request", fake.request)
    return fake


def test_a_first_publish_binds_schedules_refreshes_and_asks(service: FakePowerBi) -> None:
    result = Publisher(service).run()
    assert result == {
        "model": MODEL,
        "refreshed": "2026-06-18T05:31:00Z",
        "trips": 15000,
        "revenue": 193652.5,
        "checks_apart": 0,
    }
    assert service.bound == CONNECTION
    assert service.schedule["times"] == ["05:30", "17:00"]
    assert service.viewers == {"group-one", "group-two"}


def test_what_is_published_has_the_environments_values(service: FakePowerBi) -> None:
    Publisher(service).run()
    parameters = service.text(MODEL, "definition/expressions.tmdl")
    for name, value in {"BillingProject": "acme-pays", "Project": "acme-data", "Dataset": "prod_gold"}.items():
        assert f'expression {name} = "{value}" meta [IsParameterQuery=true' in parameters
    reference = json.loads(service.text(REPORT, "definition.pbir"))["datasetReference"]
    assert MODEL in json.dumps(reference["byConnection"])


def test_publishing_again_takes_the_model_over_first(service: FakePowerBi) -> None:
    Publisher(service).run()
    service.model_owner, service.outcomes, service.sent = "a person", ["Completed"], []
    Publisher(service).run()
    urls = [sent.url for sent in service.sent]
    order = [
        next(at for at, url in enumerate(urls) if part in url)
        for part in (
            "TakeOver",
            "updateDefinition",
            "bindConnection",
            "refreshSchedule",
            "refreshes",
            "roleAssignments",
        )
    ]
    assert order == sorted(order)
    assert len(service.items) == 2


def test_a_wrong_token_names_the_settings(service: FakePowerBi) -> None:
    with pytest.raises(ConfigurationError, match=r"401 TokenExpired.*TRIPLINE_POWERBI_TENANT_ID"):
        find_model(SETTINGS, Publisher(service, token="stale").api)


def test_no_right_names_what_is_needed(service: FakePowerBi) -> None:
    service.faults["semanticModels"] = [Answer(403, {"error": {"code": "InsufficientPrivileges"}})]
    with pytest.raises(ConfigurationError, match=r"403 InsufficientPrivileges.*Contributor"):
        find_model(SETTINGS, Publisher(service).api)


def test_too_many_requests_wait_as_long_as_told(service: FakePowerBi) -> None:
    service.faults["semanticModels"] = [Answer(429, {}, {"Retry-After": "7"}), Answer(503, {})]
    publisher = Publisher(service)
    assert find_model(SETTINGS, publisher.api) is None
    assert publisher.slept == [7.0, 30.0]


def test_a_service_that_stays_busy_is_given_up(service: FakePowerBi) -> None:
    service.faults["semanticModels"] = [Answer(429, {}, {"Retry-After": "1"})] * 9
    with pytest.raises(TransientError, match="stays busy"):
        find_model(SETTINGS, Publisher(service).api)
    assert len(service.sent) == 5


def test_no_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> requests.Response:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "request", refuse)
    with pytest.raises(UnreachableError, match=r"api\.fabric\.microsoft\.com"):
        find_model(SETTINGS, Api(Credential("token")))


def test_a_refresh_that_runs_already_is_waited_for(service: FakePowerBi) -> None:
    Publisher(service).run()
    service.refreshes.append({"status": "Unknown", "polls": 3})
    service.outcomes = ["Completed", "Completed"]
    publisher = Publisher(service)
    refresh_and_wait(SETTINGS, publisher.api, MODEL)
    assert [each["status"] for each in service.refreshes] == ["Completed"] * 3
    assert publisher.slept


def test_a_refresh_that_begins_in_between_is_waited_for(service: FakePowerBi) -> None:
    Publisher(service).run()
    service.outcomes = ["Completed", "Completed"]

    class Race(Api):
        def send(self, call):  # type: ignore[no-untyped-def]
            if call.purpose == "refresh now" and len(service.refreshes) == 1:
                service.refreshes.append({"status": "Unknown", "polls": 2})
            return super().send(call)

    refresh_and_wait(SETTINGS, Race(Credential(service.token), lambda _seconds: None), MODEL)
    assert len(service.refreshes) == 3


def test_a_failed_refresh_says_why(service: FakePowerBi) -> None:
    service.outcomes = ["Failed"]
    with pytest.raises(FatalError, match="ModelRefresh_ShortMessage_ProcessingError"):
        Publisher(service).run()
    assert not service.viewers


def test_a_model_without_its_connection_cannot_refresh(service: FakePowerBi) -> None:
    Publisher(service).run()
    service.bound = ""
    with pytest.raises(FatalError, match="refused to refresh"):
        refresh_and_wait(SETTINGS, Publisher(service).api, MODEL)


def test_a_refresh_without_end_is_given_up(service: FakePowerBi) -> None:
    Publisher(service).run()
    service.polls_until_end = 10**9
    with pytest.raises(TransientError, match="longer than 1 minutes"):
        refresh_and_wait(SETTINGS.model_copy(update={"refresh_minutes": 1}), Publisher(service).api, MODEL)


def test_a_dry_run_names_what_a_run_sends(service: FakePowerBi) -> None:
    planned = list(planned_calls(SETTINGS, read_model()))
    assert not service.sent
    Publisher(service).run()
    service.outcomes = ["Completed"]
    Publisher(service).run()

    def shape(method: str, url: str) -> tuple[str, str]:
        return method, url.rpartition("/")[2].partition("?")[0]

    sent = {shape(each.method, each.url) for each in service.sent}
    assert {shape(call.method, call.url) for call in planned} <= sent
    writes = {each for each in sent if each[0] != "GET"}
    assert writes - {shape(call.method, call.url) for call in planned} <= {
        ("POST", "updateDefinition"),
        ("PATCH", MODEL),
        ("PATCH", REPORT),
    }
    assert "secret" not in str(planned)


def test_missing_settings_are_all_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        require(PowerBISettings())
    assert "TRIPLINE_POWERBI_WORKSPACE_ID" in caught.value.where
    assert "TRIPLINE_POWERBI_CLIENT_SECRET" in caught.value.where


def test_the_model_is_refreshed_when_gold_is_newer_and_not_again(service: FakePowerBi) -> None:
    publisher = Publisher(service)
    publisher.run()
    began = datetime(2026, 6, 18, 5, 30, tzinfo=UTC)
    service.outcomes = ["Completed", "Failed", "Completed"]

    def refreshed(closed_at: datetime | None) -> tuple[object, int]:
        before = len(service.refreshes)
        said = refresh_when_newer(SETTINGS, publisher.api, closed_at)
        return said["refreshed"], len(service.refreshes) - before

    assert refreshed(None) == (None, 0)
    assert refreshed(began) == (None, 0)
    assert refreshed(began + timedelta(seconds=1)) == ("2026-06-18T05:31:00Z", 1)
    with pytest.raises(FatalError, match="ModelRefresh_ShortMessage_ProcessingError"):
        refreshed(began + timedelta(seconds=1))
    # A refresh that failed has not brought what is there.
    assert refreshed(began) == ("2026-06-18T05:31:00Z", 1)


def test_a_refresh_before_publishing_says_so(service: FakePowerBi) -> None:
    with pytest.raises(FatalError, match="No model"):
        refresh_when_newer(SETTINGS, Publisher(service).api, datetime(2026, 6, 18, tzinfo=UTC))
