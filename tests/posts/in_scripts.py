"""Awkward articles: scripts, emoji, and characters that are not seen."""

from tests.posts.awkward import Awkward

_THAI = "กรุงเทพมหานครประกาศปิดสะพานข้ามแม่น้ำเจ้าพระยาเป็นเวลาหนึ่งสัปดาห์เพื่อซ่อมแซมครั้งใหญ่"
_KHMER = "រាជធានីភ្នំពេញបិទស្ពានឆ្លងកាត់ទន្លេសាបរយៈពេលមួយសប្តាហ៍ដើម្បីជួសជុល"
_JAPANESE = "東京都は月曜日、長い議論の末に橋を一週間閉鎖することを決めた。通行止めは土曜日から始まる。"
_CHINESE = "市议会星期一经过长时间讨论后决定,大桥将关闭一周进行维修,封闭从星期六开始。"
_HINDI = "नगर परिषद ने सोमवार को लंबी बहस के बाद पुल को एक सप्ताह के लिए बंद करने का निर्णय लिया। "
_ARABIC = "قرر المجلس البلدي يوم الاثنين بعد نقاش طويل إغلاق الجسر لمدة أسبوع لإجراء إصلاحات عاجلة. "
_FAMILY = "👨\u200d👩\u200d👧\u200d👦"
_SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
_ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
_ZALGO = "".join(letter + "\u0315\u031b\u0322\u0328\u0345\u0360\u0489" for letter in "bridge")

