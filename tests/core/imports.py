"""Reads who imports whom, and who calls what, out of the program's own source text."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One imported thing: `name` is the module, `part` what is taken out of it (None: the module itself)."""

    at: str
    """file:line, for people."""
    name: str
    part: str | None
    when: str
    """"start": when the module is imported; "call": inside a function; "types": for the type checker only."""


@dataclass(frozen=True)
class Use:
    """A dotted name that is read, with what its first word was imported as put in full: `asyncio.sleep`."""

    at: str
    name: str


@dataclass(frozen=True)
class Module:
    """One file of the program."""

    name: str
    path: str
    text: str
    tree: ast.Module
    imports: tuple[Import, ...]
    uses: tuple[Use, ...]


Tree = dict[str, Module]
"""Every module of the program by its dotted name."""


def read_tree(root: Path) -> Tree:
    """Every module of `bot`, `adapters` and `templates` under `root`."""
    paths = [path for top in ("bot", "adapters", "templates") for path in sorted((root / top).rglob("*.py"))]
    names = {_dotted(path.relative_to(root)) for path in paths}
    modules = [_read(path, root, names) for path in paths]
    return {module.name: module for module in modules}


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(path: Path, root: Path, names: set[str]) -> Module:
    relative = path.relative_to(root)
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    imports = tuple(_imports(tree, str(relative), names))
    return Module(_dotted(relative), str(relative), text, tree, imports, tuple(_uses(tree, str(relative))))


def _imports(tree: ast.Module, path: str, names: set[str]) -> Iterator[Import]:
    for node, when in _with_time(tree, "start"):
        at = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(at, alias.name, None, when)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield Import(at, inner, None, when) if inner in names else Import(at, base, alias.name, when)


def _with_time(node: ast.AST, when: str) -> Iterator[tuple[ast.AST, str]]:
    for child in ast.iter_child_nodes(node):
        yield child, when
        inner = when
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and when == "start":
            inner = "call"
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            inner = "types"
        yield from _with_time(child, inner)


def _uses(tree: ast.Module, path: str) -> Iterator[Use]:
    meant: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meant |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            meant |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            first, _, rest = _spelled(node).partition(".")
            if first:
                yield Use(f"{path}:{node.lineno}", ".".join(filter(None, (meant.get(first, first), rest))))


def _spelled(node: ast.expr) -> str:
    """`a.b.c` of an expression; what is not a plain name at its root is a "?": `?.execute`."""
    if isinstance(node, ast.Attribute):
        return f"{_spelled(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def within(name: str, *packages: str) -> bool:
    """Whether a module is one of these packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
