"""Two clients write, retry and sync in any order: a copy built from changes alone is the list."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.chance import some
from tests.conftest import Person, person
from tests.tasks.test_undo import age, purge

WHO = st.integers(0, 1)
WHICH = st.integers(0, 30)
EXAMPLES = {"sqlite": 40, "postgresql": 25}


@dataclass
class Replica:
    """What a client knows: its tasks, where it goes on, and the last request that it sent."""

    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    next: str = ""
    last: tuple[str, str, dict[str, Any]] | None = None
    answer: Any = None


def machine(app) -> type[RuleBasedStateMachine]:
    class Clients(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.alice: Person = person(app, "alice")
            self.start = f"{self.alice.tasks_url}/changes?since=0"
            self.replicas = [Replica(next=self.start), Replica(next=self.start)]
            self.ids: list[int] = []
            self.hidden: set[int] = set()  # deleted, and may be restored
            self.gone: set[int] = set()

        def send(self, who: int, method: str, path: str, **request: Any) -> Any:
            headers = {"Idempotency-Key": secrets.token_hex(8), **request.pop("headers", {})}
            request = {"headers": headers, **request}
            response = self.alice.open(self.alice.tasks_url + path, method, **request)
            assert response.status_code in (200, 201, 404, 412), response.text
            if response.status_code < 300:
                self.replicas[who].last = (method, path, request)
                self.replicas[who].answer = response
            return response

        def some_task(self, which: int) -> int:
            return self.ids[which % len(self.ids)] if self.ids else 1

        def precondition(self, who: int, task_id: int) -> dict[str, str]:
            """What the client believes, which may be stale."""
            known = self.replicas[who].tasks.get(task_id)
            return {"If-Match": f'"{known["revision"]}"'} if known else {}

        @rule(who=WHO, completed=st.booleans(), recurrence=st.sampled_from([None, "daily"]))
        def create(self, who: int, completed: bool, recurrence: str | None) -> None:
            body = {"title": secrets.token_hex(2), "completed": completed, "recurrence": recurrence}
            self.ids.append(self.send(who, "POST", "", json=body).json["id"])

        @rule(who=WHO, which=WHICH, conditional=st.booleans())
        def change(self, who: int, which: int, conditional: bool) -> None:
            task_id = self.some_task(which)
            headers = self.precondition(who, task_id) if conditional else {}
            body = {"title": secrets.token_hex(2)}
            response = self.send(who, "PUT", f"/{task_id}", json=body, headers=headers)
            if headers and response.status_code == 200:
                known = self.replicas[who].tasks[task_id]
                assert response.json["revision"] > known["revision"]

        @rule(who=WHO, which=WHICH, conditional=st.booleans())
        def complete(self, who: int, which: int, conditional: bool) -> None:
            task_id = self.some_task(which)
            headers = self.precondition(who, task_id) if conditional else {}
            task = self.send(who, "PATCH", f"/{task_id}/complete", headers=headers).json
            if task.get("next_task_id"):
                self.ids.append(task["next_task_id"])

        @rule(who=WHO, which=WHICH, permanent=st.booleans())
        def delete(self, who: int, which: int, permanent: bool) -> None:
            task_id = self.some_task(which)
            answer = self.send(who, "DELETE", f"/{task_id}?permanent={permanent}")
            if answer.status_code == 200:
                self.hidden.add(task_id)
                if permanent:
                    self.gone.add(task_id)

        @rule(who=WHO, which=WHICH)
        def restore(self, who: int, which: int) -> None:
            task_id = self.some_task(which)
            if self.send(who, "POST", f"/{task_id}/restore").status_code == 200:
                self.hidden.discard(task_id)

        @rule(who=WHO)
        def retry(self, who: int) -> None:
            replica = self.replicas[who]
            if replica.last:
                method, path, request = replica.last
                response = self.alice.open(self.alice.tasks_url + path, method, **request)
                if replica.answer.json.get("id") in self.gone:
                    assert response.status_code == 410
                else:
                    assert response.data == replica.answer.data
                    assert response.headers["Idempotent-Replayed"] == "true"

        @rule()
        def purge(self) -> None:
            age(app, self.alice)
            purge(app)
            self.gone |= self.hidden

        @rule(who=WHO, limit=st.integers(1, 5), pages=st.integers(1, 10))
        def sync(self, who: int, limit: int, pages: int) -> None:
            """Read some pages: the next write may come in the middle."""
            for _ in range(pages):
                if not self.read_page(who, limit):
                    assert self.copy(who) == self.list()
                    return

        def read_page(self, who: int, limit: int) -> bool:
            replica = self.replicas[who]
            response = self.alice.get(f"{replica.next}&limit={limit}")
            if response.status_code == 410:
                replica.tasks, replica.next = {}, self.start
                return True
            last = 0
            for task in response.json["changes"]:
                assert task["revision"] > last
                last = task["revision"]
                if task["deleted_at"]:
                    replica.tasks.pop(task["id"], None)
                else:
                    replica.tasks[task["id"]] = task
            replica.next = response.json["next"]
            return bool(response.json["more"])

        def copy(self, who: int) -> list[dict[str, Any]]:
            tasks = self.replicas[who].tasks.values()
            return sorted(tasks, key=lambda task: -task["id"])

        def list(self) -> list[dict[str, Any]]:
            tasks: list[dict[str, Any]] = self.alice.get(self.alice.tasks_url).json
            return tasks

        def teardown(self) -> None:
            if hasattr(self, "replicas"):
                for who in (0, 1):
                    while self.read_page(who, 3):
                        pass
                    assert self.copy(who) == self.list()

    return Clients


@pytest.mark.filterwarnings("ignore")
def test_a_copy_built_from_changes_equals_the_list(app, database_url):
    examples = EXAMPLES[database_url.partition(":")[0]]
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine(app),
        settings=settings(
            max_examples=some(examples),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
