"""What a process says when it dies."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio, sys, threading
from bot.log import configure_logging
from bot.redact import Redactor, guard_output

redactor = Redactor(["hush-hush-hush"])
guard_output(redactor)
configure_logging("info", redactor, json=False, stream=sys.stderr)


class Undying:
    def __del__(self):
        raise ValueError("on the way out: hush-hush-hush")


def fail():
    raise RuntimeError("refused: hush-hush-hush")


thread = threading.Thread(target=fail)
thread.start()
thread.join()
Undying()
print("printed hush-", end="")
print("hush-hush", end="")
asyncio.run(asyncio.wait_for(asyncio.to_thread(fail), None))
"""


def test_a_crash_tells_no_secret() -> None:
    """Tracebacks of a crash, of a thread and of a destructor, and what was printed without a line's end, come out
    complete but for the secret."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == "printed ***"
    assert done.stderr.count("RuntimeError: refused: ***\n") == 2
    assert "ValueError: on the way out: ***\n" in done.stderr
    assert "hush-hush-hush" not in done.stderr
