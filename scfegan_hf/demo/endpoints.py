"""The app's API: an endpoint for each thing that can be done to a photo or a drawing.

To add one: write the function in words of files and numbers (its names and types are what the API documents), have it return
`await service.serve(work, photo=photo, ...)` under `spoken_errors`, and name it in ENDPOINTS with its documentation. ``work``
is called with the files' paths when its turn comes; networks are asked for in it by `service.on_gpu(function, ...)`, whose
function takes the `Tools` first. Let a group of endpoints that grows past this file's measure have a file of its own.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from PIL import Image

from scfegan_hf.demo.edits import edit_files, enlarge_photo, trace_file
from scfegan_hf.demo.errors import spoken_errors
from scfegan_hf.demo.makeup import DOCUMENTATION as MAKEUP_DOCUMENTATION
from scfegan_hf.demo.makeup import make_up
from scfegan_hf.demo.payload import read_candidates, read_seed
from scfegan_hf.demo.service import Paths, Service, Tools
from scfegan_hf.demo.studio import DOCUMENTATION as STUDIO_DOCUMENTATION
from scfegan_hf.demo.studio import Wishes, change_portrait
from scfegan_hf.editing.result import EditResult
from scfegan_hf.portrait.looked import Looked
from scfegan_hf.portrait.result import PortraitResult

EDIT_DOCUMENTATION = """Repaint a photo where a mask says so, or recolour parts of a face. All pictures have the photo's size.
photo: picture file. mask: picture file, light where to repaint; one that marks over half of the photo is refused unless
invert says that dark means repaint (true) or that so much is meant (false). sketch: picture file, non-zero where a line is.
color: RGBA picture file, opaque where a colour is wanted. seed: whole number; where nothing is drawn on a
face another one is another guess, else it changes the result a little.
candidates: how many results, 1 to 4. mode: redraw (needs a mask), or recolor: what the colour touches (an iris, the lips, a
brow, hair, a spot of skin) takes it and keeps its structure; no sketch, and a mask only to limit it.
Returns a list of PNG files; pixels outside the mask are the photo's.
While too many edits wait, the answer is an error that says so: try again in a moment."""
ENLARGE_DOCUMENTATION = """A photo, best of faces, two or four times as wide and high, sharp where bicubic means are soft.
photo: picture file of up to 2 megapixels. scale: 2 or 4. Returns a PNG file."""
FACE_DOCUMENTATION = """A face of a drawing alone. lines: picture file of a drawn face, dark on white, light on black or opaque
on nothing, its head filling most of the middle square. color: RGBA picture file of the same shape, opaque where a colour is
wanted. seed: whole number, another one makes up the rest otherwise. faces: how many, 1 to 4. Returns a list of PNG files."""
DOODLE_DOCUMENTATION = """Faces of nobody. drawing: picture file of a face drawn in some seconds, anywhere in it and of any
size, dark on white, light on black or opaque on nothing; without one the faces are of nothing. seed: whole number, another one
makes other faces. faces: how many, 1 to 4. Returns a list of PNG files of 512x512."""
TRACE_DOCUMENTATION = """Lines of a photo to start a sketch from. photo: picture file.
Returns a PNG file of the photo's size, white lines on black."""


