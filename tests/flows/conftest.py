"""The service as users run it: under gunicorn, on each database."""

from collections.abc import Iterator

import pytest

from tests.servers import Postgres, Service


@pytest.fixture(scope="session")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(database_url, tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that the test may stop."""
    with Postgres() as postgres:
        yield postgres
