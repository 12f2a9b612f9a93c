"""Requests that strangers may send to the app, for hostile.py: fetching, odd values, odd bodies, damaged uploads."""

import random
import socket
import threading
from collections.abc import Iterator

import httpx
from hostile_pictures import bad_pictures, encoded
from PIL import Image


def served() -> tuple[object, str]:
    """The app of a tiny network, and its address, which ends with a slash."""
    from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
    from scfegan_hf.demo import launch

    pipe = FaceEditPipeline(SCFEGANGenerator.preset("compact", width=4, resolution=128), device="cpu")
    return launch(pipeline=pipe, prevent_thread_lock=True, host="127.0.0.1")


def try_requests(tries: int) -> tuple[int, list[str]]:
    """Failure: a status from 500 on, a refusal without a sentence, an error of null, a connection to anybody, no answer."""
    app, address = served()
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[int] = []
    threading.Thread(target=lambda: [asked.append(1) for _ in iter(listener.accept, None)], daemon=True).start()
    failures, count = [], 0
    with httpx.Client(base_url=address, timeout=30) as client:
        for name, method, path, options in hostile_requests(listener.getsockname()[1], tries):
            count += 1
            try:
                failures += [f"{name}: {why}" for why in judged(client, client.request(method, path, **options))]
            except httpx.HTTPError as error:
                failures.append(f"{name}: {type(error).__name__}")
        for name, data in bad_pictures(tries // 10):
            count += 1
            try:
                failures += [f"{name}: {why}" for why in edited(client, data)]
            except httpx.HTTPError as error:
                failures.append(f"{name}: {type(error).__name__}")
    app.close()
    return count, failures + ["the server fetched"] * len(asked)


def judged(client: httpx.Client, answer: httpx.Response) -> Iterator[str]:
    """What is wrong with an answer; of an event that was begun, with how it ends."""
    if answer.status_code >= 500:
        yield f"HTTP {answer.status_code} {answer.text[:80]!r}"
    elif answer.status_code >= 400:
        try:
            said = answer.json()
            if not (said.get("detail") or said.get("error")):
                yield f"HTTP {answer.status_code} without a word"
        except ValueError:
            yield f"HTTP {answer.status_code} {answer.text[:80]!r}"
    elif "event_id" in answer.text and "/call/" in str(answer.url):
        place = str(answer.url).split("/call/")[1].removeprefix("v2/").strip("/")
        told = client.get(f"gradio_api/call/{place}/{answer.json()['event_id']}").text
        if "event: error" in told and ("data: null" in told or '"error": null' in told):
            yield "an error of null"
        if "event: error" not in told and "event: complete" not in told:
            yield f"no end: {told[-80:]!r}"


def edited(client: httpx.Client, data: bytes) -> Iterator[str]:
    """What is wrong with how the app takes a picture as a photo, whose mask is a sound one."""
    mask = Image.new("L", (96, 96))
    mask.paste(255, (30, 30, 60, 50))
    files = [("files", ("a.png", data)), ("files", ("b.png", encoded("PNG", mask)))]
    uploaded = client.post("gradio_api/upload", files=files)
    if uploaded.status_code != 200:
        yield from judged(client, uploaded)
        return
    given = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in uploaded.json()]
    yield from judged(client, client.post("gradio_api/call/edit", json={"data": [*given, None, None, 0, 1, "redraw", None]}))


def hostile_requests(port: int, tries: int) -> Iterator[tuple[str, str, str, dict]]:
    """(name, method, path, options for httpx)."""
    api, huge = "gradio_api/", "9" * 400
    for way in ("file=", "proxy=", "file/", "file= "):
        for target in (
            f"http://127.0.0.1:{port}/x.png",
            f"HTTP://127.0.0.1:{port}/x",
            f"//127.0.0.1:{port}/x",
            "ftp://127.0.0.1/x",
        ):
            yield f"fetch {way}{target}", "GET", f"{api}{way}{target}", {}
    for path in ("/etc/passwd", "../../etc/passwd", "%00", "x" * 5000, "", "."):
        yield f"file {path[:20]}", "GET", f"{api}file={path}", {}
    file = {"path": f"http://127.0.0.1:{port}/x.png", "meta": {"_type": "gradio.FileData"}}
    values = (None, 1, -1, "", "x", [], {}, True, 1.5, [[]], file, {**file, "path": "/etc/passwd"}, {"path": 7}, "x" * 10_000)
    for name, value in ((str(value)[:40], value) for value in values):
        for count in (0, 1, 6, 7):
            yield f"edit {count} of {name}", "POST", f"{api}call/edit", {"json": {"data": [value] * count}}
        yield f"trace {name}", "POST", f"{api}call/trace", {"json": {"data": [value]}}
        yield f"join {name}", "POST", f"{api}queue/join", {"json": {"data": value, "fn_index": value, "session_hash": value}}
        yield f"cancel {name}", "POST", f"{api}cancel", {"json": {"session_hash": value, "fn_index": value, "event_id": value}}
        yield f"v2 {name}", "POST", f"{api}call/v2/edit", {"json": {"photo": value, "mask": value, "seed": value}}
        yield (
            f"component {name}",
            "POST",
            f"{api}component_server",
            {"json": {"data": value, "component_id": value, "fn_name": "x"}},
        )
    for body in (
        "{",
        "[]",
        "null",
        "7",
        '{"data": [' + huge * 20 + "]}",
        '{"data": ' + "[" * 50_000,
        '"' + "\\ud800" + '"',
        "\x00",
    ):
        for path in (
            "queue/join",
            "call/edit",
            "call/none",
            "run/edit",
            "api/edit",
            "reset",
            "cancel",
            "call/v2/edit",
            "upload",
        ):
            yield (
                f"{path} {body[:20]!r}",
                "POST",
                api + path,
                {"content": body, "headers": {"content-type": "application/json"}},
            )
    places = "queue/data?session_hash=none queue/status info heartbeat stream/x/1/2/playlist.m3u8 run-history/records app_id"
    places += " deep_link?session_hash=x token custom_component/a/b/c/d upload_progress?upload_id=x"
    for path in places.split():
        yield path, "GET", api + path, {}
    yield (
        "a large body",
        "POST",
        f"{api}queue/join",
        {"content": b"[" * 30_000_000, "headers": {"content-type": "application/json"}},
    )
    yield "fifty files", "POST", f"{api}upload", {"files": [("files", (f"{i}.png", b"x")) for i in range(50)]}
    yield "a large file", "POST", f"{api}upload", {"files": {"files": ("a.png", bytes(30 * 2**20))}}
    rng = random.Random(1)
    for number in range(tries // 20):
        raw = bytes(rng.randrange(256) for _ in range(rng.randrange(300)))
        path = rng.choice(("queue/join", "call/edit", "upload", "cancel"))
        kind = rng.choice(("application/json", "multipart/form-data; boundary=x", "text/plain", ""))
        yield f"noise {number}", "POST", api + path, {"content": raw, "headers": {"content-type": kind}}
