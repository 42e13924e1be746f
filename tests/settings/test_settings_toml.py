"""Several sources, several accounts of one platform, and what goes where: handbill.toml."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import RouteSettings, Settings, SourceSettings

Load = Callable[..., Settings]
Mistakes = Callable[..., list[str]]

FULL = """
[[sources]]
name = "news"
url = "https://News.example:443/feed/"
kind = "feed"
poll_every = "1m"
backfill = 2
language = "de-AT"

[[sources]]
url = "https://blog.example/atom.xml?full=1"

[[channels]]
name = "paper-de"
platform = "paper"
server = "de.paper.example"
token = { env = "PAPER_TOKEN" }
per_minute = 5

[[channels]]
name = "paper-en"
platform = "paper"
server = "en.paper.example"
token = { file = "secrets/token" }

[[routes]]
sources = ["news"]
channels = ["paper-de"]

[[routes]]
sources = ["news", "https://blog.example/atom.xml?full=1"]
channels = ["wire"]
"""
WIRE = {"HANDBILL_WIRE__CHAT": "@news", "HANDBILL_WIRE__APP_PASSWORD": "open-sesame"}


@pytest.fixture
def full(load: Load, tmp_path: Path) -> Settings:
    """A TOML file with everything in it, its secrets elsewhere, and one account in the environment."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("from-a-file\n")
    return load(FULL, PAPER_TOKEN="from-a-variable", HANDBILL_BACKFILL="7", **WIRE)


def test_sources_have_settings_of_their_own(full: Settings) -> None:
    """A [[sources]] table overrides the general settings; a name becomes the identity, else the plain address is."""
    assert full.sources == (
        SourceSettings("news", "https://News.example:443/feed/", "feed", 60.0, 900.0, 2, "de-AT", "news"),
        SourceSettings(
            "blog.example/atom.xml", "https://blog.example/atom.xml?full=1", "auto", 300.0, 900.0, 7, None,
            "blog.example/atom.xml?full=1",
        ),
    )  # fmt: skip


def test_channels_come_from_everywhere(full: Settings) -> None:
    """Accounts in the environment and in the file add up, several of one platform included."""
    assert [(channel.name, channel.platform, channel.settings.label) for channel in full.channels] == [
        ("wire", "wire", "@news"),
        ("paper-de", "paper", "de.paper.example"),
        ("paper-en", "paper", "en.paper.example"),
    ]


def test_secrets_come_from_variables_and_files(full: Settings) -> None:
    """A secret is fetched from the variable or the file that the table names, relative to the TOML file."""
    assert full.secrets() == {"open-sesame", "from-a-variable", "from-a-file"}


def test_a_secret_can_stand_in_dotenv_under_our_own_prefix(load: Load) -> None:
    """A variable that the file refers to may be called HANDBILL_…, and may stand in `.env`."""
    toml = '[[channels]]\nname = "a"\nplatform = "wire"\nchat = "@a"\napp_password = { env = "HANDBILL_OURS" }'
    assert load(toml, "HANDBILL_OURS=wire-word\n").secrets() == {"wire-word"}


def test_routes_say_what_goes_where(full: Settings) -> None:
    """Each source goes to the channels of all its routes, in the order of the channels; others go nowhere."""
    assert full.routes == (
        RouteSettings(("news",), ("paper-de",)),
        RouteSettings(("news", "blog.example/atom.xml"), ("wire",)),
    )
    routed = {source.name: [channel.name for channel in full.channels_for(source.name)] for source in full.sources}
    assert routed == {"news": ["wire", "paper-de"], "blog.example/atom.xml": ["wire"]}
    assert routed == {source: list(names) for source, names in full.channel_names_by_source().items()}
    assert full.channels_for("stranger") == ()


def test_without_routes_everything_goes_everywhere(load: Load) -> None:
    """Without routes every source goes to every channel."""
    settings = load(HANDBILL_SOURCES="https://news.example/feed.xml", **WIRE)
    assert settings.channels_for("news.example/feed.xml") == settings.channels != ()
    assert {"news.example/feed.xml": ("wire",)} == settings.channel_names_by_source()


