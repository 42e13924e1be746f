"""Installs mastodon-mock beside this file: `python -m tests.real.opinion.install`. Does nothing when that was done.

It has an environment of its own: what it needs is neither ours nor in versions that we could be held to.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
PLACE = HERE / ".venv"
LOCK = HERE / "requirements.lock"
COMMAND = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes", "-r", str(LOCK)]


def wanted() -> str:
    """What should be installed: a digest of the lock file."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def installed() -> str:
    """What is installed, or the empty string."""
    stamp = PLACE / ".installed"
    return stamp.read_text() if stamp.exists() else ""


def program() -> Path:
    """The server."""
    return PLACE / "bin" / "mastodon_mock"


def main() -> int:
    """Install if the lock file changed; returns an exit code."""
    if installed() == wanted():
        return 0
    sys.stdout.write("Installing mastodon-mock …\n")
    sys.stdout.flush()
    venv.create(PLACE, with_pip=True, clear=True)
    code = subprocess.run([PLACE / "bin" / "python", *COMMAND], check=False).returncode
    if code == 0:
        (PLACE / ".installed").write_text(wanted())
    else:
        sys.stderr.write(f"pip ended with {code}: mastodon-mock is not installed.\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
