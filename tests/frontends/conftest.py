"""The service under gunicorn as each kind of frontend needs it, and people who use that frontend.

The services run on one database file; each is started by the first test that asks for its settings.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers import ForkedService, Service, new_user_id

ORIGIN = "http://localhost:3000"
FORMS = {
    "ours": {},
    "tasks": {"LIST_FORM": "tasks"},
    "wrapped": {"LIST_FORM": "items", "TASK_FORM": "task", "TASK_ID_FORM": "string"},
    "camel": {
        "LIST_FORM": "data",
        "TASK_FORM": "data",
        "FIELD_NAMES": "camel",
        "FIELD_ALIASES": "isCompleted:completed,_id:id",
    },
    "aliases": {"FIELD_ALIASES": "is_completed:completed"},
}


@dataclass
class Page:
    """A page in a browser: it calls the service's addresses, and shows what comes back."""

    service: Service
    session: requests.Session
    user_id: str

    def ask(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, self.service.url + path, timeout=10, **kwargs)

    def read(self, method: str, path: str, **kwargs: Any) -> Any:
        """Return the JSON of an answer of success, as `if (!response.ok) throw` does."""
        answer = self.ask(method, path, **kwargs)
        assert answer.ok, answer.text
        assert not answer.history  # a redirect would lose the token
        return answer.json()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Service]]:
    """Return what gives the running service of a form."""
    folder: Path = tmp_path_factory.mktemp("frontends")
    running: dict[str, Service] = {}
    with ExitStack() as services:

        def serve(form: str) -> Service:
            if form not in running:
                own = folder / form
                own.mkdir()
                settings = {"WEB_CONCURRENCY": "1", "ACCOUNTS": "on", **FORMS[form]}
                service = ForkedService(f"sqlite:///{folder}/tasks.db", own, **settings)
                running[form] = services.enter_context(service)
            return running[form]

        yield serve


@pytest.fixture
def page(serve: Callable[[str], Service]) -> Callable[[str], Page]:
    """Return what opens a page of a frontend that needs this form, as a new user."""

    def page(form: str = "ours") -> Page:
        service, user_id = serve(form), new_user_id()
        session = service.session(user_id)
        session.headers["Origin"] = ORIGIN
        return Page(service, session, user_id)

    return page


@pytest.fixture
def guest(serve: Callable[[str], Service]) -> Callable[[str], Page]:
    """Return what opens a page of a frontend that has not signed in yet."""

    def guest(form: str = "ours") -> Page:
        session = requests.Session()
        session.headers["Origin"] = ORIGIN
        return Page(serve(form), session, "")

    return guest
