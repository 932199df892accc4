"""Takes the pictures of the page that the documents show: run it as `make screenshots`.

A service with the example story, in a folder that is thrown away, and Debian's Chromium before it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
ONRECORD = str(Path(sys.executable).parent / "onrecord")
CLAIM = "/claims/nk-six-officers-killed"
PAGES = {"overview": "/", "claim": CLAIM, "sources": "/sources", "earlier": f"{CLAIM}?valid_at=2024-10-03"}
VIEWS = {"light": (1280, 1000), "dark": (1280, 1000), "phone": (390, 844)}


def main() -> None:
    """Write docs/images/<page>-<view>.png."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed: apt-get install chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with _service() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for view in VIEWS:
            _take(browser, url, view)
        browser.close()


def _take(browser: Browser, url: str, view: str) -> None:
    width, height = VIEWS[view]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if view == "dark" else "light"
    )
    page = context.new_page()
    for name, path in PAGES.items():
        page.goto(f"{url}{path}")
        if page.locator("#verified").count():
            page.locator("#verified.good").wait_for()
        page.screenshot(path=IMAGES / f"{name}-{view}.png")
    context.close()


@contextmanager
def _service() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONRECORD_")}
        environment["ONRECORD_DATA_DIR"] = folder
        command = [ONRECORD, "serve", "--port", "0"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as running:
            try:
                url = running.stdout.readline().strip() if running.stdout else ""
                create = [ONRECORD, "keys", "create", "--name", "desk", "--role", "editor"]
                key = subprocess.run(create, env=environment, capture_output=True, text=True, check=True).stdout.strip()
                subprocess.run([ONRECORD, "demo", "--url", url, "--key", key], env=environment, check=True)
                yield url
            finally:
                running.terminate()


if __name__ == "__main__":
    main()
