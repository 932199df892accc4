"""The entries of a claim's history as the page shows them: who said what, through whom, and what became of it."""

from dataclasses import dataclass, field
from typing import Any

from api.dashboard.words import BASES, KINDS, RELATIONS, RESPONSES, plain

Json = dict[str, Any]  # Any: events and records as JSON, which the ledger has checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of an attribution: who, and what they did with it."""

    party: str
    verb: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a correction changed: a member by its path, before and after."""

    member: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of a history in words; what does not apply is empty."""

    event_id: str
    position: int
    version: int
    type: str
    digest: str
    kind: str
    who: str = ""
    did: str = ""
    quote: str = ""
    paraphrase: str = ""
    language: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    chain: list[Hop] = field(default_factory=list)
    address: str = ""
    outlet: str = ""
    said: str = ""
    said_how: str = ""
    recorded_at: str = ""
    recorded_by: str = ""
    occurred_at: str = ""
    band: tuple[int, int] | None = None
    likelihood: str = ""
    changes: list[Change] = field(default_factory=list)
    corrected_by: list[str] = field(default_factory=list)
    retracted_by: str = ""
    superseded_by: str = ""
    erased_by: str | None = None
    is_erased: bool = False
    target: str = ""
    other_claim: str = ""
    other_words: str = ""
    restricted: str = ""


def read_entry(record: Json) -> Entry:
    """Return the entry of a record of a history."""
    event, erased = record["event"], record["erased"]
    if event is None:
        return _erased_entry(record, erased)
    said = record.get("effective") or event
    shown = {**event, **{name: said.get(name) for name in ("occurred_at", "occurred_basis", "occurred_text", "data")}}
    return Entry(
        **_places(record, event),
        **_times(shown),
        **_content(shown),
        recorded_by=event["recorded_by"],
        restricted=_restriction(event),
        changes=_changes(event, said),
        corrected_by=record.get("corrected_by") or [],
        retracted_by=record.get("retracted_by") or "",
        superseded_by=record.get("superseded_by") or "",
    )


def describe_party(party: Json) -> str:
    """Return a party as a newspaper would name it."""
    name = party.get("name") or party.get("description") or party.get("role") or party.get("organisation") or ""
    besides = [party.get("role"), party.get("organisation")] if party.get("name") else []
    shown = [each for each in besides if each and each.lower() not in name.lower()]
    return f"{name} ({', '.join(shown)})" if shown else name


def _erased_entry(record: Json, erased: Json) -> Entry:
    return Entry(
        **_places(record, erased), erased_by=erased["by"], is_erased=True, retracted_by=record.get("retracted_by") or ""
    )


def _places(record: Json, event: Json) -> Json:
    return {
        "event_id": event["event_id"],
        "position": record["position"],
        "version": event["claim_version"],
        "type": event["type"],
        "kind": KINDS[event["type"]],
        "digest": record["event_sha256"],
        "recorded_at": event["recorded_at"],
    }


def _times(event: Json) -> Json:
    occurred_at = event.get("occurred_at") or ""
    words = event.get("occurred_text")
    how = [f"“{words}”"] if words else []
    how += [BASES[basis]] if (basis := event.get("occurred_basis")) in BASES and occurred_at else []
    return {"occurred_at": occurred_at, "said": occurred_at.replace("/", " to "), "said_how": ", ".join(how)}


def _restriction(event: Json) -> str:
    level = event["classification"] if event["classification"] != "public" else ""
    until = f"embargoed until {event['embargo_until']}" if event.get("embargo_until") else ""
    return ", ".join(each for each in (level, until) if each)


def _content(event: Json) -> Json:
    data = event["data"]
    described = _DESCRIBED.get(event["type"])
    content = described(data) if described else {}
    if "speaker" in data:
        content = {**_spoken(data), **content}
    publication = data.get("publication") or {}
    return {
        "notes": _notes(data),
        "address": publication.get("url") or "",
        "outlet": publication.get("title") or publication.get("outlet") or "",
        **content,
    }


