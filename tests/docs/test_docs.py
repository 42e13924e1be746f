"""What the README promises is what the program does: commands, options, settings, states, examples."""

import re
from pathlib import Path

import pytest
import typer

from adapters.registry import PLATFORMS
from bot.cli import app
from bot.cli.base import GOES_BY_ITSELF, NEEDS_PERSON, NOTHING_OPEN, USAGE
from bot.demo.stage import NamedFault
from bot.model import State
from bot.settings import Settings, load_settings
from bot.settings.fields import compose
from bot.settings.names import CONFIG, env_name, fields_of, required_names
from tests.docs.pages import ALL, CONTRIBUTING, README, ROOT, TEMPLATES, Page, options_in

LONGEST = 250
"""Lines of the README."""

HOSTS = re.compile(r"\b(?:[a-z0-9-]+\.)+(?:com|dev|example|io|me|net|org|social|sh)\b")
KNOWN_HOSTS = {
    *("t.me", "keepachangelog.com", "api.telegram.org", "bsky.social"),
    *("news.example.com", "name.bsky.social"),
}
"""All hosts that documents may name, besides those below .example (https://www.rfc-editor.org/rfc/rfc2606)."""
PATHS = re.compile(r"(?:^|[\s\"'(=`])(/[\w.-]+(?:/[\w.-]+)+)", re.MULTILINE)
EVERYWHERE = {"/usr/bin/env", "/dev/null", "/hooks/articles"}

SENTENCE_ENDS = re.compile(r"[a-z`)*][.!?] +[A-Z`]")


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """Every command of the program with its options."""
    group = typer.main.get_command(app)
    commands = getattr(group, "commands", {})
    return {name: {option for each in command.params for option in each.opts} for name, command in commands.items()}


def setting_names() -> set[str]:
    """Every setting that the environment can hold."""
    return {env_name(path) for path, _ in fields_of(compose(PLATFORMS))} | {CONFIG}


@pytest.fixture
def example(tmp_path: Path) -> Settings:
    """The settings that the README's `handbill.toml` gives an operator who has put the secrets where it says."""
    (text,) = README.blocks("toml")
    config = tmp_path / "handbill.toml"
    config.write_text(text, "utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "bote-mastodon").write_text("a-token-of-mastodon\n", "utf-8")
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"HERALD_BOT_TOKEN=1234567890:{'A' * 35}\n", "utf-8")
    return load_settings(PLATFORMS, environ={}, env_file=dotenv, config=config)


def test_the_readme_opens_with_the_two_commands() -> None:
    """The first thing that a reader sees, and can do, is `make demo` and then `make test`."""
    title, empty, demo, test, *_ = README.lines
    assert ("# Handbill", "") == (title, empty)
    assert ["make demo", "make test"] == [line.partition("#")[0].strip() for line in (demo, test)]


def test_the_readme_is_short() -> None:
    """The README can be read in one go, with one sentence a line, so that changes to it can be read as well."""
    assert len(README.lines) <= LONGEST
    prose = [line for line in README.prose.splitlines() if not line.startswith((" " * 4, "|"))]
    several = [line for line in prose if SENTENCE_ENDS.search(re.sub(r"^(\d\.|-) (\*\*\w[^*]+\*\*)?", "", line))]
    assert [] == several


def test_every_command_is_in_the_table(options: dict[str, set[str]]) -> None:
    """The README's table has every command of the program, and no other."""
    rows = [first.strip("`").split()[:2] for first, _ in README.table("command")]
    assert [["handbill", name] for name in options] == rows


def test_options_in_the_table_belong_to_their_command(options: dict[str, set[str]]) -> None:
    """An option that is named in a command's row is an option of that command."""
    for first, second in README.table("command"):
        name = first.strip("`").split()[1]
        assert set() == set(options_in(second)) - options[name], name


@pytest.mark.parametrize("page", [README, CONTRIBUTING, TEMPLATES], ids=lambda page: page.name)
def test_commands_exist_as_they_are_given(page: Page, options: dict[str, set[str]]) -> None:
    """Every `handbill …` in a document is a command of the program, with options that it has."""
    for name, named in page.commands:
        assert name in options
        assert set() == set(named) - options[name], name
    anywhere = set().union(*options.values())
    elsewhere = [option for each in page.code if each.startswith("--") for option in options_in(each)]
    assert set() == set(elsewhere) - anywhere


