"""Which status is ours, and from when on the account's list is taken at its word."""

from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mastodon.content import says
from adapters.mastodon.entities import Status
from adapters.mastodon.seeking import is_ours, marker_of, only_looking, wait_on
from adapters.sandbox.mastodon_text import html

LINK = "https://news.example.com/2026/11/an-article?a=1&b=2"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BODY = {"status": f"A title & more\n\n{LINK}", "link": LINK}


def status(
    text: str = BODY["status"], *, application: str | None = None, boost: bool = False, reply: bool = False
) -> Status:
    """A status as a server lists it."""
    content = html(text, "https://m.example", frozenset())
    return Status("7", content, "https://m.example/@news/7", NOW, boost, reply, application)


@pytest.mark.parametrize(
    ("listed", "ours"),
    [
        (status(application="Handbill"), True),
        (status(f"another title {LINK}", application="Handbill"), True),
        (status(f"another title {LINK}"), True),
        (status(application="web"), True),
        (status(f"A title &  more {LINK}", application="web"), True),
        (status(f"another title {LINK}", application="Tusky"), False),
        (status("A title & more", application="Handbill"), False),
        (status(f"{BODY['status']}/2", application="Handbill"), False),
        (status(application="Handbill", boost=True), False),
        (status(application="Handbill", reply=True), False),
    ],
)
def test_is_ours(listed: Status, ours: bool) -> None:
    """The link decides, and where another application is told, the words besides; boosts and replies are never ours."""
    assert ours is is_ours(listed, BODY, "Handbill")


def test_without_a_name_of_our_own() -> None:
    """Where the server does not tell what we are called, the link alone decides."""
    assert is_ours(status(f"another title {LINK}", application="Tusky"), BODY, None)


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=80))
def test_a_status_says_what_was_sent(title: str) -> None:
    """Whatever the words, the HTML that a server makes of them is known again; and not when a word was added."""
    text = f"{title}\n\n{LINK}"
    content = html(text, "https://m.example", frozenset())
    assert says(content, text, LINK)
    assert not says(f"{content}<p>{escape('really?')}</p>", text, LINK)


@given(
    age=st.floats(0, 10_000),
    replay_for=st.floats(0, 1000),
    asked=st.lists(st.floats(0.001, 500), min_size=1, max_size=5),
)
def test_the_wait_ends_when_the_first_request_is_over(age: float, replay_for: float, asked: list[float]) -> None:
    """However often it is asked, an attempt's absence is believed once `replay_for` has passed, and not before."""
    began = NOW - timedelta(seconds=age)
    marker, now = marker_of("1", began, "Handbill"), NOW
    for pause in asked:
        wait = wait_on(marker, now, replay_for)
        passed = (now - began).total_seconds()
        if passed >= replay_for:
            assert wait is None
        else:
            assert wait is not None
            assert passed + wait[0] == pytest.approx(replay_for, abs=1e-5)
            marker = wait[1]
        now += timedelta(seconds=pause)
    assert marker["after"] == "1"


@given(back=st.floats(1, 10**6), replay_for=st.floats(0.1, 1000))
def test_a_clock_that_was_set_back(back: float, replay_for: float) -> None:
    """It costs one more wait, not as long as it was set back by, and the wait ends."""
    marker = marker_of("1", NOW, None)
    earlier = NOW - timedelta(seconds=back)
    wait = wait_on(marker, earlier, replay_for)
    assert wait is not None
    assert wait[0] == replay_for
    assert wait_on(wait[1], earlier + timedelta(seconds=replay_for + 0.001), replay_for) is None


def test_markers() -> None:
    """An attempt's marker tells its time and our name; one for looking only, where to look."""
    marker = {**marker_of("1", NOW, "Handbill"), "before": "9"}
    assert marker == {"after": "1", "before": "9", "began": NOW.isoformat(), "application": "Handbill"}
    assert only_looking(marker) == {"after": "1", "before": "9"}
    assert wait_on(only_looking(marker), NOW, 90) is None
    (_, again) = wait_on(marker, NOW, 90) or (0, {})
    assert "before" not in again
