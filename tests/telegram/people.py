"""People and groups of the test server: they write, press, block, and see what the bot shows them. Thread-safe."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, Protocol

from tests.telegram.entities import Entity, complete, pieces

Json = dict[str, Any]
PATIENCE = 30.0  # seconds to wait for the bot


class World(Protocol):
    """What people need of the server."""

    changed: threading.Condition
    random: Random
    me: Json
    privacy_mode: bool
    presses: dict[str, Press]

    def happen(self, kind: str, body: Json) -> None: ...
    def tick(self) -> int: ...


class Button(NamedTuple):
    """One inline button; `data` is None for a button that opens a link."""

    label: str
    data: str | None


@dataclass(frozen=True)
class Shown:
    """A message as it stands in a chat."""

    id: int
    text: str
    entities: list[Entity]
    buttons: list[list[Button]]
    edited: bool
    from_bot: bool
    date: int
    sent_at: float  # time.monotonic of the first sending
    revision: int  # grows with everything that happens on the server
    raw: Json = field(repr=False)

    @property
    def labels(self) -> list[str]:
        """Labels of all buttons, row after row."""
        return [button.label for row in self.buttons for button in row]

    @property
    def data(self) -> list[str | None]:
        """Callback data of all buttons, row after row."""
        return [button.data for row in self.buttons for button in row]


@dataclass
class Press:
    """A button that somebody pressed, and what the bot said to it."""

    id: str
    data: str
    message_id: int
    chat: Chat
    at: float
    answered: bool = False
    answered_at: float | None = None
    text: str | None = None
    alert: bool = False


What = str | re.Pattern[str] | Callable[[Shown], object] | None


class Chat:
    """One chat with the bot: its messages, and what is known about the bot in it."""

    def __init__(self, world: World, about: Json) -> None:
        self.world = world
        self.about = about  # a Chat object of the Bot API
        self.id: int = about["id"]
        self.member: Json = {"status": "member"}  # the bot's ChatMember, without its user
        self.reachable = False  # may the bot write?
        self.actions: list[str] = []
        self.acted_at: list[float] = []
        self.presses: list[Press] = []
        self.posted: list[Json] = []  # every message of the bot, as first sent
        self._shown: dict[int, Shown] = {}
        self._last = 0
        self._own = 0  # revision of the last thing that a person did here
        self._instance = str(world.random.randrange(10**18, 9 * 10**18))

    # what is on the screen

    @property
    def messages(self) -> list[Shown]:
        """All messages that are in the chat now, in order."""
        with self.world.changed:
            return list(self._shown.values())

    def shown(self) -> list[str]:
        """Texts of the bot that are in the chat now."""
        return [message.text for message in self.messages if message.from_bot]

    @property
    def last(self) -> Shown | None:
        """The bot's newest message."""
        return next((message for message in reversed(self.messages) if message.from_bot), None)

    @property
    def received_at(self) -> list[float]:
        """Times (time.monotonic) at which messages of the bot first came, of those still shown."""
        return [message.sent_at for message in self.messages if message.from_bot]

    def wait_for(self, what: What = None, timeout: float = PATIENCE, fresh: bool = False) -> Shown:
        """Newest message of the bot that fits; `fresh`: sent or edited since a person last wrote or pressed here."""
        deadline = time.monotonic() + timeout
        with self.world.changed:
            while True:
                for message in reversed(self._shown.values()):
                    if message.from_bot and (not fresh or message.revision > self._own) and _fits(message, what):
                        return message
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{what!r} did not come in {timeout} s; shown: {self.shown()!r}")
                self.world.changed.wait(left)

    def wait_answered(self, press: str, timeout: float = PATIENCE) -> Press:
        """The press with this callback query id, once the bot has answered it."""
        found = self.world.presses[press]
        with self.world.changed:
            if not self.world.changed.wait_for(lambda: found.answered, timeout):
                raise TimeoutError(f"the press of {found.data!r} was not answered in {timeout} s")
        return found

    # what is written to it

    def get(self, number: int) -> Shown | None:
        """The message with this id, if it is there."""
        return self._shown.get(number)

    def post(self, sender: Json, from_bot: bool = False, **content: Any) -> Json:
        """Lay a message into the chat; returns the Message."""
        with self.world.changed:
            self._last += 1
            raw = {"message_id": self._last, "from": sender, "chat": self.about, "date": int(time.time()), **content}
            self._put(raw, from_bot, time.monotonic())
            if from_bot:
                self.posted.append(raw)
            return raw

    def change(self, number: int, **content: Any) -> Json:
        """Change a message; a value of None takes the field away. Returns the Message."""
        with self.world.changed:
            old = self._shown[number]
            raw = {key: value for key, value in {**old.raw, **content}.items() if value is not None}
            raw["edit_date"] = int(time.time())
            self._put(raw, old.from_bot, old.sent_at)
            return raw

    def remove(self, number: int) -> None:
        """Take a message away."""
        with self.world.changed:
            del self._shown[number]
            self.world.tick()

    def _put(self, raw: Json, from_bot: bool, at: float) -> None:
        rows = raw.get("reply_markup", {}).get("inline_keyboard", [])
        self._shown[raw["message_id"]] = Shown(
            raw["message_id"],
            raw.get("text", raw.get("caption", "")),
            raw.get("entities", raw.get("caption_entities", [])),
            [[Button(button["text"], button.get("callback_data")) for button in row] for row in rows],
            "edit_date" in raw,
            from_bot,
            raw["date"],
            at,
            self.world.tick(),
            raw,
        )

    def _say(self, user: Json, text: str, heard: bool = True) -> int:
        raw: Json = {}
        for piece in pieces(text.strip()):
            raw = self._send(user, heard, text=piece, **_entities(piece))
        if not raw:
            raise ValueError("nothing to say")
        return int(raw["message_id"])

    def _send(self, user: Json, heard: bool = True, **content: Any) -> Json:
        with self.world.changed:
            raw = self.post(user, **content)
            self._own = self._shown[raw["message_id"]].revision
            if heard:
                self.world.happen("message", raw)
            return raw

    def _press(self, user: Json, what: str | Callable[[Button], object], message: Shown | int | None = None) -> str:
        with self.world.changed:
            screen = [message] if isinstance(message, Shown) else list(reversed(self._shown.values()))
            if isinstance(message, int):
                screen = [self._shown[message]]
            for seen in screen:
                for button in (button for row in seen.buttons for button in row):
                    if button.data is not None and (what(button) if callable(what) else what in (button.data, button.label)):
                        return self._pressed(user, seen, button.data)
            there = [button for seen in screen for row in seen.buttons for button in row]
        raise LookupError(f"no button {what!r}; there are {there!r}")

    def _pressed(self, user: Json, seen: Shown, data: str) -> str:
        number = str(self.world.random.randrange(10**17, 9 * 10**18))
        press = Press(number, data, seen.id, self, time.monotonic())
        self.presses.append(press)
        self.world.presses[number] = press
        current = self._shown.get(seen.id)
        gone = {"chat": self.about, "message_id": seen.id, "date": 0}  # InaccessibleMessage
        query = {"id": number, "from": user, "message": current.raw if current else gone, "chat_instance": self._instance}
        self._own = self.world.tick()
        self.world.happen("callback_query", {**query, "data": data})
        return number

    def _edit(self, user: Json, number: int, text: str) -> None:
        with self.world.changed:
            raw = self.change(number, text=text, **({"entities": None} | _entities(text)))
            self._own = self.world.tick()
            self.world.happen("edited_message", raw)

    def _member(self, by: Json, **new: Any) -> None:
        """The bot's standing in the chat changes."""
        with self.world.changed:
            bot = self.world.me
            old, self.member = self.member, new
            change = {"old_chat_member": {**old, "user": bot}, "new_chat_member": {**new, "user": bot}}
            self.world.tick()
            self.world.happen("my_chat_member", {"chat": self.about, "from": by, "date": int(time.time()), **change})


