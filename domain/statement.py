"""The rules that an event must hold by itself, posted or as a correction makes it."""

from domain.content import Assessment
from domain.errors import RuleBrokenError
from domain.events import ClaimAssessed, Event
from domain.leaning import leaning_of
from domain.times import DAY_US, parse_fuzzy


def check_statement(event: Event, recorded_us: int) -> None:
    """Raise RuleBrokenError, naming the field, for the first rule that the event breaks."""
    if event.occurred_at and parse_fuzzy(event.occurred_at).earliest_us > recorded_us + 2 * DAY_US:
        raise RuleBrokenError.at("/occurred_at", "occurred_in_future", "over two days after it is recorded")
    if isinstance(event, ClaimAssessed):
        _check_assessment(event.data)


def _check_assessment(data: Assessment) -> None:
    if data.likelihood and data.likelihood.low_percent > data.likelihood.high_percent:
        pointer = "/data/likelihood/low_percent"
        raise RuleBrokenError.at(pointer, "likelihood_range", "low_percent is over high_percent")
    if data.decisive and leaning_of(data) != "refutes":
        detail = "only a refuting assessment is decisive: to establish a claim there is ClaimConfirmed"
        raise RuleBrokenError.at("/data/decisive", "decisive_refutes", detail)
