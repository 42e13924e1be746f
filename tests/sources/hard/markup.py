"""Hard text: what is escaped how often, what is markup and what is meant, and what a reader sees of HTML.

Decided by RFC 4287 §3.1 (Atom says what a text is), https://www.rssboard.org/rss-encoding-examples (RSS does not), and
https://html.spec.whatwg.org/multipage/parsing.html.
"""

from tests.sources.hard.case import Category, atom, json_feed, rss, want

MARKUP = Category("markup and entities")

A = "https://example.org/a"
LINK = f"<link>{A}</link>"
ATOM = f'<id>urn:1</id><link href="{A}"/>'


def _title(name: str, why: str, inner: str, expected: str) -> None:
    MARKUP.add(name, why, rss(f"{LINK}<title>{inner}</title>"), want(link=A, title=expected))


def _atom_title(name: str, why: str, title: str, expected: str) -> None:
    MARKUP.add(name, why, atom(ATOM + title), want(link=A, title=expected))


def _text(name: str, why: str, html: str, expected: str) -> None:
    MARKUP.add(name, why, rss(f"{LINK}<description><![CDATA[{html}]]></description>"), want(link=A, summary=expected))


_title(
    "escaped-thrice",
    "References are decoded twice in RSS, once as XML and once as HTML, and no more.",
    "A &amp;amp;amp; B",
    "A &amp; B",
)
_title(
    "names-undeclared",
    "Names that only HTML knows, and nobody has declared.",
    "Caf&eacute; &mdash; na&iuml;ve&hellip;",
    "Café — naïve…",
)
_title("names-in-capitals", "HTML knows a few names in capitals.", "R&AMP;D &COPY; 2026", "R&D © 2026")
_title("name-unknown", "A name that nobody knows is what it looks like.", "Q&unknown; A", "Q&unknown; A")
_title("bare-ampersands", "Ampersands that begin nothing.", "AT&T, R&D & co.", "AT&T, R&D & co.")
_title("bare-brackets", "Brackets that begin nothing.", "I <3 feeds, 2 < 3", "I <3 feeds, 2 < 3")
_title("code", "A line of code, escaped as XML demands.", "if (a&lt;b &amp;&amp; c&gt;d) x", "if (a<b && c>d) x")
_title(
    "code-with-tags", "An article about a tag names it.", "What &lt;div&gt; and &lt;br&gt;s do", "What <div> and s do"
)
_title(
    "surrogate-references",
    "An emoji as two references, as Java wrote it; half of one is nothing.",
    "One &#xD83D;&#xDE00; &#55357;&#56832; &#xD83D;more",
    "One 😀 😀 more",
)
_title(
    "references-to-nothing", "References to characters that there are not.", "One &#0;&#x1F;&#x110000; more", "One more"
)
_title("reference-to-windows", "References to places in Windows-1252.", "It&#146;s 5 &#128;", "It’s 5 €")
_title("reference-in-a-reference", "An ampersand as a reference, which begins another.", "It&#38;#8217;s", "It’s")
_title("cdata-twice", "A CDATA section that has to hold its own end.", "<![CDATA[a ]]]]><![CDATA[> b]]>", "a ]]> b")
_title("cdata-end-outside", "The end of a section that never began.", "a ]]> b", "a ]]> b")
_title(
    "cdata-and-tags", "Tags and references in CDATA.", "<![CDATA[<strong>Big</strong>&nbsp;&amp; bold]]>", "Big & bold"
)
_title("emoji", "A family is seven characters, a flag two.", "👨‍👩‍👧‍👦 and 🇦🇹 ❤️", "👨‍👩‍👧‍👦 and 🇦🇹 ❤️")
_title("persian", "A zero-width non-joiner is part of the word.", "می‌خواهم", "می‌خواهم")
_title("hebrew", "A mark of direction belongs where it is.", "C++\u200f שלום", "C++\u200f שלום")
_title(
    "unseen",
    "Soft hyphens, zero-width spaces and a byte order mark are not.",
    "\ufeffIn\u00advis\u200bible",
    "Invisible",
)
_title("spaces", "Spaces of many kinds, tabs and lines.", "a\u00a0\u2003b\t\n\u3000c", "a b c")
_title("line-break", "A line break in a title.", "One&lt;br /&gt;two", "One two")
_title(
    "script-in-a-title", "A script in a title.", "One&lt;script&gt;alert('&lt;/b&gt;')&lt;/script&gt; more", "One more"
)
_atom_title(
    "says-text",
    "Text says that it is no HTML, and is believed.",
    '<title type="text"><![CDATA[1 <b> &amp; 2]]></title>',
    "1 <b> &amp; 2",
)
_atom_title(
    "says-html", "HTML that is about HTML.", '<title type="html">The &amp;lt;b&amp;gt; tag</title>', "The <b> tag"
)
_atom_title(
    "says-xhtml",
    "XHTML with a list of names, and a bracket that is one.",
    '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A<sub>1</sub> &lt; <i>B</i></div></title>',
    "A1 < B",
)
_text(
    "blocks",
    "Every block is a paragraph of its own.",
    "<h2>Head</h2>x<blockquote>Said</blockquote><DIV>Last<P>One",
    "Head\n\nx\n\nSaid\n\nLast\n\nOne",
)
_text(
    "breaks",
    "A line break in four spellings, of which one is wrong and counts.",
    "a<br>b<br/>c<br />d</br>e",
    "a\nb\nc\nd\ne",
)
_text("list", "The points of a list are lines.", "Two:<ol><li>one</li><li>two</li></ol>", "Two:\n\none\ntwo")
_text(
    "table",
    "Rows are lines, cells are words.",
    "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>",
    "A B\n1 2",
)
_text("preformatted", "In preformatted text lines are lines.", "Do:<pre>one\ntwo</pre>then", "Do:\n\none\ntwo\n\nthen")
_text("source-lines", "Elsewhere they are spaces.", "<p>one\n two\r\nthree</p>", "one two three")
_text("empty-paragraphs", "Paragraphs of nothing.", "<p>a</p><p>&nbsp;</p><p><br></p><div></div><p>b</p>", "a\n\nb")
_text(
    "scripts",
    "What stands in scripts and styles is no text, whatever it looks like.",
    "a<script>document.write('<p>x</p>')</script><style>p{}</style><template>t</template>b",
    "ab",
)
_text(
    "hidden",
    "What is hidden is not there for the reader.",
    '<div style="display: none">preview</div><p hidden>x <b>y</b></p><span>Seen</span>',
    "Seen",
)
_text("conditional-comment", "A comment for one browser.", "a<!--[if mso]><p>Outlook</p><![endif]--> b", "a b")
_text(
    "whole-page",
    "The summary is a page with a title.",
    "<html><head><title>T</title><meta charset=x></head><body><p>Text</p></body></html>",
    "Text",
)
_text(
    "word-break",
    "A place where a word may be broken does not break it.",
    "super<wbr>cali<wbr/>fragil",
    "supercalifragil",
)
_text(
    "bracket-in-an-attribute", "The end of a tag within a tag.", '<a title="a > b" href="x">link</a> text', "link text"
)
_text("quote-that-never-ends", "An attribute that is not closed.", '<a href="x>link</a> text', "link text")
_text("nul-in-cdata", "A byte that nothing allows, in a section that nothing looks into.", "a\0b &eacute;", "ab é")
_text(
    "caption",
    "A picture's caption is not the article.",
    "<figure><img src=x><figcaption>Photo: J</figcaption></figure>Text",
    "Text",
)
MARKUP.add(
    "escaped-twice",
    "HTML that was escaped twice shows its tags; guessing would harm who writes about them.",
    rss(f"{LINK}<description>Use &amp;lt;p&amp;gt; here</description>"),
    want(summary="Use <p> here"),
)
MARKUP.add(
    "json-title",
    "A title in JSON is plain text.",
    json_feed({"id": "1", "title": "<b> &amp; R&D"}),
    want(title="<b> &amp; R&D"),
)