def test_the_environment_adds_sources(load: Load) -> None:
    """HANDBILL_SOURCES adds to [[sources]]: an address in both, or twice, counts once, as the table says."""
    settings = load(
        '[[sources]]\nname = "news"\nurl = "https://news.example/feed"',
        HANDBILL_SOURCES="http://NEWS.example:80/feed/,https://b.example/x?a=1,https://b.example/x?a=2,https://b.example/x?a=1",
    )
    assert [(source.name, source.identity) for source in settings.sources] == [
        ("news", "news"),
        ("b.example/x", "b.example/x?a=1"),
        ("b.example/x (2)", "b.example/x?a=2"),
    ]


def test_identity_holds_no_credentials(load: Load) -> None:
    """What the ledger knows a source by, and what people read, is free of its password."""
    (source,) = load(HANDBILL_SOURCES="https://me:hush-hush@[2001:DB8::1]:8443/feed").sources
    assert (source.name, source.identity) == ("[2001:db8::1]:8443/feed", "[2001:db8::1]:8443/feed")


def test_twice_the_same_source(mistakes: Mistakes) -> None:
    """Two tables of one address or one name are a mistake."""
    toml = """
        [[sources]]
        name = "a"
        url = "https://news.example/feed"
        [[sources]]
        url = "http://news.example/feed/"
        [[sources]]
        name = "a"
        url = "https://other.example/feed"
    """
    assert mistakes(toml) == [
        'handbill.toml: url in [[sources]] #2 is "http://news.example/feed/": '
        '[[sources]] #1 ("a") has the same address; remove one of them.',
        'handbill.toml: name in [[sources]] #3 ("a") is "a": another source has this name; choose a different one.',
    ]


def test_twice_the_same_channel(mistakes: Mistakes) -> None:
    """Two channels of one name, or for one account and place, are a mistake, wherever they stand."""
    toml = """
        [[channels]]
        name = "wire"
        platform = "wire"
        chat = "@news"
        app_password = { env = "WORD" }
    """
    assert mistakes(toml, WORD="open-sesame", **WIRE) == [
        '[[channels]] #1 ("wire"): the name "wire" is taken by HANDBILL_WIRE__…; give one of them another name.',
        '[[channels]] #1 ("wire"): HANDBILL_WIRE__… posts to @news on Wire already; remove one of them.',
    ]


def test_two_accounts_on_one_server(load: Load) -> None:
    """Two accounts on one server are two channels, though nothing but their credentials tells them apart."""
    toml = """
        [[channels]]
        name = "a"
        platform = "paper"
        server = "paper.example"
        token = { env = "TOKEN_A" }
        [[channels]]
        name = "b"
        platform = "paper"
        server = "paper.example"
        token = { env = "TOKEN_B" }
    """
    assert [channel.name for channel in load(toml, TOKEN_A="account-a", TOKEN_B="account-b").channels] == ["a", "b"]


def test_routes_to_nowhere(mistakes: Mistakes) -> None:
    """A route that names what is not there is a mistake, with the name that comes nearest; a table that has mistakes of
    its own is still there."""
    toml = """
        [[sources]]
        name = "news"
        url = "https://news.example/feed"
        [[channels]]
        name = "evening"
        platform = "wire"
        [[routes]]
        sources = ["nwes", "news"]
        channels = ["evening", "evning"]
        [[routes]]
        sources = []
    """
    assert mistakes(toml) == [
        'handbill.toml: chat in [[channels]] #1 ("evening") is missing: [[channels]] #1 ("evening") needs it.',
        'handbill.toml: app_password in [[channels]] #1 ("evening") is missing: [[channels]] #1 ("evening") needs it.',
        "handbill.toml: sources in [[routes]] #2 is []: it needs at least 1.",
        "handbill.toml: channels in [[routes]] #2 is missing: [[routes]] #2 needs it.",
        'handbill.toml: sources in [[routes]] #1 is "nwes": there is no source of this name; did you mean news?',
        'handbill.toml: channels in [[routes]] #1 is "evning": there is no channel of this name; did you mean evening?',
    ]


@pytest.mark.parametrize(("written", "meant"), [("source", "sources"), ("channel", "channels"), ("route", "routes")])
def test_a_table_in_the_singular_is_understood(mistakes: Mistakes, written: str, meant: str) -> None:
    """Whoever writes [[channel]] is told of [[channels]]."""
    assert mistakes(f"[[{written}]]\n") == [f"handbill.toml: {written} is not a setting: did you mean {meant}?"]
