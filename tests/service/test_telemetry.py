"""What /metrics shows after what has happened."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.ports import OutcomeUnknownError
from service.lag import Lag
from service.publishing.service import LogNumbers
from service.publishing.witnesses import WitnessState
from service.requests import OverloadedError, Request, Watch
from service.sequencer import Limits
from service.telemetry import HELP, Telemetry
from tests.service.desk import Desk, FaultyStore
from tests.service.posting import deny, event_id, refused, report

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def telemetry(lag: Lag | None = None) -> Telemetry:
    witnesses = [WitnessState("witness.example/w1", cosigned_size=9, alarms=1)]
    numbers = LogNumbers(size=11, age_s=2.5, is_broken=True, witnesses=witnesses)
    return Telemetry(lag or Lag(0, lambda: 0.0), lambda: 7, lambda: numbers)


def samples(counted: Telemetry) -> dict[str, float]:
    """Return the samples by name and the values of their labels."""
    families = text_string_to_metric_families(counted.render().decode())
    return {
        " ".join([sample.name, *filter(None, sample.labels.values())]): sample.value
        for family in families
        for sample in family.samples
    }


def test_events_are_counted_by_what_became_of_them(application):
    counted = telemetry()
    store = FaultyStore(application.recorder)
    desk = Desk(store, limits=Limits(queue=5), watch=Watch(observer=counted))
    desk.submit([report(event_id=event_id(1)), deny()], [report(event_id=event_id(1))], [refused(), deny()])
    with pytest.raises(OverloadedError):
        desk.submit([deny()])
    with desk:
        desk.receipts(deny())
        store.faults.append("away")
        desk.record(deny(), deny())
    counted.observe_refusal("malformed")
    found = samples(counted)
    appends = {name.removeprefix("onrecord_appends_total "): n for name, n in found.items() if "appends_total" in name}
    assert appends == {
        "recorded": 3,
        "duplicate": 1,
        "rule-broken refused": 2,
        "malformed refused": 1,
        "unavailable": 3,
        "unknown": 0,
        "failed": 0,
    }
    assert (found["onrecord_batch_events_count"], found["onrecord_batch_events_sum"]) == (3, 8)
    assert (found["onrecord_batch_events_bucket 1"], found["onrecord_batch_events_bucket 8"]) == (1, 3)
    assert found["onrecord_commit_seconds_count"] == 2
    assert found["onrecord_ledger_position"] == 3


@pytest.mark.parametrize(("error", "outcome"), [(OutcomeUnknownError("?"), "unknown"), (RuntimeError("?"), "failed")])
def test_what_nobody_knows_and_what_nobody_foresaw_are_counted_apart(error, outcome):
    counted = telemetry()
    counted.settled([Request([[report(), deny()]], outcomes=[error])])
    assert samples(counted)[f"onrecord_appends_total {outcome}"] == 2


def test_commit_seconds_are_those_of_the_writing(application):
    counted = telemetry()
    ticks = iter([0.5, 1.0, 10.0, 10.2])
    with Desk(application.recorder, watch=Watch(observer=counted, elapsed_s=lambda: next(ticks))) as desk:
        desk.receipts(report())
    assert samples(counted)["onrecord_commit_seconds_sum"] == pytest.approx(0.2)


def test_positions_queue_and_lag_are_as_they_are_now():
    clock = iter([0.0, 4.0])
    lag = Lag(0, lambda: next(clock))
    counted = telemetry(lag)
    counted.committed(12, 0.01)
    lag.moved(0)
    found = samples(counted)
    assert found["onrecord_queue_events"] == 7
    assert (found["onrecord_ledger_position"], found["onrecord_read_model_position"]) == (12, 0)
    assert (found["onrecord_projection_lag_events"], found["onrecord_projection_lag_seconds"]) == (12, 4)


def test_the_log_shows_what_is_signed_and_by_whom():
    found = samples(telemetry())
    assert (found["onrecord_checkpoint_size"], found["onrecord_checkpoint_age_seconds"]) == (11, 2.5)
    assert found["onrecord_log_broken"] == 1
    assert found["onrecord_witness_size witness.example/w1"] == 9
    assert found["onrecord_witness_alarms_total witness.example/w1"] == 1


def test_requests_are_counted_by_method_route_and_status():
    counted = telemetry()
    for status in (200, 304, 304):
        counted.observe_request("GET", "/v1/claims/{claim_id}", status)
    assert samples(counted)["onrecord_requests_total GET /v1/claims/{claim_id} 304"] == 2


def test_two_services_in_one_process_count_apart():
    first, second = telemetry(), telemetry()
    first.observe_refusal("malformed")
    assert "malformed" in first.render().decode()
    assert "malformed" not in second.render().decode()


def test_every_metric_says_what_a_bad_value_means():
    counted = telemetry()
    for family in counted.collect():
        assert re.fullmatch(r"onrecord(_[a-z]+)+", family.name)
        assert family.documentation == HELP[family.name]
        assert len(re.findall(r"[.](?:\s|$)", family.documentation)) >= 2


def test_every_metric_is_in_the_operators_handbook():
    rows = dict(re.findall(r"^\| `(onrecord_\w+)` \| \w+ \| (.+) \|$", PAGE.read_text(), re.MULTILINE))
    described = {
        family.name + ("_total" if family.type == "counter" else ""): family.documentation
        for family in telemetry().collect()
    }
    assert rows == described
