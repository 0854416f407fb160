"""What our worker changes in gunicorn, where no answer shows it."""

import os

from gunicorn.config import Config

from taskapp.serving.worker import Logger


def test_nothing_is_gathered_for_an_access_log_that_nobody_writes():
    class Untouchable:
        """An answer that may not be looked at."""

        __getattribute__ = None

    config = Config()
    config.set("accesslog", os.devnull)
    logger = Logger(config)

    logger.access(Untouchable(), Untouchable(), Untouchable(), Untouchable())
