"""What our worker changes in gunicorn, where no answer shows it."""

import os

import pytest
from gunicorn.config import Config

from taskapp.serving import start
from taskapp.serving.worker import Logger


def test_nothing_is_gathered_for_an_access_log_that_nobody_writes():
    class Untouchable:
        """An answer that may not be looked at."""

        __getattribute__ = None

    config = Config()
    config.set("accesslog", os.devnull)
    logger = Logger(config)

    logger.access(Untouchable(), Untouchable(), Untouchable(), Untouchable())


@pytest.mark.parametrize("host", ["ü" * 70, "a..b", "x" * 64 + ".b"])
def test_a_host_that_is_no_name_is_one_line(host):
    assert start.not_free([(host, 8000)]).startswith(f"HOST: nobody can listen on {host!r}: ")
