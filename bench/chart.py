"""The chart of the benchmark, as SVG: CPU time for a request, service by service."""

from html import escape
from typing import Any

WIDTH, LEFT, BAR, GAP = 760, 110, 12, 14  # pixels
COLOURS = {
    "raw_wsgi": "#9aa5b1",
    "taskapp": "#2563eb",
    "fastapi_sqlmodel": "#d97706",
    "fastify": "#059669",
}
NAMES = {
    "raw_wsgi": "plain WSGI (the limit)",
    "taskapp": "taskapp",
    "fastapi_sqlmodel": "FastAPI + SQLModel",
    "fastify": "Fastify",
}


def drawn(kinds: dict[str, Any]) -> str:
    """Return the chart of `results["kinds"]`: bars as multiples of plain WSGI's CPU time."""
    bars, y = [], 50
    multiples = {
        kind: {
            name: found["services"][name]["1"]["cpu"] / found["services"]["raw_wsgi"]["1"]["cpu"]
            for name in COLOURS
        }
        for kind, found in kinds.items()
    }
    scale = (WIDTH - LEFT - 60) / max(max(each.values()) for each in multiples.values())
    for kind, by_name in multiples.items():
        bars.append(f'<text x="{LEFT - 8}" y="{y + 22}" text-anchor="end">{escape(kind)}</text>')
        for name, multiple in by_name.items():
            length = multiple * scale
            bars.append(
                f'<rect x="{LEFT}" y="{y}" width="{length:.0f}" height="{BAR}"'
                f' fill="{COLOURS[name]}"/>'
                f'<text x="{LEFT + length + 5:.0f}" y="{y + BAR - 2}">{multiple:.1f}</text>'
            )
            y += BAR + 1
        y += GAP
    legend = "".join(
        f'<rect x="{LEFT + 160 * place}" y="24" width="12" height="12" fill="{COLOURS[name]}"/>'
        f'<text x="{LEFT + 160 * place + 17}" y="34">{NAMES[name]}</text>'
        for place, name in enumerate(COLOURS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}"'
        ' font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>'
        f'<text x="{LEFT}" y="15">CPU time for a request, as a multiple of plain WSGI</text>'
        f"{legend}{''.join(bars)}</svg>\n"
    )
