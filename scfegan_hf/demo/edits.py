"""What the buttons and the API do, without any Gradio: drawings and files in, marked PNG bytes out."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scfegan_hf.demo.payload import Drawing, canvas_size, fit_to_photo, photo_size, read_seed
from scfegan_hf.pipeline import FaceEditPipeline

MARK = "Edited: parts of this picture were repainted by a computer (SC-FEGAN, scfegan_hf)."


def edit_drawing(pipeline: FaceEditPipeline, drawing: Drawing, seed: int | None) -> bytes:
    """The photo repainted under the drawing's mask, as PNG."""
    if drawing.photo is None:
        raise ValueError("Choose a photo first and wait until it is loaded.")
    if drawing.mask is None:
        raise ValueError("Paint over the part that should change first: choose Mask above the photo and paint.")
    size = photo_size(drawing.photo)
    mask, sketch, color = (fit_to_photo(layer, size) for layer in (drawing.mask, drawing.sketch, drawing.color))
    marks = [None if layer is None else layer.getchannel("A") for layer in (mask, sketch)]
    return marked_png(pipeline(drawing.photo, *marks, color, seed=read_seed(seed)).image)


def edit_files(
    pipeline: FaceEditPipeline, photo: str, mask: str, sketch: str | None, color: str | None, seed: int | None
) -> bytes:
    """The same from picture files, all of the photo's size."""
    for path in filter(None, (photo, mask, sketch, color)):
        photo_size(path)  # refuses what is no picture
    return marked_png(pipeline(photo, mask, sketch, color, seed=read_seed(seed)).image)


def trace_drawing(pipeline: FaceEditPipeline, drawing: Drawing) -> Image.Image:
    """The sketch layer with the photo's lines added: those under the mask, or all of them while nothing is masked."""
    if drawing.photo is None:
        raise ValueError("Choose a photo first and wait until it is loaded.")
    lines = Image.fromarray(pipeline.trace(drawing.photo))
    size = canvas_size(lines.size)
    # Averaging keeps a line that falls between the pixels of the smaller drawing.
    lines = lines.resize(size, Image.Resampling.BOX).point(lambda value: 255 if value >= 64 else 0)
    layers = {"mask": drawing.mask, "sketch": drawing.sketch}
    mask, sketch = (None if layer is None else fit_to_photo(layer, size).getchannel("A") for layer in layers.values())
    kept = Image.new("L", size)
    kept.paste(lines, mask=mask)
    if sketch is not None:
        kept.paste(255, mask=sketch)
    layer = Image.new("RGBA", size)
    layer.putalpha(kept)
    return layer


def trace_file(pipeline: FaceEditPipeline, photo: str) -> bytes:
    """Lines of a photo, white on black, as PNG of its size."""
    photo_size(photo)
    return _png(Image.fromarray(pipeline.trace(photo)))


def marked_png(image: Image.Image) -> bytes:
    """PNG that says in its metadata that it was edited; the colour profile is kept."""
    text = PngInfo()
    text.add_text("Comment", MARK)
    text.add_text("Software", "scfegan_hf")
    return _png(image, icc_profile=image.info.get("icc_profile"), pnginfo=text)


def _png(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()
