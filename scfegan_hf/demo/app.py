"""The app, put together from the page's events and the API's endpoints, and how it is served."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component
from gradio_client.utils import is_http_url_like
from starlette.middleware import Middleware

from scfegan_hf.demo.cleaner import clean_always, kept_up
from scfegan_hf.demo.connections import close_idle_always
from scfegan_hf.demo.editor import ICON, drawing_editor, modules_route, page_file
from scfegan_hf.demo.endpoints import add_endpoints
from scfegan_hf.demo.errors import speak_for_gradio
from scfegan_hf.demo.gpu import gpu_is_lent
from scfegan_hf.demo.guard import Guard
from scfegan_hf.demo.page_events import add_page_events
from scfegan_hf.demo.payload import MAX_UPLOAD_BYTES
from scfegan_hf.demo.receiving import Uploads
from scfegan_hf.demo.service import Service
from scfegan_hf.demo.uploads import HiddenFolder, use_own_folder
from scfegan_hf.editing.pipeline import FaceEditPipeline

SESSIONS = 200  # that Gradio remembers something about; ours have nothing to remember, and each API call is one
MOST_EVENTS = 200  # that Gradio keeps before it refuses with a 503; it gets there only if it cannot even say "busy"
DESCRIPTION = "Erase a part of a portrait, draw lines and dab colours, and get a believable face back."
FONT = ("system-ui", "sans-serif")


def build_app(pipeline: FaceEditPipeline | None = None, max_queue: int = 20) -> gr.Blocks:
    """The app around a pipeline (None: the weights that the package carries); ``max_queue``: how many edits may wait.

    It is `launch` that serves the page's modules and puts `guards` around it, without which it is open to strangers.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    # Gradio makes a table of all events after each one, for a page of statistics that is not used here.
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000")
    pipeline = pipeline or FaceEditPipeline.from_pretrained()
    speak_for_gradio()
    with gr.Blocks(title="Edit a face by drawing", analytics_enabled=False) as app:
        service = Service(pipeline, use_own_folder(), max_queue)
        app.look = service.look  # for `guards` to close it
        add_page_events(service, drawing_editor(elem_id="editor"))
        add_endpoints(service)
        for component in (each for function in app.fns.values() for each in function.inputs):
            _take_uploads_only(component)
    return app.queue(max_size=MOST_EVENTS, default_concurrency_limit=1, api_open=False)


def launch(
    model: str | None = None,
    *,
    pipeline: FaceEditPipeline | None = None,
    device: str | None = None,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    max_queue: int = 20,
    prevent_thread_lock: bool = False,
) -> tuple[gr.Blocks, str]:
    """Serve the app; returns it and its address, at once only with ``prevent_thread_lock``.

    ``model``: folder or Hub repository (None: the package's weights), on ``device``, unless a ``pipeline`` is given.
    ``host`` and ``port``: None leaves them to Gradio (this machine only, or what a Space's environment says; first free
    port). ``max_queue``: how many edits may wait; who comes later is told to try again.
    """
    lent = gpu_is_lent()
    pipeline = pipeline or FaceEditPipeline.from_pretrained(model, device)
    pipeline.read_all()  # before processes fork
    if not lent:  # the first visitor need not wait for kernels
        pipeline(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.uint8), invert=False)
    app = build_app(pipeline, max_queue)
    tools = find_spec("mcp") is not None
    if tools:
        from scfegan_hf.demo.tools import use_picture_server

        use_picture_server()
    _, address, _ = app.launch(
        server_name=host,
        server_port=port,
        share=share,
        prevent_thread_lock=prevent_thread_lock,
        max_threads=max_queue + 40,  # each event that waits in the line takes one of Gradio's places
        max_file_size=MAX_UPLOAD_BYTES,
        ssr_mode=False,
        run_history=False,
        favicon_path=ICON,
        head=f'<meta name="description" content="{DESCRIPTION}">',
        state_session_capacity=SESSIONS,
        footer_links=["api", "gradio"],
        theme=gr.themes.Default(primary_hue="indigo", font=FONT, font_mono=("ui-monospace", "monospace")),
        css=page_file("around.css"),
        mcp_server=tools,
        app_kwargs={"routes": [modules_route()], **guards(use_own_folder())},
    )
    return app, address


def guards(folder: str) -> dict[str, Any]:
    """What `gr.Blocks.launch` and `gr.mount_gradio_app` take as ``app_kwargs`` to serve the app to strangers.

    The middleware is innermost, before Gradio's compression; ``folder``: where uploads lie.
    """

    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncIterator[None]:
        async with kept_up(clean_always(folder)), kept_up(close_idle_always(server)):
            yield
        server.get_blocks().look.close()

    middleware = [Middleware(Guard), Middleware(HiddenFolder, folder=folder), Middleware(Uploads, folder=folder)]
    return {"middleware": middleware, "lifespan": lifespan}


def _take_uploads_only(component: Component) -> None:
    """Have an endpoint's input refuse addresses, which Gradio would fetch from anywhere, however much is there."""
    keep = component.async_move_resource_to_block_cache

    async def keep_uploads(path: str | Path | None) -> str | None:
        if path is not None and is_http_url_like(str(path)):
            raise gr.Error("Upload the picture itself: nothing is fetched from other addresses.", print_exception=False)
        return await keep(path)

    component.async_move_resource_to_block_cache = keep_uploads
