"""The `onrecord` command. Errors are one line; exit codes: 0 done, 1 found something wrong, 2 could not do it."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
import typer
from pydantic import ValidationError

from api.ports import UnavailableError
from service.archive.errors import ArchiveError, DamagedError
from service.audit.findings import AuditError
from service.commands import accesses, auditing, keeping, keys, moving, signing
from service.commands.terminal import CommandError
from service.exporting import ExportFailedError
from service.garbage import loading
from service.importing import ImportFailedError
from service.publishing.identity import OtherLogError
from service.settings import LOOPBACK, Settings
from service.signing import SigningKeyError
from service.store.generations import RebuildUnderWayError
from service.store.migrations import SchemaTooNewError, SchemaTooOldError
from service.store.whole import NotEmptyError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="On Record: a claims ledger for newsrooms.",
)
app.add_typer(moving.app)
app.add_typer(keeping.app)
app.add_typer(auditing.app)
app.add_typer(keys.app, name="keys")
app.add_typer(accesses.app)
app.add_typer(signing.app)
app.add_typer(signing.log_key, name="log-key")
app.add_typer(signing.witness, name="witness")

CAN_NOT = (
    ArchiveError,
    AuditError,
    CommandError,
    ExportFailedError,
    ImportFailedError,
    NotEmptyError,
    OtherLogError,
    RebuildUnderWayError,
    SchemaTooNewError,
    SchemaTooOldError,
    SigningKeyError,
    UnavailableError,
    OSError,
    httpx.HTTPError,
)
"""What keeps a command from doing its work: told in one line, exit code 2."""


def main() -> None:
    """Run a command; whatever stops it is told in one line."""
    try:
        app()
    except ValidationError as error:
        _fail("; ".join(_wrong_setting(detail["loc"], detail["msg"]) for detail in error.errors()))
    except DamagedError as error:
        _fail(str(error), code=1)
    except CAN_NOT as error:
        _fail(str(error))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one needs PostgreSQL.")] = 1,
) -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    # Not before it is asked for: the web framework takes longer to load than most commands take to run.
    with loading():
        from service.serving import run  # noqa: PLC0415  # see above
        from service.supervising import Work, supervise  # noqa: PLC0415  # see above

    settings = Settings()
    if workers > 1 and settings.database_url is None:
        raise CommandError("SQLite has one writer: more than one process needs PostgreSQL")
    public_reads = settings.public_reads
    if public_reads is None:
        if host not in LOOPBACK:
            raise CommandError(f"serving on {host} needs ONRECORD_PUBLIC_READS said: true or false")
        public_reads = True
    if workers > 1:
        supervise(Work(settings, public_reads, CAN_NOT), host, port, workers)
    else:
        run(settings, host, port, public_reads=public_reads)


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


def _wrong_setting(place: tuple[int | str, ...], message: str) -> str:
    return f"ONRECORD_{'_'.join(str(part) for part in place[:1]).upper()}: {message}"


def _fail(message: str, code: int = 2) -> NoReturn:
    sys.stderr.write(f"onrecord: {message}\n")
    sys.exit(code)
