"""Upload and edit as the script in the browser does it, without a browser."""

from pathlib import Path

import httpx
from PIL import Image

from scfegan_hf.demo.payload import layer_url


def ask_as_a_page(address: str, photo: Path, mask: Image.Image) -> str:
    """The event that ends an edit, as text; ``address`` ends with a slash."""
    uploaded = httpx.post(f"{address}gradio_api/upload", files={"files": ("me.png", photo.read_bytes())}).json()
    layer = Image.new("RGBA", mask.size)
    layer.putalpha(mask)
    events = httpx.get(f"{address}config").json()["dependencies"]
    function = next(event["id"] for event in events if event["targets"] and event["targets"][0][1] == "edit")
    drawing = {"photo": {"path": uploaded[0]}, "mask": layer_url(layer)}
    body = {"data": [], "fn_index": function, "session_hash": "page", "event_data": {"number": 1, "drawing": drawing}}
    assert httpx.post(f"{address}gradio_api/queue/join", json=body).status_code == 200
    with httpx.stream("GET", f"{address}gradio_api/queue/data?session_hash=page", timeout=60) as answers:
        return next(line for line in answers.iter_lines() if "process_completed" in line)
