"""Parameters of links that name nothing, but tell where a reader came from: two links that differ in them alone lead to
one article. Pure.
"""

import ada_url

_TRACKING_PREFIXES = (
    *("utm_", "at_", "ns_", "pk_", "mtm_", "piwik_", "matomo_", "hsa_", "oly_", "vero_", "fb_", "wt_", "wt.", "guce_"),
    *("_hs", "mc_", "iterable_", "cm_mmc", "stm_"),
)
_TRACKING = frozenset(
    name
    for line in (
        "xtor fbclid gclid gclsrc dclid gbraid wbraid msclkid igshid igsh twclid yclid ttclid li_fat_id _ga _gl",
        "_openstat hsctatracking mkt_tok cmpid cmp icid ito ocid ncid s_cid s_kwcid sc_cid sr_share trk",
        "trkcampaign guccounter __twitter_impression ftag ftcamp smid smtyp emc yptr wtmc wt_mc rss mibextid epik",
        "srsltid sfmc_id",
    )
    for name in line.split()
)
_WHENCE = frozenset({"ref", "source", "src", "from", "via", "partner", "referrer"})
"""Parameters that tell where a reader came from, if their value is a feed word; else they may name a thing."""
_FEED_WORDS = frozenset({"rss", "feed", "feeds", "atom", "rssfeed", "rss2", "rss-feed", "newsletter"})


def is_tracking(parameter: str) -> bool:
    """Whether a parameter of a query, written NAME=VALUE, only says where a reader came from."""
    name, _, value = parameter.lower().partition("=")
    return (
        name.startswith(_TRACKING_PREFIXES)
        or name in _TRACKING
        or (name in _WHENCE and value.strip("/") in _FEED_WORDS)
    )


def without_tracking(link: str) -> str:
    """`link` as browsers spell it, without what only tells where a reader came from; only ever compared. As it is,
    where it is no address."""
    try:
        url = ada_url.URL(link)
    except ValueError:
        return link
    query = str(url.search).removeprefix("?")
    url.search = "&".join(pair for pair in query.split("&") if pair and not is_tracking(pair))
    return str(url.href)
