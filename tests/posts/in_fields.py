"""Awkward articles: lengths, links, and what else a feed says of them, rightly or wrongly."""

from tests.posts.awkward import SUMMARY, Awkward
from tests.stage import HOME

_SENTENCE = "The council decided it on Monday. "

LENGTHS = (
    Awkward("no summary", "A title and nothing else.", summary=""),
    Awkward("no title", "A summary and nothing else.", title=""),
    Awkward("neither", "An article of which only its address is known.", title="", summary=""),
    Awkward("blank title", "A title of spaces.", title=" \xa0\u3000 ", shows_title=""),
    Awkward("one letter", "A title of one letter.", title="X", summary="Y"),
    Awkward("long summary", "A summary longer than any platform takes.", summary=(_SENTENCE * 300).strip()),
    Awkward(
        "long title",
        "A title longer than any platform takes.",
        title=("Bridge closes again " * 260).strip(),
        summary="",
    ),
    Awkward(
        "long both", "Both are too long.", title=("Bridge closes again " * 20).strip(), summary=(_SENTENCE * 20).strip()
    ),
    Awkward("long word", "A word longer than Bluesky's posts.", title="A" * 350, summary=""),
    Awkward("longer word", "A word longer than Mastodon's posts.", title="Aa" * 400, summary=SUMMARY),
    Awkward("long word in summary", "A word that does not fit, after some that do.", summary="It is so: " + "a" * 600),
    Awkward("title fills it", "A title that leaves a few characters.", title=("Bridge " * 35).strip(), summary=SUMMARY),
    Awkward("exactly bluesky", "As long as Bluesky takes.", title="T", summary="s" * 30 + " " + "w" * 200),
    Awkward(
        "semicolons",
        "Clauses where a sentence is too long.",
        summary=("first this; then that, and so on - " * 30).strip(" -"),
    ),
    Awkward("no stops", "One sentence without end.", summary=("and on it went " * 60).strip()),
    Awkward("stops only", "Dots without end.", summary="." * 700),
    Awkward("dangling", "Brackets and dashes where it is cut.", summary="(“word” — [word] – «word» ... " * 40 + "end"),
    Awkward("many lines", "A poem.", summary="\n".join(["A line of a poem"] * 60)),
    Awkward(
        "blank lines",
        "Many empty lines.",
        summary="One.\n\n\n\n\nTwo.\n \n\t\nThree.",
        shows_summary="One.\n\nTwo.\n\nThree.",
    ),
    Awkward("same twice", "A summary that says what the title says.", summary="Bridge closes for a week"),
    Awkward("umlauts", "Twice as many bytes as characters.", title="Ä" * 100, summary="ö ü " * 200),
    Awkward("three bytes", "Three times as many bytes as characters.", title="橋" * 100, summary="の" * 1000),
)

