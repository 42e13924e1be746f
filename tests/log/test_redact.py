"""Secrets are masked in every spelling, known or not; all else is left alone."""

import base64
import html
import io
import itertools
import json
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.redact import LEARNT_KEPT, MASK, RedactingStream, Redactor, guard_output, looks_secret

BOT_TOKEN = "123456789:AAFzQ0_abcdefghijklmnopqrstuv-wxyz1"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in an address": lambda text: quote(text, safe=""),
    "in an address, small letters": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text)),
    "in a path": quote,
    "in a form": quote_plus,
    "in a form of several fields": lambda text: urlencode({"status": "news", "token": text, "language": "en"}),
    "in JSON": json.dumps,
    "in JSON as it is": lambda text: json.dumps({"token": text, "n": 1}, ensure_ascii=False),
    "in JSON in JSON": lambda text: json.dumps(json.dumps([text])),
    "in a repr": repr,
    "in a repr in JSON": lambda text: json.dumps(repr({"token": text})),
    "in a repr with both quotes": lambda text: repr(f"'\" {text}"),
    "in a repr of bytes": lambda text: repr(text.encode()),
    "in HTML": lambda text: html.escape(f"<b>{text}</b>"),
}

# Letters that mean something somewhere: quotes, escapes, percent signs, accents, symbols outside of the BMP. Not the
# asterisk, which is what a mask is made of.
LETTERS = st.sampled_from("abcXYZ0189-_.:/+=%&<>\"'\\ ~!$@éß漢😀\t")
SECRETS = st.text(LETTERS, min_size=8, max_size=40)


def unquoted(text: str) -> str:
    """`text` without quotes and backslashes: which quotes a repr takes depends on the text."""
    return re.sub(r"[\"'\\]", "", text)


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(deadline=None)
@given(secret=SECRETS, before=st.text("#; ", max_size=5), after=st.text("#; ", max_size=5))
@example(secret=BOT_TOKEN, before="", after="")
def test_every_spelling_is_masked(spelling: str, secret: str, before: str, after: str) -> None:
    """Whatever a secret is made of, and however a library spells it, all of it becomes a mask and nothing else does."""
    spell = SPELLINGS[spelling]
    shown = Redactor([secret]).redact(before + spell(secret) + after)
    assert unquoted(shown) == unquoted(before + spell("SECRET").replace("SECRET", MASK) + after)


@pytest.mark.parametrize("before", ["", "m", "me", "me:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@settings(deadline=None)
@given(secret=SECRETS, after=st.text("#; ", max_size=5))
def test_base64_is_masked(encode: Callable[[bytes], bytes], before: str, secret: str, after: str) -> None:
    """In base64, also together with something else, nothing is left of a secret but the letters that it shares."""
    shown = Redactor([secret]).redact(encode(f"{before}{secret}{after}".encode()).decode())
    assert MASK in shown
    assert len(shown.replace(MASK, "")) <= len(base64.b64encode(f"{before}{after}".encode())) + 6


@given(st.text("abcd*", max_size=40), st.lists(st.text("abcd", min_size=4, max_size=6), max_size=4))
def test_overlapping_secrets(text: str, secrets: list[str]) -> None:
    """Secrets that overlap, or contain one another, leave no piece of either behind."""
    shown = Redactor(secrets).redact(text)
    covered = [False] * len(text)
    for secret in secrets:
        for start in range(len(text) - len(secret) + 1):
            if text[start : start + len(secret)] == secret:
                covered[start : start + len(secret)] = [True] * len(secret)
    assert shown.replace("*", "") == "".join(
        char for char, hidden in zip(text, covered, strict=True) if not hidden
    ).replace("*", "")


@given(st.text())
def test_innocent_text_is_left_alone(text: str) -> None:
    """Without secrets, and with secrets that do not occur, an ordinary text comes out as it went in."""
    assert Redactor(["S3cret-that-nobody-writes"]).redact(f"title: {text[:8]}") == f"title: {text[:8]}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"POST https://api.example/bot{BOT_TOKEN}/sendMessage", "POST https://api.example/bot***/sendMessage"),
        (f"POST /bot{quote(BOT_TOKEN, safe='')}/getMe", "POST /bot***/getMe"),
        (f"The token `{BOT_TOKEN}` was rejected", "The token `***` was rejected"),
        (f'{{"accessJwt":"{JWT}","did":"did:plc:x"}}', '{"accessJwt":"***","did":"did:plc:x"}'),
        ("Authorization: Bearer kX9vQ2mLr7TzB4nWc8Yp", "Authorization: Bearer ***"),
        ("authorization: basic bWU6aHVzaC1odXNoLWh1c2g=", "authorization: basic ***"),
        ("GET https://me:hush-hush@news.example/feed", "GET https://me:***@news.example/feed"),
    ],
)
def test_unknown_credentials_are_masked(text: str, shown: str) -> None:
    """Bot tokens, JSON Web Tokens, credentials of requests and passwords in addresses are masked though nobody named
    them."""
    assert Redactor().redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "article.found title='A bearer of bad news and basic misunderstandings' url=https://news.example/2026/11/23/story-of-a-bearer.html",
        "2026-11-23T06:49:02Z info poll.finished source=news.example:8443/@user found=12",
        "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3lbg5ymrkbk2f",
        "sqlite:////var/lib/handbill/handbill.db 127.0.0.1:43210 12345:67",
    ],
)
def test_what_only_resembles_a_credential_stays(text: str) -> None:
    """Words, addresses, times and ids of posts are not masked."""
    assert Redactor().redact(text) == text


