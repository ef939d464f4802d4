"""The Bot API methods of the test server: parameters, checks in Telegram's words, effects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.telegram.entities import Entity, ParseError, complete, given, parse_html, units
from tests.telegram.faults import Refused
from tests.telegram.people import Chat, Group, Person

if TYPE_CHECKING:
    from tests.telegram.server import TelegramServer

Json = dict[str, Any]
Run = Callable[["TelegramServer", Json], Any]

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "callback_query_id": TOO_OLD,
    "action": "wrong parameter action in request",
}
ACTIONS = {
    *("typing", "choose_sticker", "find_location", "record_video", "record_voice", "record_video_note"),
    *("upload_photo", "upload_video", "upload_voice", "upload_document", "upload_video_note"),
}
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}  # kinds that come only when asked for
SCOPES = {
    "default": (),
    **dict.fromkeys(("all_private_chats", "all_group_chats", "all_chat_administrators"), ()),
    **dict.fromkeys(("chat", "chat_administrators"), ("chat_id",)),
    "chat_member": ("chat_id", "user_id"),
}


@dataclass(frozen=True)
class Method:
    """A method: the parameters that it reads with their kinds ("!" if required), and what it does."""

    name: str
    parameters: dict[str, str]
    run: Run

    def read(self, raw: Mapping[str, Any]) -> Json:
        """The parameters of a request, as Telegram understands them."""
        found: Json = {}
        for name, kind in self.parameters.items():
            value = raw.get(name)
            if value is None:
                if kind.endswith("!"):
                    raise Refused.bad(MISSING.get(name, f"{name} is not specified"))
                continue
            found[name] = _READ[kind.rstrip("!")](name, value)
        return found


METHODS: dict[str, Method] = {}  # by name in lower case: Telegram does not mind


def method(**parameters: str) -> Callable[[Run], Run]:
    """Offer a function as the method of its name."""

    def offer(run: Run) -> Run:
        first, *rest = run.__name__.split("_")
        name = first + "".join(word.capitalize() for word in rest)
        METHODS[name.lower()] = Method(name, parameters, run)
        return run

    return offer


def _string(name: str, value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _integer(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused.bad(MISSING.get(name, f"can't parse {name} as an integer")) from None


def _boolean(name: str, value: Any) -> bool:
    return str(value).lower() in ("true", "yes", "1")


def _chat(name: str, value: Any) -> int | str:
    text = str(value).strip()
    if not text:
        raise Refused.bad("chat_id is empty")
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else text


def _structure(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        what = "reply keyboard markup" if name == "reply_markup" else name
        raise Refused.bad(f"can't parse {what} JSON object") from None


_READ: dict[str, Callable[[str, Any], Any]] = {
    **{"str": _string, "int": _integer, "bool": _boolean, "chat": _chat, "json": _structure},
    "file": lambda name, value: str(value),
}


# the bot and its updates; getUpdates waits and is in server.py


@method()
def get_me(world: TelegramServer, p: Json) -> Json:
    """The bot as a User."""
    return {
        **world.me,
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy_mode,
        "supports_guest_queries": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_join_request_queries": False,
    }


@method(offset="int", limit="int", timeout="int", allowed_updates="json")
def get_updates(world: TelegramServer, p: Json) -> list[Json]:
    """What waits now; confirms what lies before the offset."""
    if world.webhook:
        raise Refused(409, f"Conflict: {WEBHOOK_ACTIVE}")
    allow(world, p)
    offset, limit = p.get("offset", 0), p.get("limit", 100)
    if offset < 0:
        del world.pending[:offset]
        offset = 0
    world.pending = [update for update in world.pending if update.body["update_id"] >= offset or world.keep(update)]
    waiting = world.pending[: limit if 1 <= limit <= 100 else 100]
    for update in waiting:
        update.given += 1
    return [update.body for update in waiting]


def allow(world: TelegramServer, p: Json) -> None:
    """Remember which kinds of updates the bot wants; an empty list means the usual ones."""
    kinds = p.get("allowed_updates")
    if isinstance(kinds, list):
        world.allowed = [str(kind) for kind in kinds]


@method(
    **{"url": "str!", "certificate": "file", "ip_address": "str", "max_connections": "int", "allowed_updates": "json"},
    **{"drop_pending_updates": "bool", "secret_token": "str"},
)
def set_webhook(world: TelegramServer, p: Json) -> bool:
    """Post updates to an address; an empty one ends it. Plain http only on this machine."""
    url, secret = urlsplit(p["url"]), p.get("secret_token", "")
    if p["url"] and url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost"):
        raise Refused.bad("bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise Refused.bad("secret token contains unallowed characters")
    if p.get("drop_pending_updates"):
        world.pending.clear()
    if not p["url"]:
        world.webhook = None
        return True
    allow(world, p)
    world.webhook = {"url": p["url"], "has_custom_certificate": "certificate" in p}
    world.webhook |= {"max_connections": p.get("max_connections", 40), "ip_address": p.get("ip_address", url.hostname)}
    world.secret = secret
    return True


@method(drop_pending_updates="bool")
def delete_webhook(world: TelegramServer, p: Json) -> bool:
    """Back to getUpdates."""
    if p.get("drop_pending_updates"):
        world.pending.clear()
    world.webhook = None
    return True


@method()
def get_webhook_info(world: TelegramServer, p: Json) -> Json:
    """How the delivery goes."""
    info = {"url": "", "has_custom_certificate": False, "pending_update_count": len(world.pending), **(world.webhook or {})}
    return info | ({"allowed_updates": world.allowed} if world.allowed else {})


# messages


def find(world: TelegramServer, chat_id: int | str) -> Chat:
    """A chat that the server knows."""
    chat = world.chats.get(chat_id) if isinstance(chat_id, int) else None
    if not chat:
        raise Refused.bad("chat not found")
    return chat


def writable(world: TelegramServer, chat_id: int | str) -> Chat:
    """A chat to which the bot may write."""
    chat = find(world, chat_id)
    if isinstance(chat, Person):
        why = "bot was blocked by the user" if chat.blocked else "bot can't initiate conversation with a user"
        why = "user is deactivated" if chat.gone else why
        allowed = chat.reachable and not chat.blocked and not chat.gone
    else:
        kicked = chat.member["status"] == "kicked"
        why = "bot was kicked from the group chat" if kicked else "bot is not a member of the group chat"
        allowed = chat.reachable
    if not allowed:
        raise Refused(403, f"Forbidden: {why}")
    return chat


def content(p: Json) -> Json:
    """Text and entities of a message."""
    source, mode = p.get("text", ""), p.get("parse_mode", "").lower()
    try:
        if mode not in ("", "html"):
            raise Refused.bad("unsupported parse_mode")
        text, entities = parse_html(source) if mode else given(source, p.get("entities") or [])
    except ParseError as error:
        raise Refused.bad(f"can't parse entities: {error}") from None
    if not text:
        raise Refused.bad("message text is empty")
    if units(text) > 4096:
        raise Refused.bad("message is too long")
    found: list[Entity] = complete(text, entities)
    return {"text": text, "entities": found or None}


def keyboard(p: Json, inline: bool = False) -> Json | None:
    """The inline keyboard of a request, checked; other keyboards are accepted and not shown."""
    markup = p.get("reply_markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise Refused.bad("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if not inline and {"keyboard", "remove_keyboard", "force_reply"} & markup.keys():
            return None
        raise Refused.bad("inline keyboard expected" if inline and markup else "object expected as reply markup")
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused.bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    for button in (button for row in rows for button in row):
        wrong = _wrong(button)
        if wrong:
            raise Refused.bad(wrong)
    rows = [row for row in rows if row]
    if sum(map(len, rows)) > 100:
        raise Refused.bad("REPLY_MARKUP_TOO_LONG")
    return {"inline_keyboard": rows} if rows else None


def _wrong(button: Any) -> str | None:
    if not isinstance(button, dict):
        return "can't parse inline keyboard button: InlineKeyboardButton must be an Object"
    if not isinstance(button.get("text"), str):
        return "can't parse inline keyboard button: Can't find field \"text\""
    if not button["text"].strip():
        return "BUTTON_TEXT_INVALID"
    kinds = button.keys() - {"text", "icon_custom_emoji_id", "style"}
    if len(kinds) != 1:
        return "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        return "BUTTON_DATA_INVALID"
    if "url" in button and not re.match(r"(https?://|tg://|mailto:)?[\w.-]+", str(button["url"])):
        return "BUTTON_URL_INVALID"
    return None


@method(
    **{"chat_id": "chat!", "text": "str!", "parse_mode": "str", "entities": "json", "reply_markup": "json"},
    **{"reply_parameters": "json", "link_preview_options": "json", "disable_notification": "bool", "protect_content": "bool"},
)
def send_message(world: TelegramServer, p: Json) -> Json:
    """A message of the bot."""
    chat = writable(world, p["chat_id"])
    extra = {**content(p), "reply_markup": keyboard(p)}
    reply = p.get("reply_parameters")
    if reply:
        answered = chat.get(reply.get("message_id"))
        if not answered and not reply.get("allow_sending_without_reply"):
            raise Refused.bad("message to be replied not found")
        shallow = answered and {key: value for key, value in answered.raw.items() if key != "reply_to_message"}
        extra["reply_to_message"] = shallow
    extra["has_protected_content"] = p.get("protect_content") or None
    extra["link_preview_options"] = p.get("link_preview_options")
    return chat.post(world.me, True, **{key: value for key, value in extra.items() if value is not None})


def editable(world: TelegramServer, p: Json) -> tuple[Chat, int]:
    """The bot's own message that a request names."""
    if "inline_message_id" in p:
        raise Refused.bad("MESSAGE_ID_INVALID")  # this server has no inline mode
    if "chat_id" not in p or p.get("message_id", 0) <= 0:
        raise Refused.bad(MISSING["message_id"])
    chat = writable(world, p["chat_id"])
    message = chat.get(p["message_id"])
    if not message:
        raise Refused.bad("message to edit not found")
    if not message.from_bot:
        raise Refused.bad("message can't be edited")
    return chat, message.id


