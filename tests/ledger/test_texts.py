"""Whatever a source or a platform says is kept, on both engines alike: no character and no length costs a look."""

import random
from dataclasses import replace

import pytest
from sqlalchemy import Connection, insert, select

from bot.ledger import queue
from bot.ledger.alerts import find_alert, raise_alert
from bot.ledger.db import InlineLedger
from bot.ledger.schema import article_keys, articles, attempts, deliveries
from bot.ledger.texts import MOST_BYTES, keepable, key_of
from bot.model import Event, Settlement
from tests.ledger.engines import ON_FILE
from tests.ledger.entries import NOW, SOURCE, channel, entry, feed, later, look, planned
from tests.ledger.test_queue import ACCOUNT, PAYLOAD

LONG = random.Random(3).randbytes(5_000).hex()
"""Compressed it is still longer than a row of an index may be."""
STRANGE = [LONG, f"{LONG}2", "a\0b", "a\0\0b", "ab", "a\ufffdb", "\ud800", "\udfff", "é" * MOST_BYTES, "\0"]


def test_every_id_is_known_again(ledger: InlineLedger) -> None:
    """Ids with characters that an engine refuses, and ones too long for its index, are articles of their own, each
    known at the next look."""
    document = feed(*(replace(entry(str(number)), id=stated) for number, stated in enumerate(STRANGE)))
    first = ledger.write_now(lambda conn: look(conn, document, [channel(conn)]))
    again = ledger.write_now(lambda conn: look(conn, document, [channel(conn)]))
    assert (len(STRANGE), 0) == (len(first.new), len(again.new))


def test_every_link_is_known_again(ledger: InlineLedger) -> None:
    """The same for links, by which an article is known from other sources, and from which the key of its post comes."""
    links = [f"https://news.example/?a={LONG[:7_900]}{number}" for number in range(3)]
    document = feed(*(replace(entry(str(number)), link=link) for number, link in enumerate(links)))
    moved = feed(*(replace(entry(f"other {number}"), link=link) for number, link in enumerate(links)))
    assert 3 == len(ledger.write_now(lambda conn: look(conn, document, [channel(conn)])).new)
    assert 0 == len(ledger.write_now(lambda conn: look(conn, moved, [channel(conn)])).new)
    keys = ledger.read_now(lambda conn: conn.execute(select(articles.c.key)).scalars().all())
    assert all(key.startswith("link:https://news.example/") and len(key) < MOST_BYTES for key in keys)


@ON_FILE
def test_a_long_key_of_the_first_release_is_known(ledger: InlineLedger) -> None:
    """It was kept as it was: the article is not posted again for it."""
    document = feed(replace(entry("1"), id=LONG, link=None))

    def of_first_release(conn: Connection) -> None:
        look(conn, feed(entry("old")), [])
        conn.execute(insert(article_keys).values(key=f"id:{SOURCE}:{LONG}", article_id=1))

    ledger.write_now(of_first_release)
    assert 0 == len(ledger.write_now(lambda conn: look(conn, document, [channel(conn)])).new)


def test_texts_with_refused_characters_are_kept(ledger: InlineLedger) -> None:
    """A title, an alert and what a platform says to a post hold them: nothing fails, and the receipt is written."""
    delivery = planned(ledger)
    title = replace(entry("2"), title="one\0two", author="\ud83d")
    ledger.write_now(lambda conn: look(conn, feed(title), [1]))
    assert 0 == ledger.write_now(lambda conn: look(conn, feed(title), [1])).changed

    def sent(conn: Connection) -> None:
        queue.freeze(conn, delivery, PAYLOAD, "key-1")
        queue.claim(conn, delivery, account=ACCOUNT, marker="{}", now=NOW)
        queue.settle(conn, 1, 1, Settlement(Event.REJECTED, None, "no\0 \udc00"), now=later(1))
        raise_alert(conn, "delivery:1", "no\0", needs_person=True, now=later(1))

    ledger.write_now(sent)

    def kept(conn: Connection) -> list[object]:
        alert = find_alert(conn, "delivery:1")
        row = conn.execute(select(articles.c.title, articles.c.author).where(articles.c.id == delivery.article_id + 1))
        reason = select(deliveries.c.reason).where(deliveries.c.id == 1)
        message = select(attempts.c.message)
        return [*row.one(), *(conn.execute(each).scalar_one() for each in (reason, message)), alert and alert.message]

    said = "no\ufffd \ufffd"
    assert ["one\ufffdtwo", "\ufffd", said, said, "no\ufffd"] == ledger.read_now(kept)


@pytest.mark.parametrize("text", ["", "a", "é🎉\n\t\x01", "k" * MOST_BYTES])
def test_what_can_be_kept_stays_as_it_is(text: str) -> None:
    """Nothing is changed without need: keys of ledgers that are there already stay what they are."""
    assert text == keepable(text) == key_of(text)
