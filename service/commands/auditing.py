"""The auditor's tools: verify a ledger, a mirror or an evidence pack; mirror a ledger."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import httpx
import typer

from projections.log.verify.notes import NoteError, VerifierKey, parse_key
from service.audit.evidence import pack_key, read_pack, verify_pack
from service.audit.findings import Findings, GaveUpError, Violation
from service.audit.http_source import HttpSource
from service.audit.mirroring import mirror_ledger
from service.audit.sources import AUDIENCES, Manifest, Mirror, Source
from service.audit.state import read_state, write_state
from service.audit.verifying import Verified, verify_ledger
from service.commands.terminal import AsJson, CommandError, progress_bar, say
from service.garbage import collect_seldom

app = typer.Typer()

AudienceName = Literal["public", "staff", "desk"]
ApiKey = Annotated[
    str | None, typer.Option("--api-key", envvar="ONRECORD_KEY", help="A key, to read what it may read.")
]
Audience = Annotated[
    AudienceName | None,
    typer.Option(help="Read as this audience; desk with a key, else public. As desk, every event must be there."),
]


@app.command("verify")
def verify(
    what: Annotated[str, typer.Argument(metavar="URL|DIR|FILE", help="A service, a mirror, or an evidence pack.")],
    key: Annotated[str | None, typer.Option(help="The log's verifier key; a pack has one with it.")] = None,
    api_key: ApiKey = None,
    audience: Audience = None,
    state: Annotated[Path | None, typer.Option(help="File that remembers how far the last run came.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a ledger, trusting nothing but the verifier key."""
    verifier_key = None if key is None else _parsed(key)
    findings = Findings(lambda violation: _tell(as_json, violation))
    if not _is_url(what) and Path(what).is_file():
        _verify_pack(Path(what), verifier_key, findings, as_json)
    elif verifier_key is None:
        raise CommandError("--key is missing: without the log's verifier key nothing can be verified")
    else:
        collect_seldom()
        with _opened(what, api_key, audience) as source:
            _verify_ledger(source, verifier_key, findings, state, as_json)
    if findings.count:
        raise typer.Exit(1)


@app.command("mirror")
def mirror(
    url: Annotated[str, typer.Argument(help="Where the service answers.", metavar="URL")],
    folder: Annotated[Path, typer.Argument(help="A new folder, or one that is a mirror.", metavar="DIR")],
    api_key: ApiKey = None,
    audience: Audience = None,
    as_json: AsJson = False,
) -> None:
    """Copy a ledger, its log as any tool can serve it; again takes only what is new."""
    findings = Findings(lambda violation: _tell(as_json, violation))
    read_as = _audience(api_key, audience)
    with _client(url, api_key) as client:
        manifest = Manifest(url=url.rstrip("/"), audience=read_as)
        try:
            size = mirror_ledger(HttpSource(client, read_as), folder, manifest, findings, progress_bar)
        except GaveUpError as error:
            raise typer.Exit(1) from error
    say(as_json, f"{folder}: {size} events of {url}", events=size)


def _verify_ledger(source: Source, key: VerifierKey, findings: Findings, state: Path | None, as_json: bool) -> None:
    remembered = None if state is None else read_state(state, key)
    outcome = verify_ledger(source, key, remembered, findings, progress_bar)
    if outcome is None or findings.count:
        say(as_json, f"not verified: {findings.count} violations", verified=False, violations=findings.count)
        return
    verified, reached = outcome
    if state is not None:
        write_state(state, reached)
    say(as_json, _line(verified), verified=True, **asdict(verified))


def _verify_pack(path: Path, key: VerifierKey | None, findings: Findings, as_json: bool) -> None:
    pack = read_pack(path)
    verify_pack(pack, key, findings)
    if findings.count:
        say(as_json, f"not verified: {findings.count} violations", verified=False, violations=findings.count)
        return
    name = pack_key(pack).name if key is None else key.name
    line = f"verified: {len(pack.events)} events of claim {pack.claim_id}, in the log of {name}"
    if key is None:
        line += f", by the pack's own key: compare it with the one that you know: {pack.verifier_key}"
    say(
        as_json, line, verified=True, events=len(pack.events), verifier_key=pack.verifier_key, key_given=key is not None
    )


def _line(verified: Verified) -> str:
    seen = verified.seen
    since = f" from position {verified.begun_at + 1} on" if verified.begun_at else ""
    events = f"{seen.events} events ({seen.erased} erased, {seen.hidden} more not shown to this reader)"
    kept = f"{verified.checkpoints} kept checkpoints"
    return f"verified: {verified.size} entries{since}, {events}, {verified.claims} claims, {kept}; root {verified.root}"


def _tell(as_json: bool, violation: Violation) -> None:
    say(as_json, str(violation), **asdict(violation))
    sys.stdout.flush()


def _parsed(key: str) -> VerifierKey:
    try:
        return parse_key(key)
    except NoteError as error:
        raise CommandError(f"--key: {error}") from error


@contextmanager
def _opened(what: str, api_key: str | None, audience: AudienceName | None) -> Iterator[Source]:
    if _is_url(what):
        with _client(what, api_key) as client:
            yield HttpSource(client, _audience(api_key, audience))
        return
    if not Path(what).is_dir():
        raise CommandError(f"{what} is no address, no folder and no file")
    yield Mirror(Path(what))


def _audience(api_key: str | None, audience: AudienceName | None) -> str:
    return audience or (AUDIENCES[-1] if api_key else AUDIENCES[0])


def _is_url(what: str) -> bool:
    return what.startswith(("http://", "https://"))


def _client(url: str, api_key: str | None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    return httpx.Client(base_url=url, headers=headers, timeout=60)