LINKS = (
    Awkward("idn", "A host with an umlaut.", link="https://zeitung-köln.example.com/artikel"),
    Awkward("idn chinese", "A host in Chinese.", link="https://新闻.example.com/文章/一"),
    Awkward("punycode", "A host in ASCII spelling.", link="https://xn--kln-sna.example.com/artikel"),
    Awkward("escapes", "Percent signs that stand for letters.", link=f"{HOME}/k%C3%B6ln/%E6%A9%8B"),
    Awkward("escaped slash", "A percent sign that must stay.", link=f"{HOME}/a%2Fb?c=d%26e"),
    Awkward("parentheses", "A name in brackets, as in encyclopedias.", link=f"{HOME}/Bridge_(Cologne)"),
    Awkward("open parenthesis", "A bracket that is never closed.", link=f"{HOME}/Bridge_(Cologne"),
    Awkward("trailing dot", "A stop at the end.", link=f"{HOME}/articles/No."),
    Awkward("trailing marks", "Marks at the end that belong to it.", link=f"{HOME}/articles/What's-up!?"),
    Awkward("trailing dash", "A dash at the end.", link=f"{HOME}/articles/so-"),
    Awkward("trailing underscore", "An underscore at the end, underscores within.", link=f"{HOME}/a_b_c_"),
    Awkward("query", "A query with everything.", link=f"{HOME}/a?b=1&c[]=2&d=%20&e=x+y&f=~;g"),
    Awkward("query at the root", "A query right after the host.", link="https://herald.example.org?p=123"),
    Awkward("empty query", "A question mark and nothing after it.", link=f"{HOME}/articles/empty?"),
    Awkward("equals at the end", "A query that ends in a sign.", link=f"{HOME}/a?token=YWJj=="),
    Awkward("fragment", "A place on the page.", link=f"{HOME}/a#part-2:~:text=bridge"),
    Awkward("hash bang", "A page that a script makes.", link=f"{HOME}/#!/articles/5"),
    Awkward("port", "A port.", link="https://herald.example.org:8443/articles/5"),
    Awkward("plain http", "No encryption.", link="http://herald.example.org/articles/5"),
    Awkward("capital host", "Capitals in a host.", link="https://Herald.Example.ORG/Articles/Five"),
    Awkward("www", "A host that begins as they used to.", link="https://www.example.com/news/2026/11/27/bridge-closes"),
    Awkward("at sign", "An address that looks like a mention.", link="https://herald.example.org/@name/12345"),
    Awkward("apostrophe", "An apostrophe and a comma.", link=f"{HOME}/it's,here"),
    Awkward("asterisks", "Marks of Markdown in an address.", link=f"{HOME}/*a*_b_~c~"),
    Awkward("pipe and caret", "Signs that should have been escaped.", link=f"{HOME}/a|b^c"),
    Awkward("braces", "Signs that should have been escaped.", link=f"{HOME}/{{a}}[b]`c`"),
    Awkward("space", "A space that should have been escaped.", link=f"{HOME}/a b/c d"),
    Awkward("quotation marks", "Signs that end an address elsewhere.", link=f'{HOME}/"a"<b>'),
    Awkward("letters unescaped", "Letters that are not escaped.", link=f"{HOME}/brücke/橋/мост"),
    Awkward("emoji in path", "An emoji in the path.", link=f"{HOME}/🌉-closed"),
    Awkward("combining in path", "A ring apart, which Telegram takes away.", link=f"{HOME}/A\u030angstro\u0308m"),
    Awkward("long link", "A link as long as a post.", link=f"{HOME}/{'a-long-path/' * 40}end"),
    Awkward("longer link", "A link that with its query is longer than most.", link=f"{HOME}/a?{'key=value&' * 150}z=1"),
    Awkward(
        "long link and text", "Both are long.", summary=_SENTENCE * 20 + "End.", link=f"{HOME}/{'a-long-path/' * 40}end"
    ),
    Awkward("no path", "The front page.", link="https://herald.example.org"),
    Awkward("double slash", "Two slashes in a path.", link=f"{HOME}//articles//5"),
    Awkward("new top level", "An ending that is younger than Mastodon's list.", link="https://herald.kids/articles/5"),
)

METADATA = (
    Awkward(
        "tags",
        "Categories of every kind.",
        tags=("Köln", "C++", "R&D", "#news", "new york", "橋", "", " ", "a/b", "2026"),
        shows_tags=("#Köln", "#Cpp", "#RD"),
    ),
    Awkward(
        "many tags",
        "More categories than words.",
        tags=tuple(f"Category {number}" for number in range(200)),
        shows_tags=("#Category0", "#Category1", "#Category2"),
    ),
    Awkward(
        "same tags",
        "One category in many spellings.",
        tags=("News", "news", "NEWS", "#News", "news "),
        shows_tags=("#News",),
    ),
    Awkward("long tag", "A category that is a sentence.", tags=("a category that is a whole sentence " * 5,)),
    Awkward("language", "A language with a region.", language="pt-BR"),
    Awkward("language of java", "A language as Java spells it.", language="de_AT"),
    Awkward("no language", "A language that is none.", language="klingonish-x"),
    Awkward("old language", "A language by a code that was replaced.", "הגשר נסגר", language="iw"),
    Awkward("false date", "A date that is in no calendar.", more={"date_published": "2026-02-31T25:61:00Z"}),
    Awkward("old date", "A date before all feeds.", more={"date_published": "1601-01-01T00:00:00Z"}),
    Awkward("future date", "A date that is far away.", more={"date_published": "9999-12-31T23:59:59Z"}),
    Awkward(
        "wrong types",
        "Numbers and lists where texts should be.",
        more={"author": 5, "date_published": 1, "image": ["x"]},
    ),
    Awkward("picture of nothing", "A picture's address that is none.", more={"image": "not an address"}),
    Awkward("author", "An author with signs.", more={"authors": [{"name": "O'Neill <o@example.com> & @name"}]}),
)
