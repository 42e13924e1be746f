"""The settings: from the environment, `.env` and `handbill.toml` to one checked, frozen `Settings`."""

from bot.settings.load import load_settings
from bot.settings.model import ChannelConfig, FetchSettings, RouteSettings, Settings, SourceSettings
from bot.settings.problems import Problem, SettingsError

__all__ = [
    "ChannelConfig",
    "FetchSettings",
    "Problem",
    "RouteSettings",
    "Settings",
    "SettingsError",
    "SourceSettings",
    "load_settings",
]
