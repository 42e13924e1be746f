"""A source that has moved for good: believed after repeated sight, and not for ever."""

from dataclasses import dataclass, replace

from bot.moves import BELIEVED, address, failed, seen

OLD, NEW, NEWER = "https://old.example/feed", "https://new.example/feed", "https://newer.example/feed"


@dataclass(frozen=True)
class Source:
    """What is remembered."""

    moved_to: str | None = None
    moves: int = 0


def look(source: Source, moved_to: str | None) -> Source:
    """After a look that was led there."""
    return replace(source, **seen(source, moved_to))


def test_a_permanent_redirect_is_followed_by_itself_after_repeated_sight() -> None:
    """Three looks in a row lead to the same place: from then on it is asked at once."""
    source = Source()
    for _ in range(BELIEVED):
        assert OLD == address(OLD, source)
        source = look(source, NEW)
    assert NEW == address(OLD, source)
    assert source == look(source, None)


def test_one_look_that_leads_elsewhere_begins_anew() -> None:
    """A captive portal, another target, a look without a redirect: nothing is believed."""
    source = look(look(Source(), NEW), NEW)
    assert (NEWER, 1) == (look(source, NEWER).moved_to, look(source, NEWER).moves)
    assert Source() == look(source, None)
    assert Source() == replace(source, **failed(source, 500))


def test_who_moves_twice_is_followed() -> None:
    """The new place leads on to a newer one for good."""
    source = Source(NEW, BELIEVED)
    assert NEWER == address(OLD, look(source, NEWER))


def test_a_place_that_is_not_there_was_no_place_to_move_to() -> None:
    """404 at the new address goes back to the one in the settings; a server in trouble does not."""
    source = Source(NEW, BELIEVED)
    assert NEW == address(OLD, replace(source, **failed(source, 503)))
    assert OLD == address(OLD, replace(source, **failed(source, 404)))
