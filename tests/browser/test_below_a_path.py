"""The page behind nginx, which puts the service below a path of another host."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import wait_for_worker
from tests.browser.test_page import Tasks
from tests.servers import Service, free_port, nginx

SERVER = """
server {{
  listen 127.0.0.1:{port};
  location /todo/ {{
    proxy_pass {target}/;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Prefix /todo;
  }}
}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The service below `/todo/`; everything else on the host is a 404."""
    folder = tmp_path_factory.mktemp("below")
    port = free_port()
    database = f"sqlite:///{folder}/tasks.db"
    with (
        Service(database, folder, TRUSTED_PROXIES="1") as service,
        nginx(folder, SERVER.format(port=port, target=service.url)),
    ):
        yield SimpleNamespace(url=f"http://127.0.0.1:{port}/todo/")


def test_below_a_path_the_page_works_with_and_without_a_network(site, new_browser, watch):
    """That no request left the path is what `watch` looks at."""
    watch.expected += ["net::ERR_INTERNET_DISCONNECTED"]
    alice = Tasks(new_browser(), site)
    email = alice.sign_up()
    page = alice.page
    alice.add("Buy milk")
    alice.settle()
    wait_for_worker(page)

    alice.context.set_offline(True)
    page.reload()
    alice.see("Buy milk")
    alice.add("Made offline")
    alice.context.set_offline(False)
    alice.settle()

    # Another service on the same host has names of its own.
    names = page.evaluate("Object.keys(localStorage)")
    assert names
    assert all(name.startswith("taskapp/todo") for name in names)
    page.get_by_role("button", name="Account of Alice").click()
    page.get_by_role("button", name="Sign out").click()
    alice.sign_in(email)
    alice.see("Made offline", "Buy milk")
    expect(page).to_have_url(site.url)
