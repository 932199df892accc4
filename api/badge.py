"""A badge that says where a claim stands: a picture that works in any page, with fonts of the reader's own."""

import re
from html import escape

from api.feed import describe_standing

_NAME = "On Record"
_HEIGHT = 20
_LETTER = 6.4
_SIGN = 14
_GAP = 7

# Of each status a colour, dark enough for white letters, and a sign, as a path in a square of 14.
_SIGNS = {
    "unreported": ("#5a5f66", "M7 2.5a4.5 4.5 0 1 0 .01 0"),
    "reported": ("#3f4a54", "M2 3H12V9H7.5L4.5 12V9H2Z"),
    "denied": ("#8a3b12", "M2 7H12"),
    "assessed": ("#3d4a8a", "M3 11V8M7 11V5M11 11V2"),
    "confirmed": ("#1f6f43", "M2 7.5L5.5 11L12 3.5"),
    "refuted": ("#a3241f", "M3 3L11 11M11 3L3 11"),
    "disputed": ("#7a4b00", "M2 5H12M2 9H12M10 2L4 12"),
    "withdrawn": ("#5a5f66", "M6 3L3 6L6 9M3 6H9.5a2.5 2.5 0 0 1 0 5H7"),
}
# What XML has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_badge(claim_text: str, status: str, *, is_contested: bool) -> bytes:
    """Return the badge as SVG: the status in words and by a sign, and the claim for who can not see it."""
    stands = describe_standing(status, is_contested=is_contested)
    colour, sign = _SIGNS[status]
    name_width = _width(_NAME) + 2 * _GAP
    status_width = _width(stands) + _SIGN + 3 * _GAP
    width = name_width + status_width
    title = escape(_UNWRITABLE.sub("\ufffd", f"{_NAME}: {stands}. {claim_text}"))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" role="img">
<title>{title}</title>
<rect width="{name_width}" height="{_HEIGHT}" fill="#23272b"/>
<rect x="{name_width}" width="{status_width}" height="{_HEIGHT}" fill="{colour}"/>
<g transform="translate({name_width + _GAP} 3)" fill="none" stroke="#fff" stroke-width="2"
 stroke-linecap="round" stroke-linejoin="round"><path d="{sign}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
{_text(_NAME, _GAP)}
{_text(stands, name_width + _SIGN + 2 * _GAP)}
</g>
</svg>
""".encode()


def _width(text: str) -> int:
    return round(_LETTER * len(text))


def _text(text: str, x: int) -> str:
    # Its length is given: whatever the reader's font is, it stays within the badge.
    return f'<text x="{x}" y="14" textLength="{_width(text)}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
