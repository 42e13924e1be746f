"""Awkward articles: categories of every kind, and hashtags where there is little space."""

from tests.posts.awkward import SUMMARY, Awkward
from tests.stage import HOME


def _tagged(name: str, why: str, tags: tuple[str, ...], shows: tuple[str, ...], **more: object) -> Awkward:
    return Awkward(name, why, tags=tags, shows_tags=shows, **more)  # type: ignore[arg-type] # as its fields have it


_LONG = "The council decided on Monday that the bridge is to be closed. "

TAGS = (
    _tagged(
        "tags of words",
        "Words in lower case, with spaces, hyphens and lines below.",
        ("city council", "public-transport", "road_works"),
        ("#CityCouncil", "#PublicTransport", "#RoadWorks"),
    ),
    _tagged("tags with signs", "As others write hashtags.", ("#bridge", "＃橋", "##"), ("#Bridge", "#橋")),
    _tagged("tags with capitals", "Names that begin small.", ("iPhone", "eBay fees"), ("#iPhone", "#eBayFees")),
    _tagged("tags of acronyms", "Capitals that stay.", ("EU", "NATO", "G7 summit"), ("#EU", "#NATO", "#G7Summit")),
    _tagged("tags in capitals", "Capitals that shout.", ("CITY COUNCIL", "ROAD WORKS"), ("#CityCouncil", "#RoadWorks")),
    _tagged(
        "tags with dots", "Initials, and names of programs.", ("U.S.", "Node.js", "No. 10"), ("#US", "#NodeJs", "#No10")
    ),
    _tagged(
        "tags with ampersands",
        "Letters that belong together.",
        ("AT&T", "Food & Drink", "Q&A"),
        ("#ATT", "#FoodDrink", "#QA"),
    ),
    _tagged(
        "tags of programmers",
        "Names that are others without their signs.",
        ("C#", "F#", ".NET"),
        ("#CSharp", "#FSharp", "#DotNet"),
    ),
    _tagged(
        "tags with apostrophes",
        "Two kinds of them.",
        ("women's rights", "l’équipe", "O'Neill"),
        ("#WomensRights", "#LÉquipe", "#ONeill"),
    ),
    _tagged(
        "tags with figures",
        "Years, and figures alone.",
        ("2026", "2026 elections", "COVID-19", "24/7"),
        ("#2026Elections", "#COVID19"),
    ),
    _tagged(
        "tags of odd figures",
        "Small, Roman and broken ones.",
        ("CO₂", "Ⅻ century", "½ price"),
        ("#CO2", "#XIICentury", "#Price"),
    ),
    _tagged(
        "tags in levels", "One category within another.", ("News > Local", "Sport » Football"), ("#Local", "#Football")
    ),
    _tagged("tags with slashes", "Two words for one thing.", ("arts/culture", "AC/DC"), ("#ArtsCulture", "#ACDC")),
    _tagged("tags with plus", "A sign that is said.", ("Disney+", "18+"), ("#DisneyPlus", "#18Plus")),
    _tagged(
        "tags with accents",
        "Composed, and apart.",
        ("são-paulo", "Cafe\u0301", "CAFÉ", "łódź"),
        ("#SãoPaulo", "#Café", "#Łódź"),
    ),
    _tagged(
        "tags with emoji",
        "Pictures with words, and alone.",
        ("🎉", "🎉 Party", "❤\ufe0f love", "🇩🇪"),
        ("#Party", "#Love"),
    ),
    _tagged("tags of nothing", "Empty, blank, unseen and mere signs.", ("", " ", "–", "\u200b", "\u3164", "…"), ()),
    _tagged(
        "tags of the software",
        "What WordPress puts an article into by itself.",
        ("Uncategorized", "Sin categoría", "Non classé"),
        (),
    ),
    _tagged(
        "tags that are addresses",
        "How Blogger says what an entry is.",
        ("http://schemas.google.com/blogger/2008/kind#post", "Parks"),
        ("#Parks",),
    ),
    _tagged(
        "tags greek and cyrillic",
        "Capitals of other scripts.",
        ("новости дня", "ελλάδα", "հայաստան"),
        ("#НовостиДня", "#Ελλάδα", "#Հայաստան"),
    ),
    _tagged(
        "tags han",
        "Scripts without capitals and spaces.",
        ("大桥 新闻", "トム・クルーズ", "한국 경제"),
        ("#大桥新闻", "#トムクルーズ", "#한국경제"),
    ),
    _tagged(
        "tags hindi",
        "Vowels that are marks, which Telegram does not take.",
        ("हिन्दी समाचार", "खेल", "शहर"),
        ("#हिन्दी_समाचार", "#खेल", "#शहर"),
        telegram_shows=("#शहर",),
    ),
    _tagged(
        "tags thai",
        "The same in a script without spaces.",
        ("การเมือง", "ขาว"),
        ("#การเมือง", "#ขาว"),
        telegram_shows=("#ขาว",),
    ),
    _tagged(
        "tags arabic",
        "Points that can be left out, where they must.",
        ("العَرَبِيَّة", "أخبار محلية"),
        ("#العَرَبِيَّة", "#أخبار_محلية"),
        telegram_shows=("#العربية", "#أخبار_محلية"),
        title="الجسر مغلق لمدة أسبوع",
        summary="قرر المجلس ذلك يوم الاثنين بعد نقاش طويل.",
    ),
    _tagged(
        "tags hebrew",
        "The same in Hebrew.",
        ("שָׁלוֹם", "חדשות היום"),
        ("#שָׁלוֹם", "#חדשות_היום"),
        telegram_shows=("#שלום", "#חדשות_היום"),
    ),
    _tagged(
        "tags persian",
        "An unseen sign within a word.",
        ("علوم\u200cانسانی", "\u200cخبر\u200c"),
        ("#علوم\u200cانسانی", "#خبر"),
    ),
    _tagged("tags sinhala", "Marks that Telegram does take, and a joiner.", ("ශ්\u200dරී ලංකා",), ("#ශ්රී_ලංකා",)),
    _tagged("tags catalan", "A raised dot within a word.", ("col·lecció", "novel·la ·"), ("#Col·lecció", "#Novel·la")),
    _tagged(
        "tags that bind",
        "Marks upon marks that compose to nothing.",
        ("x\u0303y", "plain"),
        ("#X\u0303y", "#Plain"),
        telegram_shows=("#Plain",),
    ),
    _tagged("tags with markup", "Entities of HTML.", ("R&amp;D", "<b>Bold</b>"), ("#RD", "#Bold"), form="rss"),
    _tagged("tags of atom", "Terms of Atom.", ("road works", "Köln"), ("#RoadWorks", "#Köln"), form="atom"),
    _tagged(
        "tags too long",
        "Left out, never cut.",
        ("a" * 41, "a whole sentence that nobody would ever want to follow", "Short"),
        ("#Short",),
    ),
    _tagged(
        "tags as long as can be",
        "Three of forty letters.",
        ("a" * 40, "b" * 40, "c" * 40),
        ("#A" + "a" * 39, "#B" + "b" * 39, "#C" + "c" * 39),
    ),
    _tagged("tags without title", "A link and hashtags.", ("Parks",), ("#Parks",), title="", summary=""),
    _tagged(
        "tags and long summary",
        "The summary makes room for them.",
        ("road works", "Köln", "Parks"),
        ("#RoadWorks", "#Köln", "#Parks"),
        summary=_LONG * 90,
    ),
    _tagged(
        "tags and long title",
        "They make room for the title.",
        ("road works", "Köln", "Parks"),
        ("#RoadWorks", "#Köln", "#Parks"),
        title="Bridge closes " * 19 + "again",
        summary=SUMMARY,
    ),
    _tagged(
        "tags and longer title",
        "None are left beside a title that is cut.",
        ("road works", "Köln"),
        ("#RoadWorks", "#Köln"),
        title="Bridge closes again " * 260,
        summary=SUMMARY,
    ),
    _tagged(
        "tags and all long",
        "Everything is too long.",
        ("b" * 40, "c" * 40),
        ("#B" + "b" * 39, "#C" + "c" * 39),
        title="Bridge closes " * 14,
        summary=_LONG * 90,
        link=f"{HOME}/{'a-long-path/' * 20}end",
    ),
)
