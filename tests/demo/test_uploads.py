"""No answer names a folder of the server: the app behind a relay that keeps every byte it says."""

import asyncio
import base64
import json
import random
import time
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from asking import ask_as_a_page, upload
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from relay import Relay

from scfegan_hf.demo import launch
from scfegan_hf.demo.uploads import NAME, HiddenFolder

PAGES = ("", "config", "gradio_api/info", "gradio_api/openapi.json", "gradio_api/startup-events", "manifest.json", "theme.css")
WRONG = (f"{NAME}/0123/none.png", f"{NAME}/%2e%2e/secret.txt", NAME, "etc/passwd", "/etc/passwd", f"{NAME}/%00")


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[Path]:
    """A link to a folder whose name every encoding writes in a way of its own, and that folder."""
    parent = tmp_path_factory.mktemp("server")
    (parent / "Zoë's & <files>").mkdir()
    (parent / "link").symlink_to(parent / "Zoë's & <files>")
    (parent / "Zoë's & <files>" / "secret.txt").write_text("secret")
    return [parent / "link", parent / "Zoë's & <files>", parent]


@pytest.fixture(scope="module")
def app(pipeline, folders):
    """The address of an app that keeps files there; it thinks that a proxy serves it under /studio."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folders[0]))
        patch.setenv("GRADIO_ROOT_PATH", "/studio")
        app, address = launch(pipeline=pipeline, prevent_thread_lock=True)
        yield address
        app.close()


@pytest.fixture
def relay(app, folders):
    """The relay before the app. At the end it must have heard of no folder."""
    with Relay(app) as relay:
        yield relay
        assert any(relay.answers)
        assert relay.told_of_the_server(*folders) == []


@pytest.fixture
def mask(tmp_path) -> Path:
    mask = Image.new("L", (256, 256))
    mask.paste(255, (90, 90, 150, 130))
    mask.save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_relay_hears_folders(tmp_path):
    relay = Relay("http://127.0.0.1:1/")
    relay.server_close()
    for said in ('"/a/Zo\\u00eb/x"', '"/a/Zoë/x"', "/file=/a/Zo%C3%AB/x"):
        relay.answers = [bytearray(said.encode())]
        assert relay.told_of_the_server("/a/Zoë") and not relay.told_of_the_server("/b")


def test_pages_and_uploads(relay, photo_file):
    sent = upload(relay.address, photo_file)
    assert sent.startswith(f"{NAME}/") and sent.endswith("/me.png")
    for page in PAGES:
        assert httpx.get(relay.address + page).status_code == 200
    wrong = httpx.post(f"{relay.address}gradio_api/upload", content=b"no form", headers={"content-type": "multipart/form-data"})
    assert wrong.status_code >= 400


def test_edit_and_trace_through_the_client(relay, pipeline, photo_file, mask, tmp_path):
    client = Client(relay.address, verbose=False, download_files=tmp_path)
    answers = client.predict(handle_file(photo_file), handle_file(mask), candidates=2, api_name="/edit")
    for answer, expected in zip(answers, pipeline(photo_file, mask, num_candidates=2).images, strict=True):
        assert np.array_equal(pixels(answer), np.asarray(expected))
    assert np.array_equal(pixels(client.predict(handle_file(photo_file), api_name="/trace")), pipeline.trace(photo_file))
    assert relay.told(f"{NAME}/")


def test_a_page_gets_results_and_links_to_itself(relay, photo_file, mask):
    with Image.open(mask) as drawn:
        answer = json.loads(ask_as_a_page(relay.address, photo_file, drawn).removeprefix("data: "))
    [result] = answer["output"]["data"][0]["images"]
    assert result["file"]["path"].startswith(f"{NAME}/")
    host, _, place = result["file"]["url"].partition("/studio/")
    assert host + "/" == relay.address and place == f"gradio_api/file={result['file']['path']}"
    picture = httpx.get(relay.address + place)
    assert picture.status_code == 200 and picture.content[1:4] == b"PNG" and int(picture.headers["content-length"])
    link = httpx.get(f"{relay.address}gradio_api/deep_link?session_hash=page").json()
    for page in ("", "config"):  # Gradio writes the result into both
        assert result["file"]["path"] in httpx.get(f"{relay.address}{page}?deep_link={link}").text


def test_files_that_are_not_there_or_not_allowed(relay, folders, photo_file):
    sent = upload(relay.address, photo_file)
    files = f"{relay.address}gradio_api/file="
    assert httpx.get(files + sent).content == photo_file.read_bytes()
    for wrong in WRONG:
        answer = httpx.get(files + wrong)
        assert answer.status_code in (400, 403, 404) and b"secret" not in answer.content.replace(b"secret.txt", b"")
    for wrong in (f"{NAME}/0123/none.png", f"{NAME}/../secret.txt", "/etc/passwd", "/\0"):
        for file in ({"path": wrong, "meta": {"_type": "gradio.FileData"}}, {"path": wrong}, wrong):
            event = httpx.post(f"{relay.address}gradio_api/call/trace", json={"data": [file]}).json()["event_id"]
            answer = httpx.get(f"{relay.address}gradio_api/call/trace/{event}").text
            assert "event: error" in answer and '"error": null' not in answer
            assert httpx.post(f"{relay.address}gradio_api/run/trace", json={"data": [file]}).status_code == 404
    assert httpx.post(f"{relay.address}gradio_api/queue/join", json={"data": f"{NAME}/0123"}).status_code == 422


def test_the_path_itself_is_refused_like_any_other(app, folders, photo_file):
    """Nor is it told from a wrong one: it comes back as it was sent."""
    sent = upload(app, photo_file)
    for path in (folders[1] / sent, folders[0] / sent, folders[2] / "wrong" / sent):
        assert (folders[1] / sent).is_file()
        answer = httpx.get(f"{app}gradio_api/file={path}")
        assert answer.status_code == 403 and answer.json() == {"detail": f"File not allowed: {path}."}
        file = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        assert httpx.post(f"{app}gradio_api/run/trace", json={"data": [file]}).status_code == 404


@pytest.mark.parametrize("error", [FileNotFoundError, ValueError])
def test_a_crash_inside_an_edit(relay, pipeline, photo_file, mask, monkeypatch, error):
    """A ValueError is told in its words, another one as the server's mistake."""

    def broken(_, image, *__, **___):
        raise error(f"cannot open {image}")

    monkeypatch.setattr(type(pipeline), "__call__", broken)
    with pytest.raises(AppError, match=f"cannot open {NAME}/" if error is ValueError else "The server made a mistake"):
        Client(relay.address, verbose=False).predict(handle_file(photo_file), handle_file(mask), api_name="/edit")
    with Image.open(mask) as drawn:
        assert (f"cannot open {NAME}/" in ask_as_a_page(relay.address, photo_file, drawn)) == (error is ValueError)


