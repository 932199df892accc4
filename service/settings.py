"""What the operator decides: environment variables with the prefix ONRECORD_, or a .env file."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _check_origin(value: str) -> str:
    # It is a line of every checkpoint and the name of its key: no space, no plus, at most 255 bytes.
    if not _ORIGIN.fullmatch(value) or len(value) > 255:
        raise ValueError("a host and a path, without https:// and without a slash at the end: ledger.example/log")
    return value


_ORIGIN = re.compile(r"[a-z0-9]+(?:[.-]+[a-z0-9]+)*(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*")

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _check_postgres(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("it is not the address of a PostgreSQL database, postgresql://...")
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_postgres)]


class Settings(BaseSettings):
    """Every setting, with what it does and what it is when nothing is said."""

    model_config = SettingsConfigDict(env_prefix="ONRECORD_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(default=Path("data"), description="Folder of the databases; made when it is missing.")
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL that keeps the ledger (postgresql://...), for several nodes; else SQLite.",
    )
    read_database_url: DatabaseUrl | None = Field(
        default=None,
        description="A replica of that database, which queries go to; what it lacks yet they wait for, or get a 503.",
    )
    direct_database_url: DatabaseUrl | None = Field(
        default=None,
        description="The same database without a pooler before it, to hear at once what other nodes append.",
    )
    migrate_at_start: bool = Field(
        default=True, description="Whether commands bring the database up to date; else only `onrecord migrate` does."
    )
    bootstrap_admin_key: SecretStr | None = Field(
        default=None, min_length=32, description="Becomes an admin key while there is no key at all."
    )
    origin: Annotated[str, AfterValidator(_check_origin)] = Field(
        default="localhost/onrecord",
        description="Name of the transparency log: an address without `https://`, such as `ledger.example/log`.",
    )
    signing_key_file: Path | None = Field(
        default=None, description="The key that signs the log; unless given, one is made in the data directory."
    )
    public_reads: bool | None = Field(
        default=None,
        description="Whether reading needs no key. Yes on loopback; serving beyond it needs this said, true or false.",
    )
    queue_limit: int = Field(
        default=10_000,
        ge=1,
        description="Events that may wait, or twice as many of several keys; what comes beyond gets a 503.",
    )
    batch_limit: int = Field(default=512, ge=1, le=10_000, description="Events that go into one transaction.")
    max_body_bytes: int = Field(default=1024 * 1024, ge=32 * 1024, description="Longest body, NDJSON apart.")
    patience_s: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="How many seconds an NDJSON import waits for a ledger that is overloaded or away, or, with `wait`, "
        "for reads or the log, before it ends.",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(ip_network("127.0.0.1"), ip_network("::1")),
        description="Addresses or networks, separated by commas, of proxies whose X-Forwarded-For is believed.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), description="Origins, separated by commas, whose pages may call the API."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
