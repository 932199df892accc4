"""Pages from templates: every value is escaped, and nothing is loaded from elsewhere."""

from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.dashboard import words

HTML: Final = b"text/html; charset=utf-8"
_POLICY: Final = (
    b"default-src 'none'",
    *(b"%s-src 'self'" % kind for kind in (b"script", b"style", b"img", b"connect")),
    b"form-action 'self'",
    b"base-uri 'none'",
    b"frame-ancestors 'none'",
)
PAGE_HEADERS: Final = [
    (b"content-security-policy", b"; ".join(_POLICY)),
    (b"referrer-policy", b"no-referrer"),
]
ASSETS: Final = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8"}


def render(template: str, **values: object) -> bytes:
    """Return the page of a template; what is no Unicode text becomes question marks."""
    return _environment().get_template(template).render(**values).encode("utf-8", "replace")


@cache
def list_assets() -> dict[str, tuple[bytes, bytes]]:
    """Return the style sheet and the scripts by their names: media type and bytes."""
    found = {}
    for asset in files("api.dashboard").joinpath("assets").iterdir():
        suffix = asset.name[asset.name.rfind(".") :]
        if suffix in ASSETS:
            found[asset.name] = (ASSETS[suffix], asset.read_bytes())
    return found


@cache
def _environment() -> Environment:
    # The loader finds the templates where the package lies: no address, no file of the reader's choosing.
    environment = Environment(
        loader=PackageLoader("api.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["words"] = words
    environment.filters["day"] = _day
    environment.filters["minute"] = _minute
    return environment


def _day(instant: str) -> str:
    """Return an instant as people write it: 4 October 2024."""
    year, month, day = instant[:10].split("-")
    return f"{int(day)} {_MONTHS[int(month) - 1]} {int(year)}"


def _minute(instant: str) -> str:
    return f"{_day(instant)}, {instant[11:16]}"


_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