class Person(Chat):
    """Somebody with a private chat with the bot."""

    def __init__(self, world: World, user: Json) -> None:
        self.user = user
        names = {key: user[key] for key in ("id", "first_name", "last_name", "username") if key in user}
        super().__init__(world, {**names, "type": "private"})
        self.gone = False

    @property
    def blocked(self) -> bool:
        """Whether the person has blocked the bot."""
        return bool(self.member["status"] == "kicked")

    def say(self, text: str) -> int:
        """Write to the bot; returns the id of the (last) message."""
        self._speak()
        return self._say(self.user, text)

    def start(self, payload: str | None = None) -> int:
        """Open the bot, as by a link with this payload; unblocks it."""
        if payload is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
            raise ValueError("a start payload has 1-64 characters of A-Z, a-z, 0-9, _ and -")
        if self.blocked:
            self.unblock()
        return self.say("/start" if payload is None else f"/start {payload}")

    def press(self, what: str | Callable[[Button], object], message: Shown | int | None = None) -> str:
        """Press the newest button with this data or label; of a Shown: as it was then. Returns the callback query id."""
        return self._press(self.user, what, message)

    def edit(self, number: int, text: str) -> None:
        """Edit an own message."""
        self._edit(self.user, number, text)

    def send_voice(self, duration: int = 4) -> int:
        """Send a voice message."""
        return self._media(voice={**self._file(9000), "duration": duration, "mime_type": "audio/ogg"})

    def send_photo(self, caption: str | None = None) -> int:
        """Send a photo, in three sizes."""
        sizes = [(90, 67, 1200), (320, 240, 17000), (1280, 960, 120000)]
        return self._media(caption, photo=[{**self._file(size), "width": width, "height": high} for width, high, size in sizes])

    def send_sticker(self, emoji: str = "👍") -> int:
        """Send a sticker."""
        size = {"width": 512, "height": 512, "is_animated": False, "is_video": False}
        thumbnail = {**self._file(3000), "width": 128, "height": 128}
        more = {"type": "regular", "emoji": emoji, "set_name": "Invented", "thumbnail": thumbnail}
        return self._media(sticker={**self._file(20000), **size, **more})

    def send_document(self, name: str = "letter.pdf", mime_type: str = "application/pdf", caption: str | None = None) -> int:
        """Send a file."""
        return self._media(caption, document={**self._file(50000), "file_name": name, "mime_type": mime_type})

    def send_location(self, latitude: float = 51.96, longitude: float = 7.63) -> int:
        """Send a place."""
        return self._media(location={"latitude": latitude, "longitude": longitude})

    def send_contact(self, phone_number: str = "+15550100", first_name: str | None = None, own: bool = True) -> int:
        """Send a contact, by default one's own."""
        contact = {"phone_number": phone_number, "first_name": first_name or self.user["first_name"]}
        return self._media(contact=contact | ({"user_id": self.id} if own else {}))

    def block(self) -> None:
        """Block the bot."""
        self._member(self.user, status="kicked", until_date=0)

    def unblock(self) -> None:
        """Let the bot write again."""
        self._member(self.user, status="member")

    def delete_account(self) -> None:
        """Be gone: the bot gets 403 "user is deactivated"."""
        self.gone = True

    def _speak(self) -> None:
        if self.blocked or self.gone:
            raise RuntimeError(f"{self.user['first_name']} has blocked the bot or is gone")
        self.reachable = True

    def _file(self, size: int) -> Json:
        number = self.world.random.randbytes(24).hex()
        return {"file_id": f"AgAC{number}", "file_unique_id": f"AQAD{number[:12]}", "file_size": size}

    def _media(self, caption: str | None = None, **content: Any) -> int:
        self._speak()
        if caption:
            content["caption"] = caption
            content |= {f"caption_{key}": value for key, value in _entities(caption).items()}
        return int(self._send(self.user, **content)["message_id"])


