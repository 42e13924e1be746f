"""That the suite's own look-out for secrets can fail: without that, its silence would prove nothing."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.nest import CODE
from tests.secrecy import find_secrets, hand_out

LEAKY = """
import base64, logging, sys
from tests.secrecy import hand_out
SECRET = hand_out("a-secret/of+this~test-only")
def test_clean(): print("nothing to see")
def test_out(): print(f"token {SECRET}")
def test_err(): sys.stderr.write(SECRET)
def test_log(): logging.getLogger("library").warning("calling %s", SECRET)
def test_address(): print("https://host/bota-secret%2Fof%2Bthis~test-only/getMe")
def test_base64(): print("Basic " + base64.b64encode(SECRET.encode()).decode())
"""


async def test_a_leak_fails_the_test_that_it_is_in(tmp_path: Path) -> None:
    """A secret on either output, in the log, in an address or in base64 fails its test; others pass."""
    leaky = tmp_path / "test_leaky.py"
    leaky.write_text(LEAKY)
    plugins = [word for name in ("tests.secrecy", "no:cacheprovider", "no:hypothesispytest") for word in ("-p", name)]
    options = [*plugins, "-c", "/dev/null", "--rootdir", str(tmp_path), "-q"]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "pytest", *options, "-rpf", "--tb=line", "--show-capture=no", str(leaky)],
        cwd=CODE,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},  # those of the whole suite
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    said = out.decode().splitlines()
    assert 1 == process.returncode
    assert ["test_clean"] == [line.rpartition("::")[2] for line in said if line.startswith("PASSED")]
    failed = [line.rpartition("::")[2].partition(" ")[0] for line in said if line.startswith("FAILED")]
    assert ["test_address", "test_base64", "test_err", "test_log", "test_out"] == sorted(failed)


@pytest.mark.parametrize("text", ["x{}y", "Authorization: Bearer {}\n", '{{"token": "{}"}}'])
def test_what_is_handed_out_is_found_wherever_it_stands(text: str) -> None:
    """Inside words, headers and JSON."""
    secret = hand_out("another-secret-of-this-test")
    assert [secret] == find_secrets(text.format(secret), [secret, "something else"])
