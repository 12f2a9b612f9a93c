"""The drawing editor: a page of three canvases, Mask, Sketch and Color, stacked over the photograph in a `gr.HTML`.

Gradio's own image editor cannot hold named layers, so the folder page/ has its markup, style and ES modules. (A function
and not a subclass: Gradio writes a .pyi file beside the source of every subclass of its components.)
"""

import hashlib
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from scfegan_hf.demo.gpu import gpu_is_lent
from scfegan_hf.demo.payload import CANVAS_SIDE, MAX_PHOTO_PIXELS, MAX_UPLOAD_BYTES
from scfegan_hf.demo.samples import page_samples
from scfegan_hf.editing.photos import MIN_SIDE

PAGE = Path(__file__).parent / "page"
ICON = Path(__file__).parent / "site" / "icon.svg"
# Names that gr.HTML has for events of its own, such as "change", are not free.
EVENTS = ("edit", "trace", "part", "faces", "enlarge", "lines", "makeup", "style", "alter", "preview")
# gr.HTML runs this as a function's body, and takes for events what is quoted in it. The document may have been asked for with
# or without a slash at its end.
BEGIN = """// Events of the page: {events}
const folder = new URL('{folder}/', location.origin + location.pathname.replace(/\\/?$/, '/'));
Promise.all([import(new URL('start.js', folder)), import(new URL('server.js', folder))]).then(
    ([{{ start }}, {{ onServer }}]) => start({{ element, props, backend: onServer({{ props, trigger, upload, watch }}) }}),
    (error) => {{
        element.querySelector('.editor').dataset.begun = 'not';
        element.querySelector('.status').textContent = 'The page did not arrive whole. Reload it in a moment.';
        console.error(error);
    }},
);"""
# Runs in the page when an event of some kind is over, answered or not, with the component's value; page/server.js listens.
TELL_THE_PAGE = """(value) => {{
    document.dispatchEvent(new CustomEvent('scfegan-ended', {{ detail: {{ kind: '{kind}', answered: {answered}, value }} }}));
}}"""


def drawing_editor(**options: Any) -> gr.HTML:
    """The component; ``options`` go to gr.HTML.

    Its EVENTS carry a number and a drawing (see payload.py); the answer is its new value, a dict with the same number.
    """
    return gr.HTML(
        html_template=page_file("page.html"),
        css_template=page_file("editor.css"),
        js_on_load=BEGIN.format(events=list(EVENTS), folder=modules_folder()),
        apply_default_css=False,
        canvas_side=CANVAS_SIDE,
        max_upload_bytes=MAX_UPLOAD_BYTES,
        max_pixels=MAX_PHOTO_PIXELS,
        min_side=MIN_SIDE,
        previews=not gpu_is_lent(),  # a loan takes seconds, and of the visitor's share
        **page_samples(),
        **options,
    )


def page_file(name: str) -> str:
    """Text of a file in page/."""
    return (PAGE / name).read_text(encoding="utf-8")


def modules_folder() -> str:
    """Where the app serves the page's modules: below an address of their content, so that browsers mix no two editions."""
    served = [path for kind in ("*.js", "words/*.json", "hint/*.jpg") for path in PAGE.glob(kind)]
    scripts = b"\0".join(path.read_bytes() for path in sorted(served))
    return f"page-{hashlib.sha256(scripts).hexdigest()[:12]}"


def modules_route() -> Mount:
    """The route that serves them; `launch` gives it to Gradio's app. Gradio's own would tell this machine's folders."""
    return Mount(f"/{modules_folder()}", StaticFiles(directory=PAGE))
