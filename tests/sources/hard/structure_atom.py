"""Hard Atom: links in many relations, bases inside bases, text of every type, and what other programs made of it."""

from tests.sources.hard.case import Category, atom, want

ATOM = Category("structure: Atom")

A = "https://example.org/a"
ID = "<id>urn:1</id>"
LINK = f'<link href="{A}"/>'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'

ATOM.add(
    "namespace-with-a-slash",
    "The namespace is nearly Atom's.",
    f'<feed xmlns="http://www.w3.org/2005/Atom/"><title>N</title><entry>{ID}{LINK}<title>One</title></entry></feed>',
    want(id="urn:1", link=A, title="One"),
)
ATOM.add(
    "no-namespace-and-html",
    "Atom without its namespace, with an escaped title.",
    f'<feed><title>N</title><entry>{ID}{LINK}<title type="html">A &lt;i&gt;b&lt;/i&gt; &amp;amp; c</title></entry>'
    "</feed>",
    want(id="urn:1", link=A, title="A b & c"),
)
ATOM.add(
    "all-prefixed",
    "Atom with a prefix, and XHTML without one, in one document.",
    f'<a:feed xmlns:a="http://www.w3.org/2005/Atom" {XHTML}><a:entry><a:id>urn:1</a:id><a:link href="{A}"/>'
    '<a:title type="xhtml"><div>One <em>more</em></div></a:title><a:content type="xhtml"><div><p>x</p><p>y</p></div>'
    "</a:content></a:entry></a:feed>",
    want(id="urn:1", link=A, title="One more", summary="x\n\ny"),
)
ATOM.add(
    "relations",
    "Five links, and the only one for reading stands last and says nothing of itself.",
    atom(
        f'{ID}<link rel="enclosure" type="audio/mpeg" href="/1.mp3"/><link rel="self" href="/1.atom"/>'
        f'<link rel="via" href="https://x.example/"/><link rel="replies" type="text/html" href="/r"/>{LINK}'
    ),
    want(link=A),
)
ATOM.add(
    "forms-of-one",
    "Three alternates, of which one is a page.",
    atom(
        f'{ID}<link rel="alternate" type="application/pdf" href="/a.pdf"/><link rel="alternate" '
        'type="application/activity+json" href="/a.json"/><link rel="alternate" type="text/html; charset=utf-8" '
        f'href="{A}"/>'
    ),
    want(link=A),
)
ATOM.add(
    "relation-in-capitals",
    "Relations are compared without regard to case (RFC 8288 §2.1.1).",
    atom(f'{ID}<link rel="SELF" href="/s"/><link rel="ALTERNATE" href="{A}"/>'),
    want(link=A),
)
ATOM.add(
    "link-as-text",
    "A link as RSS writes it, in Atom.",
    atom(f"{ID}<link>{A}</link>"),
    want(link=A),
)
ATOM.add(
    "empty-href",
    "The alternate is empty, which would be the feed itself; the id is an address.",
    atom(f'<id>{A}</id><link rel="alternate" href=""/>'),
    want(id=A, link=A),
)
ATOM.add(
    "nothing-to-read",
    "No link but one to itself, and an id that is no address.",
    atom(f'{ID}<title>One</title><link rel="self" href="/1.atom"/>'),
    want(id="urn:1", link=None),
)
ATOM.add(
    "no-id",
    "Atom demands an id, and there is none.",
    atom(f"<title>One</title>{LINK}"),
    want(id=A, link=A),
)
ATOM.add(
    "bases-in-bases",
    "Bases of feed, entry and content build on each other.",
    atom(
        f'{ID}<link href="a"/><content type="html" xml:base="img/">&lt;img src="i.png"&gt;</content>',
        attributes='xml:base="https://b.example/x/"',
    ).replace("<entry>", '<entry xml:base="y/">'),
    want(link="https://b.example/x/y/a", picture="https://b.example/x/y/img/i.png"),
)
ATOM.add(
    "base-upwards",
    "A base that begins at the host's root, and links that climb.",
    atom(f'{ID}<link href="../../a" xml:base="/p/q/r/"/>'),
    want(link="https://example.org/p/a"),
)
ATOM.add(
    "base-in-xhtml",
    "The base stands on the XHTML inside the content.",
    atom(
        f'{ID}{LINK}<content type="xhtml"><div {XHTML} xml:base="https://b.example/z/"><img src="i.png" alt="Sea"/>'
        "</div></content>"
    ),
    want(picture="https://b.example/z/i.png", alt="Sea"),
)
ATOM.add(
    "planet",
    "An aggregator keeps the feed that an entry came from, with id, title, links, times and author, inside the entry.",
    atom(
        "<source><id>urn:feed</id><title>The Other</title><link href='https://other.example/'/>"
        "<updated>2020-01-01T00:00:00Z</updated><author><name>Jane</name></author></source>"
        f"{ID}{LINK}<title>One</title><updated>2026-11-23T12:00:00Z</updated>",
        head="<author><name>Planet</name></author>",
    ),
    want(id="urn:1", link=A, title="One", updated="2026-11-23T12:00:00+00:00", author="Jane"),
)
ATOM.add(
    "contributor",
    "Who contributed is not the author, whom only the feed names.",
    atom(
        f"{ID}{LINK}<contributor><name>Joe</name></contributor>",
        head="<author><name>Jane</name><uri>https://example.org/jane</uri><email>j@example.org</email></author>",
    ),
    want(author="Jane"),
)
ATOM.add(
    "author-as-text",
    "Authors as RSS writes them.",
    atom(f"{ID}{LINK}<author>Jane</author><author><name> Joe\n Doe </name></author>"),
    want(author="Jane, Joe Doe"),
)
ATOM.add(
    "labels",
    "A category's label is for people, its term for programs; the old form is text.",
    atom(f'{ID}{LINK}<category term="t1" label="One &amp; only"/><category term="two"/><category>three</category>'),
    want(tags=["One & only", "two", "three"]),
)
ATOM.add(
    "blogger",
    "Replies, an edit link and the feed itself before the page, and a thumbnail of 72 pixels.",
    atom(
        f'{ID}<link rel="replies" type="application/atom+xml" href="/r"/><link rel="edit" href="/e"/>'
        f'<link rel="self" href="/s"/><link rel="alternate" type="text/html" href="{A}" title="One"/>'
        '<content type="html">&lt;div&gt;&lt;img src="https://example.org/big.jpg"/&gt;Text&lt;/div&gt;</content>'
        '<m:thumbnail xmlns:m="http://search.yahoo.com/mrss/" url="https://example.org/s72.jpg" width="72"/>'
    ),
    want(link=A, summary="Text", picture="https://example.org/big.jpg"),
)
ATOM.add(
    "films",
    "What describes a film, and its picture, stand in a group; the film's player is no picture.",
    atom(
        f"{ID}{LINK}<title>One</title><media:group><media:title>One</media:title>"
        '<media:content url="https://example.org/v/1" type="application/x-shockwave-flash" width="640"/>'
        '<media:thumbnail url="https://example.org/hq.jpg" width="480"/>'
        "<media:description>First.\nSecond.</media:description></media:group>",
        attributes='xmlns:media="http://search.yahoo.com/mrss/"',
    ),
    want(summary="First.\nSecond.", picture="https://example.org/hq.jpg"),
)
ATOM.add(
    "atom-0.3",
    "The draft had other names for times, modes instead of types, and content that was XML by default.",
    '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>N</title><entry><id>urn:1</id>'
    f'<link rel="alternate" type="text/html" href="{A}"/><title mode="escaped">A &amp;lt;b&amp;gt; c</title>'
    "<issued>2026-11-23T13:00:00+01:00</issued><modified>2026-11-23T14:00:00Z</modified>"
    f'<content type="application/xhtml+xml" mode="xml"><div {XHTML}>x<br/>y</div></content></entry></feed>',
    want(
        link=A,
        title="A <b> c",
        published="2026-11-23T12:00:00+00:00",
        updated="2026-11-23T14:00:00+00:00",
        summary="x\ny",
    ),
)
ATOM.add(
    "base64-title",
    "The draft allowed base64 for texts.",
    '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>N</title><entry><id>urn:1</id>'
    f'<link rel="alternate" href="{A}"/><title mode="base64" type="text/plain">Q2Fmw6kgb3Blbg==</title></entry></feed>',
    want(title="Café open"),
)
ATOM.add(
    "content-elsewhere",
    "The content is a file elsewhere, and the summary is what there is to read.",
    atom(f'{ID}<content type="application/pdf" src="/a.pdf"/><summary>S</summary>'),
    want(link="https://example.org/a.pdf", summary="S"),
)
ATOM.add(
    "content-of-another-kind",
    "The content is a drawing, which is no text.",
    atom(
        f'{ID}{LINK}<content type="image/svg+xml"><svg xmlns="http://www.w3.org/2000/svg"><text>x</text></svg></content>'
    ),
    want(summary=""),
)
ATOM.add(
    "comment-in-a-title",
    "A comment and an instruction inside a title are not part of it, and do not end it.",
    atom(f"{ID}{LINK}<title>On<!-- draft -->e <?x y?>more</title>"),
    want(title="One more"),
)
ATOM.add(
    "revisions",
    "A feed may hold one entry twice, with different times (RFC 4287 §4.1.1).",
    atom(
        f"{ID}{LINK}<title>Old</title><updated>2026-11-22T12:00:00Z</updated>",
        f"{ID}{LINK}<title>New</title><updated>2026-11-23T12:00:00Z</updated>",
    ),
    want(id="urn:1", title="Old"),
    want(id="urn:1", title="New"),
)
ATOM.add(
    "tombstone",
    "What was deleted stands among the entries, and is none.",
    atom(
        f"{ID}{LINK}",
        head='<d:deleted-entry ref="urn:0" when="2026-11-23T12:00:00Z"/>',
        attributes='xmlns:d="http://purl.org/atompub/tombstones/1.0"',
    ),
    want(id="urn:1"),
)
ATOM.add(
    "language",
    "The entry's language is not the feed's.",
    atom(f"{ID}{LINK}<title>Eins</title>", attributes='xml:lang="en"').replace("<entry>", '<entry xml:lang="de-AT">'),
    want(language="de-AT"),
)
ATOM.add("empty-atom", "A feed may have no entries (RFC 4287 §4.1.1).", atom())
