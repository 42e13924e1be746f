"""What a template may say: each mistake is told by its line, with what is allowed, in whichever branch it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.marks import parts_of
from bot.render import Place, post_values
from bot.templates.compiled import compiled
from bot.templates.folder import SAMPLES
from bot.templates.forms import DIGEST, POST, Form
from bot.templates.wrong import Mistakes

LINK = "{{ link }}"
NAMES = "title, summary, link, author, tags, source and published"
FILTERS = "shorten, hashtag, default, upper, lower, date and join"


def mistakes_in(text: str, form: Form = POST) -> list[str]:
    """Every mistake in a template, as a sentence."""
    try:
        compiled(text, "x.txt", form)
    except Mistakes as mistakes:
        return [each.told_of("x.txt") for each in mistakes.found]
    return []


@pytest.mark.parametrize(
    "text",
    [
        "{{ title }}{% if summary and not author %} {{ summary | shorten(100) }}{% endif %}",
        '{{ published | date("de") }} {{ published | date("en-GB", "long", "Europe/London") }}',
        '{{ published | date("zh-Hant", form="short") }}{% if published %}!{% endif %}',
        '{% if source == "Herald" or "live" in title or "#News" not in tags %}{{ tags }}{% endif %}',
        '{{ author | default("the editors") | upper }} {{ (summary or title) | lower }} {{ source | hashtag }}',
        "{% if author %}a{% elif source %}b{% else %}c{% endif %}{# said to nobody #}{% raw %}{{ x }}{% endraw %}",
        '{{ "{{" }}',
        '{% for tag in tags %}{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %} {{ tags | join(" · ") }}',
    ],
)
def test_what_people_need_may_be_said(text: str) -> None:
    """Names, choices, comparisons and filters, as the README shows them."""
    assert [] == mistakes_in(text + LINK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ title }}\n{{ titel }}", "x.txt, line 2: titel is not a name: did you mean title?"),
        ("{{ body }}", f"x.txt, line 1: body is not a name: there is {NAMES}"),
        (
            "{% if not summary %}\n\n{{ sumary }}{% endif %}",
            "x.txt, line 3: sumary is not a name: did you mean summary?",
        ),
        ("{% if titel %}{% endif %}", "x.txt, line 1: titel is not a name: did you mean title?"),
        ("{{ title if titel else title }}", "x.txt, line 1: titel is not a name: did you mean title?"),
        ("{{ title | shortn(3) }}", "x.txt, line 1: shortn is not a filter: did you mean shorten?"),
        ("{{ title | safe }}", f"x.txt, line 1: safe is not a filter: there is {FILTERS}"),
        ("{{ title | shorten }}", "x.txt, line 1: shorten is written like summary | shorten(100)"),
        ("{{ title | shorten(1, 2) }}", "x.txt, line 1: shorten is written like summary | shorten(100)"),
        ("{{ title | shorten(least=3) }}", "x.txt, line 1: shorten is written like summary | shorten(100)"),
        (
            "{{ title | shorten(source) }}",
            "x.txt, line 1: shorten takes what is written out, like summary | shorten(100)",
        ),
        (
            '{{ title | shorten("9") }}',
            "x.txt, line 1: shorten: it shortens to a whole number of characters, from 1 to 100,000",
        ),
        (
            '{{ published | date("xx") }}',
            "x.txt, line 1: date: 'xx' is no language that dates are known in: write it like de, en-GB or zh-Hant",
        ),
        (
            '{{ published | date("de", "lang") }}',
            "x.txt, line 1: date: the form of a date is one of short, medium, long or full, not 'lang'",
        ),
        (
            '{{ published | date("de", "long", "../../etc") }}',
            "x.txt, line 1: date: '../../etc' is no time zone that this machine knows: write it like Europe/Berlin",
        ),
        ("{{ title | default(3) }}", "x.txt, line 1: default: what stands there instead is a text in quotes"),
        ("{{ published }}", 'x.txt, line 1: published is a time, and shown as a date: {{ published | date("en") }}'),
        ('{{ title | date("de") }}', 'x.txt, line 1: date is not for title: it is written like published | date("de")'),
        ("{{ tags | shorten(9) }}", "x.txt, line 1: shorten is not for tags: tags is shown as it is"),
        ("{{ tags | join }}", 'x.txt, line 1: join is written like tags | join(", ")'),
        ("{{ tags | join(9) }}", "x.txt, line 1: join: what stands between two is a text in quotes"),
        ('{{ tags | join(", ") | upper }}', "x.txt, line 1: upper is not for this: this is shown as it is"),
        (
            "{% for tag in tags %}{{ tag | lower }}{% endfor %}",
            "x.txt, line 1: lower is not for tag: tag is shown as it is",
        ),
        (
            "{% for tag in title %}{% endfor %}",
            "x.txt, line 1: a loop goes over tags, and is written {% for tag in tags %}",
        ),
        ("{% for title in tags %}{% endfor %}", "x.txt, line 1: title is a name of something else; call it tag"),
        ("{{ title or tags }}", "x.txt, line 1: tags is shown as it is, and cannot stand inside of or"),
        (
            '{% if title == "x" %}{% endif %}',
            'x.txt, line 1: title cannot be compared in this way: it is written like source == "Herald" or '
            '"live" in title',
        ),
        ("{% if 1 %}{% endif %}", "x.txt, line 1: this is always the same; ask for a name, such as summary"),
        ("{{ 5 }}", "x.txt, line 1: 5 is not a text; put it in quotes, or write it outside of the braces"),
        (
            "\n{{ title",
            "x.txt, line 2: it cannot be read: expected token 'end of print statement', got '{'",
        ),
        ("{% iff title %}", "x.txt, line 1: it cannot be read: Encountered unknown tag 'iff'"),
        (
            "{% set x = title %}",
            "x.txt, line 1: set is not for templates, which know if, {% for tag in tags %}, the names "
            f"{NAMES}, and the filters {FILTERS}",
        ),
    ],
)
def test_a_mistake_is_told_with_its_mend(text: str, told: str) -> None:
    """The sentence has the file, the line, what is wrong there and what may stand there instead."""
    assert [told] == mistakes_in(text + LINK)


def test_all_mistakes_are_told_at_once() -> None:
    """One run of `handbill check` is enough to find all that there is to mend."""
    found = mistakes_in("{{ a }}\n{% if b %}{{ c }}{% elif d %}{% else %}\n{{ title | e }}{% endif %}{{ link }}")
    assert [1, 2, 2, 2, 3] == [int(each.split()[2].rstrip(":")) for each in found]


def test_no_flood_of_mistakes() -> None:
    """A file that is something else altogether is told in some twenty lines of sensible length."""
    found = mistakes_in("{{ " + "x" * 5_000 + " }}{{ y }}" * 30 + "{{ title | " + "z" * 500 + " }}")
    assert "x.txt: there are 12 more mistakes" == found[-1]
    assert (21, True) == (len(found), all(len(each) < 200 for each in found))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ title }}", "x.txt: there is no link, and a post leads to its article; write {{ link }} once"),
        ("", "x.txt: there is no link, and a post leads to its article; write {{ link }} once"),
        (
            "{% if summary %}{{ summary }} {{ link }}{% endif %}",
            "x.txt: there is not always a link, whatever is asked; write {{ link }} outside of the if",
        ),
        (
            "{{ link if summary else title }}",
            "x.txt: there is not always a link, whatever is asked; write {{ link }} outside of the if",
        ),
        (
            "{{ link }} {% if tags %}{{ link }}{% endif %}",
            "x.txt: the link stands there more than once; leave one {{ link }}",
        ),
        (
            "{% if link %}{{ title }}{% endif %}",
            "x.txt: there is no link, and a post leads to its article; write {{ link }} once",
        ),
        (
            "{% for tag in tags %}{{ link }}{% endfor %}",
            "x.txt: the link stands there more than once; leave one {{ link }}",
        ),
        ("{{ link | upper }}", "x.txt, line 1: upper is not for link: link is shown as it is"),
    ],
)
def test_the_link_stands_once_whichever_way_is_taken(text: str, told: str) -> None:
    """A post without its link, with two of them or with a changed one cannot come about."""
    assert [told] == mistakes_in(text)


def test_the_link_may_stand_in_every_branch() -> None:
    """What matters is that each way through the template has it."""
    assert [] == mistakes_in("{% if summary %}a {{ link }}{% elif author %}{{ link }}{% else %}{{ link }} b{% endif %}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "{% for a in articles %}{{ a.title | shorten(50) }} {{ a.link }}"
            "{% if not loop.last %}, {% endif %}{% endfor %}",
            [],
        ),
        ("{{ link }}", ["x.txt, line 1: link is not a name: there is heading and articles"]),
        ("{{ articles }}", ["x.txt, line 1: articles is a list: {% for article in articles %} goes through it"]),
        (
            "{% for a in articles %}{{ a.titel }}{{ a.link }}{{ loop }}{% endfor %}",
            [
                "x.txt, line 1: a.titel is not a name: did you mean a.title?",
                "x.txt, line 1: say what of it is meant: loop.first or loop.last",
            ],
        ),
        (
            "{% for a in heading %}{% endfor %}",
            ["x.txt, line 1: a loop goes over articles, and is written {% for article in articles %}"],
        ),
        (
            "{% for a in articles %}{{ a.title }}{% endfor %}",
            ["x.txt: there is no link, and a post leads to its article; write {{ link }} once"],
        ),
    ],
)
def test_a_digest_goes_through_its_articles(text: str, told: list[str]) -> None:
    """Its template has one loop more, and is checked like the others."""
    assert told == mistakes_in(text, DIGEST)


SCRAPS = (
    """{{ }} {% %} if endif else for in articles a link | shorten ( ) [ ] . ~ ** ' " \\ 9 loop title a.link # * not -"""
)


