"""What calendars ask for, and how they read what they get."""

from typing import Any

import icalendar

from tests.conftest import Person


def make(owner: Person, **fields: Any) -> dict[str, Any]:
    """Return a new feed of the owner."""
    answer = owner.post(f"/api/{owner.id}/feeds", json=fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def parts(answer: Any, kind: str = "VEVENT") -> list[Any]:
    """Return the events or to-dos of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return icalendar.Calendar.from_ical(answer.data).walk(kind)


def by_title(answer: Any, kind: str = "VEVENT") -> dict[str, Any]:
    """Return them by what they are called."""
    return {str(part["SUMMARY"]): part for part in parts(answer, kind)}
