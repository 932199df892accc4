"""Growth as a picture: how the figures change with the size, as SVG that needs nothing else."""

from collections.abc import Sequence
from html import escape
from math import log10
from pathlib import Path

from benchmarks.rows import Row

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 360, 56, 180, 40, 44
_COLOURS = ("#1f5fa8", "#b3541e", "#2f7d4f", "#7a3e9d")
_STYLE = "text{font:13px system-ui,sans-serif;fill:#222}path,line{fill:none}"


def write_curves(folder: Path, rows: Sequence[Row]) -> Sequence[str]:
    """Write one picture for each group of rows that have a curve, and return their names.

    `G1.svg` shows those whose ids begin with G1.
    """
    grown = [row for row in rows if len(row.curve) > 1]
    groups = sorted({row.row_id.partition("-")[0] for row in grown})
    for group in groups:
        lines = [row for row in grown if row.row_id.partition("-")[0] == group]
        (folder / f"{group}.svg").write_text(draw_curves(lines), encoding="utf-8")
    return [f"{group}.svg" for group in groups]


def draw_curves(rows: Sequence[Row]) -> str:
    """Return a picture of what each row reaches at each size, as a share of what it reaches at the smallest."""
    shares = [{size: value / next(iter(row.curve.values())) for size, value in row.curve.items()} for row in rows]
    sizes = sorted({size for row in rows for size in row.curve})
    top = max(1.2, *(share for line in shares for share in line.values()))
    parts = [_grid(sizes, top)]
    for row, line, colour in zip(rows, shares, _COLOURS, strict=False):
        points = [(_x(size, sizes), _y(share, top)) for size, share in line.items()]
        parts.append(_line(points, colour, f"{row.row_id}: {list(line.values())[-1]:.2f}"))
    title = escape(f"{rows[0].row_id.partition('-')[0]}: rate at each size, 1 is that at the smallest")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{title}</title><style>{_STYLE}</style>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/><text x="{_LEFT}" y="24">{title}</text>'
        f"{''.join(parts)}</svg>\n"
    )


def _grid(sizes: Sequence[int], top: float) -> str:
    """Return the axes: sizes by their logarithm, shares in fifths."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = []
    for fifth in range(int(top * 5) + 1):
        y = _y(fifth / 5, top)
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{fifth / 5:.1f}</text>')
    parts += [
        f'<text x="{_x(size, sizes):.1f}" y="{bottom + 22}" text-anchor="middle">{size:,}</text>' for size in sizes
    ]
    return "".join(parts)


def _line(points: Sequence[tuple[float, float]], colour: str, label: str) -> str:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    x, y = points[-1]
    text = f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" style="fill:{colour}">{escape(label)}</text>'
    return f'<path d="M{path}" stroke="{colour}" stroke-width="2"/>{dots}{text}'


def _x(size: int, sizes: Sequence[int]) -> float:
    span = log10(sizes[-1] / sizes[0]) or 1.0
    return _LEFT + (_WIDTH - _RIGHT - _LEFT) * log10(size / sizes[0]) / span


def _y(share: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share / top
