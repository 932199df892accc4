"""Random stored events of every type, with every member in turn there and not, and text of every kind."""

from typing import Any

from hypothesis import strategies as st

Json = Any  # of whatever shape

# Control characters, both sides of where UTF-16 and code points are ordered differently, and beyond the first plane.
_TELLING = st.sampled_from('"\\/\b\t\n\f\r\x01\x1f\x7f\x80é€דּ\u2028\ue000\uffff\U0001f602\U00010000zA<&')
_CHARACTERS = st.one_of(_TELLING, st.characters(codec="utf-8", exclude_characters="\0"))
texts = st.text(_CHARACTERS, min_size=1, max_size=8)
long_texts = st.text(_CHARACTERS, min_size=3, max_size=20)
values: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.just(""), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
idents = st.uuids().map(str)
digests = st.just("5f" * 32)
instants = st.sampled_from(("2024-10-04T12:00:00.000000Z", "0999-01-01T00:00:00.000001Z"))
times = st.sampled_from(("2024", "2024-10-04", "2024-10-04T14:00:00+02:00", "2024-10/2024-11-05"))
addresses = st.sampled_from(("https://example.org/a?b=%20&c", "http://[::1]:80/~x"))
languages = st.sampled_from(("und", "en", "uk-UA"))
labels = st.lists(texts, min_size=1, max_size=3, unique=True)


def some(**optional: st.SearchStrategy[Json]) -> dict[str, st.SearchStrategy[Json]]:
    return optional


def members(
    optional: dict[str, st.SearchStrategy[Json]], **needed: st.SearchStrategy[Json]
) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries(needed, optional=optional)


_about = some(country=st.just("UA"), count=st.integers(1, 2**53 - 1), plural=st.booleans(), organisation=texts)
parties = st.one_of(
    members(_about | some(role=texts, id=st.just("tag:example.org,2024:a")), kind=st.just("person"), name=texts),
    members(_about, kind=st.just("anonymous"), description=texts),
)
hops = members(
    some(date=times, date_text=texts, inferred=st.booleans(), title=texts, url=addresses, verb=texts), party=parties
)
attributions = st.lists(hops, min_size=1, max_size=2)
publications = members(
    some(url=addresses, archive_url=addresses, accessed_at=times, content_sha256=digests, title=texts), outlet=texts
)
claims = members(
    some(entities=labels, tags=labels, event_time=times, location=texts, same_as=st.just(["urn:a"]), topics=labels),
    text=long_texts,
    language=languages,
    kind=st.sampled_from(("factual", "quote")),
)
wordings = members(some(quote=texts, quote_is_translation=st.booleans()), paraphrase=texts, language=languages)
likelihoods = members(
    some(band=st.just("likely")),
    low_percent=st.integers(0, 100),
    high_percent=st.integers(0, 100),
    scale=st.just("icd203"),
    term=texts,
)
ratings = st.just({"credibility": 1, "reliability": "A", "scheme": "admiralty"})
origins = st.dictionaries(texts, texts, min_size=1, max_size=4)
evidence = members(
    some(url=addresses, sha256=digests, captured_at=times, found_by=parties, credit=texts, media_type=texts),
    evidence_id=texts,
    kind=st.just("image"),
    description=texts,
)
_origin = {"import": origins}
_noted = some(publication=publications, note=texts) | _origin
_said = _noted | some(claim=claims)
_cited = some(certainty=st.just("certain"), source_rating=ratings, evidence_ids=st.lists(texts, min_size=1, max_size=2))
_spoken = {"speaker": parties, "attribution": attributions}
_aimed = {"target_event_id": idents, "reason": texts}


def _either(one: str, other: str, **given: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    strategies = [{name: given[name] for name in names} for names in ([one], [other], [one, other])]
    return st.one_of(*map(st.fixed_dictionaries, strategies))


def _joined(*parts: st.SearchStrategy[dict[str, Json]]) -> st.SearchStrategy[dict[str, Json]]:
    return st.tuples(*parts).map(lambda drawn: {name: value for part in drawn for name, value in part.items()})


DATA: dict[str, st.SearchStrategy[dict[str, Json]]] = {
    "ClaimReported": members(
        _said | _cited,
        **_spoken,
        wording=wordings,
        stance=st.sampled_from(("affirms", "relays")),
        basis=st.just(["unspecified", "media"]),
    ),
    "ClaimDenied": members(
        _said | _cited | some(wording=wordings, target_event_ids=st.lists(idents, min_size=1, max_size=2)),
        **_spoken,
        scope=st.just("full"),
        directness=st.just("relayed"),
        relation=st.just("ally"),
    ),
    "ClaimAssessed": _joined(
        members(
            _said | some(confidence=st.just("low"), rationale=texts, method=texts, supersedes_event_id=idents),
            **_spoken,
            assessor_kind=st.just("court"),
            decisive=st.booleans(),
        ),
        _either("verdict", "likelihood", verdict=st.just("false"), likelihood=likelihoods),
    ),
    "ClaimConfirmed": members(
        _said | some(scope_note=texts, independent_sources=st.integers(1, 9)),
        **_spoken,
        confirmer_kind=st.just("other"),
        basis=st.just("admission"),
        scope=st.just("partial"),
    ),
    "ClaimCommentDeclined": members(_said | some(asked_by=texts), **_spoken, response=st.just("declined")),
    "EvidenceAttached": members(
        _noted | some(attribution=attributions, for_event_id=idents), evidence=evidence, bearing=st.just("neutral")
    ),
    "EventCorrected": members(
        some(publication=publications), **_aimed, patch=st.dictionaries(texts, values), reason_kind=st.just("typo")
    ),
    "EventRetracted": members(some(publication=publications), **_aimed, reason_kind=st.just("legal")),
    "EventErased": members({}, **_aimed, reason_kind=st.just("personal_data")),
    "EventReclassified": _joined(
        members({}, **_aimed),
        _either(
            "classification",
            "embargo_until",
            classification=st.just("public"),
            embargo_until=st.one_of(st.none(), instants),
        ),
    ),
    "ClaimLinked": members(
        some(note=texts, score_percent=st.integers(0, 100)) | _origin,
        target_claim_id=st.just("another-claim"),
        relation=st.just("implies"),
        state=st.just("rejected"),
    ),
}


@st.composite
def stored_events(draw: st.DrawFn) -> dict[str, Json]:
    event_type = draw(st.sampled_from(sorted(DATA)))
    envelope = members(
        some(occurred_text=texts, correlation_id=texts, causation_id=texts),
        event_id=idents,
        schema_version=st.just(1),
        claim_id=st.just("a-claim.of_1"),
        claim_version=st.integers(1, 2**31),
        recorded_at=instants,
        recorded_by=st.just("desk-1"),
        occurred_at=st.one_of(st.none(), times),
        occurred_basis=st.just("stated"),
        source=st.sampled_from(("/keys/desk-1", "https://example.org/%41'(x)")),
        classification=st.sampled_from(("public", "internal", "confidential")),
        embargo_until=st.one_of(st.none(), instants),
        previous=st.one_of(st.none(), digests),
        salt=st.just("Az09_-Az09_-Az09_-Az09"),
    )
    return {**draw(envelope), "type": event_type, "data": draw(DATA[event_type])}
