"""The app's events, its API endpoints, and how it is served."""

import io
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component
from gradio.context import LocalContext
from gradio.data_classes import FileData
from gradio_client.utils import is_http_url_like
from PIL import Image
from starlette.middleware import Middleware

from scfegan_hf.demo.cleaner import clean_always, kept_up
from scfegan_hf.demo.connections import close_idle_always
from scfegan_hf.demo.editor import ICON, TELL_THE_PAGE, drawing_editor, modules_route, page_file
from scfegan_hf.demo.edits import (
    CHOOSE_FIRST,
    edit_drawing,
    edit_files,
    enlarge_photo,
    face_frames,
    faces_of,
    marked_png,
    part_of_photo,
    preview,
    trace_drawing,
    trace_file,
)
from scfegan_hf.demo.errors import Sent, answer, speak_for_gradio, spoken_errors
from scfegan_hf.demo.gpu import gpu_is_lent, with_gpu
from scfegan_hf.demo.guard import Guard
from scfegan_hf.demo.line import Line
from scfegan_hf.demo.look import Look
from scfegan_hf.demo.makeup import DOCUMENTATION as MAKEUP_DOCUMENTATION
from scfegan_hf.demo.makeup import make_up, sent_colors
from scfegan_hf.demo.payload import (
    MAX_UPLOAD_BYTES,
    Drawing,
    layer_url,
    photo_path,
    read_candidates,
    read_drawing,
    read_seed,
    reference_path,
    uploaded_file,
)
from scfegan_hf.demo.receiving import Uploads, keep
from scfegan_hf.demo.studio import DOCUMENTATION as STUDIO_DOCUMENTATION
from scfegan_hf.demo.studio import Wishes, change_portrait
from scfegan_hf.demo.uploads import HiddenFolder, use_own_folder
from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.lines import FaceFromLines
from scfegan_hf.editing.pipeline import EditResult, FaceEditPipeline
from scfegan_hf.portrait.makeup import MakeupPipeline
from scfegan_hf.portrait.studio import Studio

