"""Lists of names."""


def names(text: str) -> frozenset[str]:
    """The words of a list of names."""
    return frozenset(text.split())