class Group(Chat):
    """A group; the bot is in it after add_bot."""

    def __init__(self, world: World, number: int, title: str) -> None:
        super().__init__(world, {"id": number, "type": "group", "title": title})
        self.member = {"status": "left"}

    def add_bot(self, by: Person) -> None:
        """Somebody takes the bot into the group."""
        self.reachable = True
        self._member(by.user, status="member")
        self._send(by.user, new_chat_members=[self.world.me])

    def remove_bot(self, by: Person) -> None:
        """Somebody throws the bot out."""
        self.reachable = False
        self._member(by.user, status="kicked", until_date=0)

    def say(self, person: Person, text: str) -> int:
        """Write to the group; returns the id of the (last) message. With privacy_mode the bot gets commands and mentions."""
        heard = not self.world.privacy_mode or text.startswith("/") or f"@{self.world.me['username']}" in text
        return self._say(person.user, text, heard and self.reachable)

    def press(self, person: Person, what: str | Callable[[Button], object], message: Shown | int | None = None) -> str:
        """As Person.press."""
        return self._press(person.user, what, message)

    def leave(self) -> None:
        """The bot leaves."""
        self.reachable = False
        self._member(self.world.me, status="left")


def _entities(text: str) -> Json:
    found = complete(text, [])
    return {"entities": found} if found else {}


def _fits(message: Shown, what: What) -> bool:
    if what is None or isinstance(what, str):
        return what is None or what in message.text
    if isinstance(what, re.Pattern):
        return bool(what.search(message.text))
    return bool(what(message))
