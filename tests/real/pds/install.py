"""Installs the real PDS beside this file: `python -m tests.real.pds.install`. Does nothing when that was done already.

No package's install script is run; nothing is compiled.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
COMMAND = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def wanted() -> str:
    """What should be installed: a digest of the lock file."""
    return hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()


def installed() -> str:
    """What is installed, or the empty string."""
    stamp = MODULES / ".installed"
    return stamp.read_text() if stamp.exists() else ""


def main() -> int:
    """Install if the lock file changed; returns an exit code."""
    if installed() == wanted():
        return 0
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write(
            "The real PDS needs npm, which is not on the PATH: install Node.js 22 or newer, or npm alone.\n"
        )
        return 1
    sys.stdout.write("Installing a real Bluesky PDS (about 560 MB) …\n")
    sys.stdout.flush()
    code = subprocess.run([npm, *COMMAND], cwd=HERE, check=False).returncode
    if code == 0:
        (MODULES / ".installed").write_text(wanted())
    else:
        sys.stderr.write(f"npm ended with {code}: the real PDS is not installed.\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
