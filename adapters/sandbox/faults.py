"""Scripted faults: what a sandbox server does wrong, to which call, and how often."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

Kind = Literal["error", "wait", "drop", "cut", "late", "hang", "garbage", "error-after", "garbage-after"]
KINDS: tuple[str, ...] = get_args(Kind)
"""
error          answer an error status (`status`, default 500); nothing is committed
wait           told to wait: 429 in the platform's own manner, for `seconds`; nothing is committed
drop           read the request, then close the line without an answer; nothing is committed
cut            commit, then cut the line without an answer
late           commit, and answer only after `seconds`
hang           commit nothing, never answer (until the client leaves)
garbage        answer 200 with a body that is not the platform's; nothing is committed
error-after    commit, then answer an error status (`status`, default 500)
garbage-after  commit, then answer 200 with a body that is not the platform's
"""

Call = Literal["publish", "upload", "auth", "read", "any"]
CALLS: tuple[str, ...] = get_args(Call)
"""publish: the visible call; upload: media and blobs; auth: who am I, sessions; read: every other look-up."""

_SPEC = re.compile(
    r"(?P<kind>[a-z-]+)(?:=(?P<value>\d+(?:\.\d+)?))?(?:@(?P<call>[a-z]+))?(?:\*(?P<times>[1-9]\d*))?(?:\+(?P<after>\d+))?"
)


@dataclass(slots=True)
class Fault:
    """Do `kind` to the next `times` calls of sort `call`, after letting `after` of them pass."""

    kind: Kind
    call: Call = "publish"
    times: int = 1
    after: int = 0
    status: int = 500
    seconds: float = 1.0

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read `kind[=value][@call][*times][+after]`, e.g. "cut", "error=503*3", "late=2+1". ValueError says why not.

        The value is a status for `error` and `error-after`, and seconds for `wait` and `late`.
        """
        found = _SPEC.fullmatch(text)
        if not found or found["kind"] not in KINDS:
            raise ValueError(f"{text!r} is not a fault: use one of {', '.join(KINDS)}, e.g. error=503*3 or cut+1")
        call = found["call"] or "publish"
        if call not in CALLS:
            raise ValueError(f"{text!r} names the call {call!r}: use one of {', '.join(CALLS)}")
        fault = cls(
            kind=found["kind"],  # type: ignore[arg-type] # checked against KINDS above
            call=call,  # type: ignore[arg-type] # checked against CALLS above
            times=int(found["times"] or 1),
            after=int(found["after"] or 0),
        )
        if found["value"] is not None:
            fault._set_value(found["value"])
        return fault

    def _set_value(self, value: str) -> None:
        if self.kind in ("error", "error-after"):
            if not re.fullmatch("[45][0-9][0-9]", value):
                raise ValueError(f"{self.kind}={value} needs an error status from 400 to 599")
            self.status = int(value)
        elif self.kind in ("wait", "late"):
            self.seconds = float(value)
        else:
            raise ValueError(f"{self.kind} takes no value: leave out ={value}")


@dataclass(slots=True)
class Script:
    """The faults still to come at one server, and a record of those that happened."""

    faults: list[Fault] = field(default_factory=list)
    happened: list[tuple[str, str]] = field(default_factory=list)
    """(kind, call), in order."""

    def add(self, *faults: Fault) -> None:
        """Append faults to the script."""
        self.faults.extend(faults)

    def clear(self) -> None:
        """Be well again: forget the faults still to come."""
        self.faults.clear()

    def next_for(self, call: str) -> Fault | None:
        """The fault that strikes this call, if any; uses it up."""
        for fault in self._matching(call):
            if fault.after > 0:
                fault.after -= 1
                return None
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
            self.happened.append((fault.kind, call))
            return fault
        return None

    def _matching(self, call: str) -> Iterator[Fault]:
        return iter([fault for fault in self.faults if fault.call in (call, "any")])