SCRIPTS = (
    Awkward("arabic", "Right to left, with a link that is left to right.", "إغلاق الجسر لمدة أسبوع", _ARABIC.strip()),
    Awkward("arabic long", "Right to left, and cut.", "إغلاق الجسر لمدة أسبوع", (_ARABIC * 60).strip()),
    Awkward("arabic with latin", "Both directions in one line.", "شركة OpenStreetMap تنشر API جديدة (v2.0)"),
    Awkward("arabic number", "A line that ends in digits before the link.", "ميزانية 2026: 1,250,000"),
    Awkward("arabic harakat", "Vowel marks on every letter.", "السَّلَامُ عَلَيْكُمْ وَرَحْمَةُ ٱللَّٰهِ"),
    Awkward("hebrew", "Right to left with quotation marks that are letters' own.", 'הגשר ייסגר לשבוע: צה"ל ומע"מ'),
    Awkward("hebrew points", "Vowel points, and an ending parenthesis.", "בְּרֵאשִׁית (א׳)"),
    Awkward("persian joiner", "Non-joiners between letters are spelling.", "می\u200cخواهم کتاب\u200cها را ببینم"),
    Awkward("thai", "No spaces between words.", _THAI, _THAI * 12),
    Awkward("thai title", "A title without a space that is too long for Bluesky.", _THAI * 6, ""),
    Awkward(
        "thai sara am", "A vowel that is a letter and belongs to what stands before it.", "น้ำำ ทำ คำ " * 3, "น้ำ" * 200
    ),
    Awkward("lao", "No spaces between words.", "ນະຄອນຫຼວງປິດຂົວ", "ນະຄອນຫຼວງວຽງຈັນປິດຂົວ" * 25),
    Awkward("khmer", "Letters below letters, no spaces.", _KHMER, _KHMER * 12),
    Awkward("burmese", "Stacked letters, no spaces.", "မြန်မာနိုင်ငံ", "မြန်မာနိုင်ငံတော်အစိုးရ" * 25),
    Awkward("tibetan", "Stacked letters, dots between syllables.", "བོད་ཀྱི་སྐད་ཡིག", "བོད་ཀྱི་སྐད་ཡིག་" * 40),
    Awkward("japanese", "No spaces, stops of its own.", "橋を一週間閉鎖", _JAPANESE * 12),
    Awkward("japanese title", "A title without a space that is too long for Bluesky.", _JAPANESE * 8, _JAPANESE),
    Awkward("japanese brackets", "Brackets and a long vowel mark.", "「サンドボックス」―ヘラルド紙、『橋』を語る"),
    Awkward("katakana narrow", "Voiced marks as characters of their own.", "ﾊﾞｽ ｶﾞｲﾄﾞ ﾌﾟﾗﾝ"),
    Awkward("chinese", "No spaces, ASCII commas.", "大桥关闭一周", _CHINESE * 14),
    Awkward("chinese rare", "Characters beyond the first plane.", "𠮷野家与𡘙𢂎𣎴", "𠮷野家" * 150),
    Awkward("chinese title mark", "Full-width marks that look like those that make tags.", "#大桥# @市长 ¥100"),
    Awkward(
        "korean",
        "Syllables, spaces, and a title with brackets.",
        "[속보] 다리, 일주일간 폐쇄",
        "시의회는 월요일 결정했다. " * 45,
    ),
    Awkward(
        "korean apart",
        "Syllables spelled as letters, as some file systems do.",
        "\u1112\u1161\u11ab\u1100\u1173\u11af 소식",
        shows_title="한글 소식",
    ),
    Awkward("hindi", "Conjuncts, each of which is one character.", "पुल एक सप्ताह के लिए बंद", (_HINDI * 20).strip()),
    Awkward("hindi conjuncts", "Conjuncts without end.", "क्ष्म्य स्त्र्य", "क्ष" * 400),
    Awkward("bengali", "Vowels on both sides of a letter.", "সেতু এক সপ্তাহ বন্ধ", "কর্তৃপক্ষ সোমবার সিদ্ধান্ত নিয়েছে। " * 30),
    Awkward("tamil", "Vowels of several marks.", "பாலம் ஒரு வாரம் மூடப்படும்", "நகர சபை திங்களன்று முடிவு செய்தது. " * 30),
    Awkward("telugu", "Letters below letters.", "వంతెన వారం పాటు మూసివేత", "నగర మండలి సోమవారం నిర్ణయించింది. " * 30),
    Awkward("malayalam", "Chillu letters and conjuncts.", "പാലം ഒരാഴ്ച അടച്ചിടും", "നഗരസഭ തിങ്കളാഴ്ച തീരുമാനിച്ചു. " * 30),
    Awkward("sinhala", "Joiners inside words.", "ශ්\u200dරී ලංකා", "ශ්\u200dරී ලංකාව පාලම වසයි. " * 30),
    Awkward("greek", "Accents of old, composed.", "Ἡ γέφυρα κλείνει· ἑβδομάς", "Τὸ συμβούλιον ἀπεφάσισεν. " * 30),
    Awkward("cyrillic", "A title in capitals.", "МОСТ ЗАКРЫВАЕТСЯ НА НЕДЕЛЮ №5", "Совет решил в понедельник. " * 40),
    Awkward(
        "armenian", "Stops that look like a colon.", "Կամուրջը փակ է մեկ շաբաթ։", "Խորհուրդը որոշեց երկուշաբթի։ " * 30
    ),
    Awkward("georgian", "A script without capitals.", "ხიდი ერთი კვირით იკეტება"),
    Awkward("amharic", "Stops of its own.", "ድልድዩ ለአንድ ሳምንት ይዘጋል።", "ምክር ቤቱ ሰኞ ዕለት ወሰነ። " * 30),
    Awkward("mongolian", "Selectors that shape letters.", "ᠮᠣᠩᠭᠣᠯ\u180b ᠪᠢᠴᠢᠭ"),
    Awkward(
        "vietnamese apart",
        "Two marks on a letter, spelled apart.",
        "Ca\u0302\u0300u đo\u0301ng cu\u031b\u0309a",
        shows_title="Cầu đóng cửa",
    ),
    Awkward(
        "german long",
        "Compounds longer than most words.",
        "Donaudampfschifffahrtsgesellschaftskapitän geht",
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz tritt in Kraft. " * 20,
    ),
    Awkward("turkish", "Letters that change with case.", "İstanbul'da köprü KAPANIYOR: ışıklar"),
    Awkward(
        "nfd",
        "All accents apart, as macOS spells file names.",
        "A\u030angstro\u0308m wa\u0308hlt: ge\u0301ant fe\u0302te\u0301",
        shows_title="Ångström wählt: géant fêté",
    ),
    Awkward(
        "ring apart",
        "A ring that belongs to no composed letter.",
        "K\u030aresund and x\u030a",
        shows_title="K\u030aresund and x\u030a",
    ),
    Awkward("zalgo", "Seven marks on each letter.", _ZALGO, _ZALGO * 40),
    Awkward("maths letters", "Bold letters from the mathematicians' block.", "𝗕𝗿𝗲𝗮𝗸𝗶𝗻𝗴 𝗻𝗲𝘄𝘀", "𝗕𝗿𝗲𝗮𝗸𝗶𝗻𝗴 " * 60),
    Awkward("ligatures", "Ligatures and letters that fold.", "ﬁnal oﬀer ſtill ǅ"),
)