def drawing_endpoints(service: Service) -> dict[str, tuple[Callable, str]]:
    """By name: what is done by a drawing, and its documentation."""

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
        def work(paths: Paths) -> list[FileData]:
            images = service.on_gpu(_edited, *paths.values(), seed, candidates, mode, invert)
            return [service.file(image, "edited.png") for image in images]

        with spoken_errors():
            return await service.serve(work, photo=photo, mask=mask, sketch=sketch, color=color)

    async def face(lines: FileData, color: FileData | None = None, seed: int = 0, faces: int = 1) -> list[FileData]:
        def work(paths: Paths) -> list[FileData]:
            images = service.on_gpu(_drawn, *paths.values(), seed, faces).images
            return [service.file(image, "face.png") for image in images]

        with spoken_errors():
            return await service.serve(work, drawing=lines, color=color)

    async def doodle(drawing: FileData | None = None, seed: int = 0, faces: int = 1) -> list[FileData]:
        def work(paths: Paths) -> list[FileData]:
            images = service.on_gpu(_doodled, paths["drawing"], seed, faces).images
            return [service.file(image, "face.png") for image in images]

        with spoken_errors():
            return await service.serve(work, drawing=drawing)

    async def trace(photo: FileData) -> FileData:
        def work(paths: Paths) -> FileData:
            return FileData(path=service.stored(trace_file(service.tools.editing, paths["photo"]), "sketch.png"))

        with spoken_errors():
            return await service.serve(work, photo=photo)

    return {
        "edit": (edit, EDIT_DOCUMENTATION),
        "face": (face, FACE_DOCUMENTATION),
        "doodle": (doodle, DOODLE_DOCUMENTATION),
        "trace": (trace, TRACE_DOCUMENTATION),
    }


def portrait_endpoints(service: Service) -> dict[str, tuple[Callable, str]]:
    """By name: what is done to whole faces, and its documentation."""

    async def larger(photo: FileData, scale: int = 2) -> FileData:
        def work(paths: Paths) -> FileData:
            return service.file(service.on_gpu(enlarged, paths["photo"], scale).image, "enlarged.png")

        with spoken_errors():
            return await service.serve(work, photo=photo)

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

        def work(paths: Paths) -> FileData:
            result = service.on_gpu(made_up, *paths.values(), colors, remove, strength, parts, all_faces)
            return service.file(result.image, "made-up.png")

        with spoken_errors():
            return await service.serve(work, photo=photo, reference=reference)

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
        smile: float = 0.0,
        age: float = 0.0,
        features: float = 0.0,
    ) -> FileData:
        colors = {"lips": lips, "shadow": shadow, "liner": liner, "blush": blush, "foundation": foundation}

        def work(paths: Paths) -> FileData:
            files = (paths["makeup"], colors, makeup_strength, hair, style, paths["style_picture"], style_strength)
            result = service.on_gpu(changed, paths["photo"], Wishes(*files, upscale, all_faces, smile, age, features))
            return service.file(result.image, "changed.png")

        with spoken_errors():
            return await service.serve(work, photo=photo, makeup=makeup, style_picture=style_picture)

    return {
        "enlarge": (larger, ENLARGE_DOCUMENTATION),
        "makeup": (makeup, MAKEUP_DOCUMENTATION),
        "studio": (chain, STUDIO_DOCUMENTATION),
    }


ENDPOINTS = (drawing_endpoints, portrait_endpoints)


def add_endpoints(service: Service) -> None:
    """All of them, to the `gr.Blocks` that is being built. They wait in the service's line and not in Gradio's."""
    for group in ENDPOINTS:
        for name, (function, documentation) in group(service).items():
            gr.api(function, api_name=name, api_description=documentation, concurrency_limit=None)


def enlarged(tools: Tools, photo: str, scale: int | None) -> EditResult:
    """`enlarge_photo`; this and what follows are for `Service.on_gpu`."""
    return enlarge_photo(tools.enlarging, photo, scale)


def made_up(tools: Tools, *sent: Any) -> PortraitResult:
    """`make_up`."""
    return make_up(lambda: tools.beautician, *sent)


def changed(tools: Tools, photo: str | Looked, wishes: Wishes) -> PortraitResult:
    """`change_portrait`."""
    return change_portrait(lambda: tools.studio, photo, wishes)


def _edited(tools: Tools, *sent: Any) -> list[Image.Image]:
    return edit_files(tools.editing, *sent)


def _doodled(tools: Tools, drawing: str | None, seed: int | None, faces: int | None) -> EditResult:
    how = {"seed": read_seed(seed), "num_faces": read_candidates(faces)}
    return tools.doodler.sampler(**how) if drawing is None else tools.doodler(drawing, **how)


def _drawn(tools: Tools, lines: str, color: str | None, seed: int | None, faces: int | None) -> EditResult:
    return tools.drawer(lines, color, seed=read_seed(seed), num_faces=read_candidates(faces))
