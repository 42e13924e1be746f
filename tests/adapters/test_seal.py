"""Sessions are kept sealed: nobody without the app password reads them, nobody alters them unnoticed."""

import os

from hypothesis import given
from hypothesis import strategies as st

from adapters.seal import seal, unseal

SECRET = "abcd-efgh-ijkl-mnop"
CONTEXT = "@news.example at https://bsky.social"

secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
contexts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.binary(), secrets, contexts)
def test_what_is_sealed_comes_back(plaintext: bytes, secret: str, context: str) -> None:
    """Whatever is sealed comes out whole with the same secret and context."""
    sealed = seal(plaintext, secret, context=context, random_bytes=os.urandom)
    assert plaintext == unseal(sealed, secret, context=context)
    assert sealed.isascii()


@given(secrets, secrets)
def test_another_secret_gives_nothing(secret: str, other: str) -> None:
    """A changed password makes the sealing unreadable instead of raising."""
    sealed = seal(b"session", secret, context=CONTEXT, random_bytes=os.urandom)
    assert (b"session" if other == secret else None) == unseal(sealed, other, context=CONTEXT)


@given(contexts, contexts)
def test_another_context_gives_nothing(context: str, other: str) -> None:
    """A session of one account cannot be passed off as another's."""
    sealed = seal(b"session", SECRET, context=context, random_bytes=os.urandom)
    assert (b"session" if other == context else None) == unseal(sealed, SECRET, context=other)


@given(st.data())
def test_tampering_gives_nothing(data: st.DataObject) -> None:
    """Changing, adding or dropping one character anywhere is noticed, the version and the padding included."""
    sealed = seal(b'{"did":"did:plc:abc"}', SECRET, context=CONTEXT, random_bytes=os.urandom)
    at = data.draw(st.integers(0, len(sealed) - 1))
    put = data.draw(st.text(st.characters(codec="ascii"), max_size=1))
    kept = data.draw(st.sampled_from([at, at + 1]))
    tampered = sealed[:at] + put + sealed[kept:]
    assert (b'{"did":"did:plc:abc"}' if tampered == sealed else None) == unseal(tampered, SECRET, context=CONTEXT)


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """Text that was never sealed gives None, whatever it is."""
    assert unseal(text, SECRET, context=CONTEXT) is None
    assert unseal(f"v1.{text}", SECRET, context=CONTEXT) is None


def test_every_sealing_is_fresh() -> None:
    """The same plaintext sealed twice shares neither salt nor nonce, and shows nothing of itself or of the secret."""
    first, second = (seal(b"refresh token", SECRET, context=CONTEXT, random_bytes=os.urandom) for _ in range(2))
    assert first[:40] != second[:40]
    assert "refresh" not in first
    assert SECRET not in first
