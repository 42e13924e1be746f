"""The guide to templates says what they do: names, filters, the order of precedence, an example that works."""

import re

from bot.templates.compiled import compiled
from bot.templates.filters import FILTERS
from bot.templates.forms import POST
from bot.templates.names import rule_of, rules_for
from tests.docs.pages import TEMPLATES as GUIDE


def test_every_name_is_explained() -> None:
    """The table has each name that the template of a post may use, and no other."""
    assert list(POST.names) == [name.strip("`") for name, _ in GUIDE.table("name")]


def test_every_filter_is_explained() -> None:
    """The list shows each filter as the program itself writes it in its sentences."""
    shown = [each for line in GUIDE.lines if line.startswith("- ") for each in re.findall(r"`([^`]+ \| [^`]+)`", line)]
    assert sorted(each.example for each in FILTERS.values()) == sorted(shown)
    for each in shown:
        compiled(f"{{{{ {each} }}}}{{{{ link }}}}", "guide", POST)


def test_the_order_of_precedence_is_as_told() -> None:
    """The numbered list is the order in which templates are looked for."""
    told = [rule_of(file) for file in re.findall(r"^\d\. `([\w.-]+)\.txt`", GUIDE.text, re.MULTILINE)]
    assert list(rules_for("PLATFORM", "NAME", "NAME", ["NAME"])) == told


def test_the_examples_are_templates() -> None:
    """What the guide shows can be taken as it stands, and the files that it names are understood."""
    (example,) = GUIDE.blocks("jinja")
    compiled(example, "guide", POST)
    for choice in re.findall(r"`(\{% if [^`]+%\})`", GUIDE.text):
        compiled(choice + "{{ link }}", "guide", POST)
    assert "telegram" == rule_of("telegram").where
    assert "category-politics" == rule_of("telegram.category-politics").what