EDIT_DOCUMENTATION = """Repaint a photo where a mask says so, or recolour parts of a face. All pictures have the photo's size.
photo: picture file. mask: picture file, light where to repaint; one that marks over half of the photo is refused unless
invert says that dark means repaint (true) or that so much is meant (false). sketch: picture file, non-zero where a line is.
color: RGBA picture file, opaque where a colour is wanted. seed: whole number, another one changes the result a little.
candidates: how many results, 1 to 4. mode: redraw (needs a mask), or recolor: what the colour touches (an iris, the lips, a
brow, hair, a spot of skin) takes it and keeps its structure; no sketch, and a mask only to limit it.
Returns a list of PNG files; pixels outside the mask are the photo's.
While too many edits wait, the answer is an error that says so: try again in a moment."""
ENLARGE_DOCUMENTATION = """A photo, best of faces, two or four times as wide and high, sharp where bicubic means are soft.
photo: picture file of up to 2 megapixels. scale: 2 or 4. Returns a PNG file."""
FACE_DOCUMENTATION = """A face of a drawing alone. lines: picture file of a drawn face, dark on white, light on black or opaque
on nothing, its head filling most of the middle square. color: RGBA picture file of the same shape, opaque where a colour is
wanted. seed: whole number, another one makes up the rest otherwise. faces: how many, 1 to 4. Returns a list of PNG files."""
TRACE_DOCUMENTATION = """Lines of a photo to start a sketch from. photo: picture file.
Returns a PNG file of the photo's size, white lines on black."""
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
    uploads, line, faces_line = use_own_folder(), Line(max_queue), Line(max_queue)
    speak_for_gradio()
    enlarging = cache(lambda: PhotoEnlarging.from_pretrained(device=pipeline.device))  # for most visitors it is not needed

    def enlarge(_: FaceEditPipeline, photo: str, scale: int | None) -> EditResult:
        return enlarge_photo(enlarging(), photo, scale)

    drawer = cache(lambda: FaceFromLines.from_pretrained(device=pipeline.device))

    def draw_faces(_: FaceEditPipeline, drawing: Drawing, seed: int | None, faces: int | None) -> EditResult:
        return faces_of(drawer(), drawing, seed, faces)

    def draw_files(_: FaceEditPipeline, lines: str, color: str | None, seed: int | None, faces: int | None) -> EditResult:
        return drawer()(lines, color, seed=read_seed(seed), num_faces=read_candidates(faces))

    beautician = cache(lambda: MakeupPipeline.from_pretrained(device=pipeline.device))

    def made_up(_: FaceEditPipeline, *sent: Any) -> EditResult:
        return make_up(beautician, *sent)

    studio = cache(Studio)

    def changed(_: FaceEditPipeline, photo: str, wishes: Wishes) -> EditResult:
        return change_portrait(studio, photo, wishes)

    on_gpu = with_gpu(lambda work, *arguments: work(pipeline, *arguments))

    with gr.Blocks(title="Edit a face by drawing", analytics_enabled=False) as app:
        look = app.look = Look()  # for `guards` to close it
        editor = drawing_editor(elem_id="editor")

        def stored(data: bytes, name: str) -> str:
            return keep(io.BytesIO(data), name, Path(uploads))

        def edit_on_page(sent: Sent) -> None:
            drawing = read_drawing(sent.get("drawing"), uploads)
            how = (sent.get(name) for name in ("seed", "candidates", "mode", "feather"))
            result = on_gpu(edit_drawing, drawing, *how)
            name = f"{Path(drawing.photo).stem.removesuffix('-edited')}-edited.png"
            shown = (_shown(image, name, stored) for image in result.images)
            sent.reply["images"] = [{**files, "label": label} for files, label in zip(shown, result.labels, strict=True)]
            sent.reply["notes"] = list(result.notes)

        def enlarge_on_page(sent: Sent) -> None:
            drawing = read_drawing(sent.get("drawing"), uploads)
            if drawing.photo is None:
                raise ValueError(CHOOSE_FIRST)
            image = on_gpu(enlarge, drawing.photo, sent.get("scale")).image
            sent.reply["images"] = [_shown(image, f"{Path(drawing.photo).stem.removesuffix('-edited')}-edited.png", stored)]

        def makeup_on_page(sent: Sent) -> None:
            drawing = read_drawing(sent.get("drawing"), uploads)
            if drawing.photo is None:
                raise ValueError(CHOOSE_FIRST)
            reference, colors = reference_path(sent.get("reference"), uploads), sent_colors(sent.get("colors"))
            wish = (reference, colors, sent.get("remove"), sent.get("strength"), None, True)
            result = on_gpu(made_up, drawing.photo, *wish)
            name = f"{Path(drawing.photo).stem.removesuffix('-edited')}-edited.png"
            sent.reply |= {"images": [_shown(result.image, name, stored)], "notes": list(result.notes)}

        def style_on_page(sent: Sent) -> None:
            drawing = read_drawing(sent.get("drawing"), uploads)
            if drawing.photo is None:
                raise ValueError(CHOOSE_FIRST)
            picture = reference_path(sent.get("reference"), uploads)
            wishes = Wishes(style=sent.get("style"), style_picture=picture, style_strength=sent.get("strength"))
            result = on_gpu(changed, drawing.photo, wishes)
            name = f"{Path(drawing.photo).stem.removesuffix('-edited')}-edited.png"
            sent.reply |= {"images": [_shown(result.image, name, stored)], "notes": list(result.notes)}

        def face_on_page(sent: Sent) -> None:
            drawing = read_drawing(sent.get("drawing"), uploads)
            result = on_gpu(draw_faces, drawing, sent.get("seed"), sent.get("candidates"))
            shown = (_shown(image, "face.png", stored) for image in result.images)
            sent.reply["images"] = [{**files, "label": label} for files, label in zip(shown, result.labels, strict=True)]

        def trace_on_page(sent: Sent) -> None:
            drawing = read_drawing(sent.get("drawing"), uploads)
            sent.reply |= {"sketch": layer_url(trace_drawing(pipeline, drawing)), "frame": drawing.frame}

        def part_on_page(sent: Sent) -> None:
            part, layer, frame = part_of_photo(pipeline, read_drawing(sent.get("drawing"), uploads), sent.get("point"))
            sent.reply |= {"part": part, "mask": layer_url(layer), "frame": frame}

        def in_turn(work: Callable[[Sent], None]) -> Callable[[gr.EventData], AsyncIterator[dict[str, Any]]]:
            """The page's event that does the work when its turn comes, and tells its place in the line until then."""

            async def event_in_turn(event: gr.EventData) -> AsyncIterator[dict[str, Any]]:
                with answer(event) as sent:
                    await look.at(photo_path(sent.get("drawing"), uploads), "photo")
                    await look.at(reference_path(sent.get("reference"), uploads), "reference")
                    with line.place() as place:
                        async for number, waiting in line.moves(place):
                            yield {**sent.reply, "place": number, "waiting": waiting}
                        await line.run(work, sent)
                yield sent.reply

            return event_in_turn

        async def faces_on_page(event: gr.EventData) -> dict[str, Any]:
            with answer(event) as sent:
                photo = photo_path(sent.get("drawing"), uploads)
                await look.at(photo, "photo")
                sent.reply["faces"] = await faces_line.serve(face_frames, photo) if photo else []
            return sent.reply

        async def edit(
            photo: FileData,
            mask: FileData | None = None,
            sketch: FileData | None = None,
            color: FileData | None = None,
            seed: int = 0,
            candidates: int = 1,
            mode: str = "redraw",
            invert: bool | None = None,
        ) -> list[FileData]:
            def work() -> list[FileData]:
                images = on_gpu(edit_files, *paths, seed, candidates, mode, invert)
                return [FileData(path=stored(marked_png(image), "edited.png")) for image in images]

            with spoken_errors():
                names, layers = ("photo", "mask", "sketch", "color"), (mask, sketch, color)
                paths = [uploaded_file(photo, uploads, "photo")]
                paths += [file and uploaded_file(file, uploads, name) for file, name in zip(layers, names[1:], strict=True)]
                for path, name in zip(paths, names, strict=True):
                    await look.at(path, name)
                return await line.serve(work, wanted=_somebody_listens)

        async def larger(photo: FileData, scale: int = 2) -> FileData:
            def work() -> FileData:
                return FileData(path=stored(marked_png(on_gpu(enlarge, path, scale).image), "enlarged.png"))

            with spoken_errors():
                path = uploaded_file(photo, uploads, "photo")
                await look.at(path, "photo")
                return await line.serve(work, wanted=_somebody_listens)

        async def face(lines: FileData, color: FileData | None = None, seed: int = 0, faces: int = 1) -> list[FileData]:
            def work() -> list[FileData]:
                images = on_gpu(draw_files, *paths, seed, faces).images
                return [FileData(path=stored(marked_png(image), "face.png")) for image in images]

            with spoken_errors():
                paths = [uploaded_file(lines, uploads, "drawing"), color and uploaded_file(color, uploads, "color")]
                for path, name in zip(paths, ("drawing", "color"), strict=True):
                    await look.at(path, name)
                return await line.serve(work, wanted=_somebody_listens)

        async def makeup(
            photo: FileData,
            reference: FileData | None = None,
            lips: str | None = None,
            shadow: str | None = None,
            liner: str | None = None,
            blush: str | None = None,
            foundation: str | None = None,
            remove: bool = False,
            strength: float = 1.0,
            parts: str | None = None,
            all_faces: bool = False,
        ) -> FileData:
            colors = {"lips": lips, "shadow": shadow, "liner": liner, "blush": blush, "foundation": foundation}

            def work() -> FileData:
                result = on_gpu(made_up, *paths, colors, remove, strength, parts, all_faces)
                return FileData(path=stored(marked_png(result.image), "made-up.png"))

            with spoken_errors():
                paths = [uploaded_file(photo, uploads, "photo"), reference and uploaded_file(reference, uploads, "reference")]
                for path, name in zip(paths, ("photo", "reference"), strict=True):
                    await look.at(path, name)
                return await line.serve(work, wanted=_somebody_listens)

        async def chain(
            photo: FileData,
            makeup: FileData | None = None,
            lips: str | None = None,
            shadow: str | None = None,
            liner: str | None = None,
            blush: str | None = None,
            foundation: str | None = None,
            makeup_strength: float = 1.0,
            hair: str | None = None,
            style: str | None = None,
            style_picture: FileData | None = None,
            style_strength: float = 1.0,
            upscale: int = 1,
            all_faces: bool = False,
        ) -> FileData:
            colors = {"lips": lips, "shadow": shadow, "liner": liner, "blush": blush, "foundation": foundation}
            sent = {"photo": photo, "makeup": makeup, "style_picture": style_picture}

            def work() -> FileData:
                files = (paths["makeup"], colors, makeup_strength, hair, style, paths["style_picture"], style_strength)
                result = on_gpu(changed, paths["photo"], Wishes(*files, upscale, all_faces))
                return FileData(path=stored(marked_png(result.image), "changed.png"))

            with spoken_errors():
                paths = {name: file and uploaded_file(file, uploads, name) for name, file in sent.items()}
                for name, path in paths.items():
                    await look.at(path, name)
                return await line.serve(work, wanted=_somebody_listens)

        async def trace(photo: FileData) -> FileData:
            def work() -> FileData:
                return FileData(path=stored(trace_file(pipeline, path), "sketch.png"))

            with spoken_errors():
                path = uploaded_file(photo, uploads, "photo")
                await look.at(path, "photo")
                return await line.serve(work, wanted=_somebody_listens)

        # Edits wait in our line, whichever way they came in, so nothing of theirs may wait in Gradio's.
        at_once = dict(concurrency_limit=None)
        for kind, function, limits in (
            ("edit", in_turn(edit_on_page), at_once),
            ("trace", in_turn(trace_on_page), at_once),
            ("enlarge", in_turn(enlarge_on_page), at_once),
            ("lines", in_turn(face_on_page), at_once),
            ("makeup", in_turn(makeup_on_page), at_once),
            ("style", in_turn(style_on_page), at_once),
            ("part", in_turn(part_on_page), at_once),
            ("faces", faces_on_page, at_once),
        ):
            # "multiple": Gradio would drop a question while one that the page has given up is still about.
            event = getattr(editor, kind)
            options = dict(show_progress="hidden", api_visibility="private", trigger_mode="multiple")
            ended = event(function, None, editor, **options, **limits)
            for then, answered in ((ended.success, "true"), (ended.failure, "false")):
                then(None, editor, js=TELL_THE_PAGE.format(kind=kind, answered=answered), trigger_mode="multiple")
        gr.api(edit, api_name="edit", api_description=EDIT_DOCUMENTATION, **at_once)
        gr.api(larger, api_name="enlarge", api_description=ENLARGE_DOCUMENTATION, **at_once)
        gr.api(face, api_name="face", api_description=FACE_DOCUMENTATION, **at_once)
        gr.api(makeup, api_name="makeup", api_description=MAKEUP_DOCUMENTATION, **at_once)
        gr.api(chain, api_name="studio", api_description=STUDIO_DOCUMENTATION, **at_once)
        gr.api(trace, api_name="trace", api_description=TRACE_DOCUMENTATION, **at_once)
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


