"""Why a server could not be reached at all, in a few words, whatever library met it."""

from collections.abc import Iterator
from socket import gaierror
from ssl import SSLCertVerificationError, SSLError


class CallEnded(OSError):
    """The call's time was up: it does not get to write or read any more."""


def why_unreachable(error: BaseException) -> str:
    """Why a request could not even be begun, in a few words, from the chain of errors that it left; or nothing."""
    for link in _chain(error):
        if isinstance(link, gaierror):
            return "its name does not resolve"
        if isinstance(link, SSLCertVerificationError):
            return f"its certificate is not valid ({link.verify_message})"
        if isinstance(link, SSLError):
            return "it does not speak TLS as it should"
        if isinstance(link, ConnectionRefusedError):
            return "it refuses connections"
        if isinstance(link, TimeoutError | CallEnded):
            return "it did not answer in time"
        if type(link) is OSError and link.strerror:
            return link.strerror
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it came from, the root first: neither urllib3 nor requests always says "from"."""
    for below in (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args):
        if isinstance(below, BaseException):
            yield from _chain(below)
            break
    yield error
