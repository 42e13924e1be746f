"""What a template may say, checked on what Jinja made of its text, in every branch and before anything runs. Pure.

Everything is a mistake that is not on the lists here: nothing is left that could read a file, go on for ever or grow.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from jinja2 import nodes

from bot.marks import unmarked
from bot.nearest import listed, suggestion
from bot.templates.filters import FILTERS, Filter
from bot.templates.forms import Form, Kind
from bot.templates.links import check_links
from bot.templates.wrong import Wrong

DEEPEST = 20
_LONGEST_TOLD = 60
_LOOP = ("first", "last")
_TRIED = {"text": "Words", "time": datetime(2026, 1, 2, tzinfo=UTC), "tags": ("#Words",)}


_CALLED: Sequence[tuple[type[nodes.Node], str]] = (
    (nodes.Include, "include"),
    (nodes.Import, "import"),
    (nodes.FromImport, "from … import"),
    (nodes.Extends, "extends"),
    (nodes.Block, "block"),
    (nodes.Macro, "macro"),
    (nodes.CallBlock, "call"),
    (nodes.FilterBlock, "filter … endfilter"),
    (nodes.For, "for"),
    (nodes.Assign, "set"),
    (nodes.AssignBlock, "set"),
    (nodes.With, "with"),
    (nodes.ScopedEvalContextModifier, "autoescape"),
    (nodes.Call, "a call"),
    (nodes.Getattr, "a look inside, with a full stop,"),
    (nodes.Getitem, "a look inside, with brackets,"),
    (nodes.Concat, "joining with ~"),
    (nodes.BinExpr, "arithmetic"),
    (nodes.UnaryExpr, "arithmetic"),
    (nodes.Literal, "a list"),
    (nodes.Test, "a test with is"),
    (nodes.Compare, "a comparison"),
)


def check(tree: nodes.Template, form: Form) -> list[Wrong]:
    """Every mistake in a parsed template."""
    reader = _Reader(form)
    reader.body(tree.body, 0)
    return reader.found or check_links(tree.body)


class _Reader:
    """Walks a template and notes what it must not say."""

    def __init__(self, form: Form) -> None:
        self.found: list[Wrong] = []
        self._form = form
        self._each: str | None = None
        """What the loop that is being read calls each thing."""

    # ── what stands between the words ─────────────────────────────────────────────────────────────────────────────

    def body(self, statements: Iterable[nodes.Node], depth: int) -> None:
        for statement in statements:
            try:
                self._statement(statement, depth)
            except Wrong as wrong:
                self.found.append(wrong)

    def _statement(self, node: nodes.Node, depth: int) -> None:
        if depth > DEEPEST:
            raise Wrong(node.lineno, f"it is nested more than {DEEPEST} deep; make it simpler")
        match node:
            case nodes.Output():
                for each in node.nodes:
                    self._piece(each)
            case nodes.If():
                for branch in (node, *node.elif_):
                    self._noted(self._condition, branch.test, depth)
                    self.body(branch.body, depth + 1)
                self.body(node.else_, depth + 1)
            case nodes.For() if self._each is None:
                self._loop(node, depth)
            case _:
                raise self._forbidden(node)

    def _piece(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.TemplateData):
            self._noted(self._words, node, 0)
        else:
            self._noted(self._shown, node, 0)

    def _noted(self, read: Callable[[nodes.Node, int], None], node: nodes.Node, depth: int) -> None:
        """Read on after a mistake, so that all are told at once."""
        try:
            read(node, depth)
        except Wrong as wrong:
            self.found.append(wrong)

    def _loop(self, node: nodes.For, depth: int) -> None:
        form = self._form
        plain = not (node.recursive or node.test or node.else_)
        over = isinstance(node.iter, nodes.Name) and node.iter.name == form.over
        if not (plain and over and isinstance(node.target, nodes.Name)):
            raise Wrong(node.lineno, f"a loop goes over {form.over}, and is written {self._loop_written}")
        if node.target.name in (*form.names, "loop"):
            raise Wrong(node.lineno, f"{node.target.name} is a name of something else; call it {form.one}")
        self._each = node.target.name
        self.body(node.body, depth + 1)
        self._each = None

    @property
    def _loop_written(self) -> str:
        return f"{{% for {self._form.one} in {self._form.over} %}}"

    # ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────

    def _words(self, node: nodes.Node, _: int) -> None:
        text = node.data if isinstance(node, nodes.TemplateData) else node.value if isinstance(node, nodes.Const) else 0
        if not isinstance(text, str):
            raise Wrong(
                node.lineno, f"{_short(repr(text))} is not a text; put it in quotes, or write it outside of the braces"
            )
        if unmarked(text) != text:
            raise Wrong(node.lineno, "there is a character that no text has (U+FDD0 to U+FDEF); take it out")

    def _shown(self, node: nodes.Node, depth: int) -> None:
        """What stands between {{ and }}."""
        match node:
            case nodes.CondExpr():
                self._condition(node.test, depth + 1)
                self._shown(node.expr1, depth + 1)
                if node.expr2 is not None:
                    self._shown(node.expr2, depth + 1)
            case _:
                kind, name = self._value(node, depth), self._name_of(node)
                if kind == "time":
                    raise Wrong(node.lineno, f'{name} is a time, and shown as a date: {{{{ {name} | date("en") }}}}')
                if kind == "list":
                    raise Wrong(node.lineno, f"{name} is a list: {self._loop_written} goes through it")

    def _value(self, node: nodes.Node, depth: int) -> Kind:
        """An expression that stands for a value, and of which kind that is."""
        if depth > DEEPEST:
            raise Wrong(node.lineno, f"it is nested more than {DEEPEST} deep; make it simpler")
        match node:
            case nodes.Name() | nodes.Getattr():
                return self._named(node)
            case nodes.Const():
                self._words(node, depth)
                return "text"
            case nodes.Filter() if node.node is not None:
                return self._filtered(node, node.node, depth)
            case nodes.Or():
                self._text(node.left, depth, "or")
                return self._text(node.right, depth, "or")
            case nodes.CondExpr():
                self._condition(node.test, depth + 1)
                if node.expr2 is None:
                    raise Wrong(node.lineno, 'say what stands there otherwise: title if title else ""')
                self._text(node.expr1, depth, "if … else")
                return self._text(node.expr2, depth, "if … else")
            case _:
                raise self._forbidden(node)

    def _text(self, node: nodes.Node, depth: int, where: str) -> Kind:
        if self._value(node, depth + 1) not in ("text", "plain"):
            raise Wrong(node.lineno, f"{self._name_of(node)} is shown as it is, and cannot stand inside of {where}")
        return "text"

    def _named(self, node: nodes.Name | nodes.Getattr) -> Kind:
        names, prefix, each = self._form.names, "", self._form.each
        if isinstance(node, nodes.Getattr):
            if not (each and self._each and isinstance(node.node, nodes.Name) and node.node.name == self._each):
                raise self._forbidden(node)
            names, name, prefix = each, node.attr, f"{self._each}."
        else:
            name = node.name
            if self._each and name == self._each and not each:
                return "whole"
            if self._each and name in (self._each, "loop"):
                attributes = each if each and name == self._each else _LOOP
                mend = listed((f"{name}.{attribute}" for attribute in attributes), "or")
                raise Wrong(node.lineno, f"say what of it is meant: {mend}")
        if name not in names:
            raise Wrong(node.lineno, f"{prefix}{_short(name)} is not a name: {suggestion(name, names, prefix)}")
        return names[name]

    def _filtered(self, node: nodes.Filter, inner: nodes.Node, depth: int) -> Kind:
        kind = self._value(inner, depth + 1)
        if node.name not in FILTERS:
            raise Wrong(node.lineno, f"{_short(node.name)} is not a filter: {suggestion(node.name, FILTERS)}")
        used = FILTERS[node.name]
        if ("text" if kind == "plain" else kind) != used.takes:
            name = self._name_of(inner)
            mend = f"{name} is shown as it is" if kind in ("whole", "tags") else f"it is written like {used.example}"
            raise Wrong(node.lineno, f"{node.name} is not for {name}: {mend}")
        self._try_out(node, used, depth)
        return used.gives

    def _try_out(self, node: nodes.Filter, used: Filter, depth: int) -> None:
        """Whether a filter takes the arguments that are written here: it is asked."""
        arguments = [*node.args, *(each.value for each in node.kwargs)]
        if node.dyn_args or node.dyn_kwargs or not all(isinstance(each, nodes.Const) for each in arguments):
            raise Wrong(node.lineno, f"{node.name} takes what is written out, like {used.example}")
        for each in arguments:
            if isinstance(each, nodes.Const) and isinstance(each.value, str):
                self._words(each, depth)
        positional = [each.value for each in node.args if isinstance(each, nodes.Const)]
        named = {str(each.key): each.value.value for each in node.kwargs if isinstance(each.value, nodes.Const)}
        try:
            used.function(_TRIED[used.takes], *positional, **named)
        except TypeError:
            raise Wrong(node.lineno, f"{node.name} is written like {used.example}") from None
        except ValueError as error:
            raise Wrong(node.lineno, f"{node.name}: {error}") from None

    # ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────

    def _condition(self, node: nodes.Node, depth: int) -> None:
        if depth > DEEPEST:
            raise Wrong(node.lineno, f"it is nested more than {DEEPEST} deep; make it simpler")
        match node:
            case nodes.Not():
                self._condition(node.node, depth + 1)
            case nodes.And() | nodes.Or():
                self._condition(node.left, depth + 1)
                self._condition(node.right, depth + 1)
            case nodes.Compare():
                self._comparison(node, depth)
            case nodes.Getattr(node=nodes.Name(name="loop")) if self._each:
                if node.attr not in _LOOP:
                    raise Wrong(
                        node.lineno, f"loop.{_short(node.attr)} is not a name: {suggestion(node.attr, _LOOP, 'loop.')}"
                    )
            case nodes.Const():
                raise Wrong(node.lineno, "this is always the same; ask for a name, such as summary")
            case _:
                self._value(node, depth + 1)

    def _comparison(self, node: nodes.Compare, depth: int) -> None:
        """`source == "Herald"` and `"live" in title`, either way turned round."""
        mend = 'it is written like source == "Herald" or "live" in title'
        if len(node.ops) != 1 or node.ops[0].op not in ("eq", "ne", "in", "notin"):
            raise Wrong(node.lineno, f"this cannot be compared: {mend}")
        left, right, within = node.expr, node.ops[0].expr, node.ops[0].op in ("in", "notin")
        if not within and isinstance(left, nodes.Const):
            left, right = right, left
        constant, other = (left, right) if within else (right, left)
        if not isinstance(constant, nodes.Const) or isinstance(other, nodes.Const):
            raise Wrong(node.lineno, f"a name is compared with a text in quotes: {mend}")
        self._words(constant, depth)
        kind = self._value(other, depth + 1)
        if not isinstance(other, nodes.Name | nodes.Getattr) or kind not in (
            ("text", "plain", "whole", "tags") if within else ("plain",)
        ):
            raise Wrong(node.lineno, f"{self._name_of(other)} cannot be compared in this way: {mend}")

    # ── how it is told ────────────────────────────────────────────────────────────────────────────────────────────

    def _forbidden(self, node: nodes.Node) -> Wrong:
        called = next((name for kind, name in _CALLED if isinstance(node, kind)), "this")
        return Wrong(
            node.lineno,
            f"{called} is not for templates, which know if, {self._loop_written}, the names "
            f"{listed(self._form.names)}, and the filters {listed(FILTERS)}",
        )

    def _name_of(self, node: nodes.Node) -> str:
        match node:
            case nodes.Name():
                return str(node.name)
            case nodes.Getattr(node=nodes.Name(name=whole)):
                return f"{whole}.{node.attr}"
            case _:
                return "this"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_TOLD else f"{name[:_LONGEST_TOLD]}…"
