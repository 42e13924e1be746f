"""XRPC, the way in: how requests are read and how errors are told. https://atproto.com/specs/xrpc"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.sandbox.bluesky_schema import Invalid, Schema, check

# What a real server calls each status when it gives no better name.
_NAMES = {
    400: ("InvalidRequest", "Invalid Request"),
    401: ("AuthenticationRequired", "Authentication Required"),
    403: ("Forbidden", "Forbidden"),
    404: ("XRPCNotSupported", "XRPC Not Supported"),
    409: ("RecordAlreadyExists", "Record already exists"),
    413: ("PayloadTooLarge", "Payload Too Large"),
    429: ("RateLimitExceeded", "Rate Limit Exceeded"),
    500: ("InternalServerError", "Internal Server Error"),
    501: ("MethodNotImplemented", "Method Not Implemented"),
    502: ("UpstreamFailure", "Upstream service unreachable"),
    503: ("NotEnoughResources", "Not Enough Resources"),
    504: ("UpstreamTimeout", "Upstream Timeout"),
}


class XrpcError(Exception):
    """An answer that is not 200."""

    def __init__(
        self,
        status: int,
        error: str | None = None,
        message: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        name, sentence = _NAMES.get(status, ("InternalServerError", "Internal Server Error"))
        super().__init__(message or sentence)
        self.status = status
        self.error = error or name
        self.message = message or sentence
        self.headers = dict(headers or {})

    def body(self) -> dict[str, str]:
        """The JSON that goes with the status."""
        return {"error": self.error, "message": self.message}


def read_params(nsid: str, schema: Schema, query: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a query, numbers and truth values read from their spelling."""
    params: dict[str, Any] = {}
    for key, text in query.items():
        kind = schema["properties"].get(key, {}).get("type")
        if kind == "integer" and text.lstrip("-").isdecimal():
            params[key] = int(text)
        elif kind == "boolean" and text in ("true", "false"):
            params[key] = text == "true"
        else:
            params[key] = text
    try:
        check(schema, params)
    except Invalid as invalid:
        raise XrpcError(400, message=f"Invalid {nsid} params: {invalid}") from invalid
    return params


def read_input(schema: Schema, body: bytes, encoding: str | None) -> dict[str, Any]:
    """The JSON body of a procedure."""
    if encoding is None:
        raise XrpcError(400, message="Request encoding (Content-Type) required but not provided")
    if encoding.partition(";")[0].strip().lower() != "application/json":
        raise XrpcError(400, message=f"Wrong request encoding (Content-Type): {encoding}")
    try:
        value = json.loads(body or b"{}", parse_float=_read_number, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except ValueError as error:
        raise XrpcError(400, "SyntaxError", str(error)) from error
    try:
        check(schema, value)
    except Invalid as invalid:
        raise XrpcError(400, message=str(invalid)) from invalid
    return dict(value)


def _read_number(text: str) -> int | float:
    """JavaScript has one kind of number: 1.0 is the integer 1."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _refuse(text: str) -> None:
    raise ValueError(f"Unexpected token {text}")