def test_most_commands_take_json(options: dict[str, set[str]]) -> None:
    """The README says that most commands take `--json`."""
    assert "Most take `--json`" in README.text
    assert len(options) / 2 < sum("--json" in each for each in options.values())


def test_exit_codes_are_as_told() -> None:
    """The README tells the exit codes that the program ends with."""
    said = (
        f"exit with {NOTHING_OPEN} when nothing is open, {GOES_BY_ITSELF} when something is open and goes by itself, "
        f"{NEEDS_PERSON} when something needs a person, {USAGE} when the settings or the call are wrong."
    )
    assert said in README.text
    assert f"RestartPreventExitStatus={USAGE}\n" in README.text


def test_faults_of_the_demo_are_understood() -> None:
    """The faults in the README's example of `handbill demo` strike the platforms that it names."""
    faults = [fault for each in README.code for fault in re.findall(r"--fault ([a-z]\S*)", each)]
    assert ["mastodon", "telegram"] == [NamedFault.parse(fault).server for fault in faults]


def test_the_table_of_states_is_complete() -> None:
    """The README explains every state that a delivery can be in, and no other."""
    assert sorted(State) == sorted(first.strip("`") for first, _ in README.table("state"))


def test_the_table_of_platforms_is_complete() -> None:
    """The README tells of every platform how a lost answer is settled."""
    assert {platform.title for platform in PLATFORMS.values()} == {first for first, _ in README.table("platform")}


def test_settings_in_the_readme_exist() -> None:
    """Every HANDBILL_… in the README is a setting, and every setting that a platform needs is in the README."""
    named = set(re.findall(r"HANDBILL_[A-Z_]*[A-Z]", README.text))
    needed = {name for platform in PLATFORMS.values() for name in required_names(platform)}
    assert set() == named - setting_names()
    assert set() == needed - named


def test_values_in_the_readme_are_taken() -> None:
    """Every setting that the README gives with a value is taken with it."""
    given = [match for each in README.code if (match := re.match(r"(HANDBILL_[A-Z_]+)=(\S+)", each))]
    assert {f"HANDBILL_{name}" for name in ("SOURCES", "BACKFILL", "DATABASE_URL", "ENRICH")} == {
        match[1] for match in given
    }
    for match in given:
        load_settings(PLATFORMS, environ={match[1]: match[2]}, env_file=None)


def test_the_example_of_a_toml_file_is_right(example: Settings) -> None:
    """The README's `handbill.toml` is read without a mistake, is enough to run, and routes as it seems to."""
    example.check_complete()
    routed = {each.name: [channel.name for channel in example.channels_for(each.name)] for each in example.sources}
    assert {"herald": ["herald-telegram"], "bote": ["bote-mastodon"]} == routed
    assert {"herald": "en", "bote": None} == {each.name: each.language for each in example.sources}
    assert {"herald": 300.0, "bote": 120.0} == {each.name: each.poll_every for each in example.sources}
    assert {f"1234567890:{'A' * 35}", "a-token-of-mastodon"} == example.secrets()


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=lambda page: page.name)
def test_files_that_documents_name_are_there(page: Page) -> None:
    """Every file or folder of this repository that a document links to or names is there; `x` stands for any name."""
    linked = re.findall(r"\]\((?!https://)([^)]+)\)", page.text)
    named = [each for each in page.code if re.fullmatch(r"(?:adapters|bot|bench|templates|tests|\.ci)/[\w./-]*", each)]
    real = [each for each in [*linked, *named] if "x" not in re.split(r"[/.]", each)]
    assert real
    assert [] == [each for each in real if not (ROOT / each).exists()]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_documents_name_no_machine(page: Page) -> None:
    """No document names a host that is not a public page or an example, or an absolute path of somebody's machine."""
    hosts = {host for host in HOSTS.findall(page.text) if not host.endswith(".example")}
    assert set() == hosts - KNOWN_HOSTS
    assert set() == set(PATHS.findall(page.text)) - EVERYWHERE