EMOJI = (
    Awkward("family", "A family is one character.", f"{_FAMILY} reunited", f"{_FAMILY}" * 20),
    Awkward("families", "More families than bytes for them.", "Families", f"{_FAMILY}" * 150),
    Awkward("families in words", "Cuts between words of families.", "Families", f"{_FAMILY} and " * 60),
    Awkward("flags", "Flags are pairs, however many.", "🇩🇪🇫🇷🇮🇹 sign", "🇩🇪🇫🇷🇮🇹" * 100),
    Awkward("half a flag", "An odd number of halves.", "🇩🇪🇫 signs"),
    Awkward(
        "tag flags",
        "Flags spelled in invisible letters.",
        f"{_SCOTLAND} beats {_ENGLAND}",
    ),
    Awkward("skin tones", "A hand and its tone.", "👋🏽👋🏿👋🏻 hello", "👋🏽" * 300),
    Awkward(
        "keycaps",
        "A digit, a selector and a frame; no hashtag either.",
        "1\ufe0f\u20e3 2\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3 steps",
    ),
    Awkward(
        "keycap of a word",
        "The sign of hashtags as an emoji, right before letters.",
        "#\ufe0f\u20e3Steps and #\u0301accent",
    ),
    Awkward("selectors", "One heart as text, one as a picture.", "I \u2764\ufe0f and \u2764\ufe0e this"),
    Awkward(
        "couples",
        "Joiners, tones and selectors together.",
        "👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏿 wed",
        "👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏿" * 80,
    ),
    Awkward("professions", "Joiners with signs.", "👩\u200d🚀 👨🏾\u200d⚕\ufe0f 🧑\u200d💻 strike"),
    Awkward("emoji only", "A title without a letter.", "🚧🌉🚧", ""),
    Awkward("emoji at the cut", "An emoji where Bluesky cuts.", "Bridge", "word " * 50 + "👩\u200d🚀" * 30),
    Awkward("new emoji", "An emoji of the last versions.", "🫨🫷🏽🫸 shaking"),
)

UNSEEN = (
    Awkward("controls", "Control characters of old systems.", "Bridge\x07 clo\x00ses\x1b", shows_title="Bridge closes"),
    Awkward(
        "tabs and breaks",
        "Line breaks and tabs in a title.",
        "Bridge\tcloses\n for\r\na week",
        shows_title="Bridge closes for a week",
    ),
    Awkward(
        "soft hyphens", "Places where a word may be parted.", "Donau\xaddampf\xadschiff", shows_title="Donaudampfschiff"
    ),
    Awkward("zero width", "Spaces without width.", "Brid\u200bge clo\ufeffses", shows_title="Bridge closes"),
    Awkward(
        "override", "A character that turns round all that follows.", "Bridge \u202eclosed", shows_title="Bridge closed"
    ),
    Awkward("embedding", "An embedding that is never closed.", "Bridge \u202bסגור", shows_title="Bridge סגור"),
    Awkward("isolates", "Isolates around a name, as they should be.", "Bridge \u2068סגור\u2069 now"),
    Awkward("isolate open", "An isolate that is never closed.", "Bridge \u2067closed"),
    Awkward("direction marks", "Marks of direction in a row.", "Bridge \u200f\u200f\u200eclosed!"),
    Awkward(
        "wide spaces",
        "Spaces of every width.",
        "Bridge\u3000closes\u2003for\u2009a week",
        shows_title="Bridge closes for a week",
    ),
    Awkward("no-break", "Spaces of French typography.", "«\xa0Pont fermé\xa0» : pourquoi\u202f?"),
    Awkward(
        "line separators",
        "Separators that are no line breaks in ASCII.",
        summary="One\u2028two\u2029three",
        shows_summary="One\ntwo\nthree",
    ),
    Awkward("private use", "A sign that only one font has.", "Apple \uf8ff opens a shop"),
    Awkward("replacement", "A sign of text that was lost before.", "Br\ufffdcke gesperrt"),
    Awkward(
        "noncharacters",
        "The template's own marks, in a title.",
        "Bridge \ufdd0closes\ufddf now",
        shows_title="Bridge closes now",
    ),
    Awkward(
        "c1 controls",
        "Quotation marks in a charset of Windows.",
        "The \x93bridge\x94 \x96 closed",
        shows_title="The \u201cbridge\u201d \u2013 closed",
    ),
)
