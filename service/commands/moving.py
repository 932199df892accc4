"""Posts events to a running service, and takes records out of one."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import httpx
import typer

from service.audit.evidence import make_pack
from service.audit.http_source import HttpSource
from service.audit.sources import AUDIENCES
from service.commands.terminal import LOCAL, CommandError, Url, progress_bar
from service.exporting import export_records
from service.importing import Outcome, import_lines

app = typer.Typer()

Secret = Annotated[str, typer.Option(envvar="ONRECORD_KEY", help="A key that may append.")]
OptionalSecret = Annotated[str | None, typer.Option(envvar="ONRECORD_KEY", help="A key, to read what it may read.")]


@app.command()
def demo(key: Secret, url: Url = LOCAL) -> None:
    """Post the example story; again does no harm."""
    lines = (files("service.demo") / "seed.ndjson").read_bytes().splitlines()
    _report(_import(url, key, lines, len(lines)), "the example story")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Events, one JSON text a line.")],
    key: Secret,
    url: Url = LOCAL,
) -> None:
    """Post a file of events; what is interrupted can be repeated."""
    with file.open("rb") as lines:
        outcome = _import(url, key, lines, _count_lines(file))
    _report(outcome, file.name)


@app.command("export")
def export(
    url: Url = LOCAL,
    key: OptionalSecret = None,
    claim: Annotated[str | None, typer.Option(help="Of one claim only: its history.")] = None,
    form: Annotated[Literal["ndjson", "csv"], typer.Option("--format", help="csv is for one claim.")] = "ndjson",
    proofs: Annotated[bool, typer.Option("--proofs", help="Of one claim: an evidence pack, with proofs.")] = False,
    output: Annotated[Path | None, typer.Option(help="File to write, instead of stdout.")] = None,
) -> None:
    """Write records, one a line: of the whole ledger, or of one claim."""
    if proofs:
        _export_pack(url, key, claim, output)
        return
    if form == "csv" and claim is None:
        raise CommandError("csv is for one claim: add --claim ID, or take the whole ledger as ndjson")
    with _client(url, key) as client, progress_bar("records") as tell, _written(output) as file:
        lines = export_records(client, claim, form, file, tell)
    if output is not None:
        sys.stdout.write(f"{output}: {lines} lines\n")


def _export_pack(url: str, key: str | None, claim: str | None, output: Path | None) -> None:
    if claim is None:
        raise CommandError("an evidence pack is of one claim: add --claim ID")
    audience = AUDIENCES[-1] if key else AUDIENCES[0]
    with _client(url, key) as client, progress_bar("proofs") as tell, _written(output) as file:
        file.write(make_pack(HttpSource(client, audience), claim, audience, tell))
    if output is not None:
        sys.stdout.write(f"{output}: evidence of claim {claim}\n")


def _import(url: str, key: str, lines: Iterable[bytes], total: int) -> Outcome:
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        tell(done, total)

    with _client(url, key) as client, progress_bar("events") as tell:
        return import_lines(client, lines, advance)


def _client(url: str, key: str | None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    # trust_env: a proxy from the environment has no business between a desk and its own ledger.
    return httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


@contextmanager
def _written(output: Path | None) -> Iterator[BinaryIO]:
    """Yield stdout, or a file that gets its name when it is whole."""
    if output is None:
        with nullcontext(sys.stdout.buffer) as file:
            yield file
        return
    partial = output.with_name(output.name + ".partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _report(outcome: Outcome, what: str) -> None:
    for problem in outcome.refused[:20]:
        sys.stderr.write(f"line {problem['line']}: {problem.get('detail')}\n")
    sys.stdout.write(
        f"{what}: {outcome.recorded} events recorded, {outcome.known} known already, {len(outcome.refused)} refused\n"
    )
    if outcome.refused:
        raise typer.Exit(1)


def _count_lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines)
