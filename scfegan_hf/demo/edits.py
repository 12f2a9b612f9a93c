"""What the page and the API do, without any Gradio: drawings and files in, pictures and marked PNG bytes out."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from scfegan_hf.demo.payload import (
    MAX_PHOTO_PIXELS,
    Drawing,
    canvas_size,
    photo_size,
    place_on_photo,
    read_candidates,
    read_feather,
    read_mode,
    read_scale,
    read_seed,
)
from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.lines import FaceFromLines
from scfegan_hf.editing.made_faces import FaceFromDoodle
from scfegan_hf.editing.photos import MIN_SIDE, read_photo
from scfegan_hf.editing.pipeline import FaceEditPipeline
from scfegan_hf.editing.result import EditResult
from scfegan_hf.editing.saving import encode_edited
from scfegan_hf.faces.align import frame_of_five
from scfegan_hf.faces.detect import detect_faces
from scfegan_hf.formats import load, open_picture, upright

# The usual effort of 6 takes three times as long, for files smaller by a tenth (docs/history).
PNG_EFFORT = 1
PREVIEW_SIDE = 2048  # of longer pictures the page is shown a smaller one
MOST_FACES = 40
MOST_ENLARGED = 2_000_000  # pixels of a photo to enlarge, which take some 8 s on two quiet cores with AMX
MAX_WORK = MAX_PHOTO_PIXELS  # pixels of all results of one edit: see docs/decisions.md
CHOOSE_FIRST = "Choose a photo first and wait until it is loaded."


def edit_drawing(
    pipeline: FaceEditPipeline,
    drawing: Drawing,
    seed: int | None,
    candidates: int | None,
    mode: str | None = None,
    feather: int | None = None,
) -> EditResult:
    """The photo repainted under the drawing's mask, or (mode "recolor") what it colours in other colours, mask or not.

    ``feather``: pixels of the photo over which the mask's edge fades.
    """
    if drawing.photo is None:
        raise ValueError(CHOOSE_FIRST)
    mode = read_mode(mode)
    if drawing.mask is None and mode == "redraw":
        raise ValueError("Paint over the part that should change first: choose Mask and paint.")
    size = photo_size(drawing.photo)
    marks = [layer and layer.getchannel("A") for layer in (drawing.mask, drawing.sketch)]  # a quarter of RGBA when enlarged
    *marks, color = (place_on_photo(layer, drawing.frame, size) for layer in (*marks, drawing.color))
    if feather := read_feather(feather):
        marks[0] = marks[0] and marks[0].filter(ImageFilter.GaussianBlur(feather / 2))
    options = dict(seed=read_seed(seed), num_candidates=read_candidates(candidates))
    check_work(size, options["num_candidates"])
    return pipeline(drawing.photo, *marks, color, mode=mode, invert=False, **options)


def edit_files(
    pipeline: FaceEditPipeline,
    photo: str,
    mask: str | None,
    sketch: str | None,
    color: str | None,
    seed: int | None,
    candidates: int | None,
    mode: str | None = None,
    invert: bool | None = None,
) -> list[Image.Image]:
    """The same from picture files, all of the photo's size."""
    options = dict(seed=read_seed(seed), num_candidates=read_candidates(candidates))
    check_work(photo_size(photo), options["num_candidates"])
    return pipeline(photo, mask, sketch, color, mode=read_mode(mode), invert=invert, **options).images


def enlarge_photo(enlarging: PhotoEnlarging, photo: str, scale: int | None) -> EditResult:
    """The photo 2 or 4 times as wide and high. ValueError for one whose pixels are too many to wait for."""
    scale, (width, height) = read_scale(scale), photo_size(photo)
    if width * height > MOST_ENLARGED:
        raise ValueError(
            f"The photo is large already: only photos of up to {MOST_ENLARGED // 10**6} megapixels are enlarged here. "
            "The command `scfegan enlarge` takes larger ones."
        )
    return enlarging(photo, scale)


def faces_of(make: FaceFromLines, drawing: Drawing, seed: int | None, faces: int | None) -> EditResult:
    """Faces of the drawing's lines and colours; its mask and its photo count for nothing."""
    options = dict(seed=read_seed(seed), num_faces=read_candidates(faces))
    return make(_sketch_of(drawing), drawing.color, **options)


def faces_of_doodle(make: FaceFromDoodle, drawing: Drawing, seed: int | None, faces: int | None) -> EditResult:
    """Faces that the drawing's lines may mean; all else counts for nothing."""
    return make(_sketch_of(drawing), seed=read_seed(seed), num_faces=read_candidates(faces))


def _sketch_of(drawing: Drawing) -> Image.Image:
    if drawing.sketch is None:
        raise ValueError("Draw a face first: its outline, eyes, nose and mouth.")
    return drawing.sketch


