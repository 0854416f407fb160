"""The recipes of docs/authentication.md: their settings and their code, as they stand there."""

import re

from taskapp.config import ROOT

PAGE = (ROOT / "docs/authentication.md").read_text()


def settings(title: str, **replaced: str) -> dict[str, str]:
    """Return the settings of the block that begins with this comment, with some texts replaced."""
    (block,) = re.findall(rf"```ini\n# {re.escape(title)}\n(.*?)```", PAGE, re.DOTALL)
    for old, new in replaced.items():
        block = block.replace(old, new)
    return dict(line.split("=", 1) for line in block.splitlines())


def code(name: str) -> str:
    """Return the JavaScript of the file with this name."""
    (block,) = re.findall(rf"```js\n// {re.escape(name)} .*?\n(.*?)```", PAGE, re.DOTALL)
    return str(block)
