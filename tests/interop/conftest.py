"""The browser of tests/browser, which some tests here open, too."""

from tests.browser.conftest import browser

__all__ = ["browser"]