async def passed(pieces: list[bytes], kind: str, answer: bytes = b"", folder: str | None = None) -> bytes:
    """What an app is told of a request that arrives in pieces, behind the middleware if there is a ``folder``."""
    coming = iter([*({"type": "http.request", "body": piece, "more_body": True} for piece in pieces), {"type": "http.request"}])
    body = []

    async def app(scope, receive, send):
        while (message := await receive()).get("more_body"):
            body.append(message["body"])
        body.append(message.get("body", b""))
        await send({"type": "http.response.start", "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": answer})

    async def receive():
        return next(coming)

    async def send(message):
        pass

    asked = {"type": "http", "path": "/", "headers": [(b"content-type", kind.encode())]}
    await (HiddenFolder(app, folder) if folder else app)(asked, receive, send)
    return b"".join(body)


def test_names_are_understood_wherever_a_request_is_cut():
    """Requests arrive in pieces; those that are not JSON stay as they are."""
    folder = f"/tmp/é/{NAME}"
    sent = json.dumps({"photo": f"{NAME}/1.png", "escaped": "@", "end": NAME}).replace("@", f"{NAME}\\/2.png").encode()
    meant = {"photo": f"{folder}/1.png", "escaped": f"{folder}/2.png", "end": folder}
    for at in range(len(sent) + 1):
        assert json.loads(asyncio.run(passed([sent[:at], sent[at:]], "application/json", folder=folder))) == meant
    bytewise = [bytes([byte]) for byte in sent]
    assert json.loads(asyncio.run(passed(bytewise, "application/json; charset=utf-8", folder=folder))) == meant
    assert asyncio.run(passed([sent], "multipart/form-data", folder=folder)) == sent


def test_the_cost_is_some_milliseconds_for_megabytes():
    """Of a core, for a request and an answer of 4 MB each; a drawing of strokes takes a hundredth of that."""
    drawing = base64.b64encode(random.Random(0).randbytes(3_000_000))
    pieces = [drawing[at : at + 2**16] for at in range(0, len(drawing), 2**16)]

    async def seconds(**options) -> float:
        began = time.process_time()
        for _ in range(20):
            await passed(pieces, "application/json", drawing, **options)
        return (time.process_time() - began) / 20

    cost = min(asyncio.run(seconds(folder=f"/tmp/gradio/{NAME}")) - asyncio.run(seconds()) for _ in range(3))
    print(f"{1000 * cost:.1f} ms")
    assert cost < 0.05


def test_asking_for_what_is_not_there(relay):
    assert httpx.post(f"{relay.address}gradio_api/call/none", json={"data": []}).status_code >= 400
    assert httpx.get(f"{relay.address}none").status_code == 404
    with suppress(httpx.RemoteProtocolError):  # Gradio says so and hangs up
        httpx.get(f"{relay.address}gradio_api/queue/data?session_hash=none")
    assert relay.told('"session_not_found":true')
