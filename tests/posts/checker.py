"""What is wrong with a published post, found from outside: with own counting, own offsets, and none of the composer.

It knows what an editor meant to say (title, summary, link, hashtags) and what a reader of the platform sees. What the
platforms take and what they make marks of: the sources are named where the rules are.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from tests.posts.counting import bound, ends, graphemes


@dataclass(frozen=True, slots=True)
class Meant:
    """What the post was to say: the words as a reader is to see them, and where it leads."""

    title: str
    summary: str
    link: str
    tags: tuple[str, ...] = ()
    """Hashtags, of which the last ones may be missing where there is no space."""

    @property
    def whole(self) -> tuple[str, ...]:
        """The paragraphs of the default template before the link."""
        return tuple(part for part in (self.title, self.summary) if part)


@dataclass(frozen=True, slots=True)
class SeenMark:
    """A marked stretch: `start` and `end` in code points. A mark whose place makes no sense has the kind "broken"."""

    kind: str
    start: int
    end: int
    target: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """How much a platform takes, and how much less than that a careful composer may use."""

    length: int
    max_bytes: int | None = None
    spare: int = 0
    per_link: int = 23
    """What any link counts where links are not counted letter by letter."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A post as the platform published it."""

    platform: str
    text: str
    marks: tuple[SeenMark, ...]
    leads_to: str | None = None
    """The address of the card or of the pinned preview, where we decide it."""

    rule: Rule | None = None
    """The limits of the place where it was published; None: those that are usual on the platform."""

    @property
    def limits(self) -> Rule:
        """What it had to keep to."""
        return self.rule or RULES[self.platform]

    @property
    def link(self) -> tuple[int, int]:
        """Where the paragraph of the link stands: the last one, or the one before that where that is of hashtags."""
        end = len(self.text) - (len(self.tags) + 2 if self.tags else 0)
        return end - len(self.text[:end].rpartition("\n\n")[2]), end

    @property
    def tags(self) -> str:
        """The last paragraph, where it consists of hashtags."""
        last = self.text.rpartition("\n\n")[2]
        return last if last.startswith("#") and all(word[:1] == "#" for word in last.split(" ")) else ""


RULES = {
    # https://core.telegram.org/bots/api#sendmessage: in code points, of which there are never more than UTF-16 units
    "telegram": Rule(4096),
    # https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
    "mastodon": Rule(500),
    # https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json; what may be counted
    # otherwise by another version of Unicode is kept a few characters shorter
    "bluesky": Rule(300, 3000, spare=4),
}
TAG_KINDS = ("hashtag", "tag")
"""As Telegram and Mastodon call them, and as Bluesky does."""
CUT = "…"
_LEAST_SUMMARY = 30
"""A summary of which less than this would be left says nothing, and may be left out."""
_LONG_WORD = 40
"""A word longer than this may be cut within."""
_SPACELESS_WORD = 10
"""Characters that a word of a script without spaces may have, and the signs that must not be torn off it."""
_SENTENCE_END = re.compile(
    "[.!?…。！？\u0589\u061f\u06d4\u0964\u0965\u0f0d\u104b\u1362\u17d4][\"'”’»›)\\]）」』】》〉]*\\Z"
)
_CLAUSE_END = re.compile(
    r"[^\w\s]* ?[,;:–—、，；：\u060c\u061b\n]|[^\w\s]* ?[^\w\s]\n|[^\u3041-\u309f](?<=[\u3041-\u3096].)"
)
"""What stands after the end of a clause, its signs included, or of a Japanese word."""
_URL = re.compile(r"https?://[^\s<>\"]+")
_HELD_TOGETHER = re.compile("[\u00a0\u2007\u202f]")
_ADDRESS = re.compile(r"https?://[^\s、。，「」（）]*[\w/]")
"""As far as it may go."""
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aad\u3001-\u31ff\u3400-\u9fff\ua9e0-\ua9ff"
    "\uaa60-\uaadf\uf900-\ufaff\uff00-\uffef\U00011700-\U0001173f\U00020000-\U0003ffff]"
)
_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u2028\u2029\u202d\u202e\ufeff\ufdd0-\ufdef\ufffe\uffff]")
_UNSEEN = re.compile("[\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\xad]")
_TAKEN_BY_TELEGRAM = re.compile("[\u030a\u0333\u033f]")
"""https://github.com/tdlib/td/blob/master/td/telegram/misc.cpp (clean_input_string)"""


def faults(seen: Seen, meant: Meant, rule: Rule | None = None) -> list[str]:
    """What is wrong, each a sentence; empty when a careful editor could have made the post. `rule`: of an instance with
    limits of its own."""
    seen = seen if rule is None else replace(seen, rule=rule)
    return [
        *_of_length(seen),
        *_of_tidiness(seen),
        *_of_the_link(seen, meant),
        *_of_tags(seen, meant),
        *_of_marks(seen),
        *_of_words(seen, meant),
    ]