@given(
    st.lists(st.sampled_from([*SCRAPS.split(), " ", "\n", "\ufdd2", "\ud800"]), max_size=40).map(" ".join) | st.text()
)
def test_no_text_brings_the_check_down(text: str) -> None:
    """Whatever stands in a file, it is a template or there are mistakes in it, and nothing else happens."""
    for form in (POST, DIGEST):
        assert isinstance(mistakes_in(text, form), list)


NAMED = st.sampled_from(["title", "summary", "author", "source", "'x'"])
CHANGED = st.sampled_from(["", " | shorten(9)", " | upper", " | hashtag", " | default('y') | lower", " or summary"])
SHOWN = st.builds("{{{{ {}{} }}}}".format, NAMED, CHANGED) | st.sampled_from(
    ["{{ tags }}", "{{ link }}", "{{ link }}", "w"]
)
ASKED = st.sampled_from(["title", "not author", "tags and published", "source == 'Herald'", "'a' in summary", "link"])
PIECES = st.recursive(
    SHOWN,
    lambda inner: (
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, ASKED, inner, inner)
        | st.builds("{}\n{}".format, inner, inner)
    ),
    max_leaves=8,
)


@given(PIECES)
def test_whatever_passes_keeps_the_link(text: str) -> None:
    """A template that was taken renders every sample, and each post has its own link, whole and once."""
    try:
        template = compiled(text, "x.txt", POST)
    except Mistakes:
        return
    for sample in SAMPLES:
        parts = parts_of(template.render(post_values(sample, Place("x"))))
        assert [sample.link] == [part.text for part in parts if part.kind == "link"]
