"""Strangers' requests: bounded in size, number and time, nothing fetched, and every refusal a sentence."""

import asyncio
import json
import socket
import time
from contextlib import suppress
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest
from asking import function_number, upload
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from scfegan_hf.demo import guard, launch, receiving
from scfegan_hf.demo.connections import close_idle
from scfegan_hf.demo.guard import Guard
from scfegan_hf.demo.receiving import Uploads, harmless

FETCHING = (
    "file=http://127.0.0.1:9/x.png", "file=https://example.org/x.png", "file=HTTP://example.org/x.png", "file=ftp://x/y",
    "file=//example.org/x.png", "file= http://127.0.0.1:9/x", "file=data:text/plain,x", "proxy=http://127.0.0.1:9/x",
    "proxy=https://huggingface.co/x",
)  # fmt: skip


def asked(path: str, method: str = "POST", kind: str = "application/json", **more: str) -> dict:
    headers = [(b"content-type", kind.encode()), *((name.encode(), value.encode()) for name, value in more.items())]
    return {"type": "http", "path": path, "method": method, "headers": headers}


class Conversation:
    """What an app is told, piece by piece, and what it answers."""

    def __init__(self, *pieces: bytes, stalls: bool = False):
        self.pieces, self.stalls, self.said = list(pieces), stalls, []

    async def receive(self):
        if self.pieces:
            piece = self.pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.pieces) or self.stalls}
        await asyncio.sleep(3600)

    async def send(self, message):
        self.said.append(message)

    @property
    def status(self) -> int:
        return self.said[0]["status"]

    @property
    def sentence(self) -> str:
        return json.loads(self.said[1]["body"])["detail"]


def converse(app, scope: dict, *pieces: bytes, stalls: bool = False) -> Conversation:
    conversation = Conversation(*pieces, stalls=stalls)
    asyncio.run(asyncio.wait_for(app(scope, conversation.receive, conversation.send), 60))
    return conversation


async def echo(scope, receive, send):
    """An app that answers how long the body was."""
    length = 0
    while True:
        message = await receive()
        length += len(message["body"])
        if not message["more_body"]:
            break
    await JSONResponse({"length": length})(scope, receive, send)


@pytest.mark.parametrize("address", FETCHING)
def test_nothing_is_fetched(served, address, monkeypatch):
    """Not even asked for: the app's own means of fetching would fail the test."""
    for place in ("gradio.routes.secure_url_stream_response", "gradio.routes.httpx.AsyncClient"):
        monkeypatch.setattr(place, lambda *_, **__: pytest.fail("the server fetched"))
    for method in ("GET", "HEAD"):
        answer = httpx.request(method, f"{served}/gradio_api/{address}")
        assert answer.status_code == 403
    assert httpx.get(f"{served}/gradio_api/{address}").json()["detail"].startswith("Upload the picture itself")


@pytest.mark.parametrize("address", ["component_server", "stream/1", "run-history/records", "vibe-edit/", "custom_component/x"])
def test_what_nobody_needs_is_not_served(served, address):
    for method in ("GET", "POST"):
        answer = httpx.request(method, f"{served}/gradio_api/{address}")
        assert answer.status_code == 404 and answer.json()["detail"] == guard.NOT_SERVED
    assert httpx.get(f"{served}/monitoring/summary").status_code == 404


