"""The `onrecord` command. Errors are one line; exit codes: 0 done, 1 found something wrong, 2 could not do it."""

import json
import re
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import httpx
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from api.ports import UnavailableError
from domain.commands import Role
from domain.times import format_brief
from service.clock import Clock
from service.embargoes import LEDGER
from service.importing import ImportFailedError, Outcome, import_lines
from service.keys import KeyStore
from service.settings import LOOPBACK, Settings
from service.store.migrations import SchemaTooNewError
from service.store.sqlite import prepare_ledger

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="On Record: a claims ledger for newsrooms.",
)
keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys.")
app.add_typer(keys, name="keys")

Url = Annotated[str, typer.Option(help="Where the service answers.")]
Secret = Annotated[str, typer.Option(envvar="ONRECORD_KEY", help="A key that may append.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, one object a line.")]
AudienceName = Literal["public", "staff", "desk"]
_AUDIENCES: tuple[AudienceName, ...] = ("public", "staff", "desk")
_LOCAL = "http://127.0.0.1:8000"


class CommandError(Exception):
    """What the command could not do, in one line."""


def main() -> None:
    """Run a command; whatever stops it is told in one line."""
    try:
        app()
    except ValidationError as error:
        _fail("; ".join(_wrong_setting(detail["loc"], detail["msg"]) for detail in error.errors()))
    except (CommandError, ImportFailedError, SchemaTooNewError, UnavailableError, OSError, httpx.HTTPError) as error:
        _fail(str(error))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one needs PostgreSQL.")] = 1,
) -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    # Not before it is asked for: the web framework takes longer to load than most commands take to run.
    from service.serving import run  # noqa: PLC0415

    settings = Settings()
    if workers > 1:
        raise CommandError("SQLite has one writer: more than one process needs PostgreSQL")
    public_reads = settings.public_reads
    if public_reads is None:
        if host not in LOOPBACK:
            raise CommandError(f"serving on {host} needs ONRECORD_PUBLIC_READS said: true or false")
        public_reads = True
    run(settings, host, port, public_reads=public_reads)


@app.command()
def demo(key: Secret, url: Url = _LOCAL) -> None:
    """Post the example story; again does no harm."""
    lines = (files("service.demo") / "seed.ndjson").read_bytes().splitlines()
    _report(_import(url, key, lines), "the example story")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Events, one JSON text a line.")],
    key: Secret,
    url: Url = _LOCAL,
) -> None:
    """Post a file of events; what is interrupted can be repeated."""
    with file.open("rb") as lines:
        outcome = _import(url, key, lines, total=_count_lines(file))
    _report(outcome, file.name)


@app.command("openapi")
def write_openapi(
    output: Annotated[Path | None, typer.Option(help="File to write, instead of stdout.")] = None,
) -> None:
    """Write the OpenAPI document."""
    from api.app import openapi_document  # noqa: PLC0415  # as in `serve`

    text = json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Public with every event: a desk or a system, not a person.")],
    role: Annotated[Role, typer.Option(help="What it may append.")],
    audience: Annotated[AudienceName | None, typer.Option(help="To read less than the role does.")] = None,
) -> None:
    """Make a key and print it, once."""
    if not re.fullmatch(r"[a-z0-9._-]+", name):
        raise CommandError("a key's name has only a-z, 0-9, dot, hyphen and underscore")
    if name == LEDGER.name:
        raise CommandError(f"the name {name} is the ledger's own")
    reads = None if audience is None else _AUDIENCES.index(audience)
    sys.stdout.write(_key_store().create(name, role, reads, Clock().wall_us()) + "\n")


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, revoked ones too."""
    rows = [
        {
            "id": key.key_id,
            "name": key.name,
            "role": key.role,
            "audience": _AUDIENCES[key.audience],
            "created_at": format_brief(key.created_us),
            "revoked_at": None if key.revoked_us is None else format_brief(key.revoked_us),
        }
        for key in _key_store().list_keys()
    ]
    if as_json or not sys.stdout.isatty():
        sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)
        return
    table = Table("id", "name", "role", "audience", "created_at", "revoked_at")
    for row in rows:
        table.add_row(*(str(value or "") for value in row.values()))
    Console().print(table)


@keys.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")]) -> None:
    """Revoke a key; it is dead on every node within five seconds."""
    if not _key_store().revoke(key_id, Clock().wall_us()):
        raise CommandError(f"there is no good key with the id {key_id}")


def _key_store() -> KeyStore:
    return KeyStore(prepare_ledger(Settings().data_dir))


def _import(url: str, key: str, lines: Iterable[bytes], total: int | None = None) -> Outcome:
    headers = {"Authorization": f"Bearer {key}"}
    # trust_env: a proxy from the environment has no business between a desk and its own ledger.
    with (
        httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client,
        Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress,
    ):
        task = progress.add_task("events", total=total)
        return import_lines(client, lines, lambda done: progress.advance(task, done))


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


def _wrong_setting(place: tuple[int | str, ...], message: str) -> str:
    return f"ONRECORD_{'_'.join(str(part) for part in place[:1]).upper()}: {message}"


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"onrecord: {message}\n")
    sys.exit(2)
