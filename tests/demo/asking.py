"""Uploads and questions as the script in the browser sends them, without a browser. Addresses end with a slash."""

from collections.abc import Callable
from pathlib import Path

import httpx
from PIL import Image

from scfegan_hf.demo.payload import layer_url


def upload(address: str, path: Path) -> str:
    """What the server calls a file that it is sent."""
    return httpx.post(f"{address}gradio_api/upload", files={"files": ("me.png", path.read_bytes())}).json()[0]


def function_number(address: str, wanted: Callable[[dict], bool]) -> int:
    """The number by which Gradio knows the first event that is wanted."""
    return next(event["id"] for event in httpx.get(f"{address}config").json()["dependencies"] if wanted(event))


def ask_as_a_page(address: str, photo: Path, mask: Image.Image) -> str:
    """The event that ends an edit, as text."""
    layer = Image.new("RGBA", mask.size)
    layer.putalpha(mask)
    function = function_number(address, lambda event: event["targets"] and event["targets"][0][1] == "edit")
    drawing = {"photo": {"path": upload(address, photo)}, "mask": layer_url(layer)}
    body = {"data": [], "fn_index": function, "session_hash": "page", "event_data": {"number": 1, "drawing": drawing}}
    assert httpx.post(f"{address}gradio_api/queue/join", json=body).status_code == 200
    with httpx.stream("GET", f"{address}gradio_api/queue/data?session_hash=page", timeout=60) as answers:
        return next(line for line in answers.iter_lines() if "process_completed" in line)
