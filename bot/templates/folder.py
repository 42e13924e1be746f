"""The door to the operator's templates: reads their folder once, and tells all that is wrong in it like any setting."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from adapters.shaping import MOST_HASHTAGS, Shape
from bot.model import Article
from bot.render import Place, digest_values, post_values
from bot.settings.model import Settings
from bot.settings.problems import Problems, SettingsError
from bot.templates.chosen import Templates, packaged
from bot.templates.compiled import LARGEST, Compiled, compiled, decoded
from bot.templates.forms import DIGEST, POST
from bot.templates.names import DIGEST as DIGEST_FILE
from bot.templates.names import SUFFIX, Rule, Scope, never_chosen, rule_of
from bot.templates.wrong import Mistakes, Wrong

SETTING = "HANDBILL_TEMPLATES"

_FULL = Article(
    *(0, "sample", "A title " * 40, "A sentence of a summary. " * 400, "https://news.example/sample"),
    found_at=datetime(2026, 1, 2, tzinfo=UTC),
    published_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    author="An Author",
    language="en",
    tags=tuple(f"A category {letter}" for letter in "abcdefghijkl"),
    source="Herald",
)
SAMPLES = (
    _FULL,
    replace(_FULL, summary="", published_at=None, author=None, language=None, tags=(), source=""),
    replace(_FULL, title="", summary=""),
)
"""What each template is tried on before it is used: everything there, next to nothing, and no text."""


def load_templates(settings: Settings) -> Templates:
    """The packaged templates, and the operator's own before them. Raises SettingsError with all mistakes at once."""
    if settings.templates is None:
        return packaged()
    problems = Problems()
    own = _read_all(settings.templates, scope_of(settings), problems)
    if problems:
        raise SettingsError(problems.render())
    digest = own.pop(Rule(DIGEST_FILE), packaged().digest)
    return replace(packaged(), own=own, digest=digest)


def scope_of(settings: Settings) -> Scope:
    """What there is that templates could be for."""
    return Scope.of(
        settings.platforms,
        (channel.name for channel in settings.channels),
        (source.name for source in settings.sources),
        settings.channel_names_by_source(),
    )


def _read_all(folder: Path, scope: Scope, problems: Problems) -> dict[Rule, Compiled]:
    try:
        within = folder.resolve(strict=True)
        names = sorted(path.name for path in within.iterdir() if not _aside(path.name))
    except OSError as error:
        problems.wrong(SETTING, str(folder), f"this folder cannot be read ({error.strerror}); name one that can")
        return {}
    found: dict[Rule, Compiled] = {}
    for name in names:
        shown = str(folder / name).encode("utf-8", "backslashreplace").decode()
        rule = rule_of(name.removesuffix(SUFFIX))
        if mistake := never_chosen(name, scope):
            problems.note(shown, mistake)
        elif rule in found:
            problems.note(shown, f"it is for the same posts as {Path(found[rule].file).name}; remove one of them")
        else:
            try:
                found[rule] = _read(within / name, within, shown, rule)
            except Mistakes as mistakes:
                for wrong in mistakes.found:
                    problems.note(wrong.place_in(shown), wrong.text)
    return found


def _aside(name: str) -> bool:
    """What editors and version control put beside files."""
    return name.startswith((".", "#")) or name.endswith(("~", ".bak"))


def _read(path: Path, within: Path, shown: str, rule: Rule) -> Compiled:
    """One template, which has rendered all samples. Raises Mistakes."""
    digest = rule == Rule(DIGEST_FILE)
    try:
        template = compiled(_text_of(path, within), shown, DIGEST if digest else POST)
        _try_out(template, digest=digest)
    except Wrong as wrong:
        raise Mistakes([wrong]) from None
    return template


def _text_of(path: Path, within: Path) -> str:
    """What a file in the folder says. Raises Wrong."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(within):
            raise Wrong(None, "it is a link that leads out of the folder; put the file itself there")
        if not real.is_file():
            raise Wrong(None, "it is no file; a template is a file of text")
        with real.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Wrong(None, f"it cannot be read ({error.strerror})") from None
    except RuntimeError:  # how Python 3.11 and 3.12 tell a link that leads to itself
        raise Wrong(None, "it is a link that leads to itself; put the file itself there") from None
    return decoded(data)


def _try_out(template: Compiled, *, digest: bool) -> None:
    """Render every sample. Raises Wrong."""
    place = Place("sample", shape=Shape(hashtags=MOST_HASHTAGS))
    if digest:
        template.render(digest_values("A heading", SAMPLES, place))
        return
    for sample in SAMPLES:
        template.render(post_values(sample, place))
