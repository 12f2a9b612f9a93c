"""The endpoints as tools, through a real MCP client; skipped where gradio's extra `mcp` is not installed."""

import asyncio
import base64
import io
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from relay import Relay

from scfegan_hf.demo import launch
from scfegan_hf.editing.metadata import MARK

pytest.importorskip("mcp", reason='needs pip install "gradio[mcp]", which takes an older pydantic')
HOLE = (90, 90, 150, 130)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the app keeps files."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def served(pipeline, folder):
    """The app of this module and its address, which ends with a slash. At the end no answer may have told of a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        app, address = launch(pipeline=pipeline, prevent_thread_lock=True)
        with Relay(address) as relay:
            yield app, relay.address
        app.close()
    assert relay.told("jsonrpc") and relay.told_of_the_server(folder) == []


@pytest.fixture
def call(served):
    """A function that calls a tool by streamable HTTP and returns whether it failed, and what it answered."""

    async def connected(name, arguments):
        async with session(served[1]) as tools:
            answer = await tools.call_tool(name, arguments)
        return answer.isError, answer.content

    return lambda name, **arguments: asyncio.run(connected(name, arguments))


@asynccontextmanager
async def session(address: str):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with (
        streamable_http_client(f"{address}gradio_api/mcp/") as (read, write, _),
        ClientSession(read, write) as tools,
    ):
        await tools.initialize()
        yield tools


def data_url(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def seen(content) -> Image.Image:
    assert (content.type, content.mimeType) == ("image", "image/png")
    picture = Image.open(io.BytesIO(base64.b64decode(content.data)))
    picture.load()
    return picture


@pytest.fixture(scope="module")
def mask() -> Image.Image:
    mask = Image.new("L", (256, 256))
    mask.paste(255, HOLE)
    return mask


def test_the_tools_say_how_pictures_are_sent(served):
    async def listed():
        async with session(served[1]) as tools:
            return (await tools.list_tools()).tools

    tools = {tool.name: tool for tool in asyncio.run(listed())}
    assert set(tools) == {"doodle", "edit", "enlarge", "face", "makeup", "studio", "trace"}
    names = ["photo", "mask", "sketch", "color", "seed", "candidates", "mode", "invert"]
    assert list(tools["edit"].inputSchema["properties"]) == names
    assert all("data URL" in tool.description and "gradio_api/upload" in tool.description for tool in tools.values())


def test_edit_answers_pictures_and_no_path(call, pipeline, photo, mask):
    color = Image.new("RGBA", photo.size)
    color.paste((180, 60, 60, 255), (110, 112, 130, 120))
    sent = {"photo": data_url(photo), "mask": data_url(mask), "sketch": data_url(mask), "color": data_url(color)}
    failed, contents = call("edit", **sent, seed=3, candidates=2)
    direct = pipeline(photo, mask, mask, color, seed=3, num_candidates=2).images
    assert not failed and len(contents) == 2
    for content, expected in zip(contents, direct, strict=True):
        assert np.array_equal(np.asarray(seen(content)), np.asarray(expected))
        assert seen(content).text["Comment"] == MARK


def test_trace_answers_a_picture(call, pipeline, photo):
    failed, (content,) = call("trace", photo=data_url(photo))
    assert not failed and np.array_equal(np.asarray(seen(content)), pipeline.trace(photo))


def test_uploads_are_taken_by_their_address(call, served, photo, photo_file, mask):
    answer = httpx.post(f"{served[1]}gradio_api/upload", files={"files": ("me.png", photo_file.read_bytes())})
    failed, (content,) = call("edit", photo=f"{served[1]}gradio_api/file={answer.json()[0]}", mask=data_url(mask))
    changed = np.asarray(seen(content)) != np.asarray(photo)
    assert not failed and changed[90:130, 90:150].any()


def test_other_files_and_addresses_are_refused_in_words(call, served, photo_file, mask):
    wrong = {
        "http://example.org/face.png": "upload it to this server",
        str(photo_file): "upload it to this server",
        f"{served[1]}gradio_api/file={photo_file}": "no longer on the server",
        "data:image/png;base64,!!": "did not arrive whole",
        "data:image/png;base64,aGVsbG8=": "can be read",
    }
    for sent, words in wrong.items():
        failed, (content,) = call("edit", photo=sent, mask=data_url(mask))
        assert failed and words in content.text, content
        assert str(photo_file) not in content.text


def test_a_crash_inside_an_edit_says_nothing_of_the_server(call, pipeline, photo, mask, monkeypatch):
    def broken(_, image, *__, **___):
        raise FileNotFoundError(2, "No such file or directory", image)

    monkeypatch.setattr(type(pipeline), "__call__", broken)
    failed, (content,) = call("edit", photo=data_url(photo), mask=data_url(mask))
    assert failed and "No such file" not in content.text


def test_what_came_by_data_urls_is_deleted_too(call, served, folder, photo):
    from gradio.route_utils import delete_files_created_by_app

    assert call("edit", photo=data_url(photo.rotate(90)), mask="nothing")[0]  # the photo came, and is of no use
    assert any(path.is_file() for path in folder.rglob("*"))
    delete_files_created_by_app(served[0], age=-1)  # everything is older than that
    assert [path for path in folder.rglob("*") if path.is_file()] == []
