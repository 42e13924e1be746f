"""What can only be judged by looking at several settings together."""

from collections.abc import Collection, Mapping, Sequence

from adapters.base import Platform
from bot.duration import write_duration
from bot.settings.document import Table
from bot.settings.environment import Layer, find_written, key_of
from bot.settings.fields import General, RouteTable
from bot.settings.model import ChannelConfig, RouteSettings, SourceSettings
from bot.settings.names import env_name, secrets_in
from bot.settings.problems import Problems, suggestion


def check_channels(
    placed: Sequence[tuple[str, ChannelConfig]], platforms: Mapping[str, Platform], problems: Problems
) -> None:
    """Two channels share neither a name nor, on one platform, label and credentials. `placed`: where each stands.

    Two accounts on one server can have one label; that two logins are of one account, only the platform can tell.
    """
    by_name: dict[str, str] = {}
    by_account: dict[tuple[object, ...], str] = {}
    for where, channel in placed:
        if channel.name in by_name:
            other = by_name[channel.name]
            problems.note(where, f'the name "{channel.name}" is taken by {other}; give one of them another name')
        label = channel.settings.label
        account = (channel.platform, label, frozenset(secrets_in(channel.settings)))
        if account in by_account:
            title = platforms[channel.platform].title
            problems.note(where, f"{by_account[account]} posts to {label} on {title} already; remove one of them")
        by_name.setdefault(channel.name, where)
        by_account.setdefault(account, where)


def check_routes(
    routes: Sequence[tuple[Table, RouteTable]],
    sources: Sequence[SourceSettings],
    declared_sources: Collection[str] | None,
    declared_channels: Collection[str],
    problems: Problems,
) -> tuple[RouteSettings, ...]:
    """Every name in a route stands for something. A source may also be given by its address. `declared_sources` are the
    names that exist though their tables have mistakes; None when they cannot be known."""
    names = {key: source.name for source in sources for key in (source.url, source.identity, source.name)}
    known = {*names.values(), *(declared_sources or ())}
    checked = []
    for table, route in routes:
        for name in route.sources:
            if name not in names and name not in known and declared_sources is not None:
                mend = f"there is no source of this name; {suggestion(name, sorted(known))}"
                problems.wrong(table.key(("sources",)), name, mend)
        for name in route.channels:
            if name not in declared_channels:
                mend = f"there is no channel of this name; {suggestion(name, sorted(declared_channels))}"
                problems.wrong(table.key(("channels",)), name, mend)
        checked.append(RouteSettings(tuple(names.get(name, name) for name in route.sources), route.channels))
    return tuple(checked)


def check_web(general: General, layers: Sequence[Layer], sources: Sequence[SourceSettings], problems: Problems) -> None:
    """What is to arrive needs a server, and a secret that it is known by."""
    web = general.web
    wanted = [path for path in (("web", "public_url"), ("web", "hook_secret")) if getattr(web, path[1]) is not None]
    if wanted and web.listen is None:
        needed = key_of(layers, wanted[0])
        problems.missing(env_name(("web", "listen")), f"{needed} needs it; set it to such as 127.0.0.1:8080")
    pushed = any(source.kind == "webhook" for source in sources)
    needs = "a source of the kind webhook" if pushed else key_of(layers, wanted[0]) if wanted else ""
    if needs and web.hook_secret is None:
        problems.missing(
            env_name(("web", "hook_secret")), f"{needs} needs it; set it to what `openssl rand -hex 32` says"
        )


BACKOFF_FLOOR = 5.0
"""Seconds: a platform that fails is not asked more often, whatever the settings say."""

_WHY_REST = "after an unknown outcome {title} has to be left alone for {floor} at least, or a post could come out twice"
_WHY_GAP = "asked again sooner than after {floor}, {title} may answer out of a cache, and a post could come out twice"
_WHY_DEADLINE = "{title} may take {floor} to answer, and every post that it answers later would have to be asked about"
_WHY_REPLAY = "a first call to {title} may still be running for {floor}, and a post could come out twice"


def check_waits(
    general: General,
    layers: Sequence[Layer],
    channels: Sequence[ChannelConfig],
    platforms: Mapping[str, Platform],
    problems: Problems,
) -> None:
    """The waits that protect from posting twice: only towards servers on this machine may they be shorter than what the
    platform's adapter asks for."""
    remote = {channel.platform for channel in channels if not channel.settings.loopback}
    for platform in platforms.values():
        if platform.name not in remote:
            continue
        for name, value, floor, why in (
            ("quiet_time", general.quiet_time, platform.waits.quiet_for, _WHY_REST),
            ("probe_gap", general.probe_gap, platform.waits.probe_gap_for, _WHY_GAP),
            ("call_deadline", general.call_deadline, platform.waits.deadline_for, _WHY_DEADLINE),
            ("replay_wait", general.replay_wait, platform.waits.replay_for, _WHY_REPLAY),
        ):
            if value is not None and value < floor:
                _too_short(name, floor, why.format(title=platform.title, floor=write_duration(floor)), layers, problems)
    if remote and general.backoff < BACKOFF_FLOOR:
        _too_short("backoff", BACKOFF_FLOOR, "a platform that fails would be hammered", layers, problems)


def _too_short(name: str, floor: float, why: str, layers: Sequence[Layer], problems: Problems) -> None:
    path = (name,)
    mend = f"{why}; leave it out or set {write_duration(floor)} or more (shorter is for servers on this machine only)"
    problems.wrong(key_of(layers, path), find_written(layers, path), mend)
