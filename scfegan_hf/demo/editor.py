"""The drawing editor: a page of three canvases, Mask, Sketch and Color, stacked over the photograph in a `gr.HTML`.

Gradio's own image editor cannot hold named layers, so the folder page/ has its markup, style and script. (A function
and not a subclass: Gradio writes a .pyi file beside the source of every subclass of its components.)
"""

from pathlib import Path
from typing import Any

import gradio as gr

from scfegan_hf.demo.payload import CANVAS_SIDE, MAX_UPLOAD_BYTES
from scfegan_hf.demo.samples import page_samples
from scfegan_hf.editing.photos import MAX_PIXELS

PAGE = Path(__file__).parent / "page"
# One script in this order: what the page knows first, what begins it last.
SCRIPTS = ("state", "drawing", "view", "input", "panel", "helpers", "server", "photo", "result", "keep", "samples", "start")
# Runs in the page when an event of some kind is over, answered or not, with the component's value; page/server.js listens.
TELL_THE_PAGE = """(value) => {{
    document.dispatchEvent(new CustomEvent('scfegan-ended', {{ detail: {{ kind: '{kind}', answered: {answered}, value }} }}));
}}"""


def drawing_editor(**options: Any) -> gr.HTML:
    """The component; ``options`` go to gr.HTML.

    Its events "edit", "trace", "part" and "faces" carry a number and a drawing (see payload.py); the answer is its new value, a
    dict with the same number.
    """
    return gr.HTML(
        html_template=page_file("page.html"),
        css_template=page_file("editor.css"),
        js_on_load="\n".join(page_file(f"{name}.js") for name in SCRIPTS),
        apply_default_css=False,
        canvas_side=CANVAS_SIDE,
        max_upload_bytes=MAX_UPLOAD_BYTES,
        max_pixels=MAX_PIXELS,
        **page_samples(),
        **options,
    )


def page_file(name: str) -> str:
    """Text of a file in page/."""
    return (PAGE / name).read_text(encoding="utf-8")