def test_short_secrets_are_not_masked() -> None:
    """Under four characters nothing is masked, or every line would be blank; from four on everything is."""
    assert Redactor(["a", "", "abc"]).redact("a b abc") == "a b abc"
    assert Redactor(["abcd"]).redact("abcd abcde") == "*** ***e"


def test_a_secret_of_several_lines() -> None:
    """Of a secret of several lines each line is masked by itself, as programs that work by the line see it."""
    redactor = Redactor(["-----BEGIN KEY-----\nMIIBVgIBADANBgkq\nx\n"])
    assert redactor.redact("got MIIBVgIBADANBgkq") == "got ***"


def test_secrets_learnt_on_the_way() -> None:
    """A secret learnt at run time is masked from then on; a hundred later ones push it out, but nothing configured."""
    redactor = Redactor(["configured"])
    redactor.add("first-learnt")
    assert redactor.redact("first-learnt configured") == "*** ***"
    for number in range(LEARNT_KEPT):
        redactor.add(f"later-learnt-{number:03}")
    assert redactor.redact("first-learnt later-learnt-000 configured") == "first-learnt *** ***"


def test_learning_while_others_redact() -> None:
    """Threads may redact while another learns, and none fails or misses what was configured."""
    redactor = Redactor(["configured"])
    start = threading.Barrier(4)

    def learn(thread: int) -> str:
        start.wait()
        for number in range(100):
            redactor.add(f"learnt-{thread}-{number}")
        return MASK

    def redact() -> set[str]:
        start.wait()
        return {redactor.redact("configured") for _ in range(300)}

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(redact) for _ in range(2)]
        writers = [pool.submit(learn, thread) for thread in range(2)]
        assert [reader.result() for reader in readers] == [{MASK}, {MASK}]
        assert [writer.result() for writer in writers] == [MASK, MASK]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BOT_TOKEN, True),
        (JWT, True),
        ("ab3d-efgh-1jkl-mn0p", True),
        ("kX9vQ2mLr7TzB4nWc8YpJ3hDs6FgA1eu", True),
        ("https://news.example/feed.xml", False),
        ("mastodon.example", False),
        ("-1001234567890", False),
        ("NEWS_TOKEN_FOR_THE_2026_CHANNEL", False),
        ("the evening news, 2026", False),
        ("48h", False),
    ],
)
def test_what_looks_like_a_secret(text: str, expected: bool) -> None:
    """Tokens and app passwords are recognised by their looks; names, numbers, addresses and times are not mistaken."""
    assert looks_secret(text) is expected


def open_pair(path: Path, *secrets: str) -> tuple[TextIO, RedactingStream]:
    """A file, and the stream that stands before it."""
    behind = path.open("w+", encoding="utf-8")
    return behind, RedactingStream(behind, Redactor(secrets))


@given(st.text("ab\n", max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_a_stream_sees_secrets_written_in_pieces(text: str, cuts: list[int]) -> None:
    """However a text is cut into writes, the same comes out as of the whole, line by line."""
    behind = io.StringIO()
    redactor = Redactor(["abba"])
    stream = RedactingStream(behind, redactor)
    edges = sorted({0, *cuts, len(text)})
    for start, end in itertools.pairwise(edges):
        assert stream.write(text[start:end]) == len(text[start:end])
    stream.flush()
    assert behind.getvalue() == redactor.redact(text)


def test_a_stream_passes_on_lines_at_once_and_the_rest_when_flushed(tmp_path: Path) -> None:
    """A whole line is out without a flush; what stands after it follows with the flush, as on a terminal."""
    behind = io.StringIO()
    stream = RedactingStream(behind, Redactor(["hush-hush"]))
    stream.write("one hush-hush\ntwo hush-")
    assert behind.getvalue() == "one ***\n"
    stream.write("hush")
    stream.flush()
    assert behind.getvalue() == "one ***\ntwo ***"


def test_a_stream_is_like_the_one_behind(tmp_path: Path) -> None:
    """What other programs ask of stdout is answered as by the real one; its bytes are out of reach."""
    behind, stream = open_pair(tmp_path / "out", "hush-hush")
    assert (stream.encoding, stream.errors, stream.fileno(), stream.isatty(), stream.writable()) == (
        behind.encoding, behind.errors, behind.fileno(), False, True,
    )  # fmt: skip
    assert not hasattr(stream, "buffer")
    print("hush-hush", 1, file=stream, flush=True)
    stream.close()
    assert not behind.closed
    behind.close()
    stream.flush()
    assert (tmp_path / "out").read_text() == "*** 1\n"


def test_guarded_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Once guarded, stdout and stderr show no secret, whoever writes to them."""
    before = sys.stdout, sys.stderr
    try:
        guard_output(Redactor(["hush-hush"]))
        sys.stdout.write("to hush-hush\n")
        sys.stderr.write("from hush-hush\n")
    finally:
        sys.stdout, sys.stderr = before
    assert capsys.readouterr() == ("to ***\n", "from ***\n")
