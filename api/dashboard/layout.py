"""What every page has in common: its frame, its headers, its style sheet."""

from html import escape
from importlib.resources import files

HTML = b"text/html; charset=utf-8"
PAGE_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
]


def style_sheet() -> bytes:
    """Return the style sheet of all pages."""
    return files("api.dashboard").joinpath("style.css").read_bytes()


def render_page(title: str, *parts: str) -> bytes:
    """Return a page of parts that are HTML already; the title is text."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · On Record</title>
<link rel="stylesheet" href="/assets/style.css">
</head>
<body>
<header><a class="name" href="/">On Record</a> <nav><a href="/docs">HTTP interface</a></nav></header>
<main>
<h1>{escape(title)}</h1>
{"".join(parts)}
</main>
</body>
</html>
""".encode("utf-8", "replace")


def element(tag: str, text: object, **attributes: str) -> str:
    """Return an element that holds text; a trailing underscore of an attribute's name is dropped."""
    return f"<{tag}{_attributes(attributes)}>{escape(str(text))}</{tag}>"


def wrap(tag: str, *parts: str, **attributes: str) -> str:
    """Return an element that holds HTML."""
    return f"<{tag}{_attributes(attributes)}>{''.join(parts)}</{tag}>\n"


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f' {name.rstrip("_")}="{escape(value)}"' for name, value in attributes.items())
