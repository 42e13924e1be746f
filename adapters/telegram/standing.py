"""What the bot's account and its rights in the chat mean for posting. Pure.

https://core.telegram.org/bots/api#chatfullinfo, https://core.telegram.org/bots/api#chatmember
"""

from collections.abc import Mapping
from typing import Any

from adapters.base import Standing
from adapters.telegram.compose import LIMITS

Answer = Mapping[str, Any]


def standing_of(
    bot: Answer, chat: Answer, member: Answer | None, *, has_ops_chat: bool, photos: bool = False
) -> Standing:
    """Who posts where, what stands in the way, and what is good to know. `member`: None when it was not told;
    `photos`: whether posts are to be photos."""
    name = f"@{bot.get('username') or bot['id']}"
    place = place_of(chat)
    public = chat.get("username")
    return Standing(
        account_id=str(bot["id"]),
        place_id=str(chat["id"]),
        who=f"{name} in {place}",
        url=f"https://t.me/{public}" if public else None,
        limits=LIMITS,
        problems=tuple(problems_of(bot, chat, member or {})),
        notes=tuple(_notes(place, chat, member or {}, has_ops_chat=has_ops_chat, photos=photos)),
    )


def place_of(chat: Answer) -> str:
    """The chat's name for people: "Example News (@news)"."""
    title = chat.get("title") or " ".join(filter(None, (chat.get("first_name"), chat.get("last_name")))) or chat["id"]
    return f"{title} (@{chat['username']})" if chat.get("username") else str(title)


def edits_own_only(chat: Answer, member: Answer) -> bool:
    """Whether Telegram lets the bot edit no messages but its own: what it may edit is then its own.

    https://core.telegram.org/bots/api#chatmemberadministrator: in channels only, others' posts with can_edit_messages.
    """
    return chat.get("type") != "channel" or not member.get("can_edit_messages", True)


def problems_of(bot: Answer, chat: Answer, member: Answer) -> list[str]:
    """What stands in the way of posting, each a sentence with the mend."""
    name, place = f"@{bot.get('username') or bot['id']}", place_of(chat)
    status = member.get("status")
    if chat.get("type") == "channel":
        may_post = status == "creator" or (status == "administrator" and member.get("can_post_messages"))
        mend = f"make {name} an administrator of {place} with the right to post messages"
        return [] if may_post else [f"{name} cannot post: {mend}"]
    if chat.get("type") in ("group", "supergroup"):
        if status in (None, "left", "kicked"):
            return [f"{name} cannot post: add it to {place}"]
        muted = status == "restricted" and not member.get("can_send_messages")
        if muted or (status == "member" and not _permitted(chat, "can_send_messages")):
            return [f"{name} cannot post: let it send messages in {place}, or make it an administrator"]
    return []


def _notes(place: str, chat: Answer, member: Answer, *, has_ops_chat: bool, photos: bool) -> list[str]:
    notes = []
    if chat.get("has_protected_content"):
        notes.append(
            f"what is posted in {place} is protected from forwarding: a post whose answer was lost needs a person"
        )
    if member.get("status") in ("member", "restricted"):
        if not _permitted(chat, "can_add_web_page_previews"):
            notes.append(f"members may not add link previews in {place}: posts will have no card")
        if photos and not _permitted(chat, "can_send_photos"):
            notes.append(f"members may not send photos in {place}: posts will have a preview instead")
        if chat.get("slow_mode_delay"):
            notes.append(f"slow mode lets through one post in {chat['slow_mode_delay']} s in {place}")
    if not has_ops_chat:
        notes.append(
            "no ops chat is set (HANDBILL_TELEGRAM__OPS_CHAT): nobody is told on Telegram when something needs a "
            "person, e.g. a post whose answer was lost"
        )
    return notes


def _permitted(chat: Answer, right: str) -> bool:
    permissions = chat.get("permissions")
    return not isinstance(permissions, dict) or bool(permissions.get(right, True))
