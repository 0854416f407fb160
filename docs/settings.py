"""Writes what people read about settings from where these are declared: `make docs`."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from marshmallow.validate import OneOf, Range

from taskapp.config import ROOT, Settings, about

PAGE, EXAMPLE, README = ROOT / "docs/settings.md", ROOT / ".env.example", ROOT / "README.md"
ABOUT_ALL = """\
# Settings

Settings come from the environment, or from a `.env` file in the folder of the service. What the
environment says goes first; an empty variable counts as not set, and white space around a value is
nothing. A bad value stops the start with one line that names it. What is probably a mistake is a
warning at the start and of `flask check`: a name one letter off a setting, an unknown one in
`.env`, quotes around a value (`docker --env-file` leaves them).

Every secret can come from a file, as Docker and Kubernetes mount them: `JWT_SECRET_KEY_FILE` is the
path of a file that holds `JWT_SECRET_KEY`, and so are `DATABASE_URL_FILE`,
`DATABASE_DIRECT_URL_FILE`, `REDIS_URL_FILE`, `METRICS_TOKEN_FILE`,
`OTEL_EXPORTER_OTLP_ENDPOINT_FILE` and `SENTRY_DSN_FILE`.

This page and [.env.example](../.env.example) are written from `taskapp/config.py` by `make docs`.

More about some of them: [authentication](authentication.md),
[row security](security.md#isolation-twice), [PgBouncer](operations.md#pgbouncer),
[frontends](frontends.md), [settings by size](operations.md#settings-by-size),
[bounds](operations.md#bounds), [traces and errors](operations.md#traces-and-errors),
[metrics](operations.md#metrics).
"""
ABOUT_EXAMPLE = """\
# Copy to .env and change what you need. Everything has a safe default for a laptop.
# Written by `make docs`.
"""


def texts() -> dict[Path, str]:
    """Return the files that tell about settings, as they should be."""
    rows = {_name(setting): _row(setting) for setting in fields(Settings)}
    return {
        PAGE: ABOUT_ALL + "".join(_section(group) for group in Settings.__bases__),
        EXAMPLE: ABOUT_EXAMPLE + "".join(_examples(group) for group in Settings.__bases__),
        # Which ones stand in there is chosen by hand.
        README: re.sub(
            r"^\| `(\w+)` \|.*$",
            lambda found: rows.get(found[1], found[0]),
            README.read_text(),
            flags=re.MULTILINE,
        ),
    }


def _section(group: type) -> str:
    rows = "\n".join(_row(setting) for setting in fields(group))
    return f"\n## {group.__doc__}\n\n| variable | default | meaning |\n|---|---|---|\n{rows}\n"


def _row(setting: Field[Any]) -> str:
    default = f"`{_default(setting)}`" if _default(setting) else "–"
    return f"| `{_name(setting)}` | {default} | {' '.join(_meaning(setting))} |"


def _examples(group: type) -> str:
    blocks = "".join(
        textwrap.fill(" ".join(_meaning(setting)), 120, initial_indent="# ", subsequent_indent="# ")
        + f"\n#{_name(setting)}={_default(setting) or about(setting).example}\n"
        for setting in fields(group)
    )
    return f"\n# --- {group.__doc__} ---\n\n{blocks}"


def _meaning(setting: Field[Any]) -> Iterator[str]:
    yield about(setting).help
    for check in about(setting).parse.validators:
        if isinstance(check, Range):
            yield f"From {check.min} to {check.max}."
        if isinstance(check, OneOf):
            yield f"One of {', '.join(f'`{choice}`' for choice in check.choices)}."
    for name in about(setting).aliases:
        yield f"Also accepted as `{name}`."


def _default(setting: Field[Any]) -> str:
    if isinstance(setting.default, bool):
        return str(setting.default).lower()
    return str(setting.default).removeprefix(f"{ROOT}/")


def _name(setting: Field[Any]) -> str:
    return setting.name.upper()


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text)
