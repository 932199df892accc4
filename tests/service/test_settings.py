"""Settings come from the environment and from .env; a wrong one is refused by its name."""

import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from service.cli import main
from service.settings import Settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ONRECORD_{name.upper()}", raising=False)


def test_settings_are_read_from_a_file():
    Path(".env").write_text("ONRECORD_QUEUE_LIMIT=77\nONRECORD_PUBLIC_READS=false\nOTHER=1\n")
    assert (Settings().queue_limit, Settings().public_reads) == (77, False)


def test_the_environment_goes_before_the_file(monkeypatch):
    Path(".env").write_text("ONRECORD_QUEUE_LIMIT=77\n")
    monkeypatch.setenv("ONRECORD_QUEUE_LIMIT", "78")
    assert Settings().queue_limit == 78


def test_lists_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("ONRECORD_CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("ONRECORD_TRUSTED_PROXIES", "10.0.0.7, 192.0.2.0/24")
    assert Settings().cors_origins == ("https://a.example", "https://b.example")
    assert Settings().trusted_proxies == (ip_network("10.0.0.7"), ip_network("192.0.2.0/24"))


def test_a_secret_is_not_shown(monkeypatch):
    monkeypatch.setenv("ONRECORD_BOOTSTRAP_ADMIN_KEY", "a-secret-of-more-than-32-characters")
    assert "a-secret" not in repr(Settings())


@pytest.mark.parametrize(
    ("name", "value", "may_be"),
    [
        ("QUEUE_LIMIT", "none", "valid integer"),
        ("QUEUE_LIMIT", "0", "greater than or equal to 1"),
        ("BATCH_LIMIT", "10001", "less than or equal to 10000"),
        ("PATIENCE_S", "-1", "greater than or equal to 0"),
        ("PUBLIC_READS", "perhaps", "valid boolean"),
        ("LOG_FORMAT", "xml", "'console' or 'json'"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("TRUSTED_PROXIES", "the-proxy", "valid IPv4 network"),
        ("ORIGIN", "https://ledger.example/log", "without https://"),
        ("ORIGIN", "ledger.example/log/", "without a slash at the end"),
        ("ORIGIN", "ledger.example/my log", "a host and a path"),
        ("ORIGIN", "ledger.example/a+b", "a host and a path"),
        ("ORIGIN", "ledger.example/" + "x" * 250, "a host and a path"),
        ("BOOTSTRAP_ADMIN_KEY", "a-short-secret", "at least 32"),
    ],
)
@pytest.mark.parametrize("is_in_file", [False, True])
def test_a_wrong_setting_is_refused_by_its_name_and_what_it_may_be(
    monkeypatch, capsys, name, value, may_be, is_in_file
):
    if is_in_file:
        Path(".env").write_text(f"ONRECORD_{name}={value}\n")
    else:
        monkeypatch.setenv(f"ONRECORD_{name}", value)
    monkeypatch.setattr(sys, "argv", ["onrecord", "serve"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith(f"onrecord: ONRECORD_{name}: ")
    assert said.count("\n") == 1
    assert may_be in said
    assert "a-short-secret" not in said
