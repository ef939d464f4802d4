"""The test server itself: true to the Bot API's description, and behaves as Telegram does."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.telegram.entities import ParseError, cut, parse_html, pieces, units
from tests.telegram.methods import METHODS
from tests.telegram.people import Person, Shown
from tests.telegram.server import TelegramServer

pytestmark = pytest.mark.processes

SPEC = Path(__file__).resolve().parents[3] / "shared/data/bot_api_10.1.min.json"
Json = dict[str, Any]


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture
def person(server: TelegramServer) -> Person:
    someone = server.person("uk")
    someone.start()
    return someone


def request(server: TelegramServer, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)
    try:
        line.request(method, path, body, {"Content-Type": kind} if kind else {})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def call(server: TelegramServer, method: str, **params: Any) -> Json:
    path = f"/bot{server.token}/{method}"
    status, body = request(server, "POST", path, json.dumps(params).encode(), "application/json")
    answer: Json = json.loads(body)
    assert status == (200 if answer["ok"] else answer["error_code"])
    return answer


def good(server: TelegramServer, method: str, **params: Any) -> Any:
    answer = call(server, method, **params)
    assert answer["ok"], answer
    return answer["result"]


def bad(server: TelegramServer, method: str, **params: Any) -> str:
    answer = call(server, method, **params)
    assert not answer["ok"], answer
    return f"{answer['error_code']} {answer['description']}"


def keyboard(*rows: list[tuple[str, str]]) -> Json:
    return {"inline_keyboard": [[{"text": text, "callback_data": data} for text, data in row] for row in rows]}


def later(seconds: float, deed: Callable[[], Any]) -> threading.Timer:
    timer = threading.Timer(seconds, deed)
    timer.start()
    return timer


# the description of the Bot API


@pytest.fixture(scope="module")
def spec() -> Json:
    if not SPEC.exists():
        pytest.skip(f"the Bot API's description is not at {SPEC}")
    found: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    return found


def faults(spec: Json, value: Any, kind: str, at: str) -> list[str]:
    """Where a value is not what the description says."""
    plain = {"Integer": int, "Float": (int, float), "String": str, "Boolean": bool}
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{at}: no array"]
        return [fault for i, item in enumerate(value) for fault in faults(spec, item, kind[9:], f"{at}[{i}]")]
    if kind in plain:
        right = isinstance(value, plain[kind]) and (kind == "Boolean" or not isinstance(value, bool))
        return [] if right else [f"{at}: {value!r} is no {kind}"]
    described = spec["types"][kind]
    if "subtypes" in described:
        tries = [faults(spec, value, subtype, f"{at}<{subtype}>") for subtype in described["subtypes"]]
        return min(tries, key=len)
    if not isinstance(value, dict):
        return [f"{at}: no object"]
    fields = {field["name"]: field for field in described["fields"]}
    found = [f"{at}: {name} is missing" for name, field in fields.items() if field["required"] and name not in value]
    found += [f"{at}: {kind} has no {name}" for name in value if name not in fields]
    for name, item in value.items():
        if name in fields:
            found += min((faults(spec, item, one, f"{at}.{name}") for one in fields[name]["types"]), key=len)
    return found


def test_the_check_finds_faults(spec: Json) -> None:
    assert faults(spec, {"id": "1", "first_name": "A", "age": 3}, "User", "user") == [
        "user: is_bot is missing",
        "user: User has no age",
        "user.id: '1' is no Integer",
    ]
    assert faults(spec, {"status": "left"}, "ChatMember", "m")


def test_methods_and_parameters_are_in_the_description(spec: Json) -> None:
    allowed = {"int": {"Integer"}, "str": {"String"}, "bool": {"Boolean"}, "chat": {"Integer", "String"}, "file": {"InputFile"}}
    for method in METHODS.values():
        fields = {field["name"]: field for field in spec["methods"][method.name].get("fields", [])}
        for name, kind in method.parameters.items():
            types = set(fields[name]["types"])
            base = kind.rstrip("!")
            assert types == allowed[base] if base != "json" else not types & {"Integer", "String", "Boolean"}, (method.name, name)
        required = {name for name, kind in method.parameters.items() if kind.endswith("!")}
        assert required == {name for name, field in fields.items() if field["required"]}, method.name


def examples(server: TelegramServer, person: Person) -> Iterator[tuple[str, Json]]:
    """A call of every method that succeeds, in an order that works."""
    here = {"chat_id": person.id}
    yield "getMe", {}
    yield "setMyCommands", {"commands": [{"command": "help", "description": "Hilfe"}], "language_code": "de"}
    yield "getMyCommands", {"language_code": "de"}
    yield "deleteMyCommands", {"language_code": "de"}
    yield "setMyDescription", {"description": "x"}
    yield "getMyDescription", {}
    yield "setMyShortDescription", {"short_description": "x"}
    yield "getMyShortDescription", {}
    yield "getChat", here
    yield "sendChatAction", {**here, "action": "typing"}
    text = "<b>Hi</b> /help <a href='https://example.org'>there</a>"
    reply = {"reply_parameters": {"message_id": 1}, "reply_markup": keyboard([("A", "a")])}
    yield "sendMessage", {**here, "text": text, "parse_mode": "HTML", "protect_content": True, **reply}
    yield "answerCallbackQuery", {"callback_query_id": person.press("A")}
    number = person.wait_for("Hi").id
    yield "editMessageReplyMarkup", {**here, "message_id": number}
    yield "editMessageText", {**here, "message_id": number, "text": "new", "reply_markup": keyboard([("A", "a")])}
    person.press("A")
    yield "deleteMessage", {**here, "message_id": number}
    group = server.group()
    group.add_bot(person)
    group.say(person, "hello")
    yield "getChat", {"chat_id": group.id}
    yield "leaveChat", {"chat_id": group.id}
    for send in ("voice", "photo", "sticker", "document", "location", "contact"):
        getattr(person, f"send_{send}")()
    person.send_photo("a caption with /help")
    person.edit(person.say("write me at a@example.org"), "edited")
    person.block()
    person.unblock()
    yield "getUpdates", {"allowed_updates": ["message"]}
    yield "setWebhook", {"url": "http://127.0.0.1:9/", "secret_token": "s"}
    later(0.2, server._wake).join()  # the first try has failed
    yield "getWebhookInfo", {}
    yield "deleteWebhook", {"drop_pending_updates": True}
    yield "getWebhookInfo", {}


def test_all_that_comes_back_is_as_described(spec: Json, server: TelegramServer, person: Person) -> None:
    done = set()
    for method, params in examples(server, person):
        required = [name for name, kind in METHODS[method.lower()].parameters.items() if kind.endswith("!")]
        for name in required:
            less = {key: value for key, value in params.items() if key != name}
            assert bad(server, method, **less).startswith("400 Bad Request: "), (method, name)
        result = good(server, method, **params)
        found = min((faults(spec, result, kind, method) for kind in spec["methods"][method]["returns"]), key=len)
        assert not found, found
        if method == "getUpdates":
            kinds = {key for update in result for key in update} - {"update_id"}
            assert kinds == {"message", "edited_message", "callback_query", "my_chat_member"}
        done.add(method)
    assert done == {method.name for method in METHODS.values()}
    gone = faults(spec, {"chat": person.about, "message_id": 1, "date": 0}, "MaybeInaccessibleMessage", "gone")
    assert not gone
    assert not server.unread


# requests


def test_tokens_methods_and_bodies(server: TelegramServer, person: Person) -> None:
    status, body = request(server, "GET", "/bot1:WRONG/getMe")
    assert (status, json.loads(body)) == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
    assert bad(server, "flyToTheMoon").startswith("404 Not Found")
    assert good(server, "GETME")["is_bot"] is True
    fields = {"chat_id": str(person.id), "text": "ä & 😀", "reply_markup": json.dumps(keyboard([("A", "a")]))}
    path = f"/bot{server.token}/sendMessage"
    form = urlencode(fields).encode()
    parts = "".join(f'--XX\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items())
    for arguments in (
        ("GET", f"{path}?{form.decode()}"),
        ("POST", path, form, "application/x-www-form-urlencoded"),
        ("POST", path, f"{parts}--XX--\r\n".encode(), "multipart/form-data; boundary=XX"),
    ):
        status, body = request(server, *arguments)
        assert status == 200, body
        assert json.loads(body)["result"]["text"] == fields["text"]
        assert server.calls[-1].params["reply_markup"] == keyboard([("A", "a")])
    assert request(server, "POST", path, b"{", "application/json")[0] == 400
    assert bad(server, "sendMessage", chat_id=person.id, text="x", reply_markup="{") == (
        "400 Bad Request: can't parse reply keyboard markup JSON object"
    )
    assert len(server.sent(person)) == 3


def test_what_telegram_refuses(server: TelegramServer, person: Person) -> None:
    here = {"chat_id": person.id}
    stranger = server.person("de")
    assert bad(server, "sendMessage", chat_id=stranger.id, text="x") == (
        "403 Forbidden: bot can't initiate conversation with a user"
    )
    assert bad(server, "sendMessage", chat_id=5, text="x") == "400 Bad Request: chat not found"
    assert bad(server, "sendMessage", text="x") == "400 Bad Request: chat_id is empty"
    for text in ("", "  \n "):
        assert bad(server, "sendMessage", **here, text=text) == "400 Bad Request: message text is empty"
    assert bad(server, "sendMessage", **here, text="<b> </b>", parse_mode="HTML") == "400 Bad Request: message text is empty"
    assert bad(server, "editMessageText", **here, message_id=99, text="x") == "400 Bad Request: message to edit not found"
    assert bad(server, "editMessageText", **here, message_id=1, text="x") == "400 Bad Request: message can't be edited"
    assert bad(server, "deleteMessage", **here, message_id=99) == "400 Bad Request: message to delete not found"
    assert "query is too old" in bad(server, "answerCallbackQuery", callback_query_id="5")
    assert "wrong parameter action" in bad(server, "sendChatAction", **here, action="sleeping")
    reply = {"reply_parameters": {"message_id": 77}}
    assert bad(server, "sendMessage", **here, text="x", **reply) == "400 Bad Request: message to be replied not found"
    assert "private chats" in bad(server, "leaveChat", **here)
    assert [failure.code for failure in server.failures][:2] == [403, 400]
    assert not person.shown()


def test_length_counts_utf16(server: TelegramServer, person: Person) -> None:
    here = {"chat_id": person.id}
    assert good(server, "sendMessage", **here, text="😀" * 2048)
    assert bad(server, "sendMessage", **here, text="😀" * 2048 + "a") == "400 Bad Request: message is too long"
    assert good(server, "sendMessage", **here, text=f"<b>{'a' * 4090}</b> &amp; &lt;", parse_mode="HTML")  # 4095
    sent = good(server, "sendMessage", **here, text=" 😀😀 <i>ä</i>", parse_mode="HTML")
    assert (sent["text"], sent["entities"]) == ("😀😀 ä", [{"type": "italic", "offset": 5, "length": 1}])


def test_buttons(server: TelegramServer, person: Person) -> None:
    def tried(button: Json) -> Json:
        return call(server, "sendMessage", chat_id=person.id, text="x", reply_markup={"inline_keyboard": [[button]]})

    assert tried({"text": "A", "callback_data": "ї" * 32})["ok"]
    assert tried({"text": "A", "url": "https://example.org"})["ok"]
    for data in ("ї" * 32 + "a", ""):
        assert tried({"text": "A", "callback_data": data})["description"] == "Bad Request: BUTTON_DATA_INVALID"
    assert "Text buttons are unallowed" in tried({"text": "A"})["description"]
    assert not tried({"callback_data": "a"})["ok"]
    assert good(server, "sendMessage", chat_id=person.id, text="x", reply_markup={"remove_keyboard": True})


# texts


def test_html() -> None:
    def kinds(source: str) -> list[tuple[str, str]]:
        text, entities = parse_html(source)
        return [(entity["type"], cut(text, entity["offset"], entity["length"])) for entity in entities]

    assert parse_html("a &lt; b &amp; c &#1110; &nbsp;")[0] == "a < b & c і &nbsp;"
    assert kinds("<b>x<i>y</i></b>") == [("italic", "y"), ("bold", "xy")]
    for tag in ["b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "tg-spoiler", "blockquote"]:
        assert len(kinds(f"<{tag}>x</{tag}>")) == 1
    assert parse_html('<a href="https://e.org/?a=1&amp;b">x</a>')[1][0]["url"] == "https://e.org/?a=1&b"
    assert parse_html('<pre><code class="language-python">x</code></pre>')[1] == [
        {"type": "pre", "offset": 0, "length": 1, "language": "python"}
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<b>x", "Can't find end tag"),
        ("x</b>", "Unexpected end tag"),
        ("<b>x</i>", "Unmatched end tag"),
        ("<p>x</p>", 'Unsupported start tag "p"'),
        ("x<br>", 'Unsupported start tag "br"'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("<3", "Unclosed start tag"),
        ("<b>x</b", "Unclosed end tag"),
        ('<span class="x">x</span>', "must have class"),
    ],
)
def test_html_that_telegram_refuses(source: str, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parse_html(source)


def test_parse_errors_and_entities_over_http(server: TelegramServer, person: Person) -> None:
    here = {"chat_id": person.id}
    assert bad(server, "sendMessage", **here, text="a < b", parse_mode="HTML").startswith(
        "400 Bad Request: can't parse entities: "
    )
    assert bad(server, "sendMessage", **here, text="x", parse_mode="Wiki") == "400 Bad Request: unsupported parse_mode"
    assert good(server, "sendMessage", **here, text="a < b")["text"] == "a < b"
    bold = [{"type": "bold", "offset": 0, "length": 2}]
    assert good(server, "sendMessage", **here, text="😀 /help", entities=bold)["entities"] == [
        *bold,
        {"type": "bot_command", "offset": 3, "length": 5},
    ]
    assert "can't parse entities" in bad(server, "sendMessage", **here, text="x", entities=[{**bold[0], "length": 5}])


def test_long_texts_are_split_as_clients_do(server: TelegramServer, person: Person) -> None:
    assert [units(piece) for piece in pieces("a" + "😀" * 4096)] == [4095, 4096, 2]
    before = len(person.messages)
    person.say("x" * 5000)
    assert len(person.messages) == before + 2


# updates


def ids(updates: list[Json]) -> list[int]:
    return [update["update_id"] for update in updates]


def test_offsets(server: TelegramServer, person: Person) -> None:
    for word in "abcd":
        person.say(word)
    first = good(server, "getUpdates")
    assert ids(first) == list(range(ids(first)[0], ids(first)[0] + 5))
    assert ids(good(server, "getUpdates")) == ids(first)  # nothing confirmed
    assert ids(good(server, "getUpdates", limit=2)) == ids(first)[:2]
    assert ids(good(server, "getUpdates", offset=ids(first)[1])) == ids(first)[1:]
    assert ids(good(server, "getUpdates", offset=0)) == ids(first)[1:]  # the first is gone
    assert ids(good(server, "getUpdates", offset=-2)) == ids(first)[-2:]
    assert ids(good(server, "getUpdates")) == ids(first)[-2:]  # the others are forgotten
    assert good(server, "getUpdates", offset=ids(first)[-1] + 1) == []


def test_long_polling_wakes_at_once(server: TelegramServer, person: Person) -> None:
    offset = good(server, "getUpdates")[-1]["update_id"] + 1
    begun = time.monotonic()
    assert good(server, "getUpdates", offset=offset, timeout=1) == []
    assert 0.9 < time.monotonic() - begun < 2
    said: list[float] = []
    timer = later(0.2, lambda: (said.append(time.monotonic()), person.say("hello")))
    assert good(server, "getUpdates", offset=offset, timeout=10)[0]["message"]["text"] == "hello"
    assert time.monotonic() - said[0] < 0.2
    timer.join()


def test_allowed_updates_filter_at_creation(server: TelegramServer, person: Person) -> None:
    person.block()
    assert "my_chat_member" in good(server, "getUpdates", allowed_updates=["message"])[-1]
    person.unblock()
    assert len(good(server, "getUpdates", offset=0)) == 2  # remembered
    good(server, "getUpdates", allowed_updates=[])
    person.edit(person.say("a"), "b")
    assert "edited_message" in good(server, "getUpdates")[-1]


def test_conflicts(server: TelegramServer) -> None:
    answers: list[str] = []
    first = later(0, lambda: answers.append(bad(server, "getUpdates", timeout=10)))
    time.sleep(0.2)
    assert good(server, "getUpdates", timeout=0) == []
    first.join(2)
    second = later(0, lambda: answers.append(bad(server, "getUpdates", timeout=10)))
    time.sleep(0.2)
    good(server, "setWebhook", url="https://127.0.0.1:9/x")
    second.join(2)
    assert answers == [
        "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        "409 Conflict: terminated by setWebhook request",
    ]
    assert bad(server, "getUpdates").startswith("409 Conflict: can't use getUpdates method while webhook is active")
    good(server, "deleteWebhook")
    assert good(server, "getUpdates") == []


def test_every_update_twice(server: TelegramServer, person: Person) -> None:
    server.deliver_twice = True
    first = good(server, "getUpdates")
    person.say("more")
    again = good(server, "getUpdates", offset=first[0]["update_id"] + 1)
    assert again[0] == first[0]
    assert ids(again) == [first[0]["update_id"], first[0]["update_id"] + 1]
    assert ids(good(server, "getUpdates", offset=ids(again)[-1] + 1)) == ids(again)[1:]
    assert good(server, "getUpdates", offset=ids(again)[-1] + 1) == []


@pytest.fixture
def hook() -> Iterator[tuple[str, list[tuple[str | None, Json]], list[int]]]:
    """Address of a webhook, what came, and the statuses that it answers first."""
    came: list[tuple[str | None, Json]] = []
    statuses: list[int] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], body))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as target:
        thread = threading.Thread(target=target.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{target.server_port}/hook", came, statuses
        target.shutdown()
        thread.join()


def until(fits: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_webhook(server: TelegramServer, person: Person, hook: tuple[str, list[tuple[str | None, Json]], list[int]]) -> None:
    url, came, statuses = hook
    statuses += [500, 404]
    assert "HTTPS" in bad(server, "setWebhook", url="http://example.org/")
    assert "unallowed" in bad(server, "setWebhook", url=url, secret_token="a b")
    good(server, "setWebhook", url=url, secret_token="s3cret", allowed_updates=["message"])
    person.say("one")
    person.block()  # not wanted
    person.unblock()
    person.say("two")
    until(lambda: not server.pending)
    assert [update["message"]["text"] for _, update in came] == ["/start"] * 3 + ["one", "two"]
    assert {secret for secret, _ in came} == {"s3cret"}
    info = good(server, "getWebhookInfo")
    assert (info["url"], info["pending_update_count"], info["allowed_updates"]) == (url, 0, ["message"])
    assert "404" in info["last_error_message"]
    server.deliver_twice = True
    person.say("three")
    until(lambda: not server.pending)
    assert [update["message"]["text"] for _, update in came[5:]] == ["three", "three"]
    good(server, "deleteWebhook")
    person.say("four")
    assert good(server, "getWebhookInfo")["pending_update_count"] == 1
    good(server, "deleteWebhook", drop_pending_updates=True)
    assert good(server, "getUpdates") == []


# faults


def test_injected_answers(server: TelegramServer, person: Person) -> None:
    here = {"chat_id": person.id, "text": "x"}
    server.inject(429, "sendMessage", retry_after=7, count=2)
    answer = call(server, "sendMessage", **here)
    assert answer["parameters"] == {"retry_after": 7}
    assert answer["description"] == "Too Many Requests: retry after 7"
    assert good(server, "getMe")
    assert bad(server, "sendMessage", **here).startswith("429")
    assert good(server, "sendMessage", **here)
    other = server.person("de")
    other.start()
    server.inject(403, chat=other)
    assert good(server, "sendMessage", **here)
    assert bad(server, "sendMessage", chat_id=other.id, text="x") == "403 Forbidden: bot was blocked by the user"
    server.inject(409, "getUpdates")
    assert bad(server, "getUpdates").startswith("409 Conflict")
    server.inject(500)
    assert bad(server, "getMe") == "500 Internal Server Error"
    server.inject(502)
    assert good(server, "getUpdates")  # not meant, unless named
    status, body = request(server, "GET", f"/bot{server.token}/getMe")
    assert (status, body[:6]) == (502, b"<html>")
    server.inject("slow", seconds=0.3)
    begun = time.monotonic()
    assert good(server, "getMe")
    assert time.monotonic() - begun >= 0.3
    with pytest.raises(ValueError, match="unknown kinds"):
        server.inject(418)


def test_lost_connections(server: TelegramServer, person: Person) -> None:
    for kind in ("reset", "drop"):
        server.inject(kind, "sendMessage")
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            call(server, "sendMessage", chat_id=person.id, text=kind)
    assert person.shown() == ["reset"]  # done, though the bot cannot know
    assert [failure.code for failure in server.failures] == [0, 0]
    assert len(server.called("sendMessage", person)) == 2


def test_storm(server: TelegramServer) -> None:
    storm = server.storm([500, 429], share=0.5, seconds=60, retry_after=1)
    codes = [call(server, "getMe").get("error_code", 200) for _ in range(60)]
    assert set(codes) == {200, 429, 500}
    assert storm.hits == 60 - codes.count(200)
    assert 15 < storm.hits < 45
    server.calm()
    server.storm(500, share=1.0, seconds=0.05)
    time.sleep(0.06)
    assert good(server, "getMe")


def test_pace(server: TelegramServer, person: Person) -> None:
    for _ in range(20):
        good(server, "sendMessage", chat_id=person.id, text="x")
    good(server, "sendMessage", chat_id=person.id, text="too fast, but let through")
    server.enforce_limits = True
    answer = call(server, "sendMessage", chat_id=person.id, text="x")
    assert answer["error_code"] == 429
    assert 15 <= answer["parameters"]["retry_after"] <= 20
    assert (server.refused, len(server.too_fast)) == (1, 2)
    others = [server.person() for _ in range(2)]
    for other in others:
        other.start()
    codes = [call(server, "sendMessage", chat_id=other.id, text="x").get("error_code") for other in others for _ in range(12)]
    assert 429 in codes  # more than 30 in a second


# people


def test_press_and_edit(server: TelegramServer, person: Person) -> None:
    here = {"chat_id": person.id}
    good(server, "sendMessage", **here, text="old", reply_markup=keyboard([("Yes", "y1")]))
    sent = good(server, "sendMessage", **here, text="new", reply_markup=keyboard([("Yes", "y2"), ("No", "n2")]))
    before = person.wait_for("new")
    assert (before.labels, before.data) == (["Yes", "No"], ["y2", "n2"])
    for what in ("Yes", "y2", lambda button: button.label == "Yes"):
        query = person.press(what)
        update = good(server, "getUpdates")[-1]["callback_query"]
        assert (update["id"], update["data"], update["message"]["message_id"]) == (query, "y2", sent["message_id"])
        assert not person.presses[-1].answered
        assert "MESSAGE_TOO_LONG" in bad(server, "answerCallbackQuery", callback_query_id=query, text="x" * 201)
        timer = later(0.05, lambda query=query: good(server, "answerCallbackQuery", callback_query_id=query, text="ok"))
        assert person.wait_answered(query).text == "ok"
        timer.join()
        assert "query is too old" in bad(server, "answerCallbackQuery", callback_query_id=query)
    assert good(server, "getUpdates")[-1]["callback_query"]["data"] == "y2"
    person.press("y1")  # still visible in the older message
    with pytest.raises(LookupError, match="no button 'y1'"):
        person.press("y1", sent["message_id"])
    number = {"message_id": sent["message_id"]}
    same = {"text": "new", "reply_markup": keyboard([("Yes", "y2"), ("No", "n2")])}
    assert "message is not modified" in bad(server, "editMessageText", **here, **number, **same)
    edited = good(server, "editMessageText", **here, **number, text="newer")
    assert edited["edit_date"] >= edited["date"]
    assert "reply_markup" not in edited
    shown = person.wait_for("newer", fresh=True)
    assert (shown.edited, shown.buttons, shown.sent_at) == (True, [], before.sent_at)
    assert "message is not modified" in bad(server, "editMessageReplyMarkup", **here, **number)
    good(server, "editMessageReplyMarkup", **here, **number, reply_markup=keyboard([("C", "c")]))
    person.press("n2", before)  # as it was on the screen
    good(server, "deleteMessage", **here, **number)
    person.press("n2", before)
    assert good(server, "getUpdates")[-1]["callback_query"]["message"]["date"] == 0  # inaccessible
    assert person.shown() == ["old"]
    assert [message["text"] for message in server.sent(person)] == ["old", "new"]


def test_waiting(server: TelegramServer, person: Person) -> None:
    good(server, "sendMessage", chat_id=person.id, text="hello")
    assert person.wait_for("hello").text == "hello"
    person.say("hello?")
    with pytest.raises(TimeoutError, match="'hello' did not come"):
        person.wait_for("hello", timeout=0.05, fresh=True)
    timer = later(0.1, lambda: good(server, "sendMessage", chat_id=person.id, text="hello again"))
    found: Shown = person.wait_for(lambda message: message.text.startswith("hello"), fresh=True)
    assert found.text == "hello again"
    timer.join()
    assert [message.id for message in person.messages] == [1, 2, 3, 4]
    assert [message.from_bot for message in person.messages] == [False, True, False, True]
    assert person.received_at == sorted(person.received_at)
    good(server, "sendChatAction", chat_id=person.id, action="typing")
    assert person.actions == ["typing"]


def test_start_and_ids(server: TelegramServer) -> None:
    one, two = server.person("uk"), server.person(None, first_name="Ali", username="ali")
    assert one.id != two.id
    assert min(one.id, two.id) > 10**9
    one.start("counter-7")
    two.say("hi")
    first, second = good(server, "getUpdates")
    assert first["message"]["text"] == "/start counter-7"
    assert first["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert second["message"]["message_id"] == 1  # counted in each chat
    assert "language_code" not in second["message"]["from"]
    assert isinstance(first["message"]["date"], int)
    with pytest.raises(ValueError, match="payload"):
        one.start("no spaces")


def test_blocked(server: TelegramServer, person: Person) -> None:
    sent = good(server, "sendMessage", chat_id=person.id, text="x")
    person.block()
    with pytest.raises(RuntimeError):
        person.say("x")
    for method, params in (
        ("sendMessage", {"text": "x"}),
        ("editMessageText", {"text": "y", "message_id": sent["message_id"]}),
        ("sendChatAction", {"action": "typing"}),
    ):
        assert bad(server, method, chat_id=person.id, **params) == "403 Forbidden: bot was blocked by the user"
    change = good(server, "getUpdates")[-1]["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    person.start()  # unblocks
    assert [list(update)[1] for update in good(server, "getUpdates")[-2:]] == ["my_chat_member", "message"]
    assert good(server, "sendMessage", chat_id=person.id, text="y")
    person.delete_account()
    assert bad(server, "sendMessage", chat_id=person.id, text="x") == "403 Forbidden: user is deactivated"


def test_groups(server: TelegramServer, person: Person) -> None:
    group = server.group("Neighbours")
    assert group.id < 0
    assert "not a member" in bad(server, "sendMessage", chat_id=group.id, text="x")
    group.say(person, "nobody hears this")
    group.add_bot(person)
    group.say(person, "hello")
    server.privacy_mode = True
    group.say(person, "not for the bot")
    group.say(person, "/help")
    updates = good(server, "getUpdates")[1:]
    assert updates[0]["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert updates[1]["message"]["new_chat_members"][0]["id"] == server.me["id"]
    assert [update["message"]["text"] for update in updates[2:]] == ["hello", "/help"]
    good(server, "sendMessage", chat_id=group.id, text="hi", reply_markup=keyboard([("A", "a")]))
    group.press(person, "A")
    assert group.shown() == ["hi"]
    assert "can't be deleted" in bad(server, "deleteMessage", chat_id=group.id, message_id=1)
    assert good(server, "leaveChat", chat_id=group.id)
    assert "not a member" in bad(server, "sendMessage", chat_id=group.id, text="x")
    group.add_bot(person)
    group.remove_bot(person)
    assert "kicked" in bad(server, "sendMessage", chat_id=group.id, text="x")


def test_commands_by_scope_and_language(server: TelegramServer, person: Person) -> None:
    def commands(word: str) -> list[Json]:
        return [{"command": "help", "description": word}]

    good(server, "setMyCommands", commands=commands("Help"))
    assert server.menu(person) == commands("Help")
    good(server, "setMyCommands", commands=commands("Допомога"), language_code="uk")
    assert server.menu(person) == commands("Допомога")
    good(server, "setMyCommands", commands=commands("Private"), scope={"type": "all_private_chats"})
    assert server.menu(person) == commands("Private")
    mine = {"type": "chat", "chat_id": person.id}
    good(server, "setMyCommands", commands=commands("Mine"), scope=mine, language_code="uk")
    assert server.menu(person) == good(server, "getMyCommands", scope=mine, language_code="uk") == commands("Mine")
    assert good(server, "getMyCommands", language_code="de") == []
    good(server, "deleteMyCommands", scope=mine, language_code="uk")
    assert server.menu(person) == commands("Private")
    for name in ("Help", "", "a" * 33, "hélp"):
        assert "BOT_COMMAND_INVALID" in bad(server, "setMyCommands", commands=[{"command": name, "description": "x"}])
    assert "DESCRIPTION_INVALID" in bad(server, "setMyCommands", commands=commands("x" * 257))
    assert "language code" in bad(server, "setMyCommands", commands=commands("x"), language_code="ukr")
    assert "BotCommandScope" in bad(server, "setMyCommands", commands=commands("x"), scope={"type": "chat"})


def test_descriptions_by_language(server: TelegramServer, person: Person) -> None:
    good(server, "setMyDescription", description="Guide")
    assert server.description(person) == "Guide"
    good(server, "setMyDescription", description="Помічник", language_code="uk")
    assert server.description(person) == "Помічник"
    assert good(server, "getMyDescription", language_code="uk") == {"description": "Помічник"}
    assert good(server, "getMyShortDescription") == {"short_description": ""}
    assert bad(server, "setMyDescription", description="x" * 513).startswith("400")
    assert bad(server, "setMyShortDescription", short_description="x" * 121).startswith("400")


# the server


def test_web_client(server: TelegramServer) -> None:
    def remote(path: str, body: Json | None = None) -> Any:
        kind = "application/json"
        status, answer = request(
            server,
            "GET" if body is None else "POST",
            f"/client/{path}",
            None if body is None else json.dumps(body).encode(),
            kind,
        )
        return json.loads(answer) if status == 200 else status

    status, page = request(server, "GET", "/client/")
    assert status == 200
    assert b"Messenger (test client)" in page
    assert not any(word in page for word in (b"http://", b"https://", b"@import", b"url("))  # nothing from elsewhere
    user = remote("people", {"language_code": "ar", "first_name": "Layla"})
    assert remote("people") == [user]
    assert request(server, "GET", f"/client/{user['id']}")[1] == page
    assert remote(f"{user['id']}/say", {"text": "مرحبا"})["ok"]
    good(server, "sendMessage", chat_id=user["id"], text="hi", reply_markup=keyboard([("A", "a")]))
    query = remote(f"{user['id']}/press", {"data": "a"})["result"]
    assert remote(f"{user['id']}/press", {"data": "b"}) == 400
    good(server, "sendChatAction", chat_id=user["id"], action="typing")
    good(server, "answerCallbackQuery", callback_query_id=query, text="well")
    state = remote(f"{user['id']}/messages")
    assert [message["text"] for message in state["messages"]] == ["مرحبا", "hi"]
    assert (state["typing"], state["told"]["text"], state["waiting"]) == (True, "well", [])
    assert remote("5/messages") == remote(f"{user['id']}/dance", {}) == 404


def test_stop_ends_what_waits_and_start_goes_on(person: Person, server: TelegramServer) -> None:
    answers: list[Any] = []
    good(server, "getUpdates", offset=10**9)
    timer = later(0, lambda: answers.append(call(server, "getUpdates", timeout=30)))
    time.sleep(0.2)
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 1
    timer.join(2)
    with pytest.raises(ConnectionRefusedError):
        call(server, "getMe")
    person.say("while nobody listens")
    port = server.port
    server.start()
    assert server.port == port
    assert good(server, "getUpdates")[0]["message"]["text"] == "while nobody listens"
    with pytest.raises(OSError, match="address"):
        TelegramServer(port=port).start()
