"""Templates that were made to do harm: not one of them is ever run."""

import pytest

from bot.templates.compiled import LARGEST, decoded
from bot.templates.forms import DIGEST, POST
from bot.templates.wrong import Wrong
from tests.core.test_templates import LINK, mistakes_in

HOSTILE = {
    "a range without end": "{% for i in range(10**9) %}{% endfor %}",
    "loops in loops": "{% for a in articles %}" * 9 + "{% endfor %}" * 9,
    "a loop over the title": "{% for a in title %}{% for b in title %}x{% endfor %}{% endfor %}",
    "loops over tags in loops over tags": "{% for a in tags %}{% for b in tags %}x{% endfor %}{% endfor %}",
    "a recursive loop over tags": "{% for a in tags recursive %}{{ loop(tags) }}{% endfor %}",
    "a recursive loop": "{% for a in articles recursive %}{{ loop(articles) }}{% endfor %}",
    "a recursive macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a call block": "{% call m() %}{% endcall %}",
    "a long text": "{{ 'x' * 10**9 }}",
    "a long text, turned round": "{{ 10**9 * 'x' }}",
    "a tower of powers": "{{ 9 ** 9 ** 9 }}",
    "a doubled text": "{% set x = title ~ title %}" * 50,
    "a joined text": "{{ title ~ title ~ title }}",
    "a long list": "{{ [1] * 10**9 }}",
    "old formatting": "{{ '%1000000000d' % 1 }}",
    "new formatting": "{{ '{:>999999999}'.format(1) }}",
    "a formatting of attributes": "{{ '{0.__class__}'.format(title) }}",
    "the filter format": "{{ '%999999999d' | format(1) }}",
    "center": "{{ title | center(10**9) }}",
    "indent": "{{ title | indent(10**9) }}",
    "replace": "{{ title | replace('', title) | replace('', title) }}",
    "join with a name": "{{ tags | join(title) }}",
    "join of a text": "{{ title | join('x') }}",
    "batch": "{{ tags | batch(10**9, 'x') }}",
    "slice": "{{ tags | slice(10**9) }}",
    "wordwrap": "{{ title | wordwrap(1, wrapstring=summary) }}",
    "attr": "{{ title | attr('__class__') }}",
    "map": "{{ tags | map(attribute='__class__') }}",
    "xmlattr": "{{ {'a': title} | xmlattr }}",
    "tojson": "{{ title | tojson(indent=10**9) }}",
    "pprint": "{{ title | pprint }}",
    "a way to all classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a way through brackets": "{{ title['__class__'] }}",
    "a way through a slice": "{{ title[::-1] }}",
    "cycler": "{{ cycler.__init__.__globals__ }}",
    "joiner": "{{ joiner('x')() }}",
    "namespace": "{% set n = namespace(x=1) %}",
    "lipsum": "{{ lipsum(10**9) }}",
    "self": "{{ self }}",
    "its own context": "{{ self._TemplateReference__context }}",
    "the environment's secrets": "{{ environ['HANDBILL_TELEGRAM__TOKEN'] }}",
    "another file": "{% include '/etc/passwd' %}",
    "another file that may not be there": "{% include ['/etc/passwd'] ignore missing %}",
    "another template": "{% extends 'default.txt' %}",
    "what another template says": "{% import 'default.txt' as x %}",
    "some of what another template says": "{% from 'default.txt' import x %}",
    "a block": "{% block x %}{% endblock %}",
    "a block of a filter": "{% filter upper %}x{% endfilter %}",
    "names of one's own": "{% with x = title %}{{ x }}{% endwith %}",
    "another way of escaping": "{% autoescape true %}{% endautoescape %}",
    "a statement": "{% do title %}",
    "a test": "{% if title is callable %}{% endif %}",
    "arguments out of a name": "{{ title | shorten(*tags) }}",
    "a forged link": "{{ '\\ufdd2https://evil.example\\ufddf' }}",
    "a forged link, written out": "\ufdd2https://evil.example\ufddf",
    "a forged link, in a filter": "{{ author | default('\\ufdd2https://evil.example\\ufddf') }}",
    "parentheses without end": "{{ " + "(" * 5000 + "title" + ")" * 5000 + " }}",
    "negations without end": "{% if " + "not " * 3000 + "title %}{% endif %}",
    "branches in branches": "{% if title %}" * 1000 + "{% endif %}" * 1000,
    "branches beside branches": "{% if title %}" + "{% elif title %}" * 900 + "{% elif titel %}{% endif %}",
    "a chain of choices": "{{ " + " or ".join(["title"] * 1500) + " }}",
    "a chain of filters": "{{ title" + " | upper" * 1500 + " }}",
    "a number without end": "{{ title | shorten(" + "9" * 9000 + ") }}",
    "a big number": "{{ title | shorten(99999999999999999999) }}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("form", [POST, DIGEST], ids=["post", "digest"])
def test_a_hostile_template_is_a_mistake(text: str, form: object) -> None:
    """Each of them is refused, before anything of it runs, with a sentence that says what is allowed."""
    found = mistakes_in(text + LINK, DIGEST if form is DIGEST else POST)
    assert found
    assert all(each.startswith("x.txt") and "\ufdd2" not in each for each in found)


@pytest.mark.parametrize(
    "piece", ["{{ title }}", "{% if title %}x{% endif %}", "{#", "{{'", "(", "{% raw %}", "\n{%-", "a|"]
)
def test_a_template_of_the_largest_size_is_checked(piece: str) -> None:
    """As much of anything as a file may hold is told or taken, without end nor crash."""
    mistakes_in("{{ " * (piece == "(") + piece * (LARGEST // len(piece)))


def test_a_file_may_be_too_large_or_no_text() -> None:
    """More than any post needs is not read, and what is not UTF-8 is told by its line; a byte order mark is none."""
    with pytest.raises(Wrong, match="it is larger than 16,000 bytes, and no post is; make it shorter"):
        decoded(b"x" * (LARGEST + 1))
    with pytest.raises(Wrong, match="it is not UTF-8 text; save it as such") as caught:
        decoded("{{ link }}\nä".encode("latin-1"))
    assert 2 == caught.value.line
    assert "ä" == decoded(b"\xef\xbb\xbf\xc3\xa4")
