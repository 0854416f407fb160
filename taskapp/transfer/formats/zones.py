"""Time zones that a calendar brings along (RFC 5545, section 3.6.5), each for its own file only."""

import re
import warnings
from datetime import tzinfo
from typing import Any

from icalendar import Component, GloballyUniqueTZIDGuessed, Timezone
from icalendar.timezone import tzp

LARGEST = 65_536  # characters of one
MOST_RULES = 20
NAME = re.compile(r"^TZID[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
ZONE = re.compile(r"^BEGIN[^\n]*VTIMEZONE", re.MULTILINE | re.IGNORECASE)
RULE = re.compile(r"^(?:RRULE|EXRULE)[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
# What the library looks at from its first year on, again for each time that is in the zone.
PLAIN = re.compile(
    r"(?:(?:FREQ=YEARLY|BYMONTH=\d+|BYDAY=[+-]?\d?[A-Z]{2}|BYMONTHDAY=[-\d,]{1,20}|UNTIL=\w+"
    r"|COUNT=\d+|INTERVAL=1|WKST=[A-Z]{2})(?:;|$))+",
    re.IGNORECASE | re.ASCII,
)
# It takes `/somebody/Europe/Berlin` for Europe/Berlin, and warns with that name.
warnings.filterwarnings("ignore", category=GloballyUniqueTZIDGuessed)


class BadZone(ValueError):
    """A time zone that can't be read; its text says which."""


class Zones:
    """The zones of one file by their names, each read once somebody is in it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._known: dict[str, tzinfo] = {}

    def add(self, text: str) -> None:
        """Remember a zone as it stands in the file, its lines unfolded."""
        if found := NAME.search(text):
            self._texts[found[1].strip()] = text

    def find(self, name: str) -> tzinfo | None:
        """Return the zone; None if the file has none of this name. Raises `BadZone`."""
        if name in self._texts and name not in self._known:
            self._known[name] = _read(name, self._texts[name])
        return self._known.get(name)


def parsed(kind: type[Component], text: str) -> Component:
    """Return the component, which is in unfolded lines; raises what the library's parsers do.

    The library would remember a zone by its name, for everybody else's files too.
    """
    if ZONE.search(text, 1):
        raise BadZone("There is a time zone inside it.")
    try:
        return kind.from_ical(text)
    finally:
        tzp.use_default()  # other names of zones that it knows


def _read(name: str, text: str) -> tzinfo:
    rules = [rule.strip() for rule in RULE.findall(text)]
    if len(text) > LARGEST or len(rules) > MOST_RULES or not all(map(PLAIN.fullmatch, rules)):
        raise BadZone(f"The time zone {name!r} is none that is known here.")
    # One that it knows, whatever it is called in the file, is not remembered.
    zone: Any = parsed(Timezone, NAME.sub("TZID:UTC", text))
    found: tzinfo = zone.to_tz(lookup_tzid=False)
    return found
