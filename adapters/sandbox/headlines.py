"""A dozen made-up articles in several scripts, with what trips up software: emoji, ampersands, quotes, length."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headline:
    """An article's words, before it is published. `alt` describes its picture; without one it has no picture."""

    slug: str
    title: str
    summary: str
    language: str = "en"
    alt: str | None = None


HEADLINES = (
    Headline(
        "lighthouse",
        "Old lighthouse shines again after 80 years",
        "Volunteers re-lit the lamp on Tern Rock on Sunday evening. Fishing boats sounded their horns for a full "
        "minute, and the last keeper’s granddaughter turned the key.",
        alt="A white lighthouse on a rock, its lamp lit, at dusk",
    ),
    Headline(
        "fish-and-chips",
        "Fish & chips: why “5 < 6” caused a queue at the harbour",
        "A typing error on the price board made six pieces cheaper than five. The owner laughed, kept the price & sold "
        "out by noon. <No refunds>, says the sign now.",
    ),
    Headline(
        "family-day",
        "Family day 👨‍👩‍👧‍👦 at the museum: free entry, free cake 🍰",
        "Families of every shape (👩‍👩‍👦, 👨‍👧, 👵🏽👶🏿) are welcome on Saturday. The café bakes until the flour runs "
        "out. Wheelchair users 🧑🏾‍🦽‍➡️ find the ramp at the east gate.",
        alt="Children in front of a dinosaur skeleton",
    ),
    Headline(
        "strassenbahn",
        "„Endlich!“: Die Straßenbahn fährt wieder bis Grünau",
        "Nach drei Jahren Bauzeit rollt die Linie 7 wieder durch. Zur Eröffnung gab es Brezeln, Blasmusik und eine "
        "Verspätung von genau zwei Minuten.",
        "de",
        alt="Eine gelbe Straßenbahn hält an einer Haltestelle im Grünen",
    ),
    Headline(
        "the-long-read",
        "The long read: how a village of 212 people came to own its forest",
        "It began with a letter that nobody wanted to open. The timber company was leaving, the letter said, and "
        "the forest above the village would be sold to whoever offered most by the end of the month. Nobody in the "
        "village had that kind of money. But the schoolteacher had a calculator, the baker had a list of every family "
        "that had ever moved away, and the priest, who had once been a lawyer, had time. They wrote four hundred "
        "letters by hand. They sold jam, then furniture, then the bell of the second church. On the twenty-ninth day "
        "they were still eleven thousand short, and it was snowing; what happened that night is told differently in "
        "every kitchen. In the morning the forest was theirs, and it has been argued over, cared for and walked in by "
        "all of them ever since. This is the story of the people who planted it again, tree by tree.",
    ),
    Headline(
        "sakura",
        "桜前線が北上、東京で平年より六日早く開花",
        "気象台は月曜日、東京で桜が開花したと発表した。週末には見頃を迎え、公園は花見客でにぎわう見込みだ。",
        "ja",
        alt="満開の桜の並木道を歩く人々",
    ),
    Headline(
        "library-arabic",
        "مكتبة المدينة تفتح أبوابها ليلاً للقراء",
        "ابتداءً من يوم الخميس تبقى المكتبة مفتوحة حتى منتصف الليل، مع قهوة مجانية وركن هادئ للطلاب.",
        "ar",
    ),
    Headline(
        "boulangerie",
        "« La meilleure baguette » : l’artisan qui a dit non au prix",
        "Il avait gagné ; il a refusé. « Mon pain n’est pas un concours », explique le boulanger, dont la file "
        "d’attente a doublé depuis l’annonce.",
        "fr",
        alt="Des baguettes dorées alignées devant un four",
    ),
    Headline(
        "hindi-river",
        "नदी की सफ़ाई में जुटे दस हज़ार स्वयंसेवक",
        "रविवार को घाटों से चालीस टन कचरा निकाला गया। बच्चों ने पहली बार मछलियों को साफ़ पानी में देखा।",
        "hi",
    ),
    Headline(
        "cosmonaut-cat",
        "Кот «Юрий» прокатился на крыше автобуса и стал звездой",
        "Водитель заметил пассажира только на конечной. Кот не пострадал, выпил молока и уехал обратно — уже в салоне.",
        "ru",
        alt="Рыжий кот сидит на крыше автобуса",
    ),
    Headline(
        "bridge-opens",
        "Bridge opens 🌉: 1,204 m of steel, 3 years late, 1 wedding already",
        "The first to cross were a bride, a groom & 70 guests on bicycles. “We booked the date before they missed "
        "theirs,” said the couple. Tolls start in May at 50 % of the price that was planned.",
        alt="Cyclists in wedding clothes on a new suspension bridge",
    ),
    Headline(
        "kimchi",
        "김장철 시작… 마을 사람들 배추 2천 포기 함께 담가",
        "올해도 온 마을이 모여 김치를 담갔다. 절반은 이웃 마을의 홀로 사는 노인들에게 보낸다.",
        "ko",
    ),
)
