"""The drawing editor: three canvases, Mask, Sketch and Color, stacked over the photograph in a `gr.HTML`.

Gradio's own image editor cannot hold named layers, so page, style and script are the files beside this one. (A function
and not a subclass: Gradio writes a .pyi file beside the source of every subclass of its components.)
"""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from scfegan_hf.demo.payload import CANVAS_SIDE, MAX_UPLOAD_BYTES, Drawing, layer_url, read_drawing

FOLDER = Path(__file__).parent


def drawing_editor(**options: Any) -> gr.HTML:
    """The component. ``options`` go to gr.HTML.

    Its value is ``{"photo": {"path": ...}, "mask": ..., "sketch": ..., "color": ...}``, layers as PNG data URLs of the
    drawing's size or null: read it with `drawn`. An event that has it as output returns `shown`.
    """
    return gr.HTML(
        html_template=(FOLDER / "editor.html").read_text(encoding="utf-8"),
        css_template=(FOLDER / "editor.css").read_text(encoding="utf-8"),
        js_on_load=(FOLDER / "editor.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        canvas_side=CANVAS_SIDE,
        max_upload_bytes=MAX_UPLOAD_BYTES,
        **options,
    )


def drawn(value: Any) -> Drawing:
    """The editor's value, checked."""
    return read_drawing(value, get_upload_folder())


def shown(**layers: Image.Image) -> dict[str, str]:
    """A value for the editor that replaces these layers (RGBA) on the page and leaves the others."""
    return {name: layer_url(image) for name, image in layers.items()}
