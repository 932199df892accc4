"""A reader written down, and read back at a fraction of what folding its events again would cost.

The bytes are a function of the events taken in, not of how they came: JSON with everything in order.
"""

import json
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import Any

from domain.reader import Carrier, LinkState, Place, Reader
from domain.standing import Outside
from domain.tally import Tally, Weighing
from domain.values import ClaimText, Likelihood

FORMAT = 1
"""Which way it is written: another one wants the stored snapshots made anew."""

_EXTREMES = (
    "confirmed_earliest_us",
    "confirmed_latest_us",
    "confirmed_first_latest_us",
    "confirmation_earliest_us",
    "denial_earliest_us",
    "stated_first_us",
    "stated_last_us",
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
State = dict[str, Any]  # Any: JSON of whatever shape


def freeze(reader: Reader) -> bytes:
    """Return all that later events of the claim, and a reading, need of those taken in."""
    outside = reader.outside
    state: State = {
        "first": reader.first,
        "last": reader.last,
        "carrier": reader.carrier and [reader.carrier.version, _text_of(reader.carrier.claim)],
        "links": sorted([*key, *state] for key, state in reader.links.items()),
        "speakers": sorted(reader.speakers),
        "outside": [outside.corrections, outside.retracted, outside.is_withdrawn],
        "tally": _freeze_tally(reader.tally),
    }
    return _encode(state).encode()


def thaw(frozen: bytes) -> Reader:
    """Return the reader of these bytes: it takes in what was recorded after the events that it has seen."""
    state: State = json.loads(frozen)
    corrections, retracted, is_withdrawn = state["outside"]
    reader = Reader()
    reader.first = state["first"] and Place(*state["first"])
    reader.last = state["last"] and Place(*state["last"])
    if state["carrier"]:
        version, text = state["carrier"]
        reader.carrier = Carrier(version, ClaimText.model_validate_json(text))
    reader.links = {(claim_id, relation): LinkState(*link) for claim_id, relation, *link in state["links"]}
    reader.speakers = set(state["speakers"])
    reader.outside = Outside(corrections=corrections, retracted=retracted, is_withdrawn=is_withdrawn)
    _thaw_tally(reader.tally, state["tally"])
    return reader


def _freeze_tally(tally: Tally) -> State:
    return {
        # What has come and gone again leaves a count of nothing, what never came leaves none.
        "counts": {name: count for name, count in tally.counts.items() if count},
        "leanings": {name: count for name, count in tally.leanings.items() if count},
        "outlets": sorted(tally.outlets),
        "named_origins": _in_order(tally.named_origins),
        "anonymous_origins": _in_order(tally.anonymous_origins),
        "extremes": [getattr(tally, name) for name in _EXTREMES],
        "affirmed": _steps(tally.affirmed_us),
        # Which ones were superseded need not be known: what comes later can not have been.
        **_freeze_assessments(tally.assessments),
    }


def _thaw_tally(tally: Tally, state: State) -> None:
    tally.counts, tally.leanings = Counter(state["counts"]), Counter(state["leanings"])
    tally.outlets = set(state["outlets"])
    tally.named_origins, tally.anonymous_origins = set(state["named_origins"]), set(state["anonymous_origins"])
    for name, extreme_us in zip(_EXTREMES, state["extremes"], strict=True):
        setattr(tally, name, extreme_us)
    tally.affirmed_us = list(accumulate(state["affirmed"]))
    likelihoods = [None, *map(Likelihood.model_validate_json, state["likelihoods"])]
    for event_id, *weighed, likelihood in zip(*state["assessments"], strict=True):
        tally.hold(event_id, Weighing._make((*weighed, likelihoods[likelihood])))


def _freeze_assessments(assessments: dict[str, Weighing]) -> State:
    """Return the assessments column by column, which is read back the fastest, and apart what many of them share."""
    ordered = sorted(assessments.items())
    texts = {weighing.likelihood: _text_of(weighing.likelihood) for _, weighing in ordered if weighing.likelihood}
    likelihoods = sorted(set(texts.values()))
    numbers = {text: number for number, text in enumerate(likelihoods, start=1)}
    rows = [
        (event_id, *weighing[:-1], numbers[texts[weighing.likelihood]] if weighing.likelihood else 0)
        for event_id, weighing in ordered
    ]
    return {"assessments": list(zip(*rows, strict=True)), "likelihoods": likelihoods}


def _text_of(value: ClaimText | Likelihood) -> str:
    return value.model_dump_json(exclude_none=True)


def _in_order(names: Iterable[str | None]) -> list[str | None]:
    return sorted(names, key=lambda name: (name is None, name or ""))


def _steps(instants: list[int]) -> list[int]:
    """Return the first of ascending numbers, and by how much each of the others is greater than the one before."""
    return instants[:1] + [later - earlier for earlier, later in pairwise(instants)]
