"""The operator's folder of templates: what is read there, and how all that is wrong in it is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from bot.render import Place, digest_values, post_values
from bot.settings import Settings, SettingsError, load_settings
from bot.templates.chosen import packaged
from bot.templates.compiled import LARGEST
from bot.templates.folder import SAMPLES, load_templates
from bot.templates.names import Rule

TOML = """
templates = "posts"
[[sources]]
name = "Herald"
url = "https://herald.example/feed.xml"
[[channels]]
name = "Toots"
platform = "mastodon"
server = "social.example"
token = { env = "TOKEN" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for templates, beside handbill.toml."""
    folder = tmp_path / "posts"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(folder: Path) -> Settings:
    """One source, one channel, and that folder."""
    config = folder.with_name("handbill.toml")
    config.write_text(TOML, "utf-8")
    return load_settings(PLATFORMS, environ={"TOKEN": "a-token-of-mastodon"}, env_file=None, config=config)


def told(settings: Settings) -> list[str]:
    """The mistakes in the folder, without the way to it."""
    with pytest.raises(SettingsError) as caught:
        load_templates(settings)
    return [str(problem).replace(f"{settings.templates}/", "") for problem in caught.value.problems]


def test_a_folder_in_the_toml_file_is_beside_it(settings: Settings, folder: Path) -> None:
    """A path in handbill.toml is read from where that file is, one in the environment from the working directory."""
    assert folder == settings.templates
    environ = {"HANDBILL_TEMPLATES": "mine"}
    assert Path("mine") == load_settings(PLATFORMS, environ=environ, env_file=None).templates
    assert None is load_settings(PLATFORMS, environ={}, env_file=None).templates


def test_without_a_folder_the_packaged_ones_do(settings: Settings) -> None:
    """No setting, or a folder with nothing for posts in it, is the same as the templates that came with the program."""
    assert packaged() is load_templates(load_settings(PLATFORMS, environ={}, env_file=None))
    for name in (".gitkeep", "default.txt~", "#default.txt#", "telegram.txt.bak"):
        (settings.templates or Path()).joinpath(name).write_text("{{ titel }}")
    assert packaged() == load_templates(settings)


def test_the_operators_own_go_first(settings: Settings, folder: Path) -> None:
    """Each file is found by its name, whatever its case; what there is none for is as packaged."""
    folder.joinpath("Channel-toots.Source-Herald.txt").write_text("{{ link }}")
    folder.joinpath("category-Été.txt").write_text("\ufeffÉté {{ link }}\r\n", "utf-8")
    folder.joinpath("digest.txt").write_text("{% for each in articles %}{{ each.link }} {% endfor %}")
    templates = load_templates(settings)
    assert {Rule("channel-toots", "source-herald"), Rule("", "category-été")} == templates.own.keys()
    for channel, source, categories, file in (
        ("Toots", "Herald", ("Été",), "Channel-toots.Source-Herald.txt"),
        ("Toots", "Bote", ("News", "ÉTÉ"), "category-Été.txt"),
        ("Toots", "Bote", (), "default.txt"),
    ):
        assert file == Path(templates.for_post("mastodon", channel, source, categories).file).name
    assert str(folder / "digest.txt") == templates.digest.file
    assert "Été " == templates.for_post("mastodon", None, "", ["été"]).render({"link": ""})


def test_what_is_edited_later_changes_nothing(settings: Settings, folder: Path) -> None:
    """All is read once, so that a half-written file never makes a post."""
    folder.joinpath("default.txt").write_text("Before {{ link }}")
    templates = load_templates(settings)
    folder.joinpath("default.txt").write_text("{{ after")
    assert "Before " == templates.for_post("mastodon", None, "", ()).render({"link": ""})


def test_all_mistakes_are_told_at_once(settings: Settings, folder: Path) -> None:
    """Each by its file and line, whatever is wrong: words, names, kinds of file; none of the others is used."""
    files = {
        "default.txt": "{{ title }}\n{{ titel }}\n{{ link }}",
        "mastodno.txt": "{{ link }}",
        "notes.md": "Not a template.",
        "telegram.txt": "x" * (LARGEST + 1),
        "bluesky.txt": "{{ title }}",
        "category-a.txt": "{% include '/etc/passwd' %}{{ link }}",
        "category-b c.txt": "{{ link }}",
        "category-b-c.txt": "{{ link }}",
    }
    for name, text in files.items():
        folder.joinpath(name).write_text(text)
    folder.joinpath("category-d.txt").write_bytes(b"{{ link }}\n\xff")
    folder.joinpath("category-e.txt").mkdir()
    found = told(settings)
    assert [
        "bluesky.txt: there is no link, and a post leads to its article; write {{ link }} once.",
        "category-a.txt, line 1: include is not for templates, which know if, {% for tag in tags %}, the names title, "
        "summary, link, author, tags, source and published, and the filters shorten, hashtag, default, upper, lower, "
        "date and join.",
        "category-b-c.txt: it is for the same posts as category-b c.txt; remove one of them.",
        "category-d.txt, line 2: it is not UTF-8 text; save it as such.",
        "category-e.txt: it is no file; a template is a file of text.",
        "default.txt, line 2: titel is not a name: did you mean title?",
        "mastodno.txt: there is no channel or platform of this name, so that no post is ever made by it: did you mean "
        "mastodon.txt?",
        "telegram.txt: it is larger than 16,000 bytes, and no post is; make it shorter.",
    ] == [each for each in found if not each.startswith("notes.md")]
    assert len(found) == 9


Trap = Callable[[Path], None]


def _out(path: Path) -> None:
    path.parent.with_name("secret").write_text("{{ link }}")
    path.symlink_to("../secret")


TRAPS: dict[str, tuple[Trap, str]] = {
    "a link out of the folder": (_out, "it is a link that leads out of the folder; put the file itself there."),
    "a link to a system's file": (
        lambda path: path.symlink_to("/etc/passwd"),
        "it is a link that leads out of the folder; put the file itself there.",
    ),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "it cannot be read (No such file or directory)."),
    "a pipe, which would wait for ever": (os.mkfifo, "it is no file; a template is a file of text."),
    "an endless file": (
        lambda path: path.symlink_to("/dev/zero"),
        "it is a link that leads out of the folder; put the file itself there.",
    ),
}


@pytest.mark.parametrize(("trap", "why"), TRAPS.values(), ids=TRAPS)
def test_what_is_no_file_of_the_folder_is_not_read(settings: Settings, folder: Path, trap: Trap, why: str) -> None:
    """Nothing from outside of the folder becomes a post, and nothing that never ends is waited for."""
    trap(folder / "default.txt")
    assert [f"default.txt: {why}"] == told(settings)


def test_a_link_that_leads_to_itself_is_not_followed(settings: Settings, folder: Path) -> None:
    """A circle of links is told, in whichever words the system has for it."""
    folder.joinpath("default.txt").symlink_to("default.txt")
    (sentence,) = told(settings)
    assert sentence.startswith("default.txt: it ")


def test_a_link_within_the_folder_is_a_file_like_others(settings: Settings, folder: Path) -> None:
    """As mounted configurations have them (https://kubernetes.io/docs/concepts/configuration/configmap/)."""
    folder.joinpath("..data").mkdir()
    folder.joinpath("..data", "default.txt").write_text("Linked {{ link }}")
    folder.joinpath("default.txt").symlink_to("..data/default.txt")
    assert "Linked " == load_templates(settings).for_post("mastodon", None, "", ()).render({"link": ""})


def test_a_folder_that_is_not_there_is_a_mistake(settings: Settings, folder: Path) -> None:
    """It was named, so that somebody expects it to be there."""
    folder.rmdir()
    (sentence,) = told(settings)
    assert "this folder cannot be read (No such file or directory); name one that can." in sentence
    assert sentence.startswith("HANDBILL_TEMPLATES is ")


def test_each_template_is_tried_before_it_is_used(settings: Settings, folder: Path) -> None:
    """What only shows when an article has much to say is found at the start as well."""
    why = "it comes to more than 200,000 characters; make it shorter."
    for text in ("{{ summary }}" * 30, "{% for tag in tags %}" + "{{ summary }}" * 3 + "{% endfor %}"):
        folder.joinpath("default.txt").write_text(text + "{{ link }}")
        assert [f"default.txt: {why}"] == told(settings)


def test_the_packaged_templates_hold_out() -> None:
    """Those that everybody begins with render whatever an operator's are tried on."""
    place = Place("x")
    assert {"default.txt"} <= {rule.file for rule in packaged().packaged}
    for template in packaged().packaged.values():
        assert [True] * 3 == [bool(template.render(post_values(each, place))) for each in SAMPLES]
    assert SAMPLES[0].link in packaged().digest.render(digest_values("", SAMPLES, place))
