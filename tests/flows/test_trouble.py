"""In trouble every alert fires and every panel shows it; on a good day none does."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from tests.logins import Login, SigningKey
from tests.prometheus import NAME, Prometheus, parsed
from tests.servers import ForkedService, Postgres, free_port, new_user_id
from tests.test_deploy import METRICS, alerts, panels
from tests.waiting import PATIENCE, until

TOKEN = "a token for Prometheus alone"
MINUTES = 300.0  # seconds that the two scrapes are apart, for Prometheus
UP = frozenset({NAME: "up", "job": "taskapp"}.items())


def scrape(service):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.get(f"{service.url}/metrics", headers=headers, timeout=PATIENCE)
    assert answer.ok, answer.text
    return parsed(answer.text)


def value(series, name, **labels):
    wanted = {NAME: name, **labels}.items()
    return sum(value for found, value in series.items() if set(wanted) <= set(found))


@pytest.fixture(scope="module")
def trouble(tmp_path_factory):
    """What Prometheus sees while all goes wrong: two scrapes, and one in the midst of it."""
    with Postgres() as postgres, Login() as login:
        settings = {
            "BETTER_AUTH_URL": login.url,
            "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
            "METRICS_TOKEN": TOKEN,
            "WEB_CONCURRENCY": "2",
            "DATABASE_POOL_SIZE": "1",
            "DATABASE_TIMEOUT": "2",
            "RATE_LIMIT_READS": "1/hour",
            "RATE_LIMIT_WRITES": "1000/hour",
        }
        folder = tmp_path_factory.mktemp("service")
        with ForkedService(postgres.url, folder, **settings) as service:
            asked = Trouble(service, login, postgres)
            asked.happens()
            before = scrape(service)
            # Nobody could fetch keys any more.
            login.server.shutdown()
            login.server.server_close()
            asked.happens()
            until(asked.notices_that_the_login_is_away)
            first = scrape(service)
            until(asked.notices_that_the_login_is_away)
            after = scrape(service)
            login.__enter__()
        # The scrape after that comes in vain.
        failures = "taskapp_login_key_fetch_failures_total"
        assert value(first, failures) > 0
        yield Prometheus(before, after | {UP: 0.0}, MINUTES, time.time() + 7200), asked.midst


class Trouble:
    """Everything that can go wrong, for one user whose row somebody else has locked."""

    def __init__(self, service, login, postgres):
        self.service, self.login, self.postgres = service, login, postgres
        self.user = new_user_id()
        self.tasks = f"{service.url}/api/{self.user}/tasks"
        self.token = login.token(self.user)  # verified once, and remembered
        self.midst = {}

    def ask(self, method, token=None, **more):
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return requests.request(method, self.tasks, headers=headers, timeout=PATIENCE, **more)

    def happens(self):
        until(lambda: self.ask("POST", json={"title": "t"}).status_code == 201)
        with psycopg.connect(self.postgres.url) as other, ThreadPoolExecutor(6) as people:
            other.execute("SELECT FROM users WHERE id = %s FOR UPDATE", [self.user])
            waiting = [people.submit(self.ask, "POST", json={"title": "t"}) for _ in range(6)]
            self.midst = until(self._several_wait)
            # For longer than the alert allows, and DATABASE_TIMEOUT ends it.
            statuses = {each.result().status_code for each in waiting}
        assert 503 in statuses
        for _ in range(20):  # of each worker's limit
            self.ask("GET")
        for _ in range(60):  # more than are accepted
            self.ask("GET", token="a.b.c")

    def _several_wait(self):
        found = scrape(self.service)
        used = value(found, "taskapp_database_connections_in_use")
        return found if value(found, "taskapp_requests_in_flight") > 2 and used else None

    def notices_that_the_login_is_away(self):
        strange = SigningKey()
        answer = self.ask("GET", token=self.login.token(self.user, key=strange))
        return answer.status_code == 503


@pytest.mark.parametrize(("name", "expression"), list(alerts()))
def test_every_alert_fires(trouble, name, expression):
    prometheus, _ = trouble

    assert prometheus.fires(expression)


@pytest.mark.parametrize(("title", "expression"), list(panels()))
def test_every_panel_shows_it(trouble, title, expression):
    prometheus, midst = trouble
    if title == "In flight, and connections in use":
        prometheus = Prometheus(prometheus.before, midst, MINUTES, time.time())

    shown = prometheus.ask(expression)

    assert shown
    assert max(shown.values()) > 0


def test_every_metric_has_a_value(trouble):
    prometheus, midst = trouble

    for name in METRICS:
        assert value(prometheus.after, name) + value(midst, name) > 0, name


def test_keys_have_the_time_at_which_they_were_fetched(trouble):
    prometheus, _ = trouble

    fetched = value(prometheus.after, "taskapp_login_keys_fetched_timestamp_seconds")

    assert 0 < time.time() - fetched < PATIENCE


def test_on_a_good_day_no_alert_fires(service_with_metrics):
    service = service_with_metrics
    user = new_user_id()
    scrapes = []
    for _ in range(2):
        with service.session(user) as session:
            for _ in range(200):
                assert session.get(f"{service.url}/api/{user}/tasks").ok
        scrapes.append(scrape(service))
    # An idle service has old keys, and nobody whom that concerns.
    old = {frozenset({(NAME, "taskapp_login_keys_fetched_timestamp_seconds")}): 1.0}
    prometheus = Prometheus(scrapes[0], scrapes[1] | {UP: 1.0} | old, MINUTES, time.time())

    # How long an answer takes is the machine's affair.
    firing = {name for name, expression in alerts() if prometheus.fires(expression)}
    assert firing <= {"TaskappSlow"}


@pytest.fixture
def service_with_metrics(tmp_path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    with ForkedService(url, tmp_path, METRICS_TOKEN=TOKEN) as service:
        yield service
