"""A real Chromium before a real service, with the example story and, where they are there, the rumours of Emergent."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.e2e.conftest import SHARED
from tests.e2e.service_process import ServiceProcess

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a service that refuses, or is started again, leaves in the console.
EXPECTED = (
    *("401", "404", "409", "410", "422", "503"),
    *(
        f"net::ERR_{fault}"
        for fault in ("INCOMPLETE_CHUNKED_ENCODING", "CONNECTION_REFUSED", "CONNECTION_RESET", "FAILED")
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A service with stories in it, and the key of an editor."""

    service: ServiceProcess
    key: str

    @property
    def url(self) -> str:
        return self.service.url

    def post(self, event: dict[str, object]) -> dict[str, str]:
        with self.service.client(self.key) as client:
            answer = client.post("/v1/events", params={"wait": "projected"}, json=event)
        assert answer.is_success, answer.text
        receipt: dict[str, str] = answer.json()
        return receipt


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ServiceProcess(tmp_path_factory.mktemp("browser") / "data") as service:
        importer = service.create_key("importer", "importer")
        files = [SHARED / "emergent.ndjson"] if SHARED.exists() else []
        for file in files:
            done = service.command("import", str(file), "--url", service.url, "--key", importer)
            assert done.returncode == 0, done.stderr
        key = service.create_key("desk", "editor")
        assert service.command("demo", "--url", service.url, "--key", key).returncode == 0
        yield Desk(service=service, key=key)


# For a module only: while Playwright runs, no other test can run a loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium here: the page is not tried in a browser")
    with sync_playwright() as playwright:
        # Readers' browsers keep a page for when they come back to it; Playwright's does not, unless it is left to.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, desk: Desk) -> Iterator[BrowserContext]:
    """A reader's window; whatever it asks of another host, or its scripts fail at, fails the test."""
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in EXPECTED):
            faults.append(message.text)

    context = browser.new_context(base_url=desk.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    context.on("console", hear)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("request", lambda request: faults.extend([request.url] * (not request.url.startswith(desk.url))))
    yield context
    context.close()
    assert faults == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def use_key(page: Page, key: str) -> None:
    """Have the page use a key, as a reader does."""
    page.get_by_role("button", name="Use a key").click()
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Use it in this tab").click()
    page.get_by_role("button", name="Forget the key").wait_for()


def picture(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=False)
