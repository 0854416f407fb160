"""The page at /, as people use it: from signing up to signing out, on each database."""

import json
import re
import secrets

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from taskapp.config import ROOT
from tests.browser.conftest import wait_for_worker
from tests.servers import Service

PASSWORD = "correct horse battery staple"
AXE = ROOT / "clients/javascript/node_modules/axe-core/axe.min.js"


class Tasks:
    """The page in one tab, by what people see of it."""

    def __init__(self, context: BrowserContext, site: Service) -> None:
        self.context = context
        self.site = site
        self.page: Page = context.new_page()
        self.page.goto(site.url)

    def sign_up(self, email: str = "", name: str = "Alice") -> str:
        email = email or f"{secrets.token_hex(6)}@example.com"
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("button", name="Create an account").click()
        expect(self.page.get_by_role("heading", name="To do")).to_be_visible()
        return email

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.get_by_label("E-mail").wait_for()  # is_visible() does not wait
        if self.page.get_by_role("button", name="I have an account").is_visible():
            self.page.get_by_role("button", name="I have an account").click()
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def add(self, *lines: str) -> None:
        for line in lines:
            self.page.get_by_label("Add a task").fill(line)
            self.page.keyboard.press("Enter")

    def row(self, title: str):
        return self.page.get_by_role("listitem").filter(
            has=self.page.locator(".title", has_text=re.compile(f"^{re.escape(title)}$"))
        )

    def titles(self) -> list[str]:
        return self.page.locator(".row .title").all_inner_texts()

    def see(self, *titles: str) -> None:
        """Wait until exactly these are there, in this order."""
        expect(self.page.locator(".row .title")).to_have_text(list(titles))

    def rename(self, title: str, other: str) -> None:
        self.row(title).locator(".title").click()
        self.page.get_by_role("textbox", name="Title").fill(other)
        self.page.keyboard.press("Enter")

    def open_view(self, name: str) -> None:
        self.page.get_by_role("link", name=re.compile(f"^{re.escape(name)}")).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)

    def settle(self) -> None:
        """Wait until all is sent and fetched."""
        # What was done a moment ago is in sight with the next frame.
        frame = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.page.evaluate(frame)
        expect(self.page.locator(".sync")).to_have_text("Up to date")

    def stored(self) -> list[dict]:
        """What the service has, asked with the page's own token."""
        script = """async () => {
          const { token } = JSON.parse(localStorage.getItem("taskapp.session"));
          const headers = { Authorization: `Bearer ${token}` };
          return (await fetch("/api/tasks", { headers })).json();
        }"""
        return self.page.evaluate(script)


@pytest.fixture
def alice(site, new_browser) -> Tasks:
    tasks = Tasks(new_browser(), site)
    tasks.sign_up()
    return tasks


ADD_AND_GO = """(title) => {
  const line = document.querySelector("form.add input");
  line.value = title;
  line.form.requestSubmit();
  location.reload();
}"""


def test_what_is_added_in_the_moment_of_a_reload_is_kept(alice):
    titles = [f"Task {number}" for number in range(20)]

    for title in titles:
        alice.page.get_by_label("Add a task").wait_for()
        with alice.page.expect_navigation():
            alice.page.evaluate(ADD_AND_GO, title)

    alice.see(*reversed(titles))


