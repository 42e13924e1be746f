"""Feeds that mean harm. What an honest reader would find in them is found; what they want is not done."""

import json

from tests.sources.hard.case import Category, atom, rss, want

ATTACKS = Category("attacks")

A = "https://example.org/a"
LINK = f"<link>{A}</link>"
GUID = '<guid isPermaLink="false">1</guid>'
ITEM = f"{GUID}{LINK}<title>One</title>"
SECRET = "file:///etc/passwd"


def _link(name: str, why: str, stated: str, expected: str | None) -> None:
    ATTACKS.add(name, why, rss(f"{GUID}<link>{stated}</link>"), want(id="1", link=expected))


def _with_doctype(subset: str, item: str = ITEM) -> str:
    return rss(item).replace("<rss ", f"<!DOCTYPE rss {subset}><rss ", 1)


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS.add(
    "billion-laughs",
    "Entities that are made of entities.",
    _with_doctype(f'[<!ENTITY l0 "ha">{_LAUGHS}]', f"{ITEM}<description>&l9;</description>"),
    want(id="1", link=A, title="One"),
    never="hahaha",
)
ATTACKS.add(
    "quadratic-blow-up",
    "One long entity, used very often.",
    _with_doctype(f'[<!ENTITY l "{"ha" * 20_000}">]', f"{ITEM}<description>{'&l;' * 20_000}</description>"),
    want(id="1", link=A, title="One"),
    never="hahaha",
)
ATTACKS.add(
    "file-as-entity",
    "An entity that is a file of the machine.",
    _with_doctype(f'[<!ENTITY x SYSTEM "{SECRET}">]', f"{ITEM}<description>[&x;]</description>"),
    want(id="1", link=A, title="One"),
    never="root:",
)
ATTACKS.add(
    "definitions-elsewhere",
    "Definitions that lie on another machine.",
    _with_doctype('[<!ENTITY % d SYSTEM "http://127.0.0.1:9/x.dtd"> %d;]'),
    want(id="1", link=A, title="One"),
)
ATTACKS.add(
    "inclusion",
    "A file that is to be included.",
    rss(
        f'{GUID}{LINK}<title>One<x:include href="{SECRET}" parse="text"/></title>',
        attributes='xmlns:x="http://www.w3.org/2001/XInclude"',
    ),
    want(id="1", title="One"),
)
ATTACKS.add(
    "many-attributes",
    "An element with ten thousand attributes.",
    rss(f"{ITEM}<x {' '.join(f'a{n}={chr(34)}{chr(34)}' for n in range(10_000))}/>"),
    want(id="1", link=A, title="One"),
)
ATTACKS.add(
    "many-namespaces",
    "Twenty thousand namespaces.",
    rss(ITEM + "".join(f'<x{n}:y xmlns:x{n}="urn:{n}"/>' for n in range(20_000))),
    want(id="1", link=A, title="One"),
)
ATTACKS.add(
    "many-comments",
    "A hundred thousand comments in one title.",
    rss(f"{GUID}{LINK}<title>O{'<!---->' * 100_000}ne</title>"),
    want(id="1", link=A, title="One"),
)
ATTACKS.add(
    "many-sections",
    "A hundred thousand CDATA sections in one text.",
    rss(f"{ITEM}<description>{'<![CDATA[x]]>' * 100_000}</description>"),
    want(id="1", link=A, title="One"),
)
ATTACKS.add(
    "many-open-tags",
    "HTML whose elements never end, in escaped text.",
    rss(f"{ITEM}<description>{'&lt;b&gt;&lt;p&gt;' * 50_000}x</description>"),
    want(id="1", link=A, title="One"),
)
ATTACKS.add(
    "many-references",
    "A million ampersands.",
    rss(f"{ITEM}<description>{'&' * 1_000_000}</description>"),
    want(id="1", link=A),
)
ATTACKS.add(
    "one-long-word",
    "A word of a million letters.",
    rss(f"{GUID}{LINK}<description>{'x' * 1_000_000}</description>"),
    want(id="1", link=A),
)
ATTACKS.add(
    "one-long-time",
    "A time of a million digits.",
    rss(f"{ITEM}<pubDate>{'1' * 1_000_000}</pubDate>"),
    want(id="1", published=None),
)
ATTACKS.refuse("nested-deeply", "A hundred thousand elements in each other.", "<rss><channel>" + "<a>" * 100_000)
ATTACKS.refuse(
    "sections-in-sections",
    "A section that never ends, begun again and again.",
    "<rss><channel><item>" + "<![CDATA[" * 100_000,
)
ATTACKS.refuse("json-nested-deeply", "Lists in lists.", '{"items":' + "[" * 100_000)
ATTACKS.add(
    "json-keys-twice",
    "A key that stands twice: as in a browser, the last counts.",
    '{"items": [{"id": "1", "url": "https://x.example/", "url": "https://example.org/a"}]}',
    want(id="1", link=A),
)
ATTACKS.add(
    "json-no-numbers",
    "Numbers that are none, and numbers that none can hold.",
    '{"version": NaN, "items": [{"id": "1", "title": "One", "x": -Infinity, "y": 1e999999, "z": '
    + "9" * 50_000
    + "}]}",
    want(id="1", title="One"),
)
ATTACKS.add(
    "json-controls",
    "What would colour a terminal, in a title.",
    json.dumps({"items": [{"id": "1", "title": "\x1b[31mOne\x07\x9b more"}]}),
    want(id="1", title="[31mOne› more"),
)
ATTACKS.add(
    "turned-round",
    "A mark that turns round all that follows it.",
    rss(f"{LINK}<title>One \u202egpj.exe</title>"),
    want(title="One gpj.exe"),
)
_link("script-as-link", "A link that would be run.", "JaVaScRiPt:alert(1)", None)
_link("script-in-pieces", "The same, broken as browsers put together again.", " java\n\tscript:alert(1)", None)
_link("data-as-link", "A link that is its own page.", "data:text/html,&lt;script&gt;x&lt;/script&gt;", None)
_link("file-as-link", "A link to the reader's machine.", SECRET, None)
_link(
    "header-in-a-link",
    "A link that would begin a new line of a request.",
    "https://example.org/a\r\nX:y",
    "https://example.org/aX:y",
)
_link(
    "password-in-a-link", "A name and a password that were not meant for readers.", "https://u:secret@example.org/a", A
)
_link(
    "another-host",
    "A backslash, which browsers read as a slash.",
    "https://example.org\\@evil.example/",
    "https://example.org/@evil.example/",
)
_link(
    "look-alike",
    "A Cyrillic letter in a host's name shows as what it is.",
    "https://\u0430pple.example/",
    "https://xn--pple-43d.example/",
)
_link("number-for-a-host", "A host that is a number in disguise.", "https://0x7f.1/a", "https://127.0.0.1/a")
ATTACKS.add(
    "script-as-base",
    "A base that would make every link a script.",
    atom('<id>urn:1</id><link href="a"/>', attributes='xml:base="javascript:alert(1)//"'),
    want(link="https://example.org/news/a"),
)
ATTACKS.add(
    "utf-7",
    "Brackets in UTF-7, in a document that is not quite UTF-8.",
    rss(f"{LINK}<title>+ADw-script+AD4- cafMARK</title>")
    .replace('"1.0"?', '"1.0" encoding="utf-7"?')
    .encode()
    .replace(b"MARK", b"\xe9"),
    want(link=A, title="+ADw-script+AD4- café"),
)
ATTACKS.add(
    "python's-own-codec",
    "A label of an encoding that is none of the web's, and understands backslashes.",
    rss(f"{LINK}<title>\\x3cb\\x3e cafMARK</title>").encode().replace(b"MARK", b"\xe9"),
    want(link=A, title="\\x3cb\\x3e café"),
    charset="unicode_escape",
)
ATTACKS.add(
    "end-in-a-title",
    "A title that spells the end of the document, and an ampersand that needs repair.",
    rss(
        f"{GUID}{LINK}<title><![CDATA[&lt;/item> </item></channel></rss>]]></title>",
        "<guid>2</guid><title>R & D</title>",
    ),
    want(id="1", link=A),
    want(id="2", title="R & D"),
)
ATTACKS.add(
    "instruction-in-a-title",
    "An instruction for a server that does not come by.",
    rss(f"{LINK}<title>One<?php system('x'); ?> more</title>"),
    want(title="One more"),
)
ATTACKS.add(
    "picture-and-feed",
    "A document that begins as a picture.",
    "GIF89a\x01/*" + rss(ITEM),
    want(id="1", link=A, title="One"),
)
ATTACKS.refuse(
    "page-with-a-feed",
    "A page that holds a feed of another's.",
    f"<?xml version='1.0'?><!-- x --><html><head><title>x</title></head><body><!-- {rss(ITEM)} --></body></html>",
)
