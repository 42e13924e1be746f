"""Hard encodings: byte order marks, wrong and missing labels, mixtures, and characters that XML does not have.

Decided by https://encoding.spec.whatwg.org/ (labels mean what they mean to browsers) and RFC 7303 §3 (a byte order
mark goes before everything else).
"""

import codecs
import json

from tests.sources.hard.case import Category, json_feed, rss, want

ENCODINGS = Category("encodings")

A = "https://example.org/a"
LINK = f"<link>{A}</link>"


def _feed(title: str, declared: str = "") -> str:
    encoding = f' encoding="{declared}"' if declared else ""
    return rss(f"<title>{title}</title>{LINK}").replace('<?xml version="1.0"?>', f'<?xml version="1.0"{encoding}?>')


def _add(name: str, why: str, document: bytes, title: str, charset: str | None = None) -> None:
    ENCODINGS.add(name, why, document, want(link=A, title=title), charset=charset)


_add(
    "bom-utf-8",
    "A byte order mark of UTF-8, and a server that says Latin-1.",
    codecs.BOM_UTF8 + _feed("Zürich 東京", "utf-8").encode(),
    "Zürich 東京",
    "iso-8859-1",
)
_add(
    "bom-twice",
    "Two programs have each put a byte order mark before it.",
    codecs.BOM_UTF8 * 2 + _feed("Zürich").encode(),
    "Zürich",
)
_add(
    "bom-against-declaration",
    "The mark says UTF-16, the declaration UTF-8.",
    codecs.BOM_UTF16_LE + _feed("Zürich", "utf-8").encode("utf-16-le"),
    "Zürich",
)
_add(
    "utf-16-big-end",
    "UTF-16 the other way round, with its mark.",
    codecs.BOM_UTF16_BE + _feed("Zürich 😀", "utf-16").encode("utf-16-be"),
    "Zürich 😀",
)
_add(
    "utf-16-without-mark",
    "UTF-16 without a mark, told only by where the zeros are.",
    _feed("Zürich", "utf-16").encode("utf-16-le"),
    "Zürich",
)
_add(
    "utf-16-label-only",
    "Plain UTF-8 that calls itself UTF-16, as documents do that a database gave out.",
    _feed("Zürich", "utf-16").encode(),
    "Zürich",
)
_add("utf-32", "UTF-32 with its mark.", codecs.BOM_UTF32_LE + _feed("Zürich 😀").encode("utf-32-le"), "Zürich 😀")
_add(
    "utf-32-without-mark",
    "UTF-32 without a mark (XML 1.0, appendix F).",
    _feed("Zürich", "utf-32").encode("utf-32-be"),
    "Zürich",
)
_add(
    "latin-1-is-1252",
    "Quotation marks and a dash where Latin-1 has control characters.",
    _feed("“Zürich” – 5 €", "ISO-8859-1").encode("cp1252"),
    "“Zürich” – 5 €",
)
_add(
    "1252-in-utf-8",
    "Declared and sent as UTF-8, written as Windows-1252.",
    _feed("“Zürich”", "utf-8").encode("cp1252"),
    "“Zürich”",
    "utf-8",
)
_add(
    "one-bad-byte",
    "UTF-8 but for one byte, which is no reason to read all of it as something else.",
    _feed("東京 Zürich cafMARK", "utf-8").encode().replace(b"MARK", b"\xe9"),
    "東京 Zürich café",
)
_add(
    "ascii-by-default",
    "text/xml used to mean ASCII; the declaration knows better.",
    _feed("Новости", "windows-1251").encode("cp1251"),
    "Новости",
    "us-ascii",
)
_add("header-alone", "Only the header knows the encoding.", _feed("Новости").encode("koi8-r"), "Новости", "koi8-r")
_add(
    "header-against-declaration",
    "A proxy has recoded the document and left its declaration (RFC 7303 §3.3).",
    _feed("Новости", "windows-1251").encode("koi8-r"),
    "Новости",
    "koi8-r",
)
_add("koi8-u", "Ukrainian letters.", _feed("Їжак", "koi8-u").encode("koi8-u"), "Їжак")
_add(
    "gb2312-is-more",
    "Called GB2312, with characters that only GBK and GB18030 have.",
    _feed("镕基 囍 €", "gb2312").encode("gb18030"),
    "镕基 囍 €",
)
_add(
    "gbk-euro",
    "GBK's single byte for the euro, as Windows writes it.",
    _feed("价MARK", "gbk").encode("gbk").replace(b"MARK", b"\x80"),
    "价€",
)
_add(
    "big5-hkscs",
    "Called Big5, with characters of Hong Kong's supplement.",
    _feed("囧 𠝹", "big5").encode("big5hkscs"),
    "囧 𠝹",
)
_add(
    "shift-jis-is-932",
    "Called Shift_JIS, with Microsoft's numbers in circles.",
    _feed("①ソース髙", "Shift_JIS").encode("cp932"),
    "①ソース髙",
)
_add("euc-jp", "Japanese as UNIX wrote it.", _feed("日本語", "EUC-JP").encode("euc-jp"), "日本語")
_add(
    "iso-2022-jp",
    "Seven bits: the bytes are ASCII, and mean something else.",
    _feed("日本語", "iso-2022-jp").encode("iso-2022-jp"),
    "日本語",
)
_add(
    "euc-kr-is-949",
    "Called EUC-KR, with a syllable that only Microsoft's code page has.",
    _feed("똠방 뉴스", "euc-kr").encode("cp949"),
    "똠방 뉴스",
)
_add("thai", "TIS-620, which is Windows-874 on the web.", _feed("ข่าว…", "TIS-620").encode("cp874"), "ข่าว…")
_add(
    "turkish-is-1254",
    "Latin-5 is Windows-1254 on the web.",
    _feed("“İstanbul’da”", "iso-8859-9").encode("cp1254"),
    "“İstanbul’da”",
)
_add(
    "latin-2",
    "Polish in Latin-2, and a header that says nothing of it.",
    _feed("Łódź", "iso-8859-2").encode("iso-8859-2"),
    "Łódź",
)
_add(
    "hebrew-logical",
    "A label for Hebrew in its order of reading.",
    _feed("שלום", "iso-8859-8-i").encode("iso-8859-8"),
    "שלום",
)
_add(
    "quoted-label",
    "The label has quotes of its own and a space.",
    _feed("Новости").encode("cp1251"),
    "Новости",
    "'windows-1251' ",
)
_add("no-such-label", "A label that nobody knows.", _feed("Zürich", "x-unknown").encode(), "Zürich", "none")
_add(
    "base64-is-no-label",
    "Python has a codec of that name, which is none of text.",
    _feed("Zürich", "base64").encode(),
    "Zürich",
    "rot13",
)
_add(
    "single-quotes",
    "The declaration has single quotes and odd white space.",
    _feed("Łódź")
    .replace('<?xml version="1.0"?>', "<?xml  version = '1.0'\tencoding = 'iso-8859-2' ?>")
    .encode("iso-8859-2"),
    "Łódź",
)
_add(
    "declaration-not-first",
    "White space before a declaration of Latin-2.",
    b"\r\n  " + _feed("Łódź", "iso-8859-2").encode("iso-8859-2"),
    "Łódź",
)
_add(
    "controls",
    "Control characters that XML 1.0 does not allow, as bytes.",
    _feed("One\x0b\x1b \x08more\x00").encode(),
    "One more",
)
_add(
    "c1-controls",
    "Windows' quotation marks, moved into Unicode as control characters.",
    _feed("\x93Zürich\x94 \x96 it\x92s").encode(),
    "“Zürich” – it’s",
)
_add("noncharacters", "Characters that Unicode has set aside.", _feed("One\ufffe\uffff more").encode(), "One more")
_add(
    "surrogates-in-utf-8",
    "An emoji as two surrogates, each encoded by itself (CESU-8).",
    _feed("One MARK").encode().replace(b"MARK", b"\xed\xa0\xbd\xed\xb8\x80"),
    "One 😀",
)
_add(
    "overlong",
    "A bracket in two bytes, which is no UTF-8 and must not become a bracket.",
    _feed("One MARKb more").encode().replace(b"MARK", b"\xc0\xbc"),
    "One À¼b more",
)
_add(
    "declared-1.1",
    "XML 1.1 allows controls as references; most parsers know 1.0 only.",
    _feed("One&#x1; more").replace('version="1.0"?', 'version="1.1"?').encode(),
    "One more",
)
ENCODINGS.add(
    "json-utf-16",
    "JSON in UTF-16 without a mark.",
    json_feed({"id": "1", "title": "Zurich"}).encode("utf-16-le"),
    want(id="1", title="Zurich"),
)
ENCODINGS.add(
    "json-bom",
    "JSON must not begin with a byte order mark (RFC 8259 §8.1), and does.",
    codecs.BOM_UTF8 + json.dumps({"items": [{"id": "1", "title": "Zürich"}]}, ensure_ascii=False).encode(),
    want(id="1", title="Zürich"),
)
ENCODINGS.add(
    "json-surrogates",
    "A pair of escaped surrogates is one character; half a pair is none.",
    '{"items": [{"id": "1", "title": "One \\ud83d\\ude00 \\ud83dmore"}]}',
    want(id="1", title="One 😀 more"),
)
