"""What a person sees in a real browser: the docs, and a frontend of another origin."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page

from tests.servers import Service, new_user_id
from tests.waiting import until


@pytest.fixture(scope="module")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page on an origin of its own."""
    folder: Path = tmp_path_factory.mktemp("frontend")
    (folder / "index.html").write_text("<!doctype html><title>frontend</title>")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def service(frontend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    url = f"sqlite:///{folder}/tasks.db"
    with Service(url, folder, CORS_ORIGINS=frontend, MAX_CONTENT_LENGTH="1024") as service:
        yield service


def token_of(service: Service, user_id: str) -> str:
    return str(service.session(user_id).headers["Authorization"]).removeprefix("Bearer ")


def test_swagger_ui_asks_nothing_from_outside_and_authorize_works(page, service):
    alice = new_user_id()
    errors, urls = [], []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: urls.append(request.url))

    page.goto(f"{service.url}/docs")
    page.click("button.authorize")
    page.fill("section input[type=text], .auth-container input", token_of(service, alice))
    page.click(".auth-btn-wrapper button.authorize")
    page.click(".auth-btn-wrapper button.btn-done")
    page.click("#operations-tasks-listTasks button.opblock-summary-control")
    page.click("#operations-tasks-listTasks .try-out__btn")
    page.fill("#operations-tasks-listTasks tr[data-param-name=user_id] input", alice)
    page.click("#operations-tasks-listTasks button.execute")
    page.wait_for_selector("#operations-tasks-listTasks .live-responses-table")
    status = page.inner_text(
        "#operations-tasks-listTasks .live-responses-table tbody .response-col_status"
    )

    assert "200" in status
    assert errors == []
    assert {url for url in urls if not url.startswith((service.url, "data:"))} == set()


AS_THEY_COME = [
    "listTasks",
    "getTask",
    "updateTask",
    "patchTask",
    "completeTask",
    "listChanges",
    "deleteTask",
    "restoreTask",
    "exportUser",
    "getMe",
    "logout",
]


def run(page: Page, operation: str) -> int:
    """Try an operation out, with all its fields as they come; return the status."""
    block = f"[id^=operations-][id$=-{operation}]"
    page.click(f"{block} button.opblock-summary-control")
    page.click(f"{block} .try-out__btn")
    page.click(f"{block} button.execute")
    status = f"{block} .live-responses-table tbody .response-col_status"
    page.wait_for_selector(status)
    return int(page.inner_text(status).split()[0])


def test_whoever_signs_in_stays_so_and_operations_do_what_they_say_as_they_come(page, tmp_path):
    account = {"email": "alice@example.org", "password": "correct horse battery staple"}
    with Service(f"sqlite:///{tmp_path}/tasks.db", tmp_path) as service:
        registered = requests.post(f"{service.url}/api/auth/register", json=account, timeout=60)
        alice = service.session(registered.json()["user"]["id"])
        tasks = f"{service.url}/api/{registered.json()['user']['id']}/tasks"
        page.goto(f"{service.url}/docs")
        page.click("button.authorize")
        assert "POST /api/auth/login" in page.inner_text(".dialog-ux")
        page.fill("#oauth_username", account["email"])
        page.fill("#oauth_password", account["password"])
        page.click(".auth-container:has(#oauth_username) .auth-btn-wrapper button.authorize")
        page.wait_for_selector(".auth-container:has-text('signIn') button:has-text('Logout')")

        page.reload()

        page.wait_for_selector("button.authorize.locked, .authorize .locked")
        assert account["password"] not in page.evaluate("JSON.stringify(localStorage)")
        assert run(page, "createTask") == 201
        page.click("[id$=-createTask] button.execute")
        until(lambda: len(alice.get(tasks).json()) == 2, "the second task")
        for operation in AS_THEY_COME:
            assert run(page, operation) == 200, operation
        # What was signed out is signed out; the page goes on saying that it is not.
        page.click("[id$=-listTasks] button.execute")
        page.wait_for_selector("[id$=-listTasks] .live-responses-table :text('401')")


CALL = """async ([url, method, token, body]) => {
  const headers = {"Content-Type": "application/json"};
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(url, {method, headers, body, credentials: "include"});
  const json = await answer.json();
  return [answer.status, json, answer.headers.get("X-Request-ID"), answer.headers.get("Location")];
}"""


def test_a_frontend_of_an_allowed_origin_can_do_everything_and_read_errors(page, service, frontend):
    alice = new_user_id()
    token = token_of(service, alice)
    tasks = f"{service.url}/api/{alice}/tasks"
    page.goto(frontend)

    def call(url: str, method: str = "GET", token: str | None = token, body: str | None = None):
        status, json, request_id, location = page.evaluate(CALL, [url, method, token, body])
        assert request_id
        return status, json, location

    status, task, location = call(tasks, "POST", body='{"title": "From a browser"}')
    assert status == 201
    url = service.url + location
    assert call(url, "PUT", body='{"title": "changed"}')[0] == 200
    assert call(f"{url}/complete", "PATCH")[1]["completed"] is True
    assert call(f"{tasks}/")[1][0]["id"] == task["id"]
    assert call(url, "DELETE")[1] == {"message": "Task deleted successfully"}

    assert call(tasks, token=None)[0] == 401
    assert call(f"{service.url}/api/bob/tasks")[0] == 403
    assert call(url)[0] == 404
    assert call(f"{service.url}/no/such")[0] == 404
    assert call(tasks, "POST", body="{")[0] == 400
    assert call(tasks, "POST", body='"' + "x" * 2000 + '"')[0] == 413
    assert call(tasks, "POST", body='{"title": ""}')[1]["errors"]


def test_another_origin_is_kept_out_by_the_browser(page, service, frontend):
    page.goto(frontend.replace("127.0.0.1", "localhost"))

    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate(CALL, [f"{service.url}/health", "GET", None, None])
