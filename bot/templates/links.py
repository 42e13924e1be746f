"""Whether a template keeps the link, whichever way is taken through it. Pure."""

from collections.abc import Iterable, Sequence

from jinja2 import nodes

from bot.templates.wrong import Wrong


def check_links(body: Iterable[nodes.Node]) -> list[Wrong]:
    """Whichever way is taken through a template, the link stands there once."""
    least, most = _links(body)
    if most > 1:
        return [Wrong(None, "the link stands there more than once; leave one {{ link }}")]
    if most == 0:
        return [Wrong(None, "there is no link, and a post leads to its article; write {{ link }} once")]
    if least == 0:
        return [Wrong(None, "there is not always a link, whatever is asked; write {{ link }} outside of the if")]
    return []


def _links(body: Iterable[nodes.Node]) -> tuple[int, int]:
    """How often at least and at most the link is shown."""
    counts = [_links_in(node) for node in body]
    return sum(least for least, _ in counts), sum(most for _, most in counts)


def _links_in(node: nodes.Node | None) -> tuple[int, int]:
    match node:
        case nodes.Name(name="link") | nodes.Getattr(attr="link"):
            return 1, 1
        case nodes.Output():
            return _links(node.nodes)
        case nodes.CondExpr():
            return _either([_links_in(node.expr1), _links_in(node.expr2)])
        case nodes.If():
            return _either([*(_links(branch.body) for branch in (node, *node.elif_)), _links(node.else_)])
        case nodes.For(iter=nodes.Name(name="articles")):  # each time of another article
            return _links(node.body)
        case nodes.For():
            return 0, 2 * _links(node.body)[1]
        case _:
            return 0, 0


def _either(counts: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return min(least for least, _ in counts), max(most for _, most in counts)
