"""A pytest plugin: a test in whose output a secret of the stage is seen has failed, whatever it was about.

It runs where the test runs, so it knows every secret that was handed out there, the sandbox's own tokens included.
"""

import base64
from collections.abc import Generator, Iterable
from typing import Any
from urllib.parse import quote

import pytest

HANDED_OUT: set[str] = set()
"""Every secret that any stage in this process has handed out."""


def hand_out(secret: str) -> str:
    """Note that this must never be seen in any output."""
    HANDED_OUT.add(secret)
    return secret


def find_secrets(text: str, secrets: Iterable[str]) -> list[str]:
    """The secrets that can be read from `text`, in clear, as part of an address, or in base64."""
    return [secret for secret in secrets if any(spelling in text for spelling in _spellings(secret))]


def _spellings(secret: str) -> set[str]:
    plain = secret.encode()
    return {secret, quote(secret, safe=""), base64.b64encode(plain).decode().rstrip("=")}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look through what the test has written and logged so far, and through why it failed."""
    report = yield
    seen = [(title, text) for title, text in report.sections] + [("The report", report.longreprtext)]
    leaks = [title for title, text in seen if find_secrets(text, HANDED_OUT)]
    if leaks:
        report.outcome = "failed"
        report.longrepr = f"a secret was in: {', '.join(leaks)}"
    return report