def _somebody_listens() -> bool:
    """Whether the program whose event this is still waits for its answer; Gradio notes it and tells nobody."""
    queue, number = LocalContext.blocks.get()._queue, LocalContext.event_id.get()
    events = (event for job in queue.active_jobs for event in job or ())
    return next((event.alive for event in events if event._id == number), True)


def _take_uploads_only(component: Component) -> None:
    """Have an endpoint's input refuse addresses, which Gradio would fetch from anywhere, however much is there."""
    keep = component.async_move_resource_to_block_cache

    async def keep_uploads(path: str | Path | None) -> str | None:
        if path is not None and is_http_url_like(str(path)):
            raise gr.Error("Upload the picture itself: nothing is fetched from other addresses.", print_exception=False)
        return await keep(path)

    component.async_move_resource_to_block_cache = keep_uploads


def _shown(image: Image.Image, name: str, stored: Callable[[bytes, str], str]) -> dict[str, Any]:
    """A result as the page takes it: the file to keep, and the picture to look at."""

    def file(data: bytes, name: str) -> dict[str, Any]:
        return FileData(path=stored(data, name), orig_name=name).model_dump()

    whole, small = file(marked_png(image), name), preview(image)
    return {"file": whole, "preview": whole if small is None else file(small, "preview.jpg")}
