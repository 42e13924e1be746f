"""What a status shows, read from its HTML: whether it carries an article's link, whether it says some words. Pure."""

from selectolax.lexbor import LexborHTMLParser

from adapters.tracking import without_tracking


def carries(content: str, link: str) -> bool:
    """Whether `link` can be followed from the HTML `content`, or stands there as plain text; what statistics are made
    of aside, which may have been set otherwise when the post went out.

    Servers write links in full into `href` and shorten only what is shown. They make no link of addresses without a
    known domain (127.0.0.1), which then stand in the text.
    """
    tree = LexborHTMLParser(content)
    wanted = without_tracking(link)
    hrefs = (node.attributes.get("href") or "" for node in tree.css("a[href]"))
    return any(without_tracking(href) == wanted for href in hrefs) or wanted in map(without_tracking, _words(tree))


def says(content: str, text: str, link: str) -> bool:
    """Whether the HTML `content` says what the plain `text` says, apart from `link`, however it is spaced."""
    tree = LexborHTMLParser(content)
    for node in tree.css("a[href]"):
        if without_tracking(node.attributes.get("href") or "") == without_tracking(link):
            node.decompose()
    shown = tree.root.text() if tree.root else ""
    return _letters(shown, link) == _letters(text, link)


def _letters(text: str, link: str) -> str:
    return "".join(text.replace(link, "").split())


def _words(tree: LexborHTMLParser) -> list[str]:
    return [word for word in tree.root.text(separator=" ").split() if "://" in word] if tree.root else []
