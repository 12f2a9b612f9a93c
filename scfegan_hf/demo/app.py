"""The app's layout, its events and its two API endpoints."""

import os
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from scfegan_hf.demo.editor import FOLDER, drawing_editor, drawn, shown
from scfegan_hf.demo.edits import edit_drawing, edit_files, trace_drawing, trace_file
from scfegan_hf.demo.errors import spoken_errors
from scfegan_hf.demo.payload import MAX_UPLOAD_BYTES, uploaded_file
from scfegan_hf.pipeline import FaceEditPipeline

INTRODUCTION = """# Edit a face by drawing on it
Choose a photo. Paint over the part that should change, then draw new lines and dab colours there. Press **Edit**."""
ETHICS = """Edit only pictures of people who agree to it. Every result is marked as edited in its file. \
Photos are deleted from the server after an hour."""
EDIT_DOCUMENTATION = """Repaint a photo where a mask says so. All pictures have the photo's size.
photo: picture file. mask: picture file, non-zero where to repaint. sketch: picture file, non-zero where a line is.
color: RGBA picture file, opaque where a colour is wanted. seed: whole number, another one changes the result a little.
Returns a PNG file; pixels outside the mask are the photo's."""
TRACE_DOCUMENTATION = """Lines of a photo to start a sketch from. photo: picture file.
Returns a PNG file of the photo's size, white lines on black."""
CLEAN_EVERY, CLEAN_AFTER = 600, 3600  # seconds
# One network, few cores: edits wait for each other, whichever way they came in.
ONE_AT_A_TIME = dict(concurrency_id="network", concurrency_limit=1)


def build_app(pipeline: FaceEditPipeline | None = None, max_queue: int = 20) -> gr.Blocks:
    """The app around a pipeline (None: the weights that the package carries), with its queue set up."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    pipeline = pipeline or FaceEditPipeline.from_pretrained()
    uploads = get_upload_folder()

    with gr.Blocks(title="Edit a face by drawing", analytics_enabled=False, delete_cache=(CLEAN_EVERY, CLEAN_AFTER)) as app:
        gr.Markdown(INTRODUCTION, elem_id="introduction")
        with gr.Row():
            with gr.Column(scale=5, min_width=340):
                editor = drawing_editor(elem_id="editor")
            with gr.Column(scale=4, min_width=340):
                edit_button = gr.Button("Edit", variant="primary", elem_id="edit")
                result = gr.Image(label="Result", format="png", interactive=False, elem_id="result", buttons=["fullscreen"])
                download = gr.DownloadButton("Download PNG", interactive=False, elem_id="download")
                seed = gr.Number(
                    0, label="Seed (another number changes the result a little)", precision=0, minimum=0, elem_id="seed"
                )
        gr.Markdown(ETHICS, elem_id="ethics")

        def edit_on_page(drawing: Any, seed: int | None) -> tuple[str, Any]:
            with spoken_errors():
                path = _stored(edit_drawing(pipeline, drawn(drawing), seed), "edited.png")
            return path, gr.update(value=path, interactive=True)

        def trace_on_page(drawing: Any) -> dict[str, str]:
            with spoken_errors():
                return shown(sketch=trace_drawing(pipeline, drawn(drawing)))

        def edit(
            photo: FileData, mask: FileData, sketch: FileData | None = None, color: FileData | None = None, seed: int = 0
        ) -> FileData:
            with spoken_errors():
                paths = [uploaded_file(file, uploads, name) for file, name in ((photo, "photo"), (mask, "mask"))]
                paths += [file and uploaded_file(file, uploads, name) for file, name in ((sketch, "sketch"), (color, "color"))]
                return FileData(path=_stored(edit_files(pipeline, *paths, seed), "edited.png"))

        def trace(photo: FileData) -> FileData:
            with spoken_errors():
                path = uploaded_file(photo, uploads, "photo")
                return FileData(path=_stored(trace_file(pipeline, path), "sketch.png"))

        private = dict(api_visibility="private", **ONE_AT_A_TIME)
        edit_button.click(edit_on_page, [editor, seed], [result, download], show_progress_on=result, **private)
        editor.trace(trace_on_page, editor, editor, show_progress="hidden", **private)
        gr.api(edit, api_name="edit", api_description=EDIT_DOCUMENTATION, **ONE_AT_A_TIME)
        gr.api(trace, api_name="trace", api_description=TRACE_DOCUMENTATION, **ONE_AT_A_TIME)
    return app.queue(max_size=max_queue, default_concurrency_limit=1)


def launch(
    model: str | None = None,
    *,
    pipeline: FaceEditPipeline | None = None,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    max_queue: int = 20,
    prevent_thread_lock: bool = False,
) -> tuple[gr.Blocks, str]:
    """Serve the app; returns it and its address, at once only with ``prevent_thread_lock``.

    ``model``: folder or Hub repository (None: the package's weights), unless a ``pipeline`` is given. ``host`` and
    ``port``: None leaves them to Gradio (this machine only, or what a Space's environment says; first free port).
    """
    app = build_app(pipeline or FaceEditPipeline.from_pretrained(model), max_queue)
    _, address, _ = app.launch(
        server_name=host,
        server_port=port,
        share=share,
        prevent_thread_lock=prevent_thread_lock,
        max_file_size=MAX_UPLOAD_BYTES,
        ssr_mode=False,
        run_history=False,
        footer_links=["api", "gradio"],
        css=(FOLDER / "page.css").read_text(encoding="utf-8"),
    )
    return app, address


def _stored(data: bytes, name: str) -> str:
    """Write a file where Gradio serves it from and deletes it in time."""
    return save_bytes_to_cache(data, name, get_upload_folder())
