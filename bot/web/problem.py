"""What goes wrong with a request, as its sender is told: https://www.rfc-editor.org/rfc/rfc9457"""

import json

from aiohttp import web

TYPE = "application/problem+json"


def problem(status: int, title: str, detail: str = "", **more: str) -> web.Response:
    """An answer that says what is wrong: `title` in general, `detail` with this request."""
    body = {"title": title, "status": status} | ({"detail": detail} if detail else {}) | more
    return web.Response(status=status, body=json.dumps(body).encode(), content_type=TYPE)
