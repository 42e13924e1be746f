"""All templates of a program that runs, and which of them a post is made by. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from bot.templates.compiled import Compiled, compiled
from bot.templates.forms import DIGEST, POST
from bot.templates.names import DIGEST as DIGEST_FILE
from bot.templates.names import SUFFIX, Rule, rule_of, rules_for


@dataclass(frozen=True, slots=True)
class Templates:
    """The operator's own go before the packaged ones, whatever each is for."""

    packaged: Mapping[Rule, Compiled]
    digest: Compiled
    """What makes one post of several articles. Nothing sends one yet."""
    own: Mapping[Rule, Compiled] = field(default_factory=dict)

    def for_post(self, platform: str, channel: str | None, source: str, categories: Iterable[str]) -> Compiled:
        """The template of a post: the first that there is, as `bot.templates.names` says."""
        rules = list(rules_for(platform, channel, source, categories))
        found = (some.get(rule) for some in (self.own, self.packaged) if some for rule in rules)
        return next(each for each in found if each is not None)


@cache
def packaged() -> Templates:
    """The templates that came with the program, wherever it was installed."""
    found: dict[Rule, Compiled] = {}
    for each in resources.files("templates").joinpath("posts").iterdir():
        if each.name.endswith(SUFFIX):
            rule = rule_of(each.name.removesuffix(SUFFIX))
            form = DIGEST if rule == Rule(DIGEST_FILE) else POST
            found[rule] = compiled(each.read_text(encoding="utf-8"), f"templates/posts/{each.name}", form)
    digest = found.pop(Rule(DIGEST_FILE))
    return Templates(found, digest)
