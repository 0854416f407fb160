"""Files of tasks, going in and coming out."""

from typing import Any

from tests.conftest import Person

CSV = {"Content-Type": "text/csv"}
# What differs between a task and what an import has made of its export.
OF_ONE = ("id", "user_id", "revision", "updated_at", "next_task_id")


def send(person: Person, file: str | bytes, query: str = "", **headers: str) -> Any:
    """Send a file to be imported and return the answer."""
    body = file.encode() if isinstance(file, str) else file
    return person.post(f"{person.tasks_url}/import{query}", data=body, headers=CSV | headers)


def imported(person: Person, file: str | bytes, query: str = "") -> dict[str, Any]:
    """Return what became of a file."""
    answer = send(person, file, query)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json
    return result


def exported(person: Person, query: str = "") -> bytes:
    """Return the tasks as a file."""
    answer = person.get(f"{person.tasks_url}/export{query}")
    assert answer.status_code == 200, answer.text
    data: bytes = answer.data
    return data


def titles(person: Person, query: str = "") -> list[str]:
    """Return the titles of the tasks, the newest first."""
    return [task["title"] for task in person.get(person.tasks_url + query).json]


def counts(result: dict[str, Any]) -> tuple[int, int, int]:
    """Return how many were created, were there already, and can't be read."""
    return result["created"], result["unchanged"], result["failed"]


def csv(*titles: str) -> str:
    """Return a file with these tasks."""
    return "title\r\n" + "".join(f"{title}\r\n" for title in titles)
