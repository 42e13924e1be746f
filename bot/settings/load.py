"""From the environment, `.env` and `handbill.toml` to `Settings`, or to all the mistakes in them at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

from adapters.base import Platform
from bot.settings.channels import read_channels
from bot.settings.checks import check_channels, check_routes, check_waits, check_web
from bot.settings.document import general_layer, read_document, read_routes, read_sources
from bot.settings.environment import Layer, environment_layer, process_environment, read_dotenv, read_general
from bot.settings.fields import General, compose
from bot.settings.model import ChannelConfig, FetchSettings, Settings, WebSettings
from bot.settings.names import CONFIG, DELIMITER, env_name
from bot.settings.problems import Problems, SettingsError
from bot.settings.sources import merge_sources


def load_settings(
    platforms: Mapping[str, Platform],
    *,
    environ: Mapping[str, str] | None = None,
    env_file: FilePath | None = FilePath(".env"),  # immutable
    config: FilePath | None = None,
) -> Settings:
    """Everything that is set, the environment before `.env` before the TOML file (`config`, or as HANDBILL_CONFIG says,
    or `handbill.toml` in the working directory). `environ` None: that of this process. Raises SettingsError."""
    problems = Problems()
    variables = process_environment() if environ is None else environ
    dotenv = read_dotenv(env_file, problems)
    document = read_document(config, variables.get(CONFIG) or dotenv.get(CONFIG), problems)

    model = compose(platforms)
    spoken_for = document.variables()
    layers = (
        environment_layer("", variables, model, spoken_for, problems),
        environment_layer(env_file.name if env_file else "", dotenv, model, spoken_for, problems),
        general_layer(document, model, platforms, problems),
    )
    titles = {platform.name: platform.title for platform in platforms.values()}
    general = read_general(model, layers, titles, problems)

    def find_variable(name: str) -> str | None:
        return (variables.get(name) or dotenv.get(name) or "").strip() or None

    sources = merge_sources(read_sources(document, problems), general, problems)
    tables = read_channels(document, platforms, find_variable, problems)
    placed = [*_from_environment(general, platforms), *((table.title, channel) for table, channel in tables)]
    channels = tuple(channel for _, channel in placed)
    check_channels(placed, platforms, problems)
    check_web(general, layers, sources, problems)
    check_waits(general, layers, channels, platforms, problems)
    sections = {path[0] for layer in layers for path in layer.values}
    lost = "sources" in sections and not general.sources
    declared_sources = None if lost else document.names("sources")
    declared_channels = document.names("channels") | (sections & platforms.keys())
    routes = check_routes(read_routes(document, problems), sources, declared_sources, declared_channels, problems)
    if problems:
        raise SettingsError(problems.render())
    return Settings(
        sources=sources,
        channels=channels,
        routes=routes,
        database_url=general.database_url,
        poll_every=general.poll_every,
        poll_slowest=general.poll_slowest,
        backfill=general.backfill,
        settle=general.settle,
        enrich=general.enrich,
        max_age=general.max_age,
        log_level=general.log_level,
        quiet_time=general.quiet_time,
        probe_gap=general.probe_gap,
        replay_wait=general.replay_wait,
        call_deadline=general.call_deadline,
        backoff=general.backoff,
        late_after=general.late_after,
        confirm_after=general.confirm_after,
        expires_for=general.expires_for,
        fetch=FetchSettings(general.fetch.allow_networks, general.fetch.proxy, general.fetch.ca_file),
        contact=general.contact,
        config_file=document.path,
        web=_web(general),
        templates=_templates(general, layers, document.path.parent),
        platforms=platforms,
    )


def _templates(general: General, layers: Sequence[Layer], beside: FilePath) -> FilePath | None:
    """What the TOML file names is found from there, as its secrets are."""
    folder = general.templates
    if folder is None:
        return None
    layer = next((layer for layer in layers if ("templates",) in layer.values), None)
    return beside / folder.expanduser() if layer is not None and layer.toml else folder.expanduser()


def _web(general: General) -> WebSettings:
    web = general.web
    host, _, port = (web.listen or "").rpartition(":")
    secret = web.hook_secret.get_secret_value() if web.hook_secret else None
    return WebSettings((host.strip("[]"), int(port)) if host else None, web.public_url, secret)


def _from_environment(general: General, platforms: Mapping[str, Platform]) -> list[tuple[str, ChannelConfig]]:
    """The channels that the environment describes, each called by its platform's name, and where they stand."""
    accounts = ((platform.name, getattr(general, platform.name)) for platform in platforms.values())
    return [
        (f"{env_name((name,))}{DELIMITER}…", ChannelConfig(name, name, account))
        for name, account in accounts
        if account is not None
    ]
