"""Who a claim's reports come from: outlets and origins, counted as the page on events says."""

from collections.abc import Sequence

from .reference_content import Event

Key = str | None  # None is the key of a party that has none: all of them count as one


def source_counts(reports: Sequence[Event]) -> dict[str, int]:
    """Return the counts of outlets, named and anonymous origins over the data of the reports."""
    anonymous = [data for data in reports if is_anonymous(data)]
    named = [data for data in reports if not is_anonymous(data)]
    return {
        "outlets": len({_outlet(data) for data in reports} - {None}),
        "named_origins": len({_party_key(_hops(data)[-1]) for data in named}),
        "anonymous_origins": len({_quoted_by(data) for data in anonymous}),
    }


def is_anonymous(report: Event) -> bool:
    """Return whether the origin, the last hop of the report's chain, is anonymous."""
    return bool(_hops(report)[-1]["kind"] == "anonymous")


def _hops(report: Event) -> list[Event]:
    return [hop["party"] for hop in report["attribution"]]


def _outlet(report: Event) -> Key:
    outlets = [party for party in _hops(report) if party["kind"] == "outlet"]
    name: Key = report.get("publication", {}).get("outlet")
    return outlets[-1].get("name") if outlets else name


def _quoted_by(report: Event) -> Key:
    named = [party for party in _hops(report) if party["kind"] != "anonymous"]
    return _party_key(named[-1]) if named else None


def _party_key(party: Event) -> Key:
    for name in ("name", "organisation", "role", "description"):
        if party.get(name):
            return str(party[name])
    return None
