"""The settings of the web server, and of the source whose articles are posted to it."""

import pytest

from tests.settings.conftest import Load, Mistakes

SECRET = "b0a7" * 8
LISTEN = {"HANDBILL_WEB__LISTEN": "127.0.0.1:8080"}
HOOK = LISTEN | {"HANDBILL_WEB__HOOK_SECRET": SECRET}


def test_without_a_word_there_is_no_server(load: Load) -> None:
    """No server, and no source for what nobody could post."""
    settings = load(HANDBILL_SOURCES="https://a.example")
    assert (None, None, None) == (settings.web.listen, settings.web.public_url, settings.web.hook_secret)
    assert (None, 1) == (settings.pushed, len(settings.polled))


@pytest.mark.parametrize(
    ("text", "listen"), [("127.0.0.1:8080", ("127.0.0.1", 8080)), ("[::]:80", ("::", 80)), ("box:1", ("box", 1))]
)
def test_where_it_listens(load: Load, text: str, listen: tuple[str, int]) -> None:
    """Host and port, of either kind of address."""
    assert listen == load(HANDBILL_WEB__LISTEN=text).web.listen


def test_a_secret_makes_a_source(load: Load) -> None:
    """With a secret there is a source called webhook, which is not polled, and is enough to work with."""
    settings = load(**HOOK)
    assert settings.pushed is not None
    assert ("webhook", "webhook", "") == (settings.pushed.name, settings.pushed.identity, settings.pushed.url)
    assert () == settings.polled + settings.need_sources()
    assert SECRET in settings.secrets()
    assert SECRET not in repr(settings)


def test_a_table_names_the_source(load: Load) -> None:
    """A table of the kind webhook gives it a name and a language, and routes may name it."""
    toml = """
        [[sources]]
        name = "desk"
        kind = "webhook"
        language = "de"
        [[channels]]
        name = "gazette"
        platform = "paper"
        server = "paper.example"
        token = { env = "TOKEN" }
        [[routes]]
        sources = ["desk"]
        channels = ["gazette"]
    """
    settings = load(toml, TOKEN="inky-fingers", **HOOK)
    assert settings.pushed is not None
    assert ("desk", "de") == (settings.pushed.name, settings.pushed.language)
    assert ["gazette"] == [each.name for each in settings.channels_for("desk")]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"HANDBILL_WEB__LISTEN": "8080"}, 'HANDBILL_WEB__LISTEN is "8080": this is not an address to listen on'),
        ({"HANDBILL_WEB__LISTEN": "localhost:99999"}, "this is not an address to listen on"),
        ({"HANDBILL_WEB__HOOK_SECRET": SECRET}, "HANDBILL_WEB__LISTEN is missing: HANDBILL_WEB__HOOK_SECRET needs it"),
        (LISTEN | {"HANDBILL_WEB__PUBLIC_URL": "https://a.example"}, "HANDBILL_WEB__HOOK_SECRET is missing"),
        (HOOK | {"HANDBILL_WEB__PUBLIC_URL": "a.example"}, "this is not an address of the web"),
        (HOOK | {"HANDBILL_WEB__PUBLIC_URL": "https://a.example/?x"}, "without name, password, ? and #"),
        (LISTEN | {"HANDBILL_WEB__HOOK_SECRET": "short"}, "it needs 16 characters at least"),
    ],
)
def test_mistakes(mistakes: Mistakes, variables: dict[str, str], said: str) -> None:
    """Each is one sentence, and shows no secret."""
    (sentence,) = mistakes(**variables)
    assert said in sentence
    assert "short" not in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[sources]]\nkind = "webhook"\nurl = "https://a.example"', "a webhook is not asked; remove this"),
        ('[[sources]]\nkind = "webhook"\n[[sources]]\nkind = "webhook"\nname = "b"', "[[sources]] #1 is one already"),
        ('[[sources]]\nname = "a"', 'url in [[sources]] #1 ("a") is missing'),
        (f'[web]\nhook_secret = "{SECRET}"', "a secret does not stand in this file: set HANDBILL_WEB__HOOK_SECRET"),
    ],
)
def test_mistakes_in_toml(mistakes: Mistakes, toml: str, said: str) -> None:
    """A webhook has no address, there is one of them, and its secret stands elsewhere."""
    (sentence,) = mistakes(toml, **HOOK)
    assert said in sentence
    assert SECRET not in sentence
