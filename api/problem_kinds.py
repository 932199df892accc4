"""Every problem that the service answers with: its status, and what its page tells whoever meets it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """One kind of problem: what it is called, why it happens, and what helps."""

    status: int
    title: str
    cause: str
    remedy: str


PROBLEM_KINDS: dict[str, ProblemKind] = {
    "unauthorized": ProblemKind(
        status=401,
        title="A good key is needed",
        cause="The request carried no key where one is needed, or one that is unknown or was revoked.",
        remedy="Send the header Authorization: Bearer <key>. Whoever runs the service makes keys with "
        "`onrecord keys create`. A bad key is refused on public pages too; leave it out to read as the public.",
    ),
    "not-found": ProblemKind(
        status=404,
        title="Not found",
        cause="There is nothing at this address, or your key may not read it. Both are answered in the same words, "
        "so that nobody learns of what is not theirs to see.",
        remedy="Check the claim or event id. What was recorded a moment ago is found with ?min_position=<position>, "
        "taken from its receipt.",
    ),
    "method-not-allowed": ProblemKind(
        status=405,
        title="Method not allowed",
        cause="The address exists, but does not answer this method. The header Allow says which it answers.",
        remedy="Read with GET or HEAD and append with POST. What is on record is never changed: to correct, retract "
        "or erase an event, post another event.",
    ),
    "too-large": ProblemKind(
        status=413,
        title="Too large",
        cause="An event, or a line of NDJSON, is over 32 KiB, or the whole JSON body is over the limit of the service "
        "(1 MiB unless its operator says otherwise).",
        remedy="Shorten the texts and link to documents instead of quoting them whole. Post many events as "
        "application/x-ndjson, which has no limit as a whole.",
    ),
    "unsupported-media-type": ProblemKind(
        status=415,
        title="Unsupported media type",
        cause="The body is neither application/json nor application/x-ndjson, has no Content-Type, is in another "
        "charset than UTF-8, or is compressed.",
        remedy="Set the header Content-Type to application/json or application/x-ndjson, encode the body in UTF-8, and "
        "send no Content-Encoding.",
    ),
    "not-json": ProblemKind(
        status=400,
        title="Not JSON",
        cause="The body, or the line, can not be parsed as JSON in UTF-8. The detail says where the parser stopped.",
        remedy="Let a JSON library write the body. Numbers such as NaN and Infinity are not JSON.",
    ),
    "malformed": ProblemKind(
        status=422,
        title="Malformed event",
        cause="The body is JSON, but not an event: a field is missing, unknown or of the wrong form. Each fault names "
        "its field by JSON pointer, and the rule.",
        remedy="Correct every field that is named; the schema of events is in /openapi.json. Unknown fields are "
        "refused on purpose, so that a name does not slip into the ledger by a typo.",
    ),
    "bad-parameter": ProblemKind(
        status=422,
        title="Bad query parameter",
        cause="A query parameter is unknown here, is given twice, has a wrong value, or is a cursor that was altered "
        "or comes from another list.",
        remedy="Correct the parameter that is named; /openapi.json lists those of each address. Take a cursor from "
        "`next` as it is, and keep the filters of the page before.",
    ),
    "bad-header": ProblemKind(
        status=422,
        title="Bad request header",
        cause="A header of the request can not be honoured: If-Match takes one version in quotes, If-None-Match on an "
        "append takes * alone, and both go with a single event only.",
        remedy='Send If-Match: "3" to append only if the claim is at version 3 as you see it, or If-None-Match: * to '
        "append only if there is no such claim.",
    ),
    "rule-broken": ProblemKind(
        status=422,
        title="A rule of the ledger is broken",
        cause="The event is well formed but breaks a rule: it targets an event that is not in the claim, changes the "
        "claim's text, lies in the future, or the like. The fault names the field and the rule.",
        remedy="Read what is on record for the claim, correct the event and post it again. What you may not read does "
        "not exist for these rules.",
    ),
    "event-id-taken": ProblemKind(
        status=409,
        title="Event id taken",
        cause="Another event with other content is recorded under this event id. A retry with the same content is "
        "answered with the first receipt instead.",
        remedy="Give each event an id of its own (a UUID). To change what an event says, post an EventCorrected.",
    ),
    "erased": ProblemKind(
        status=410,
        title="Erased",
        cause="The event was erased: its content is destroyed for good. Its place, its digest and every proof stay.",
        remedy="Nothing brings it back. Its record shows which event erased it; the event id can not be used again.",
    ),
    "role-forbids": ProblemKind(
        status=403,
        title="The key's role does not allow this",
        cause="Some events need the editor role, erasure needs the admin role, and only an importer sets recorded_at. "
        "An auditor reads, and appends nothing. Metrics are for admins and auditors.",
        remedy="Have somebody with the role do it, or ask whoever runs the service for another key.",
    ),
    "version-mismatch": ProblemKind(
        status=412,
        title="The claim is at another version",
        cause="The request named the version that it expected in If-Match, or expected no such claim by "
        "If-None-Match, and the claim has moved on. Nothing was recorded.",
        remedy="Read the claim, decide whether the event still makes sense, and post it with the new version.",
    ),
    "target-erased": ProblemKind(
        status=409,
        title="The target was erased",
        cause="The event that this one targets was erased, so that nothing more can be done to it.",
        remedy="Do not retry. If the statement has to be on record after all, post it as a new event.",
    ),
    "target-retracted": ProblemKind(
        status=409,
        title="The target is retracted",
        cause="The event that this one would correct or retract is out of the standing already, by an effective "
        "retraction.",
        remedy="Do not retry. To bring the target back, retract its retraction.",
    ),
    "unavailable": ProblemKind(
        status=503,
        title="Not available now",
        cause="Too many events wait to be recorded, the database is away, the disk is full, or the service is "
        "stopping. Nothing of the request was recorded.",
        remedy="Repeat the request after the seconds in Retry-After. An event with an event_id of your own may be "
        "posted as often as you like: it is recorded once.",
    ),
    "not-yet-readable": ProblemKind(
        status=503,
        title="Not readable yet",
        cause="The read models have not come to the position in min_position within 5 seconds. The header "
        "Onrecord-Position of other answers says how far they are.",
        remedy="Repeat the request after a second. A position that the ledger has not reached is waited for in vain.",
    ),
    "not-yet-projected": ProblemKind(
        status=503,
        title="Recorded, but not readable yet",
        cause="The event is recorded for good, but reads did not show it within 5 seconds. The problem carries the "
        "receipts.",
        remedy="Do not post a new event: keep the receipts, and read with ?min_position=<position>. Repeating the "
        "request is safe where the events carry an event_id of your own.",
    ),
    "not-yet-erased": ProblemKind(
        status=503,
        title="Recorded, but not erased from every file yet",
        cause="The erasure is recorded for good, and nobody can read the event any more. But its bytes are still in a "
        "file that could not be emptied within 30 seconds: a backup or a rebuild is under way, or the read models are "
        "behind. The problem carries the receipts.",
        remedy="The service goes on by itself. Repeat the request with the same event_id: it is answered with the "
        "first receipt as soon as the bytes are gone.",
    ),
    "not-yet-published": ProblemKind(
        status=503,
        title="Recorded, but not in a signed checkpoint yet",
        cause="The event is recorded for good, but no signed checkpoint of the log covers it yet. One is signed a "
        "second after the last at the earliest. An append that waited for it carries the receipts.",
        remedy="Ask for the proof again after a second. Do not post a new event; repeating the request is safe where "
        "the events carry an event_id of your own.",
    ),
    "not-ready": ProblemKind(
        status=503,
        title="Not ready",
        cause="The service can not append events now. An operator sees the reasons from the machine itself, or with an "
        "admin's or auditor's key.",
        remedy="Wait, or send the traffic to another node. If it lasts, the operator finds the reason in the log.",
    ),
    "internal-error": ProblemKind(
        status=500,
        title="Internal error",
        cause="Something went wrong that should not. Details are in the log of the service, under the id in the header "
        "X-Request-Id, and nowhere else.",
        remedy="An event that was posted may or may not be on record: post it again with the same event_id to be sure. "
        "Tell whoever runs the service the request id.",
    ),
}
