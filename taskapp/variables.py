"""Variables as people and tools set them: from the environment, from `.env` and from files."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

TEXT = "utf-8-sig"  # with the byte order mark that some editors write, or without
FILE = "_FILE"  # ends the name of a variable that says where a secret is
# In a `.env` for others who read it too: Compose, Flask, gunicorn, and what we load.
OF_OTHERS = (
    "COMPOSE_",
    "DOCKER_",
    "FLASK_",
    "GUNICORN_",
    "NEXT_PUBLIC_",
    "OTEL_",
    "POSTGRES_",
    "PROMETHEUS_",
    "PYTHON",
    "SENTRY_",
    "VITE_",
)
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}


class Bad(Exception):
    """A variable that can't be read; its name and the reason."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason


@dataclass(frozen=True)
class Given:
    """What is set, without white space around it; an empty variable is not set."""

    values: Mapping[str, str]
    in_file: Collection[str] = ()  # the names in `.env`

    def warnings(self, known: Collection[str], secrets: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each name and value that is probably a mistake."""
        names = {*known, *(name + FILE for name in secrets)}
        for name in sorted(self.values):
            if name in names:
                if is_quoted(self.values[name]):
                    yield f"{name}: the quotes around the value are taken as a part of it."
            elif name.removesuffix(FILE) in known:
                yield f"{name} is not read: only secrets come from files of their own."
            elif meant := _nearly(name, names):
                yield f"{name} is no setting: is {meant} meant?"
            elif name in self.in_file and name not in PROXIES and not name.startswith(OF_OTHERS):
                yield f"{name} in .env is no setting."


def given(environ: Mapping[str, str], file: Path | None, secrets: Collection[str]) -> Given:
    """Return what is set, in the environment and beneath it in a file such as `.env`.

    A secret may be in a file of its own, whose path is in `NAME_FILE`. Raises `Bad`.
    """
    in_file = _read(file) if file else {}
    values = _trimmed({**in_file, **environ})
    for name in secrets:
        if path := values.get(name + FILE):
            if name in values:
                raise Bad(name, f"is set, and {name}{FILE} too")
            values[name] = _secret(name + FILE, path)
    return Given({name: value for name, value in values.items() if value}, set(in_file))


def is_quoted(value: str) -> bool:
    """Tell whether the value stands in quotes, as `docker --env-file` leaves them."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def _trimmed(values: Mapping[str, str]) -> dict[str, str]:
    stripped = {name: value.strip() for name, value in values.items()}
    return {name: value for name, value in stripped.items() if value}


def _read(file: Path) -> dict[str, str]:
    try:
        return {name: value or "" for name, value in dotenv_values(file, encoding=TEXT).items()}
    except UnicodeDecodeError:
        raise Bad(str(file), "must be a text in UTF-8") from None
    except OSError as error:
        raise Bad(str(file), f"can't be read: {error.strerror}") from None


def _secret(name: str, path: str) -> str:
    try:
        secret = Path(path).read_text(encoding=TEXT).strip()
    except UnicodeDecodeError:
        raise Bad(name, f"{path} must be a text in UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise Bad(name, f"{path} can't be read: {reason}") from None
    if not secret:  # what is left to a default is not even named
        raise Bad(name, f"{path} is empty")
    return secret


def _nearly(name: str, names: Collection[str]) -> str | None:
    """Return the name that is one letter off: too many, missing, another, or two swapped."""
    if not name.isupper():
        return None
    return next((known for known in sorted(names) if _is_one_off(name, known)), None)


def _is_one_off(name: str, known: str) -> bool:
    if len(name) != len(known):
        return known in _shortened(name) or name in _shortened(known)
    differ = [at for at in range(len(name)) if name[at] != known[at]]
    first, last = (differ[0], differ[-1]) if differ else (0, 0)
    swapped = last == first + 1 and name[first : last + 1] == known[first : last + 1][::-1]
    return len(differ) == 1 or swapped


def _shortened(name: str) -> set[str]:
    return {name[:at] + name[at + 1 :] for at in range(len(name))}