@method(
    **{"chat_id": "chat", "message_id": "int", "inline_message_id": "str", "text": "str", "parse_mode": "str"},
    **{"entities": "json", "link_preview_options": "json", "reply_markup": "json"},
)
def edit_message_text(world: TelegramServer, p: Json) -> Json:
    """New text; without reply_markup the buttons go."""
    chat, number = editable(world, p)
    return _changed(chat, number, {**content(p), "reply_markup": keyboard(p, inline=True)})


@method(chat_id="chat", message_id="int", inline_message_id="str", reply_markup="json")
def edit_message_reply_markup(world: TelegramServer, p: Json) -> Json:
    """New buttons, or none."""
    chat, number = editable(world, p)
    return _changed(chat, number, {"reply_markup": keyboard(p, inline=True)})


def _changed(chat: Chat, number: int, new: Json) -> Json:
    old = chat.get(number)
    if old and all(old.raw.get(key) == value for key, value in new.items()):
        raise Refused.bad(UNCHANGED)
    return chat.change(number, **new)


@method(chat_id="chat!", message_id="int!")
def delete_message(world: TelegramServer, p: Json) -> bool:
    """Take a message away; in a group only an own one."""
    chat = find(world, p["chat_id"])
    message = chat.get(p["message_id"])
    if not message:
        raise Refused.bad("message to delete not found")
    if isinstance(chat, Group) and not message.from_bot:
        raise Refused.bad("message can't be deleted")
    chat.remove(message.id)
    return True


