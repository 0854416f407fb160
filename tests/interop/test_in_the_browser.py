"""A frontend of another origin with the library, and our own page, behind a real Better Auth."""

import secrets
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from taskapp.config import ROOT
from tests.interop.test_better_auth import BetterAuth
from tests.servers import Service

PASSWORD = "correct horse battery"
PAGE = """<!doctype html><title>frontend</title><link rel=icon href="data:,">
<ul></ul><script type=module src=/page.js></script>"""
# What such a frontend does: sign in at its own origin, keep the tasks at another.
SCRIPT = """
import { createClient, createReplica, indexedDBStorage } from "/library/index.js";

const post = (path, body) => fetch(`/api/auth${path}`, { method: "POST", body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" } });

window.begin = async (how, baseUrl, email, password) => {
  await post(`/${how}/email`, { email, password, name: "Alice" });
  const token = async () => (await (await fetch("/api/auth/token")).json()).token;
  const client = createClient({ baseUrl, token });
  const replica = createReplica({ client, storage: indexedDBStorage(email) });
  const list = document.querySelector("ul");
  replica.subscribe(() => list.replaceChildren(...replica.tasks.map((task) => {
    const item = document.createElement("li");
    item.textContent = `${task.title}${task.completed ? " (done)" : ""}`;
    return item;
  })));
  await replica.ready;
  Object.assign(window, { client, replica });
};
window.end = () => post("/sign-out", {});
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BetterAuth, Service]]:
    folder = tmp_path_factory.mktemp("both")
    pages = folder / "pages"
    shutil.copytree(ROOT / "clients/javascript/src", pages / "library")
    (pages / "index.html").write_text(PAGE)
    (pages / "page.js").write_text(SCRIPT)
    login = BetterAuth(folder, "default")
    settings = {
        "BETTER_AUTH_URL": login.url,
        "JWT_SECRET_KEY": "",
        "CORS_ORIGINS": login.url,
        "LOGIN_URL": login.url,
    }
    service = Service(f"sqlite:///{folder}/tasks.db", folder, **settings)
    login.environ |= {"PAGES": str(pages), "FRONTEND": service.url}
    with login, service:
        yield login, service


def test_a_frontend_of_another_origin_keeps_tasks_with_the_logins_token(both, browser: Browser):
    login, service = both
    email = f"{secrets.token_hex(6)}@example.com"
    phone, laptop = browser.new_context(), browser.new_context()
    errors: list[str] = []
    pages = []
    for context, how in ((phone, "sign-up"), (laptop, "sign-in")):
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and errors.append(f"{message.text} {message.location['url']}")
            ),
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(login.url)
        page.wait_for_function("'begin' in window")
        page.evaluate(
            "([how, base, email, password]) => begin(how, base, email, password)",
            [how, service.url, email, PASSWORD],
        )
        pages.append(page)
    first, second = (page.locator("li") for page in pages)

    pages[0].evaluate("replica.create({ title: 'Buy milk' }) && 0")
    expect(second).to_have_text(["Buy milk"])
    pages[1].evaluate("replica.change(replica.tasks[0].id, { completed: true })")
    expect(first).to_have_text(["Buy milk (done)"])
    refused = pages[0].evaluate("client.createTask({ title: '' }).catch((error) => error.detail)")
    assert refused.startswith("title: ")
    errors[:] = [text for text in errors if "422" not in text]

    phone.set_offline(True)
    pages[0].evaluate("replica.create({ title: 'Made offline' }) && 0")
    expect(first).to_have_text(["Made offline", "Buy milk (done)"])
    errors[:] = [text for text in errors if "ERR_INTERNET_DISCONNECTED" not in text]
    phone.set_offline(False)
    expect(second).to_have_text(["Made offline", "Buy milk (done)"])

    errors[:] = [text for text in errors if "ERR_INTERNET_DISCONNECTED" not in text]
    assert errors == []
    phone.close()
    laptop.close()


def test_our_own_page_takes_the_session_there(both, browser: Browser):
    login, service = both
    context = browser.new_context()
    errors: list[str] = []
    context.on(
        "console",
        lambda message: (
            message.type == "error" and errors.append(f"{message.text} {message.location['url']}")
        ),
    )
    page = context.new_page()
    page.goto(service.url)
    host = login.url.removeprefix("http://")
    expect(page.get_by_role("link", name=f"Sign in at {host}")).to_be_visible()
    page.get_by_role("button", name="I am signed in there").click()
    expect(page.get_by_role("alert")).to_contain_text("You are not signed in")
    errors.clear()  # the browser tells of the 401

    page.get_by_role("link", name=f"Sign in at {host}").click()
    page.wait_for_function("'begin' in window")
    email = f"{secrets.token_hex(6)}@example.com"
    page.evaluate(
        "([how, base, email, password]) => begin(how, base, email, password)",
        ["sign-up", service.url, email, PASSWORD],
    )
    page.goto(service.url)

    page.get_by_label("Add a task").fill("Behind Better Auth")
    page.keyboard.press("Enter")
    expect(page.locator(".sync")).to_have_text("Up to date")
    page.reload()
    expect(page.locator(".row .title")).to_have_text(["Behind Better Auth"])
    assert errors == []
    context.close()


def test_a_token_can_be_pasted(both, browser: Browser):
    login, service = both
    person = login.sign_up(f"{secrets.token_hex(6)}@example.com")
    page = browser.new_context().new_page()
    page.goto(service.url)

    page.get_by_text("Paste a token").click()
    page.get_by_label("Token").fill("not one")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="not a token")).to_be_visible()
    page.get_by_label("Token").fill(login.token(person))
    page.get_by_role("button", name="Continue", exact=True).click()

    expect(page.get_by_role("heading", name="To do")).to_be_visible()
    page.context.close()