def length(seen: Seen, text: str) -> int:
    """How long `text` is by the rule of the platform where it was seen."""
    match seen.platform:
        case "telegram":
            return len(text.encode("utf-16-le")) // 2
        case "mastodon":
            return graphemes(_URL.sub("x" * seen.limits.per_link, text))
    return graphemes(text)


def _fits(seen: Seen, text: str, spare: int = 0) -> bool:
    rule = seen.limits
    return length(seen, text) + spare <= rule.length and (
        rule.max_bytes is None or len(text.encode()) <= rule.max_bytes
    )


def _of_length(seen: Seen) -> Iterator[str]:
    if not _fits(seen, seen.text):
        yield f"it is too long: {length(seen, seen.text)} characters, {len(seen.text.encode())} bytes"


def _of_tidiness(seen: Seen) -> Iterator[str]:
    if seen.text != unicodedata.normalize("NFC", seen.text):
        yield "it is not in NFC"
    if found := _FORBIDDEN.search(seen.text):
        yield f"it has {found[0]!a} in it"
    if seen.text != seen.text.strip() or re.search(r"  |[ \t]\n|\n[ \t]|\n\n\n", seen.text):
        yield "its whitespace is untidy"


def _of_the_link(seen: Seen, meant: Meant) -> Iterator[str]:
    links = [mark for mark in seen.marks if mark.kind == "link"]
    ours = [mark for mark in links if (mark.start, mark.end) == seen.link]
    if len(ours) != 1:
        others = [_marked(seen, mark) for mark in links]
        yield f"no link covers exactly the line {seen.text[slice(*seen.link)]!r}: {others}"
    for mark in ours:
        if not _same(mark.target, meant.link):
            yield f"the link leads to {mark.target}, not to {meant.link}"
        shown = seen.text[mark.start : mark.end]
        # The app warns whoever follows a link that is shown as another host's:
        # https://github.com/bluesky-social/social-app/blob/main/src/lib/strings/url-helpers.ts
        host = re.split("[/?#:]", shown, maxsplit=1)[0]
        if seen.platform == "bluesky" and _ascii_host(host) != _ascii_host(urlsplit(meant.link).hostname or ""):
            yield f"the link is shown as {shown}, which names another host"
        if seen.platform != "bluesky" and not _same(shown, meant.link):
            yield f"the link is shown as {shown}"
    if seen.leads_to is not None and not _same(seen.leads_to, meant.link):
        yield f"the card leads to {seen.leads_to}"


def _of_tags(seen: Seen, meant: Meant) -> Iterator[str]:
    shown = tuple(seen.tags.split())
    if shown != meant.tags[: len(shown)]:
        yield f"its hashtags are {shown}, not {meant.tags}"
    start = len(seen.text) - len(seen.tags)
    marked = [_marked(seen, mark) for mark in seen.marks if mark.kind in TAG_KINDS and mark.start >= start]
    if tuple(marked) != shown:
        yield f"the hashtags {shown} are marked as {marked}"
    title_is_whole = len(_plain(seen, seen.text[: seen.link[0]])) >= len(_plain(seen, meant.title))
    if len(shown) < len(meant.tags) and title_is_whole:
        more = f"{seen.text} {meant.tags[len(shown)]}"
        if _fits(seen, more, seen.limits.spare + bound(more) + 2):
            yield f"the hashtag {meant.tags[len(shown)]} was left out although there was space"


def _of_marks(seen: Seen) -> Iterator[str]:
    start, end = seen.link
    for mark in seen.marks:
        if mark.kind == "bold":
            if (mark.start, mark.end) != (0, len(seen.text.split("\n\n")[0])):
                yield f"bold covers {_marked(seen, mark)!r}, not the title"
        elif not (mark.kind == "link" and start <= mark.start < end) and not (
            mark.kind in TAG_KINDS and mark.start > end
        ):
            yield f"{_marked(seen, mark)!r} has become a {mark.kind}"


def _of_words(seen: Seen, meant: Meant) -> Iterator[str]:
    body = _plain(seen, seen.text[: seen.link[0]]).rstrip("\n")
    title, *rest = (_plain(seen, part) for part in (meant.title, *meant.whole[bool(meant.title) :]))
    whole = "\n\n".join(part for part in (title, *rest) if part)
    if body == whole:
        return
    if body == title:
        after = 2 if title else 0
        at = len(title) + after
        least = next((end for end in ends(whole[at:])[_LEAST_SUMMARY - 1 :]), len(whole) - at)
        if _more_fits(seen, whole, at, _after_word(whole, at + least), after + _unseen_on_a_word(meant)):
            yield "the summary was left out although there was space"
    elif whole.startswith(body) and _SENTENCE_END.search(body):
        yield from _of_the_cut(seen, meant, whole, len(body), well=True)
    elif body.endswith(CUT) and whole.startswith(body[:-1]):
        at = len(body) - 1
        yield from _of_the_cut(seen, meant, whole, at, well=_CLAUSE_END.match(whole, at) is not None)
    else:
        yield f"it says {body!r} where {whole!r} was meant"