@method(callback_query_id="str!", text="str", show_alert="bool", url="str", cache_time="int")
def answer_callback_query(world: TelegramServer, p: Json) -> bool:
    """End the waiting of a pressed button; once."""
    press = world.presses.get(p["callback_query_id"])
    if not press or press.answered:
        raise Refused.bad(TOO_OLD)
    if units(p.get("text", "")) > 200:
        raise Refused.bad("MESSAGE_TOO_LONG")
    press.answered, press.answered_at = True, world.now()
    press.text, press.alert = p.get("text"), p.get("show_alert", False)
    world.tick()
    return True


@method(chat_id="chat!", action="str!")
def send_chat_action(world: TelegramServer, p: Json) -> bool:
    """ "typing" and the like."""
    chat = writable(world, p["chat_id"])
    if p["action"] not in ACTIONS:
        raise Refused.bad(MISSING["action"])
    chat.actions.append(p["action"])
    chat.acted_at.append(world.now())
    world.tick()
    return True


@method(chat_id="chat!")
def leave_chat(world: TelegramServer, p: Json) -> bool:
    """Out of a group."""
    chat = find(world, p["chat_id"])
    if not isinstance(chat, Group):
        raise Refused.bad("chat member status can't be changed in private chats")
    writable(world, p["chat_id"])
    chat.leave()
    return True