def test_from_signing_up_to_signing_out(site, new_browser, watch):
    watch.expected += ["401", "409", "422"]  # the browser tells of each
    alice = Tasks(new_browser(), site)
    email = alice.sign_up()
    page = alice.page

    expect(page.get_by_text("Nothing to do")).to_be_visible()
    alice.add("Buy milk", "Pay rent tomorrow 9:00 !high #home @Finance")
    alice.see("Pay rent", "Buy milk")
    expect(alice.row("Pay rent").locator(".meta")).to_contain_text("Tomorrow 09:00")
    alice.rename("Buy milk", "Buy oat milk")
    alice.row("Buy oat milk").get_by_role("checkbox").click()
    alice.settle()
    stored = {task["title"]: task for task in alice.stored()}
    assert stored["Buy oat milk"]["completed"] is True
    rent = stored["Pay rent"]
    assert (rent["priority"], rent["tags"], rent["category"]) == ("high", ["home"], "Finance")
    assert rent["due_date"].endswith("T09:00")

    page.reload()
    alice.see("Pay rent")
    alice.open_view("Completed")
    alice.see("Buy oat milk")
    page.get_by_role("button", name="Account of Alice").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("indexedDB.databases()") == []

    alice.sign_in(email, "wrong")
    expect(page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    alice.sign_in(email)
    alice.see("Pay rent")


def test_a_refusal_at_signing_up_says_what_to_do(site, new_browser, watch):
    watch.expected += ["409", "422"]
    alice = Tasks(new_browser(), site)
    page = alice.page

    page.get_by_label("E-mail").fill("alice@example.com")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Create an account").click()

    expect(page.get_by_role("alert")).to_contain_text("commonest passwords")
    assert page.evaluate("document.activeElement.name") == "password"


def test_details_filters_views_and_search(alice):
    page = alice.page
    alice.add("Water the plants today @Home", "Old letter 2020-01-31 @Papers", "Read #book !low")

    alice.row("Read").get_by_role("button", name="Details of Read").click()
    page.get_by_label("Notes").fill("Über Bäume")
    page.get_by_label("Due").fill("2031-05-06")
    page.get_by_label("Tags", exact=True).fill("book, quiet")
    page.get_by_role("button", name="Close").click()
    alice.settle()
    read = next(task for task in alice.stored() if task["title"] == "Read")
    assert (read["description"], read["due_date"]) == ("Über Bäume", "2031-05-06")
    assert read["tags"] == ["book", "quiet"]

    page.get_by_label("Search").fill("uber BAUM")
    alice.see("Read")
    page.get_by_label("Search").fill("nothing like it")
    page.get_by_role("button", name="Clear search and filter").click()
    page.get_by_label("Order").select_option("due")
    alice.see("Old letter", "Water the plants", "Read")
    expect(page.get_by_role("heading", name="Overdue")).to_be_visible()
    page.get_by_label("Priority").first.select_option("low")
    alice.see("Read")
    page.get_by_label("Priority").first.select_option("")
    alice.open_view("Today")
    alice.see("Old letter", "Water the plants")
    alice.open_view("Upcoming")
    alice.see("Read")
    alice.open_view("Home")
    alice.add("Clean the windows")
    alice.settle()
    assert alice.stored()[0]["category"] == "Home"


def test_the_next_of_a_repeating_task_appears_when_it_is_checked_off(alice):
    alice.add("Water the plants today")
    alice.row("Water the plants").get_by_role("button", name="Details of").click()
    alice.page.get_by_label("Repeat").select_option("Every week")
    alice.page.get_by_role("button", name="Close").click()
    expect(alice.row("Water the plants").locator(".meta")).to_contain_text("Every week")
    alice.settle()

    alice.row("Water the plants").get_by_role("checkbox").click()

    alice.see("Water the plants", "Water the plants")
    rows = alice.row("Water the plants")
    expect(rows.nth(0).get_by_role("checkbox")).not_to_be_checked()
    expect(rows.nth(1).get_by_role("checkbox")).to_be_checked()
    alice.page.get_by_label("Add a task").press("Escape")
    alice.page.keyboard.press("u")
    alice.see("Water the plants")


def test_a_deletion_can_be_undone_at_once_and_later(alice):
    page = alice.page
    alice.add("Buy milk", "Call Bob")
    alice.row("Buy milk").hover()
    alice.row("Buy milk").get_by_role("button", name="Delete Buy milk").click()
    alice.see("Call Bob")
    page.get_by_role("button", name="Undo").click()
    alice.see("Call Bob", "Buy milk")

    alice.row("Call Bob").hover()
    alice.row("Call Bob").get_by_role("button", name="Delete Call Bob").click()
    alice.settle()
    page.reload()
    alice.see("Buy milk")
    alice.open_view("Deleted")
    page.get_by_role("button", name="Restore Call Bob").click()
    alice.open_view("To do")
    alice.see("Call Bob", "Buy milk")
    alice.settle()
    assert len(alice.stored()) == 2


def test_offline_an_edit_a_reload_and_online_again(alice, watch):
    watch.expected += ["net::ERR_INTERNET_DISCONNECTED"]
    page = alice.page
    alice.add("Buy milk")
    alice.settle()
    wait_for_worker(page)

    alice.context.set_offline(True)
    alice.rename("Buy milk", "Buy oat milk")
    alice.add("Made offline")
    expect(page.get_by_text("No connection.")).to_contain_text("2 changes")
    page.reload()
    alice.see("Made offline", "Buy oat milk")
    expect(page.get_by_text("No connection.")).to_contain_text("2 changes")
    alice.context.set_offline(False)

    alice.settle()
    alice.see("Made offline", "Buy oat milk")
    assert [task["title"] for task in alice.stored()] == ["Made offline", "Buy oat milk"]


def test_two_tabs_and_two_browsers_stay_in_step(site, new_browser):
    alice = Tasks(new_browser(), site)
    email = alice.sign_up()
    tab = Tasks(alice.context, site)
    elsewhere = Tasks(new_browser(), site)
    elsewhere.sign_in(email)

    alice.add("From the first tab")
    tab.see("From the first tab")
    elsewhere.see("From the first tab")
    tab.add("From the second")
    alice.see("From the second", "From the first tab")
    elsewhere.see("From the second", "From the first tab")
    elsewhere.row("From the second").get_by_role("checkbox").click()
    expect(alice.row("From the second")).to_have_count(0)

    # The tab that talked to the service goes; the other takes its place.
    alice.page.close()
    tab.add("Alone")
    elsewhere.see("Alone", "From the second", "From the first tab")
    tab.page.get_by_role("button", name="Account of Alice").click()
    tab.page.get_by_role("button", name="Sign out").click()
    expect(tab.page.get_by_role("button", name="Sign in")).to_be_visible()


def test_signing_out_in_one_tab_is_signing_out_in_all(alice, site):
    tab = Tasks(alice.context, site)
    expect(tab.page.get_by_role("heading", name="To do")).to_be_visible()

    alice.page.get_by_role("button", name="Account of Alice").click()
    alice.page.get_by_role("button", name="Sign out").click()

    expect(tab.page.get_by_role("button", name="Sign in")).to_be_visible()


def test_two_browsers_in_conflict_lose_nothing(site, new_browser, watch):
    watch.expected += ["net::ERR_INTERNET_DISCONNECTED", "412", "404"]
    alice = Tasks(new_browser(), site)
    email = alice.sign_up()
    phone = Tasks(new_browser(), site)
    phone.sign_in(email)
    alice.add("Buy milk", "Call Bob")
    phone.see("Call Bob", "Buy milk")
    alice.settle()

    phone.context.set_offline(True)
    phone.rename("Buy milk", "Buy soy milk")
    phone.rename("Call Bob", "Call Bob at nine")
    alice.rename("Buy milk", "Buy oat milk")
    alice.row("Call Bob").hover()
    alice.row("Call Bob").get_by_role("button", name="Delete Call Bob").click()
    alice.settle()
    phone.context.set_offline(False)

    row = phone.row("Buy soy milk")
    expect(row).to_contain_text("Changed here and elsewhere")
    expect(row.get_by_role("deletion")).to_have_text("Buy oat milk")
    alice.see("Buy soy milk")
    row.get_by_role("button", name="Take theirs").click()
    alice.see("Buy oat milk")

    row = phone.row("Call Bob at nine")
    expect(row).to_contain_text("It was deleted elsewhere")
    row.get_by_role("button", name="Keep it").click()
    alice.see("Call Bob at nine", "Buy oat milk")


def test_what_the_service_refuses_stays_with_the_reason(alice, watch):
    watch.expected += ["422"]
    alice.add("Tagged")
    alice.row("Tagged").get_by_role("button", name="Details of Tagged").click()
    alice.page.get_by_label("Tags", exact=True).fill("x" * 60)
    alice.page.get_by_role("button", name="Close").click()

    expect(alice.row("Tagged")).to_contain_text("Not accepted. tags: A tag must be a text of 1 to")
    alice.page.reload()
    alice.row("Tagged").get_by_role("button", name="Discard my change").click()

    expect(alice.row("Tagged")).not_to_contain_text("Not accepted")
    assert alice.stored()[0]["tags"] == []


def test_a_session_that_has_ended_asks_to_sign_in_and_keeps_what_waits(site, new_browser, watch):
    watch.expected += ["401", "403"]
    alice = Tasks(new_browser(), site)
    email = alice.sign_up()
    alice.add("Buy milk")
    alice.settle()
    script = """async () => {
      const { token } = JSON.parse(localStorage.getItem("taskapp.session"));
      const headers = { Authorization: `Bearer ${token}`, "X-CSRF-Protection": "1" };
      await fetch("/api/auth/logout", { method: "POST", headers });
    }"""
    alice.page.evaluate(script)

    alice.add("Written meanwhile")
    expect(alice.page.get_by_text("Your session has ended.")).to_be_visible()
    alice.page.get_by_role("button", name="Sign in").click()
    alice.sign_in(email)

    alice.see("Written meanwhile", "Buy milk")
    alice.settle()
    assert len(alice.stored()) == 2


def test_with_the_keyboard_alone(alice):
    page, press = alice.page, alice.page.keyboard.press
    press("n")
    page.keyboard.type("First")
    press("Enter")
    page.keyboard.type("Second")
    press("Enter")
    press("Escape")
    alice.see("Second", "First")

    press("j")
    press("j")
    press("x")
    expect(alice.row("First").get_by_role("checkbox")).to_be_checked()
    press("u")
    expect(alice.row("First").get_by_role("checkbox")).not_to_be_checked()
    press("k")
    press("Enter")
    page.keyboard.type("Changed")
    press("Enter")
    alice.see("Changed", "First")
    press("e")
    page.keyboard.type("Notes by keyboard")
    press("Escape")
    alice.settle()
    assert alice.stored()[0]["description"] == "Notes by keyboard"
    assert page.evaluate("document.activeElement.textContent") == "Changed"
    press("#")
    alice.see("First")
    assert page.evaluate("document.activeElement.textContent") == "First"
    press("u")
    alice.see("Changed", "First")
    press("/")
    page.keyboard.type("chan")
    alice.see("Changed")
    press("Escape")
    press("Escape")
    press("2")
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard")
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def violations(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    # What fades in has not its colours yet.
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [f"{each['id']}: {json.dumps(each['nodes'][0]['html'])}" for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(site, new_browser, watch, scheme):
    watch.expected += ["net::ERR_INTERNET_DISCONNECTED", "422", "401"]
    alice = Tasks(new_browser(color_scheme=scheme, viewport={"width": 1200, "height": 900}), site)
    page = alice.page
    states: dict[str, list[str]] = {}

    def look(state: str) -> None:
        states[state] = violations(page)

    look("sign up")
    page.get_by_role("button", name="I have an account").click()
    alice.sign_in("nobody@example.com")
    expect(page.get_by_role("alert")).not_to_be_empty()
    look("sign in, refused")
    page.get_by_role("button", name="I am new here").click()
    alice.sign_up()
    look("empty")
    alice.add("Read 2020-01-31 !high #book @Home", "Plants today", "Milk !low", "Done")
    alice.row("Done").get_by_role("checkbox").click()
    alice.settle()
    look("list")
    page.get_by_label("Add a task").fill("Pay rent tomorrow !high #home")
    look("writing")
    page.get_by_label("Add a task").fill("")
    alice.row("Read").get_by_role("button", name="Details of Read").click()
    page.get_by_label("Tags", exact=True).fill("x" * 60)
    look("details")
    page.get_by_role("button", name="Close").click()
    expect(alice.row("Read")).to_contain_text("Not accepted")
    look("refused")
    alice.row("Milk").hover()
    alice.row("Milk").get_by_role("button", name="Delete Milk").click()
    look("toast")
    page.get_by_label("Search").fill("nothing like it")
    look("no match")
    page.get_by_label("Search").fill("")
    for name in ("Today", "Upcoming", "Completed", "Deleted"):
        alice.open_view(name)
        look(name)
    page.get_by_role("button", name="Account of Alice").click()
    page.get_by_text("Delete the account").click()
    look("account")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look("keys")
    page.keyboard.press("Escape")
    alice.context.set_offline(True)
    expect(page.get_by_text("No connection.")).to_be_visible()
    look("offline")
    page.set_viewport_size({"width": 320, "height": 640})
    alice.open_view("To do")
    look("small")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    alice.row("Read").get_by_role("button", name="Details of Read").click()
    look("small, details")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

    assert {state: found for state, found in states.items() if found} == {}


def test_name_password_and_sessions_are_the_persons_own(site, new_browser, watch):
    watch.expected += ["401", "403"]
    alice = Tasks(new_browser(), site)
    email = alice.sign_up()
    elsewhere = Tasks(new_browser(), site)
    elsewhere.sign_in(email)
    expect(elsewhere.page.get_by_role("heading", name="To do")).to_be_visible()
    page = alice.page

    page.get_by_role("button", name="Account of Alice").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Name", exact=True).first.click()
    dialog.get_by_label("Name").fill("Alice Martin")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Saved.")).to_be_visible()
    dialog.get_by_text("Where you are signed in").click()
    expect(dialog.locator(".sessions li")).to_have_count(2)
    dialog.get_by_role("button", name="End all others").click()
    expect(dialog.locator(".sessions li")).to_have_count(1)
    elsewhere.add("Too late")
    expect(elsewhere.page.get_by_text("Your session has ended.")).to_be_visible()

    dialog.get_by_text("Change the password").first.click()
    dialog.get_by_label("Password until now").fill("wrong")
    dialog.get_by_label("New password").fill("a much better one")
    dialog.get_by_role("button", name="Change the password").click()
    expect(dialog.get_by_role("alert").filter(has_text="wrong")).to_be_visible()
    dialog.get_by_label("Password until now").fill(PASSWORD)
    dialog.get_by_role("button", name="Change the password").click()
    expect(dialog.get_by_text("The password is changed.")).to_be_visible()
    dialog.get_by_role("button", name="Sign out").click()
    alice.sign_in(email, "a much better one")
    expect(page.get_by_role("button", name="Account of Alice Martin")).to_be_visible()


def test_whoever_asks_for_all_data_gets_a_file_with_it(alice):
    alice.add("Buy milk")
    alice.settle()

    alice.page.get_by_role("button", name="Account of Alice").click()
    with alice.page.expect_download() as download:
        alice.page.get_by_role("button", name="Download all my data").click()

    assert download.value.suggested_filename == "tasks.json"
    data = json.loads(download.value.path().read_text())
    assert [task["title"] for task in data["tasks"]] == ["Buy milk"]


def test_whoever_deletes_the_account_is_gone(alice, watch):
    # The 410 is for whoever still waits for changes.
    watch.expected += ["401", "403", "410"]
    alice.add("Buy milk")
    alice.settle()
    page = alice.page

    page.get_by_role("button", name="Account of Alice").click()
    page.get_by_text("Delete the account").click()
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("alert").filter(has_text="password")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Delete for good").click()

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_long_lists_are_drawn_as_one_scrolls_and_found_as_one_types(alice):
    alice.page.evaluate(
        """async () => {
          const { token } = JSON.parse(localStorage.getItem("taskapp.session"));
          const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
          for (let n = 0; n < 200; n += 1) {
            const body = JSON.stringify({ title: `Task ${n}`, tags: [`t${n % 3}`] });
            await fetch("/api/tasks", { method: "POST", headers, body });
          }
        }"""
    )
    expect(alice.page.locator(".count")).to_have_text("200 tasks")
    assert len(alice.titles()) < 200
    alice.page.mouse.wheel(0, 100_000)
    while len(alice.titles()) < 200:
        alice.page.mouse.wheel(0, 10_000)
    alice.page.get_by_label("Search").fill("task 199")
    alice.see("Task 199")
