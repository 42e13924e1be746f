"""Hard RSS: dialects, odd namespaces, many candidates for one field, and markup that is not quite there."""

from tests.sources.hard.case import Category, rss, want

RSS = Category("structure: RSS")

A = "https://example.org/a"
LINK = f"<link>{A}</link>"
GUID = '<guid isPermaLink="false">1</guid>'

RSS.add(
    "netscape-0.91",
    "A document type with an external subset, and an image and a form that have titles and links of their own.",
    '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
    '"http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>News</title>'
    "<link>https://example.org/</link><image><title>Logo</title><url>/logo.png</url><link>/logo</link></image>"
    f"<item><title>One</title>{LINK}</item><textinput><title>Search</title><name>q</name><link>/q</link></textinput>"
    "</channel></rss>",
    want(id=A, link=A, title="One", picture=None),
)
RSS.add(
    "scripting-0.92",
    "Items of RSS 0.92 may be a description with links inside and nothing else but an address.",
    '<rss version="0.92"><channel><title>S</title><link>https://example.org/</link><item><description>I like &lt;a '
    'href="https://x.example/"&gt;this&lt;/a&gt; &amp;amp; that.</description><link>https://example.org/a</link>'
    "</item></channel></rss>",
    want(id=A, link=A, title="", summary="I like this & that."),
)
RSS.add(
    "rdf-0.90",
    "The first RSS: an RDF root, a namespace of Netscape's, and no rdf:about.",
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>N</title><link>https://example.org/</link>'
    f"<description>d</description></channel><item><title>One</title>{LINK}</item></rdf:RDF>",
    want(id=A, link=A, title="One"),
)
RSS.add(
    "rdf-items-first",
    "RDF has no order: the items stand before the channel, whose list of them is no item.",
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    '<item rdf:about="urn:1"><link>https://example.org/a</link><title>One</title></item><channel rdf:about="x">'
    '<title>N</title><link>https://example.org/</link><items><rdf:Seq><rdf:li rdf:resource="urn:1"/></rdf:Seq></items>'
    "</channel></rdf:RDF>",
    want(id="urn:1", link=A, title="One"),
)
RSS.add(
    "rdf-with-prefixes",
    "RSS 1.0 whose own names have a prefix, and RDF's have none.",
    '<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:r="http://purl.org/rss/1.0/" '
    'xmlns:d="http://purl.org/dc/elements/1.1/"><r:channel about="x"><r:title>N</r:title></r:channel>'
    "<r:item><r:title>One</r:title><r:link>https://example.org/a</r:link><d:date>2026-11-23T12:00Z</d:date>"
    "<d:creator>Jane</d:creator></r:item></RDF>",
    want(link=A, title="One", published="2026-11-23T12:00:00+00:00", author="Jane"),
)
RSS.add(
    "a-namespace-of-their-own",
    "RSS 2.0 has no namespace, and some put all of it into one that they made up.",
    '<rss version="2.0" xmlns="https://cms.example/schema/rss"><channel><title>N</title>'
    f"<item><title>One</title>{LINK}{GUID}</item></channel></rss>",
    want(id="1", link=A, title="One"),
)
RSS.add(
    "shouting",
    "XML tells cases apart, the program that wrote this does not.",
    "<RSS VERSION='2.0'><CHANNEL><TITLE>N</TITLE><ITEM><TITLE>One</TITLE><LINK>https://example.org/a</LINK>"
    "<PUBDATE>Mon, 23 Nov 2026 12:00:00 GMT</PUBDATE><GUID ISPERMALINK='FALSE'>1</GUID></ITEM></CHANNEL></RSS>",
    want(id="1", link=A, title="One", published="2026-11-23T12:00:00+00:00"),
)
RSS.add(
    "two-channels",
    "A document with two channels has the items of both.",
    f"<rss version='2.0'><channel><title>1</title><item>{LINK}</item></channel><channel><title>2</title>"
    "<item><link>https://example.org/b</link></item></channel></rss>",
    want(link=A),
    want(link="https://example.org/b"),
)
RSS.add(
    "item-in-item",
    "A list of related items inside an item is not a list of news.",
    rss(
        f"<title>One</title>{LINK}{GUID}<related><item><title>Old</title><link>https://example.org/old</link></item></related>"
    ),
    want(id="1", link=A, title="One"),
)
RSS.add(
    "dotnet",
    "What .NET writes: Atom elements with the prefix a10 carry author, text and time.",
    '<rss xmlns:a10="http://www.w3.org/2005/Atom" version="2.0"><channel><title>N</title><item>'
    '<guid isPermaLink="false">1</guid><a10:author><a10:name>Jane</a10:name><a10:email>j@example.org</a10:email>'
    '</a10:author><title>One</title><a10:link href="https://example.org/a"/>'
    "<a10:updated>2026-11-23T12:00:00Z</a10:updated>"
    '<a10:content type="html">&lt;p&gt;Text&lt;/p&gt;</a10:content></item></channel></rss>',
    want(id="1", link=A, author="Jane", summary="Text", updated="2026-11-23T12:00:00+00:00"),
)
RSS.add(
    "self-link-first",
    "The item's address as data stands before the address for people.",
    rss(f'{GUID}<atom:link rel="self" type="application/json" href="https://api.example/1"/>{LINK}'),
    want(id="1", link=A),
)
RSS.add(
    "replies-then-alternate",
    "Several Atom links and no RSS link: one of them is meant for reading.",
    rss(
        f'{GUID}<atom:link rel="replies" href="https://example.org/a/replies"/>'
        '<atom:link rel="alternate" href="https://example.org/a"/>'
    ),
    want(id="1", link=A),
)
RSS.add(
    "empty-link",
    "The link is there and empty; the guid, which says nothing of itself, is a permanent link.",
    rss(f"<title>One</title><link></link><guid>{A}</guid>"),
    want(id=A, link=A),
)
RSS.add(
    "second-link-counts",
    "Of two links the first is empty.",
    rss(f"{GUID}<link/>{LINK}"),
    want(id="1", link=A),
)
RSS.add(
    "guid-is-no-address",
    'A guid that claims to be a permanent link, and is "1234 at https://…".',
    rss(f'<guid isPermaLink="true">1234 at https://example.org</guid>{LINK}'),
    want(id="1234 at https://example.org", link=A),
)
RSS.add(
    "guid-is-a-tag",
    "A guid without isPermaLink counts as an address, and a tag: is none.",
    rss("<title>One</title><guid>tag:example.org,2026:1</guid>"),
    want(id="tag:example.org,2026:1", link=None, title="One"),
)
RSS.add(
    "guid-another-address",
    "Link and guid are both addresses, and the guid says that it is not to be followed.",
    rss(f'<guid isPermaLink="false">https://example.org/?p=7</guid>{LINK}'),
    want(id="https://example.org/?p=7", link=A),
)
RSS.add(
    "guid-in-cdata",
    "White space and CDATA around an id are not the id.",
    rss(f'{LINK}<guid isPermaLink="false">\n  <![CDATA[ urn:x:1 ]]>\n</guid>'),
    want(id="urn:x:1"),
)
RSS.add(
    "podcast-only",
    "An episode has a sound file and no page: the file is not its page.",
    rss(
        '<title>Episode</title><guid isPermaLink="false">ep1</guid>'
        '<enclosure url="https://example.org/1.mp3" type="audio/mpeg" length="5"/>'
        '<itunes:image href="https://example.org/1.jpg"/><itunes:summary>About it</itunes:summary>'
    ),
    want(id="ep1", link=None, title="Episode", picture="https://example.org/1.jpg", summary="About it"),
)
RSS.add(
    "enclosure-first",
    "The enclosure stands before title, link and everything.",
    rss(
        '<enclosure url="https://example.org/1.mp3" type="audio/mpeg"/>'
        f'<enclosure url="https://example.org/p" type="image/jpeg"/>{GUID}{LINK}'
    ),
    want(id="1", link=A, picture="https://example.org/p"),
)
RSS.add(
    "enclosure-of-no-type",
    "A picture whose type is not said, only its name.",
    rss(f'{GUID}{LINK}<enclosure url="https://example.org/p.JPG?w=9" length="0"/>'),
    want(picture="https://example.org/p.JPG?w=9"),
)
RSS.add(
    "title-of-a-picture",
    "A picture's title stands before the title of the article.",
    rss(
        '<media:content url="https://example.org/p.jpg" type="image/jpeg"><media:title>A dog</media:title>'
        f"</media:content><media:title>Photo</media:title><title>One</title>{LINK}"
    ),
    want(title="One", picture="https://example.org/p.jpg"),
)
RSS.add(
    "title-of-an-episode",
    "iTunes' short title stands before the title.",
    rss(f"<itunes:title>Short</itunes:title><title>Episode 7: Short</title>{LINK}"),
    want(title="Episode 7: Short"),
)
RSS.add(
    "two-titles",
    "The first title is empty.",
    rss(f"<title/><title>One</title>{LINK}"),
    want(title="One"),
)
RSS.add(
    "wordpress",
    "Everything in CDATA, the excerpt escaped once inside, comments and feeds of comments around.",
    rss(
        f"<title>One</title>{LINK}<comments>{A}#comments</comments><dc:creator><![CDATA[Jane Doe]]></dc:creator>"
        "<pubDate>Mon, 23 Nov 2026 12:00:00 +0000</pubDate><category><![CDATA[R&D]]></category>"
        "<category><![CDATA[Café]]></category>"
        '<guid isPermaLink="false">https://example.org/?p=1</guid>'
        "<description><![CDATA[<p>It&#8217;s short [&#8230;]</p>\n]]></description>"
        '<content:encoded><![CDATA[<p><img src="/i.jpg" alt="Sea"/>Long</p>]]></content:encoded>'
        '<w:commentRss xmlns:w="http://wellformedweb.org/CommentAPI/">https://example.org/a/feed/</w:commentRss>'
    ),
    want(
        id="https://example.org/?p=1",
        link=A,
        author="Jane Doe",
        tags=["R&D", "Café"],
        summary="It’s short […]",
        picture="https://example.org/i.jpg",
        alt="Sea",
        published="2026-11-23T12:00:00+00:00",
    ),
)
RSS.add(
    "avatar-first",
    "The first picture that is marked as such is the author's face.",
    rss(
        f"{GUID}{LINK}"
        '<media:content url="https://0.gravatar.com/avatar/0f?s=96&amp;d=identicon" medium="image">'
        '<media:title type="html">jane</media:title></media:content>'
        '<media:content url="https://example.org/p.jpg" medium="image"/>'
    ),
    want(picture="https://example.org/p.jpg"),
)
RSS.add(
    "sizes",
    "One picture in several sizes, the small one first and the large one in a group.",
    rss(
        f'{GUID}{LINK}<media:thumbnail url="https://example.org/75.jpg" width="75"/><media:group>'
        '<media:content url="https://example.org/300.jpg" type="image/jpeg" width="300"/>'
        '<media:content url="https://example.org/1200.jpg" type="image/jpeg" width="1200"/>'
        '<media:content url="https://example.org/600.jpg" type="image/jpeg" width="600"/></media:group>'
    ),
    want(picture="https://example.org/1200.jpg"),
)
RSS.add(
    "film",
    "The largest medium is a film; its still is the picture.",
    rss(
        f'{GUID}{LINK}<media:content url="https://example.org/f.mp4" type="video/mp4" medium="video" width="1920">'
        '<media:thumbnail url="https://example.org/still.jpg" width="1280"/></media:content>'
    ),
    want(picture="https://example.org/still.jpg"),
)
RSS.add(
    "base-in-rss",
    "xml:base is no part of RSS, and is used there.",
    rss(
        f'{GUID}<link>a</link><description>&lt;img src="i.png"&gt;</description>',
        attributes='xml:base="https://b.example/x/"',
    ),
    want(link="https://b.example/x/a", picture="https://b.example/x/i.png"),
)
RSS.add(
    "no-scheme",
    "An address that leaves the scheme to the page.",
    rss(f"{GUID}<link>//example.org/a</link>"),
    want(link=A),
)
RSS.add(
    "no-time-but-the-channel's",
    "The channel's time is not the item's.",
    rss(f"{GUID}{LINK}", head="<pubDate>Mon, 23 Nov 2026 12:00:00 GMT</pubDate>"),
    want(published=None),
)
RSS.add(
    "source",
    "Where the item was taken from has a name and an address of its own.",
    rss(f'<source url="https://other.example/feed">The Other</source><title>One</title>{GUID}{LINK}'),
    want(id="1", link=A, title="One"),
)
RSS.add(
    "feedburner",
    "The link leads to a counting service, the article's own address stands beside it.",
    rss(
        "<title>One</title><link>https://feedproxy.example/~r/x/~3/1/</link>"
        '<guid isPermaLink="false">1</guid><fb:origLink>https://example.org/a</fb:origLink>',
        attributes='xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0"',
    ),
    want(id="1", link=A),
)
RSS.add("empty", "A feed may have nothing to say.", rss())
RSS.add(
    "the-same-twice",
    "An id that occurs twice is stated twice; which one counts is not for the parser to say.",
    rss(f"{GUID}<title>Old</title>", f"{GUID}<title>New</title>"),
    want(id="1", title="Old"),
    want(id="1", title="New"),
)
RSS.add(
    "two-declarations",
    "A template that begins with an XML declaration was put into another that does.",
    "<?xml version='1.0'?>\n<?xml version='1.0' encoding='UTF-8'?>\n"
    f"<rss><channel><item>{GUID}{LINK}</item></channel></rss>",
    want(id="1", link=A),
)
RSS.add(
    "stylesheet-and-comment",
    "A comment of a cache before the declaration, and a stylesheet after it.",
    "<!-- cached <rss> 0.3s -->\n<?xml version='1.0'?><?xml-stylesheet type='text/xsl' href='/rss.xsl'?>"
    f"<rss><channel><item>{GUID}{LINK}</item></channel></rss>",
    want(id="1", link=A),
)
RSS.add(
    "in-a-page",
    "The feed was put into the frame of the site's pages.",
    f"<?xml version='1.0'?><rss><channel><item>{GUID}{LINK}</item></channel></rss>\n</div></body></html>\n",
    want(id="1", link=A),
)
RSS.add(
    "prefix-declared-twice",
    "Two plugins each declare the namespace of media.",
    '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:media="http://search.yahoo.com/mrss/">'
    f'<channel><item>{GUID}{LINK}<media:thumbnail url="https://example.org/t.jpg"/></item></channel></rss>',
    want(id="1", link=A, picture="https://example.org/t.jpg"),
)
RSS.add(
    "attribute-twice",
    "An attribute that stands twice makes XML ill-formed; the first counts.",
    rss(f'{GUID}{LINK}<enclosure url="https://example.org/p.jpg" type="image/jpeg" url="https://example.org/q.jpg"/>'),
    want(id="1", link=A, picture="https://example.org/p.jpg"),
)
RSS.add(
    "attribute-without-quotes",
    "Attributes as HTML allows them.",
    rss(f"{GUID}{LINK}<enclosure url=https://example.org/p.jpg type=image/jpeg length=0 />"),
    want(id="1", link=A, picture="https://example.org/p.jpg"),
)
RSS.add(
    "open-paragraphs",
    "HTML that was never escaped, with paragraphs that never end, in the first of two items.",
    rss(f"{GUID}{LINK}<description><p>One<p>Two</description>", "<guid>2</guid><title>Second</title>"),
    want(id="1", link=A, summary="One\n\nTwo"),
    want(id="2", title="Second"),
)
RSS.add(
    "item-never-ends",
    "The first item is not closed before the second begins.",
    "<rss version='2.0'><channel><title>N</title><item><guid>1</guid><title>One</title><item><guid>2</guid>"
    "<title>Two</title></item></channel></rss>",
    want(id="1", title="One"),
    want(id="2", title="Two"),
)
RSS.refuse("a-page", "The server answers with its own page of apologies.", "<!doctype html><title>Oops</title><rss>")
RSS.refuse("a-number", "The server answers with the result of a script.", "0")
