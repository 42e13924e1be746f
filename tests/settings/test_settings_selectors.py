"""The CSS selectors of an archive page."""

from bot.sources.reading import Selectors
from tests.settings.conftest import Load, Mistakes

SOURCE = '[[sources]]\nurl = "https://a.example/news"\n'


def test_selectors_make_a_source_an_archive_page(load: Load) -> None:
    """A table of selectors belongs to the source above it, which need not say its kind; empty ones say nothing."""
    toml = f'{SOURCE}[sources.selectors]\nitem = " li.news "\ntitle = "h3, h4"\nexcerpt = ""'
    [source] = load(toml).sources
    assert ("archive", Selectors(item="li.news", title="h3, h4")) == (source.kind, source.selectors)
    assert source.selectors == source.watched.selectors
    [plain] = load(f"{SOURCE}[sources.selectors]\n").sources
    assert ("auto", Selectors()) == (plain.kind, plain.selectors)


def test_mistakes_in_selectors_are_told(mistakes: Mistakes) -> None:
    """A selector that cannot be read, one that does not exist, and selectors for a feed: each a sentence."""
    where = "in [[sources]] #1"
    mend = "write it like article.post, h2 > a or .excerpt, or leave it out"
    assert mistakes(f'{SOURCE}[sources.selectors]\nitem = "li["\nlink = "a::text"\npicture = "img"') == [
        f"handbill.toml: selectors.picture {where} is not a setting: there is item, link, title, excerpt and date.",
        f'handbill.toml: selectors.item {where} is "li[": it is not a CSS selector that can be read: {mend}.',
        f'handbill.toml: selectors.link {where} is "a::text": it is not a CSS selector that can be read: {mend}.',
    ]
    assert mistakes(f'{SOURCE}kind = "feed"\n[sources.selectors]\nitem = "li"') == [
        f'handbill.toml: kind {where} is "feed": selectors are for archive pages; write kind = "archive".'
    ]
