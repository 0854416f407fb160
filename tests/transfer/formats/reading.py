"""What readers make of a file."""

from io import BytesIO
from typing import Any

from taskapp.transfer import formats


def entries(text: str | bytes, name: str = "") -> list[formats.Entry]:
    """Return what is in a file, whose format is found unless it is named."""
    file = BytesIO(text.encode() if isinstance(text, str) else text)
    return list(formats.FORMATS[name or formats.found(file)].read(file))


def tasks(text: str | bytes, name: str = "") -> list[dict[str, Any]]:
    """Return the fields of the tasks in a file, none of which may be in trouble."""
    found = entries(text, name)
    assert not [entry.problem for entry in found if entry.problem]
    return [
        {name: value for name, value in entry.fields.items() if name != "external_id"}
        for entry in found
    ]


def ids(text: str | bytes, name: str = "") -> list[str]:
    """Return the external ids of the tasks in a file."""
    return [entry.fields["external_id"] for entry in entries(text, name)]