@method(chat_id="chat!")
def get_chat(world: TelegramServer, p: Json) -> Json:
    """What is known about a chat."""
    chat = find(world, p["chat_id"])
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    more = {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
    return {**chat.about, **more}


# commands and descriptions


def language(p: Json) -> str:
    """Two letters, or none for all languages."""
    code = str(p.get("language_code", ""))
    if not re.fullmatch(r"([a-z]{2})?", code):
        raise Refused.bad("invalid language code specified")
    return code


def scope(p: Json) -> tuple[Any, ...]:
    """For whom commands are, as a key."""
    wanted = p.get("scope") or {"type": "default"}
    if not isinstance(wanted, dict) or wanted.get("type") not in SCOPES:
        raise Refused.bad("can't parse BotCommandScope: Unsupported type specified")
    fields = SCOPES[wanted["type"]]
    if not all(name in wanted for name in fields):
        raise Refused.bad(f"can't parse BotCommandScope: {' and '.join(fields)} needed")
    return wanted["type"], *(int(wanted[name]) for name in fields)


@method(commands="json!", scope="json", language_code="str")
def set_my_commands(world: TelegramServer, p: Json) -> bool:
    """The menu of a scope and language."""
    commands = p["commands"]
    if not isinstance(commands, list) or not all(isinstance(one, dict) for one in commands):
        raise Refused.bad("expected an Array of BotCommand")
    if len(commands) > 100:
        raise Refused.bad("BOT_COMMANDS_TOO_MUCH")
    for one in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(one.get("command", ""))):
            raise Refused.bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(one.get("description", ""))) <= 256:
            raise Refused.bad("BOT_COMMAND_DESCRIPTION_INVALID")
    kept = [{"command": one["command"], "description": one["description"]} for one in commands]
    world.commands[scope(p), language(p)] = kept
    return True


@method(scope="json", language_code="str")
def get_my_commands(world: TelegramServer, p: Json) -> list[Json]:
    """The menu of exactly this scope and language."""
    return world.commands.get((scope(p), language(p)), [])


@method(scope="json", language_code="str")
def delete_my_commands(world: TelegramServer, p: Json) -> bool:
    """Back to what the wider scope or language has."""
    world.commands.pop((scope(p), language(p)), None)
    return True


def describe(world: TelegramServer, p: Json, name: str, most: int) -> bool:
    """Keep a description, or take it away when it is empty."""
    text = p.get(name, "")
    if units(text) > most:
        raise Refused.bad(f"{name} is too long")
    world.descriptions[name][language(p)] = text
    return True


@method(description="str", language_code="str")
def set_my_description(world: TelegramServer, p: Json) -> bool:
    """What an empty chat shows."""
    return describe(world, p, "description", 512)


@method(language_code="str")
def get_my_description(world: TelegramServer, p: Json) -> Json:
    """What is set for exactly this language."""
    return {"description": world.descriptions["description"].get(language(p), "")}


@method(short_description="str", language_code="str")
def set_my_short_description(world: TelegramServer, p: Json) -> bool:
    """What the profile shows."""
    return describe(world, p, "short_description", 120)


@method(language_code="str")
def get_my_short_description(world: TelegramServer, p: Json) -> Json:
    """What is set for exactly this language."""
    return {"short_description": world.descriptions["short_description"].get(language(p), "")}
