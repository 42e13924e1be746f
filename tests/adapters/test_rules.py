"""Rules of a channel: when they apply, and how mistakes in them are told."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.post import Post
from adapters.registry import PLATFORMS
from adapters.rules import Rule, holds, texts_of
from bot.settings import SettingsError, load_settings

MASTODON = {"HANDBILL_MASTODON__SERVER": "mastodon.example", "HANDBILL_MASTODON__TOKEN": "kX9vQ2mLr7TzB4nWc8YpJ3hDs6"}
CHANNEL = """
[[channels]]
name = "news"
platform = "mastodon"
server = "mastodon.example"
token = { env = "TOKEN" }
"""


def post(title: str = "", description: str = "", source: str = "", *categories: str) -> Post:
    """As much of a post as rules look at."""
    return Post((), "https://example.com/1", title, description, source=source, categories=categories)


@pytest.mark.parametrize(
    ("keyword", "title", "found"),
    [
        ("war", "The WAR ends", True),
        ("war", "Warsaw wants wars", False),
        ("front  line", "At the front\nline", True),
        ("straße", "STRASSE GESPERRT", True),
        ("l'eau", "L’eau monte", True),
        ("école", "L'e\u0301cole ferme", True),
        ("C++", "C++ is forty", True),
        ("AI", "AI時代の橋", True),
        ("选举", "美国选举结果", True),
        ("สะพาน", "กรุงเทพปิดสะพานแล้ว", True),
        ("선거", "선거는 월요일에", True),
        ("선거", "재선거는 월요일에", False),
        ("कर", "करो या मरो", False),
        ("कर", "नया कर लगा", True),
        ("война", "ВОЙНА и мир", True),
        ("حرب", "حرب المدن", True),
        ("bridge", "The bri\u00addge closes", True),
        ("ＷＡＲ", "war", True),
    ],
)
def test_keywords_are_whole_words_in_any_script(keyword: str, title: str, found: bool) -> None:
    """A keyword is met as whole words, however they are written, in the title as in the description."""
    rule = Rule("x", keywords=(keyword,))
    assert found is rule.applies_to(post(title))
    assert found is rule.applies_to(post("A title", title))


def test_one_condition_is_enough() -> None:
    """A rule applies by category, by keyword or by source, and without any of them always."""
    rule = Rule("x", categories=("War & Peace",), keywords=("front",), sources=("Herald",))
    assert rule.applies_to(post("", "", "", "News", "#war &  peace"))
    assert rule.applies_to(post("", "", "HERALD"))
    assert rule.applies_to(post("At the front"))
    assert not rule.applies_to(post("Afront", "", "Heraldry", "War"))
    assert Rule("x").applies_to(post())


def test_texts_come_once_and_in_order() -> None:
    """What several rules say is said once, in the order of the rules."""
    rules = (Rule("War", keywords=("front",)), Rule("Politics"), Rule("War", categories=("war",)), Rule("Food"))
    assert ("War", "Politics", "Food") == texts_of(rules, post("The front", "", "", "War"))
    assert ("Politics", "Food") == texts_of(rules, post("Elsewhere"))
    assert (True, False) == (holds(True, post()), holds(False, post()))
    assert (True, False) == (holds(rules[:1], post("front")), holds(rules[:1], post("back")))


@example("\xad", "")  # nothing is left of it when letters are compared
@settings(max_examples=40)
@given(st.text(max_size=12), st.text(max_size=40))
def test_any_text_can_be_looked_at(keyword: str, title: str) -> None:
    """Whatever stands in an article, a rule comes to an end, and a word on its own is always found."""
    word = "".join(keyword.split())
    rule = Rule("x", keywords=(word,) if word.removeprefix("#") else ("x",))
    assert rule.applies_to(post(title)) in (True, False)
    if word.isalnum():
        assert rule.applies_to(post(f"{title} {word} {title}"))


def test_rules_in_toml_and_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table or a text in the file, texts separated by commas in the environment."""
    monkeypatch.chdir(tmp_path)
    rules = 'content_warnings = ["Politics", { text = " War ", categories = ["Ukraine"], keywords = "front line" }]'
    (tmp_path / "handbill.toml").write_text(f"{CHANNEL}{rules}\nsensitive = [{{ sources = ['Herald'] }}]\n", "utf-8")
    (channel,) = load_settings(PLATFORMS, environ={"TOKEN": MASTODON["HANDBILL_MASTODON__TOKEN"]}).channels
    written = channel.settings.model_dump(include={"content_warnings", "sensitive"})  # type: ignore[attr-defined]
    assert {
        "content_warnings": (Rule("Politics"), Rule("War", ("Ukraine",), ("front line",))),
        "sensitive": (Rule(sources=("Herald",)),),
    } == {name: tuple(Rule(**each) for each in value) for name, value in written.items()}
    (tmp_path / "handbill.toml").unlink()
    more = {"HANDBILL_MASTODON__CONTENT_WARNINGS": "Politics, War and peace", "HANDBILL_MASTODON__SENSITIVE": "Yes"}
    (channel,) = load_settings(PLATFORMS, environ={**MASTODON, **more}).channels
    assert (Rule("Politics"), Rule("War and peace")) == channel.settings.content_warnings  # type: ignore[attr-defined]
    assert channel.settings.sensitive is True  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "content_warnings = [{ text = 'War', category = ['Ukraine'] }]",
            "'category' is no part of such a rule: it has categories, keywords, sources, text.",
        ),
        ("content_warnings = [{ keywords = ['war'] }]", "give { keywords = ['war'] } one, such as text = 'War'."),
        ("content_warnings = [' ']", "a rule lacks its text: give { text = ' ' } one, such as text = 'War'."),
        ("content_warnings = [5]", "5 is neither a text nor a table: write it like { text = 'War' }."),
        ("content_warnings = 5", 'it is a list of texts, or of tables such as { text = "War",'),
        ("content_warnings = [{ text = 'War', keywords = [] }]", "name one, or leave keywords out."),
        ("content_warnings = [{ text = 'War', keywords = [''] }]", "'' is none of the keywords that there can be:"),
        ("content_warnings = [{ text = 'War', keywords = ['#'] }]", "'#' is none of the keywords that there can be:"),
        ("sensitive = 'sometimes'", "it is true or false, or, in handbill.toml, a list such as"),
        ("sensitive = []", "it is true or false, or, in handbill.toml, a list such as"),
        ("sensitive = [{}]", "{} does not say when: write it like { categories = ['War'] }."),
        ("sensitive = [{ text = 'War' }]", "'text' is no part of such a rule: it has categories, keywords, sources."),
    ],
)
def test_mistakes_name_key_and_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, sentence: str) -> None:
    """Each mistake is one sentence: where, what, and what to write instead."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "handbill.toml").write_text(CHANNEL + line, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(PLATFORMS, environ={"TOKEN": MASTODON["HANDBILL_MASTODON__TOKEN"]})
    (problem,) = caught.value.problems
    assert problem.sentence.startswith(f'handbill.toml: {line.split(maxsplit=1)[0]} in [[channels]] #1 ("news") is ')
    assert sentence in problem.sentence
