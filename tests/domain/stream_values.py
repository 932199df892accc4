"""What the generated events say: a few values of each kind, so that ties and overlaps are frequent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import strategies as st

from .reference import leaning
from .reference_content import Event
from .reference_times import bounds, instant

FUTURE = timedelta(days=2)  # how far an occurrence may begin after it is recorded
DAYS = ("2024-02-29", "2024-03-01", "2024-03-02")
CLOCKS = ("00:00:00Z", "23:59:59.999999Z", "01:00:00+02:00", "18:30:00.50-05:30")
INSTANTS = tuple(f"{day}T{clock}" for day in DAYS for clock in CLOCKS)
INTERVALS = (
    "2024-02-29/2024-03-01",
    "2024-02/2024-03-01T12:00:00Z",
    "2024-03/2024-03-02",
    "2023/2024",
    "2024-02-29T23:59:59.999999Z/2024-03-01T00:00:00Z",
    "2024-03-01T00:00:00+02:00/2024-03-02",
)
OCCURRENCES = (*DAYS, *INSTANTS, "2024-02", "2024-03", "2023", "2024", *INTERVALS)

CLAIM = {"text": "Six officers were killed.", "language": "en", "kind": "factual"}
OUTLETS: tuple[Event, ...] = (
    {"kind": "outlet", "name": "Outlet A"},
    {"kind": "outlet", "name": "Outlet B"},
    {"kind": "outlet", "role": "a local paper"},
)
NAMED: tuple[Event, ...] = (
    {"kind": "person", "name": "Outlet A"},
    {"kind": "person", "role": "a spokesman"},
    {"kind": "government", "organisation": "Ministry", "role": "a spokesman"},
    {"kind": "unknown", "organisation": "Outlet A"},
    {"kind": "document", "description": "a web page"},
    {"kind": "collective"},
)
ANONYMOUS: tuple[Event, ...] = (
    {"kind": "anonymous", "description": "unnamed sources"},
    {"kind": "anonymous", "description": "officials", "organisation": "Ministry"},
)
PUBLICATIONS = ({"outlet": "Outlet B"}, {"outlet": "Outlet C"}, {"title": "A page"}, None)

VERDICTS = (
    *("true", "mostly_true", "supported", "mixed", "misleading", "out_of_context", "satire"),
    *("unproven", "unverified", "not_checkable", "mostly_false", "false", "fabricated"),
)
LIKELIHOODS = tuple(
    {"term": "perhaps", "scale": "numeric", "low_percent": low, "high_percent": high}
    for low, high in ((80, 95), (55, 55), (54, 100), (0, 45), (20, 46), (45, 45), (0, 100))
)

parties = st.sampled_from((*OUTLETS, *NAMED, *ANONYMOUS))
speakers = st.sampled_from((*OUTLETS, *NAMED))
wordings = st.just({"paraphrase": "Officers were killed.", "language": "en"})


def occurrences(recorded_at: datetime, earlier: Sequence[str]) -> st.SearchStrategy[str | None]:
    """Return occurrences that the ledger accepts then: some undated, some at an earlier recording."""
    accepted = [text for text in (*OCCURRENCES, *earlier) if bounds(text)[0] <= recorded_at + FUTURE]
    near = [text for text in (*DAYS[:2], *INSTANTS[:6], *earlier) if text in accepted]
    return st.one_of(st.none(), st.sampled_from(accepted), st.sampled_from(near))


def attributions() -> st.SearchStrategy[list[Event]]:
    """Return chains of one to three hops, the last of them anonymous every other time."""
    last = st.one_of(parties, st.sampled_from(ANONYMOUS))
    chains = st.builds(lambda before, origin: [*before, origin], st.lists(parties, max_size=2), last)
    return chains.map(lambda chain: [{"party": party} for party in chain])


def bodies(event_type: str) -> st.SearchStrategy[Event]:
    """Return the data of one type but for `claim` and the ids that it names."""
    own = st.one_of(*(st.fixed_dictionaries({**SPOKEN, **members}) for members in OWN[event_type]))
    return own.map(_without_none).map(decided)


def patches(event_type: str, earlier_assessments: Sequence[str]) -> st.SearchStrategy[Event]:
    """Return patches of the data of one type: each may be refused, or change nothing."""
    own: st.SearchStrategy[Event] = st.sampled_from(PATCHES[event_type])
    if event_type == "ClaimReported":
        own = st.one_of(own, st.fixed_dictionaries({"attribution": attributions()}))
    if event_type == "ClaimAssessed" and earlier_assessments:
        superseding = st.fixed_dictionaries({"supersedes_event_id": st.sampled_from(earlier_assessments)})
        own = st.one_of(own, superseding)
    return own


def decided(data: Event) -> Event:
    """Return the data less a decisiveness that an assessment must not have."""
    return {**data, "decisive": False} if data.get("decisive") and leaning(data) != "refutes" else data


def keeps_rules(event: Event) -> bool:
    """Return whether an event as corrected keeps the rules that the generated patches may break."""
    return _keeps_time(event) and (event["type"] != "ClaimAssessed" or _keeps_assessment(event["data"]))


def _keeps_time(event: Event) -> bool:
    if event["occurred_at"] is None:
        return True
    earliest, latest = bounds(event["occurred_at"])
    return earliest <= latest and earliest <= instant(event["recorded_at"]) + FUTURE


def _keeps_assessment(data: Event) -> bool:
    likelihood = data.get("likelihood")
    if likelihood is None and "verdict" not in data:
        return False
    if likelihood is not None and not LIKELIHOODS[0].keys() <= likelihood.keys():
        return False
    if likelihood is not None and likelihood["low_percent"] > likelihood["high_percent"]:
        return False
    return not data["decisive"] or leaning(data) == "refutes"


def _without_none(data: Event) -> Event:
    return {name: value for name, value in data.items() if value is not None}


Members = dict[str, st.SearchStrategy[object]]

SPOKEN: Members = {
    "speaker": speakers,
    "wording": wordings,
    "attribution": attributions(),
    "publication": st.sampled_from(PUBLICATIONS),
}
SILENT: Members = {"speaker": st.none(), "wording": st.none()}
ASSESSING: Members = {"assessor_kind": st.just("fact_checker"), "decisive": st.sampled_from((True, True, False))}
VERDICT: Members = {"verdict": st.one_of(st.sampled_from(VERDICTS), st.sampled_from(("false", "fabricated")))}
LIKELIHOOD: Members = {"likelihood": st.sampled_from(LIKELIHOODS)}
OWN: dict[str, tuple[Members, ...]] = {
    "ClaimReported": (
        {
            "stance": st.sampled_from(("affirms", "affirms", "relays")),
            "basis": st.just(["unspecified"]),
        },
    ),
    "ClaimDenied": (
        {
            "scope": st.sampled_from(("full", "partial", "general")),
            "directness": st.sampled_from(("direct", "by_implication", "relayed")),
            "relation": st.just("unknown"),
        },
    ),
    "ClaimAssessed": (
        {**ASSESSING, **VERDICT},
        {**ASSESSING, **LIKELIHOOD},
        {**ASSESSING, **VERDICT, **LIKELIHOOD},
    ),
    "ClaimConfirmed": (
        {
            "scope": st.sampled_from(("full", "full", "partial")),
            "confirmer_kind": st.just("newsroom"),
            "basis": st.just("official_record"),
        },
    ),
    "ClaimCommentDeclined": ({"response": st.sampled_from(("declined", "no_response"))},),
    "EvidenceAttached": (
        {
            **SILENT,
            "evidence": st.just({"evidence_id": "photo-1", "kind": "image", "description": "a photo"}),
            "bearing": st.sampled_from(("supports", "refutes", "neutral", "unknown")),
        },
    ),
    "ClaimLinked": (
        {
            **SILENT,
            "attribution": st.none(),
            "publication": st.none(),
            "target_claim_id": st.just("another-claim"),
            "relation": st.sampled_from(("restates", "supersedes")),
            "state": st.sampled_from(("suggested", "confirmed", "rejected")),
        },
    ),
}
# The second of each pair is valid after the first, but not always without it.
PATCH_PAIRS: tuple[tuple[Event, Event], ...] = (
    ({"likelihood": LIKELIHOODS[0]}, {"verdict": None, "decisive": None}),
    ({"likelihood": LIKELIHOODS[0]}, {"likelihood": {"high_percent": 85}}),
    ({"verdict": "false"}, {"decisive": True}),
    ({"verdict": "mixed", "decisive": None}, {"likelihood": None}),
)
PATCHES: dict[str, tuple[Event, ...]] = {
    "ClaimReported": (
        {"stance": "relays"},
        {"stance": None},
        {"attribution": None},
        {"speaker": {"role": "editor"}, "attribution": None},
        {"publication": None},
        {"publication": {"outlet": "Outlet D"}},
        {"publication": {"outlet": ""}},
        {"claim": {"text": "Seven officers were killed.", "tags": ["war"]}},
    ),
    "ClaimDenied": ({"directness": "by_implication"}, {"directness": None}, {"scope": "partial"}),
    "ClaimAssessed": (
        *({"verdict": verdict} for verdict in ("true", "mixed", "unproven", "false", None, None)),
        *({"verdict": verdict, "decisive": True} for verdict in ("mostly_false", "fabricated")),
        *({"verdict": verdict, "decisive": None} for verdict in ("satire", "supported", None)),
        *({"likelihood": likelihood} for likelihood in (LIKELIHOODS[0], LIKELIHOODS[3], None)),
        *({"likelihood": likelihood, "verdict": None, "decisive": None} for likelihood in LIKELIHOODS),
        *({"likelihood": {"low_percent": low}} for low in (0, 44, 60)),
        *({"likelihood": {"high_percent": high}} for high in (45, 46, 100)),
        {"verdict": None, "likelihood": LIKELIHOODS[0], "decisive": False},
        {"verdict": None, "likelihood": LIKELIHOODS[3], "decisive": True},
        {"decisive": True},
        {"decisive": None},
        {"supersedes_event_id": None},
    ),
    "ClaimConfirmed": ({"scope": "partial"}, {"scope": "full"}, {"scope": None}),
    "ClaimCommentDeclined": ({"response": "no_information"}, {"note": "by telephone"}),
    "EvidenceAttached": ({"bearing": "refutes"}, {"bearing": "supports"}, {"note": "from a reader"}),
    "ClaimLinked": ({"state": "rejected"}, {"state": None}),
}