def _of_the_cut(seen: Seen, meant: Meant, whole: str, at: int, *, well: bool) -> Iterator[str]:
    """`well`: after a sentence or a clause, for which a word may be given up that would have fitted."""
    if at == len(whole):
        if not _UNSEEN.match((meant.summary or meant.title).rstrip()[-1:]):  # else what was cut is nothing to the eye
            yield "it ends with an ellipsis although nothing was cut"
        return
    if at not in ends(whole):
        yield "it was cut within a character"
    word = _word_around(whole, at)
    if whole[at - 1].isalnum() and whole[at].isalnum() and len(word) <= _LONG_WORD and not _SPACELESS.search(word):
        yield f"it was cut within the word {word!r}"
    addresses = [found for found in _ADDRESS.finditer(whole) if found.start() < at < found.end()]
    if addresses and not _is_nothing_but_addresses(whole):
        yield f"it was cut within the address {addresses[0][0]!r}"
    says_something = re.search(r"\w", whole[:at].rpartition("\n\n")[2]) is not None
    if whole[at - 1] in " \n,;:-–—(" and says_something and re.search(r"\w", word):
        yield f"{whole[at - 1]!r} stands before the ellipsis"
    end = _after_word(whole, at)
    if well:
        end = _after_word(whole, end)
    if _HELD_TOGETHER.search(meant.title + meant.summary):  # what is many words to the eye here may be one
        end = max(end, [at, *(at + each for each in ends(whole[at : at + 1000]))][: _LONG_WORD * 2][-1])
    if _more_fits(seen, whole, at, end, _unseen_on_a_word(meant)):
        yield "it was cut although another word had fitted"


def _more_fits(seen: Seen, whole: str, at: int, end: int, more: int) -> bool:
    """Whether the words up to `end` would have fitted as well, `more` characters beside."""
    added = whole[at:end].replace("://", ":\u2060//")  # no link, and counted letter by letter
    # what keeps marks off a name is unseen, and takes a character each
    unseen = len(re.findall(r"[@#$/.:]", added))
    spare = seen.limits.spare + bound(seen.text + added)
    return _fits(seen, seen.text + "\n" + added + CUT, spare + unseen + more)


def _unseen_on_a_word(meant: Meant) -> int:
    """How many characters more a word may have than the eye sees."""
    return max(len(_UNSEEN.findall(word)) for word in re.split(r"\s", f"{meant.title} {meant.summary}"))


def _after_word(text: str, at: int) -> int:
    """Where the next word after `at` ends: at a space, or where a reader of a script without spaces would let it end,
    or after as much as may be cut as if it were many words."""
    start = at
    while start < len(text) and not text[start].isalnum():
        start += 1
    word = re.split(r"[ \n]", text[start:], maxsplit=1)[0]
    if "://" in word or "://" in _word_around(text, at):
        return start + len(word)
    if re.search("[#＃@＠]", word[: _LONG_WORD * 2]):  # whole, or not there at all
        return start + min(len(word), _LONG_WORD * 3)
    characters = [0, *ends(word[: _LONG_WORD * 20])]
    spaceless = _SPACELESS.search(word)
    most = min(_LONG_WORD + 2, len(characters) - 1)
    if spaceless and all(_SPACELESS.match(each) for each in word[spaceless.start() :][:_SPACELESS_WORD]):
        most = min(most, sum(end <= spaceless.start() for end in characters) + _SPACELESS_WORD)
    return start + characters[most]


def _is_nothing_but_addresses(text: str) -> bool:
    """Then half of one is better than nothing."""
    return "://" in re.split(r"[ \n]", text, maxsplit=1)[0]


def _word_around(text: str, at: int) -> str:
    start = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
    return re.split(r"[ \n]", text[start:], maxsplit=1)[0]


def _marked(seen: Seen, mark: SeenMark) -> str:
    return seen.text[mark.start : mark.end]


def _plain(seen: Seen, text: str) -> str:
    """`text` to the eye: without what is unseen, every space a plain one, composed."""
    text = re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    text = unicodedata.normalize("NFC", text)
    if seen.platform == "telegram":
        text = unicodedata.normalize("NFC", _TAKEN_BY_TELEGRAM.sub("", text))
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", text)).strip(" \n")


def _same(one: str, other: str) -> bool:
    """Whether two spellings are of one address: percent signs, case of the host, and its spelling in ASCII aside."""
    return _canonical(one) == _canonical(other)


def _canonical(address: str) -> tuple[str, str]:
    scheme, _, rest = address.partition("://")
    host, path = re.match(r"([^/?#]*)/?(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr] # it matches anything
    return f"{scheme}://{_ascii_host(host)}", unquote(path).removesuffix("?")


def _ascii_host(host: str) -> str:
    try:
        return host.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return host.lower()
