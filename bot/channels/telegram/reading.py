"""What a Telegram update means to us. Pure functions; nothing but text, presses and ids is taken out of an update."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import CallbackQuery, Chat, ChatMember, Message, Update

from bot.incoming import MOVE, code_in
from bot.messages import IncomingMessage, Media

CHANNEL = "telegram"
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
UNREADABLE = (
    "animation", "audio", "checklist", "dice", "game", "paid_media", "photo", "poll", "sticker", "story",
    "video", "video_note", "voice",
)  # fmt: skip
PERSONAL = ("contact", "location", "venue")
GONE = (ChatMember.BANNED, ChatMember.LEFT)


@dataclass(frozen=True)
class Arrived:
    """A message or a press of a newcomer."""

    message: IncomingMessage
    callback: str | None = None  # id of the callback query, to be answered


@dataclass(frozen=True)
class Membership:
    """A newcomer has blocked the bot or unblocked it."""

    address: str
    reachable: bool


@dataclass(frozen=True)
class InGroup:
    """The bot was taken into a group, where it must not talk about anybody."""

    chat: int
    language: str | None


def read(update: Update) -> Arrived | Membership | InGroup | None:
    """The meaning of an update; None for what does not concern us."""
    identifier = f"u{update.update_id}"
    if update.callback_query is not None:
        return _pressed(update.callback_query, identifier)
    if update.my_chat_member is not None:
        change = update.my_chat_member
        reachable = change.new_chat_member.status not in GONE
        if change.chat.type == Chat.PRIVATE:
            return Membership(str(change.chat.id), reachable)
        return InGroup(change.chat.id, change.from_user.language_code) if reachable else None
    if update.edited_message is not None:
        return _message(update.edited_message, identifier, "edited")
    return _message(update.message, identifier, None) if update.message is not None else None


def _pressed(query: CallbackQuery, identifier: str) -> Arrived | None:
    if query.message is not None and query.message.chat.type != Chat.PRIVATE:
        return None
    message = IncomingMessage(
        CHANNEL, str(query.from_user.id), identifier, press=query.data or "", language_hint=query.from_user.language_code
    )
    return Arrived(message, query.id)


def _message(message: Message, identifier: str, media: Media | None) -> Arrived | InGroup | None:
    sender = message.from_user
    if sender is None or sender.is_bot:
        return None
    kind = media or _media(message)
    text = message.text or message.caption
    if kind is None and text is None:
        return None  # a service message such as "pinned" or "joined"
    if message.chat.type != Chat.PRIVATE:
        return InGroup(message.chat.id, sender.language_code)
    if message.media_group_id:
        identifier = f"album{message.media_group_id}"  # the pictures of an album come one by one and are met once
    command, _, payload = (text or "").partition(" ")
    if command == "/start" and payload.startswith(f"{MOVE}_") and code_in(payload):  # a link that goes on from elsewhere
        text, payload = payload, ""
    entry = payload.strip() if command == "/start" and payload.strip() else None
    return Arrived(
        IncomingMessage(
            CHANNEL,
            str(message.chat.id),
            identifier,
            text=command if entry else text,
            media=kind,
            number=message.message_id,
            language_hint=sender.language_code,
            entry=entry,
        )
    )


def _media(message: Message) -> Media | None:
    if any(getattr(message, name, None) for name in UNREADABLE):
        return "unreadable"
    if any(getattr(message, name, None) for name in PERSONAL):
        return "personal"
    return "document" if message.document else None