def test_bodies_are_whole_and_bounded():
    app = Guard(echo)
    half = bytes(guard.MAX_BODY // 2)
    assert json.loads(converse(app, asked("/gradio_api/queue/join"), half, half).said[1]["body"])["length"] == guard.MAX_BODY
    for pieces, headers in (((half, half, b"1"), {}), ((b"",), {"content-length": str(guard.MAX_BODY + 1)})):
        refused = converse(app, asked("/gradio_api/queue/join", **headers), *pieces)
        assert refused.status == 413 and refused.sentence == guard.TOO_LARGE
    assert app.held == 0


def test_many_bodies_together_are_bounded(monkeypatch):
    monkeypatch.setattr(guard, "MAX_HELD", guard.MAX_BODY)
    app = Guard(echo)

    async def at_once():
        half, some = Conversation(bytes(guard.MAX_BODY // 2), stalls=True), Conversation(bytes(guard.MAX_BODY // 2 + 1))
        stalled = asyncio.create_task(app(asked("/gradio_api/queue/join"), half.receive, half.send))
        await asyncio.sleep(0.05)
        await app(asked("/gradio_api/queue/join"), some.receive, some.send)
        stalled.cancel()
        with suppress(asyncio.CancelledError):
            await stalled
        return some

    refused = asyncio.run(at_once())
    assert refused.status == 429 and refused.sentence == guard.BUSY and app.held == 0


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/call/edit", "/login"])
def test_bodies_that_do_not_arrive_are_given_up(path, tmp_path):
    app = Guard(Uploads(echo, str(tmp_path), seconds=0.2), seconds=0.2)
    refused = converse(app, asked(path, kind="multipart/form-data; boundary=x"), b"--x\r\n", stalls=True)
    assert refused.status == 408 and "did not arrive" in refused.sentence
    assert list(tmp_path.rglob("*.partial")) == []


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (KeyError("fn_index"), 400, "not understood"),
        (RecursionError("too deep"), 400, "not understood"),
        (OSError(28, "No space left on device"), 507, "keep no more files"),
        (OSError(24, "Too many open files"), 500, "busy"),
    ],
)
def test_what_gradio_raises_becomes_a_sentence(error, status, words):
    async def broken(scope, receive, send):
        raise error

    refused = converse(Guard(broken), asked("/gradio_api/queue/join"), b"{}")
    assert refused.status == status and words in refused.sentence


def test_a_stream_that_ends_with_a_complaint_ends_well():
    """Gradio raises in the middle of a stream of events, after it has said so there."""

    async def stream(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data: session not found", "more_body": True})
        raise RuntimeError("response already started") from HTTPException(404)

    said = converse(Guard(stream), asked("/gradio_api/queue/data", "GET")).said
    assert said[-1] == {"type": "http.response.body", "body": b""}


STRANGE = (
    ("queue/join", "{"), ("queue/join", "[]"), ("queue/join", "null"), ("queue/join", '{"data": 7}'),
    ("queue/join", '{"data": [], "fn_index": 99, "session_hash": "a"}'),
    ("queue/join", '{"data": [], "fn_index": -1, "session_hash": "a"}'),
    ("queue/join", '{"data": [], "fn_index": ' + "9" * 5000 + ', "session_hash": "a"}'),
    ("queue/join", '{"data": ' + "[" * 100_000 + ', "fn_index": 0}'), ("queue/join", '{"data": [], "session_hash": "a"}'),
    ("call/edit", '{"data": []}'), ("call/none", '{"data": []}'), ("call/v2/edit", "{}"), ("call/v2/none", "{}"),
    ("call/v2/edit", '{"nothing": 1}'), ("cancel", "{}"), ("cancel", '{"session_hash": "a", "fn_index": 0, "event_id": "b"}'),
    ("reset", "{}"), ("upload", "{}"), ("run/edit", '{"data": []}'), ("queue/join", "\udcff"),
)  # fmt: skip


@pytest.mark.parametrize(("place", "body"), STRANGE)
def test_strange_requests_are_answered_and_never_by_a_bare_500(served, place, body):
    headers = {"content-type": "application/json"}
    sent = body.encode("utf-8", "surrogateescape")
    answer = httpx.post(f"{served}/gradio_api/{place}", content=sent, headers=headers, timeout=60)
    assert answer.status_code < 500 and answer.json()
    assert answer.status_code == 200 or answer.json()["detail"]


HUGE = int("9" * 400)


@pytest.mark.parametrize(
    ("kind", "question", "words"),
    [
        ("part", {"point": [HUGE, 5]}, "Click on the photo"),
        ("edit", {"seed": HUGE}, "Paint over the part"),
        ("faces", {"number": HUGE}, '"faces"'),
        ("edit", {"drawing": "text"}, "did not arrive whole"),
        ("edit", {"drawing": {"photo": {"path": "/etc/passwd"}}}, "is not in the cache folder"),
        ("trace", {"drawing": {"photo": {"path": "x" * 5000}}}, "What was sent is not what this asks for"),
    ],
)
def test_strange_questions_of_a_page_are_answered_in_words(served, photo_file, kind, question, words):
    function = function_number(f"{served}/", lambda event: event["targets"] and event["targets"][0][1] == kind)
    sent = {"number": 1, "drawing": {"photo": {"path": upload(f"{served}/", photo_file)}}, **question}
    body = {"data": [], "fn_index": function, "session_hash": f"page-{kind}-{time.time()}", "event_data": sent}
    assert httpx.post(f"{served}/gradio_api/queue/join", json=body).status_code == 200
    with httpx.stream("GET", f"{served}/gradio_api/queue/data?session_hash={body['session_hash']}", timeout=60) as answers:
        told = next(line for line in answers.iter_lines() if "process_completed" in line)
    assert words in told and ('"success":true' in told or '"error":null' not in told)


@pytest.mark.parametrize("name", [".hidden.png", "..png", "no-ending", "ä b/c\\d?.png", "x" * 300 + ".png", ".png"])
def test_files_of_any_name_can_be_edited(served, photo_file, name):
    answer = httpx.post(f"{served}/gradio_api/upload", files={"files": (name, photo_file.read_bytes())})
    [path] = answer.json()
    assert httpx.get(f"{served}/gradio_api/file={path}").content == photo_file.read_bytes()
    event = httpx.post(f"{served}/gradio_api/call/trace", json={"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]})
    assert "event: complete" in httpx.get(f"{served}/gradio_api/call/trace/{event.json()['event_id']}", timeout=60).text


def test_names_become_harmless():
    names = {".photo.png": "photo.png", "../../etc/passwd": "passwd", "a\\b\\me.JPG": "me.JPG", "": "picture", "...": "picture"}
    assert {name: harmless(name) for name in names} == names
    assert len(harmless("ä" * 300 + "." + "b" * 300).encode()) < 255


def test_uploads_are_few_and_small(served, photo_file):
    small = ("files", ("me.png", photo_file.read_bytes()))
    paths = httpx.post(f"{served}/gradio_api/upload", files=[small] * receiving.MAX_FILES)
    assert len(paths.json()) == receiving.MAX_FILES
    large = ("files", ("large.png", bytes(receiving.MAX_UPLOAD_BYTES + 1)))
    for files, status, words in (([small] * 5, 400, receiving.TOO_MANY), ([small, large], 413, receiving.TOO_LARGE)):
        refused = httpx.post(f"{served}/gradio_api/upload", files=files)
        assert refused.status_code == status and refused.json()["detail"] == words
    for content, kind in ((b"", "multipart/form-data"), (b"x", "text/plain"), (b"--x\r\nx", "multipart/form-data; boundary=x")):
        refused = httpx.post(f"{served}/gradio_api/upload", content=content, headers={"content-type": kind})
        assert refused.status_code == 400 or refused.json() == []


def test_an_upload_that_is_cut_off_leaves_nothing(pipeline, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    app, address = launch(pipeline=pipeline, prevent_thread_lock=True)
    place = urlsplit(address)
    head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 5000000\r\n"
    form = "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    part = 'Content-Disposition: form-data; name="files"; filename="me.png"\r\n\r\n'
    try:
        for _ in range(5):
            with socket.create_connection((place.hostname, place.port)) as sender:
                sender.sendall((head + form + part).encode() + bytes(3_000_000))
        time.sleep(0.5)
        assert httpx.get(address).status_code == 200
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    finally:
        app.close()


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(receiving.shutil, "disk_usage", lambda _: SimpleNamespace(free=receiving.LEAST_FREE - 1))
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\nabc\r\n--x--\r\n'
    app = Guard(Uploads(echo, str(tmp_path)))
    refused = converse(app, asked("/gradio_api/upload", kind="multipart/form-data; boundary=x"), body)
    assert refused.status == 507 and refused.sentence == guard.FULL


def test_more_uploads_at_a_time_than_may_be_are_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(receiving, "MAX_UPLOADS", 0)
    refused = converse(Guard(Uploads(echo, str(tmp_path))), asked("/gradio_api/upload", kind="multipart/form-data; boundary=x"))
    assert refused.status == 429 and refused.sentence == guard.BUSY


class Connection:
    """What uvicorn knows of one."""

    def __init__(self, answering: bool | None):
        self.cycle = None if answering is None else SimpleNamespace(response_complete=not answering)
        self.closed = False
        self.transport = self

    def close(self):
        self.closed = True


def test_idle_connections_are_closed_and_busy_ones_kept():
    silent, served, answering = Connection(None), Connection(False), Connection(True)
    connections, since = {silent, served, answering}, {}
    assert close_idle(connections, since, now=100) == 0
    assert close_idle(connections, since, now=125) == 0
    served.cycle.response_complete = False  # it asks again
    assert close_idle(connections, since, now=126) == 0
    served.cycle.response_complete = True
    assert close_idle(connections, since, now=131) == 1 and silent.closed
    assert close_idle({served, answering}, since, now=200) == 1 and served.closed and not answering.closed
    crowd = {Connection(None) for _ in range(5)} | {answering}
    assert close_idle(crowd, since, now=300, most=5) == 5 and not answering.closed


def test_connections_that_ask_nothing_are_closed(pipeline, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr("scfegan_hf.demo.connections.EVERY", 0.1)
    monkeypatch.setattr("scfegan_hf.demo.connections.IDLE", 0.3)
    app, address = launch(pipeline=pipeline, prevent_thread_lock=True)
    place = urlsplit(address)
    try:
        stalled = [socket.create_connection((place.hostname, place.port), timeout=30) for _ in range(20)]
        for number, connection in enumerate(stalled):
            connection.sendall(b"GET / HTTP/1.1\r\n"[: number % 16])
        assert [connection.recv(1) for connection in stalled] == [b""] * 20
        for connection in stalled:
            connection.close()
    finally:
        app.close()