def _spoken(data: Json) -> Json:
    wording = data.get("wording") or {}
    return {
        "who": describe_party(data["speaker"]),
        "quote": wording.get("quote") or "",
        "paraphrase": wording.get("paraphrase") or "",
        "language": wording.get("language") or "",
        "chain": [_hop(hop) for hop in reversed(data.get("attribution") or [])],
    }


def _hop(hop: Json) -> Hop:
    return Hop(
        party=describe_party(hop["party"]),
        verb=hop.get("verb") or "",
        when=hop.get("date_text") or hop.get("date") or "",
    )


def _notes(data: Json) -> list[tuple[str, str]]:
    names = ("certainty", "confidence", "rationale", "method", "scope_note", "reason", "reason_kind", "note")
    skipped = ("unspecified",)
    return [(plain(name), plain(str(data[name]))) for name in names if data.get(name) and data[name] not in skipped]


def _report(data: Json) -> Json:
    return {"did": "reported it" if data["stance"] == "affirms" else "passed on the report, without affirming it"}


def _denial(data: Json) -> Json:
    how = {"direct": "denied it", "by_implication": "denied it by implication", "relayed": "denied it, others say"}
    scope = {"partial": ", in part", "general": ", in general terms"}
    return {"did": how[data["directness"]] + scope.get(data["scope"], "")}


def _assessment(data: Json) -> Json:
    likelihood = data.get("likelihood")
    verdict = f"assessed it as {plain(data['verdict'])}" if data.get("verdict") else "assessed it"
    found: Json = {"did": verdict + (", decisively" if data["decisive"] else "")}
    if likelihood:
        found["band"] = (likelihood["low_percent"], likelihood["high_percent"])
        found["likelihood"] = likelihood["term"]
    return found


def _confirmation(data: Json) -> Json:
    basis = f", by {plain(data['basis'])}" if data["basis"] != "unspecified" else ""
    return {"did": ("confirmed it in part" if data["scope"] == "partial" else "confirmed it") + basis}


def _declined(data: Json) -> Json:
    return {"did": RESPONSES[data["response"]]}


def _evidence(data: Json) -> Json:
    evidence = data["evidence"]
    bearing = {"supports": "supports it", "refutes": "speaks against it"}.get(data["bearing"], "bears on it")
    return {
        "who": f"{plain(evidence['kind']).capitalize()}",
        "did": bearing,
        "paraphrase": evidence["description"],
        "address": evidence.get("url") or evidence.get("archive_url") or "",
        "outlet": evidence.get("credit") or "",
    }


def _link(data: Json) -> Json:
    state = {"suggested": "perhaps ", "rejected": "was said, wrongly, to be one that "}.get(data["state"], "")
    return {"other_claim": data["target_claim_id"], "other_words": state + RELATIONS[data["relation"]][0]}


def _targeting(did: str) -> Any:  # Any: a function of the event's data, as those above
    return lambda data: {"did": did, "target": data["target_event_id"]}


_DESCRIBED = {
    "ClaimReported": _report,
    "ClaimDenied": _denial,
    "ClaimAssessed": _assessment,
    "ClaimConfirmed": _confirmation,
    "ClaimCommentDeclined": _declined,
    "EvidenceAttached": _evidence,
    "ClaimLinked": _link,
    "EventCorrected": _targeting("corrects"),
    "EventRetracted": _targeting("retracts"),
    "EventErased": _targeting("erases"),
    "EventReclassified": _targeting("changes who may read"),
}


def _changes(event: Json, said: Json) -> list[Change]:
    if said is event:
        return []
    names = ("occurred_at", "occurred_basis", "occurred_text", "data")
    before, after = ({name: each.get(name) for name in names} for each in (event, said))
    return list(_differences("", before, after))


def _differences(path: str, before: Any, after: Any) -> list[Change]:  # Any: JSON
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        members = sorted(before.keys() | after.keys())
        return [
            change
            for member in members
            for change in _differences(f"{path} {plain(member)}".strip(), before.get(member), after.get(member))
        ]
    return [Change(member=path.removeprefix("data "), before=_text(before), after=_text(after))]


def _text(value: Any) -> str:  # Any: JSON
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return describe_party(value) or ", ".join(f"{plain(name)}: {_text(each)}" for name, each in value.items())
    return "nothing" if value is None else str(value)