def check_work(size: tuple[int, int], candidates: int) -> None:
    """Raises ValueError for an edit that would take more memory than a visitor may have: MAX_WORK pixels in all results."""
    if size[0] * size[1] * candidates > MAX_WORK:
        most = max(MAX_WORK // (size[0] * size[1]), 1)
        raise ValueError(f"The photo is large: ask for at most {most} result{'s' * (most > 1)} at a time, or make it smaller.")


def trace_drawing(pipeline: FaceEditPipeline, drawing: Drawing) -> Image.Image:
    """The sketch layer over the drawing's frame with the photo's lines added: under the mask, or all while there is none."""
    if drawing.photo is None:
        raise ValueError(CHOOSE_FIRST)
    photo_size(drawing.photo)  # refuses what is too large for visitors
    rgb = read_photo(drawing.photo).rgb
    x, y, width, height = drawing.frame or (0, 0, rgb.shape[1], rgb.shape[0])
    if x + width > rgb.shape[1] or y + height > rgb.shape[0]:
        raise ValueError("The drawing belongs to a photo of another shape. Choose the photo again.")
    # Lines are found with their surroundings, as large as a small frame needs to show what is in it.
    around = max(width, height, 64) // 2
    left, top = max(x - around, 0), max(y - around, 0)
    lines = pipeline.trace(np.ascontiguousarray(rgb[top : y + height + around, left : x + width + around]))
    lines = Image.fromarray(lines[y - top : y - top + height, x - left : x - left + width])
    size = canvas_size((width, height))
    # Averaging keeps a line that falls between the pixels of the smaller layer.
    lines = lines.resize(size, Image.Resampling.BOX).point(lambda value: 255 if value >= 64 else 0)
    kept = Image.new("L", size)
    kept.paste(lines, mask=_alpha(drawing.mask, size))
    if drawing.sketch is not None:
        kept.paste(255, mask=_alpha(drawing.sketch, size))
    layer = Image.new("RGBA", size, (21, 23, 28, 0))  # the colour that the page draws lines in
    layer.putalpha(kept)
    return layer


def _alpha(layer: Image.Image | None, size: tuple[int, int]) -> Image.Image | None:
    return None if layer is None else layer.getchannel("A").resize(size, Image.Resampling.NEAREST)


def trace_file(pipeline: FaceEditPipeline, photo: str) -> bytes:
    """Lines of a photo, white on black, as PNG of its size."""
    return _bytes(Image.fromarray(pipeline.trace(photo)), "PNG")


def face_frames(photo: str) -> list[list[int]]:
    """Squares around the faces of a photo, hair and chin included, as [x, y, width, height] in its pixels, left to right."""
    width, height = photo_size(photo)
    rgb = _small(photo)
    scale = width / rgb.shape[1]
    frames = []
    for face in detect_faces(rgb)[:MOST_FACES]:
        corners = frame_of_five(face.points) * scale
        x0, y0 = np.floor(np.maximum(corners.min(0), 0)).astype(int).tolist()
        x1, y1 = np.ceil(np.minimum(corners.max(0), (width, height))).astype(int).tolist()
        frames.append([x0, y0, x1 - x0, y1 - y0])
    return sorted(frames)


def part_of_photo(
    pipeline: FaceEditPipeline, drawing: Drawing, point: Any
) -> tuple[str, Image.Image, tuple[int, int, int, int]]:
    """The part of a face at ``point`` [x, y] in the photo's pixels: its name, its mask as a layer, the frame of that."""
    if drawing.photo is None:
        raise ValueError(CHOOSE_FIRST)
    width, height = photo_size(drawing.photo)
    numbers = point if isinstance(point, list) else []
    if len(numbers) != 2 or any(type(number) is not int or abs(number) >= 2**31 for number in numbers):
        raise ValueError("Click on the photo.")
    rgb = _small(drawing.photo)
    if min(rgb.shape[:2]) < MIN_SIDE:
        raise ValueError("The photo is too narrow to find the parts of a face in it.")
    scale = width / rgb.shape[1]
    x, y = (min(max(int(number / scale), 0), side - 1) for number, side in zip(point, rgb.shape[1::-1], strict=True))
    name, mask = pipeline.part(rgb, (x, y))
    left, top, right, bottom = Image.fromarray(mask).getbbox()
    x0, y0 = int(left * scale), int(top * scale)
    frame = (x0, y0, min(round(right * scale), width) - x0, min(round(bottom * scale), height) - y0)
    alpha = Image.fromarray(mask).crop((left, top, right, bottom)).resize(canvas_size(frame[2:]), Image.Resampling.BILINEAR)
    layer = Image.new("RGBA", alpha.size, (255, 192, 217, 0))  # the colour that the page shows masks in
    layer.putalpha(alpha.point(lambda value: 255 if value >= 128 else 0))
    return name, layer, frame


def _small(photo: str) -> np.ndarray:
    """The photo as RGB of at most 1280 pixels a side, upright, which is enough to find faces in."""
    with open_picture(photo) as image:
        image.draft("RGB", (1280, 1280))  # a JPEG is decoded at a fraction of its size
        small = upright(load(image))
        small.thumbnail((1280, 1280))
        return np.asarray(small.convert("RGB"))


def marked_png(image: Image.Image) -> bytes:
    """PNG that says in its metadata that it was edited; what the photo's file said is kept."""
    return encode_edited(image, "PNG", effort=PNG_EFFORT)


def preview(image: Image.Image) -> bytes | None:
    """A JPEG for the screen, or None where the picture itself is small enough."""
    if max(image.size) <= PREVIEW_SIDE:
        return None
    profile = image.info.get("icc_profile")
    small = image.convert("RGB")
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return _bytes(small, "JPEG", quality=92, icc_profile=profile)


def _bytes(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
