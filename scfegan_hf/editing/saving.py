"""Pictures out: formats by the ending of a file's name, metadata kept, and the note that the picture was edited.

Files are written under a temporary name and renamed; folders that are missing are made.
"""

import io
import os
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scfegan_hf.editing.metadata import GENERATED, MARK, SOFTWARE, marked_exif, marked_xmp
from scfegan_hf.files import replacing

ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
# Of a JPEG whose photograph was none, so that there are no tables to keep.
JPEG_QUALITY = 95
PNG_EFFORT = 6
XMP_TAG = 0x02BC


def format_of(path: str | os.PathLike) -> str:
    """Pillow's name of the format that a file's ending stands for. ValueError for others."""
    form = ENDINGS.get(Path(path).suffix.lower())
    if form is None:
        raise ValueError(f"{path} must end in one of {', '.join(ENDINGS)}. PNG keeps every pixel outside the mask.")
    return form


def save_png(image: Image.Image, path: str | os.PathLike) -> None:
    """A picture that is no edit, lossless, with its colour profile. ValueError unless the name ends in .png."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"{path} must end in .png.")
    _write(path, _encoded(image, "PNG", icc_profile=image.info.get("icc_profile")))


def save_edited(image: Image.Image, path: str | os.PathLike, quality: int | None = None) -> None:
    """An edited photograph, as `encode_edited`, in the format that the ending stands for."""
    _write(Path(path), encode_edited(image, format_of(path), quality))


def encode_edited(image: Image.Image, form: str = "PNG", quality: int | None = None, effort: int = PNG_EFFORT) -> bytes:
    """The bytes of a file with the metadata in ``image.info`` and a note that the picture was edited, or with "generated" in it
    made whole.

    All formats but JPEG keep every pixel. ``quality``, 1 to 100, is a JPEG's; None keeps that of the photograph if it was
    a JPEG. Raises ValueError for a transparent picture as JPEG.
    """
    if quality is not None and (form != "JPEG" or not 1 <= quality <= 100):
        raise ValueError("quality, from 1 to 100, is for a result whose name ends in .jpg.")
    info = image.info
    options = {"icc_profile": info.get("icc_profile"), "exif": marked_exif(info.get("exif"))}
    if "dpi" in info:
        options["dpi"] = info["dpi"]
    generated = bool(info.get("generated"))
    comment = "\n".join(filter(None, (_unmarked(info.get("comment", "")), GENERATED if generated else MARK)))
    xmp = marked_xmp(info.get("xmp"), generated)
    if form == "PNG":
        return _encoded(image, "PNG", pnginfo=_texts(info.get("texts", {}), comment, xmp), compress_level=effort, **options)
    if form == "WEBP":
        return _encoded(image, "WEBP", lossless=True, exact=True, xmp=xmp, **options)
    if form == "TIFF":
        options["exif"] = Image.Exif()
        options["exif"].load(marked_exif(info.get("exif")))
        options["exif"][XMP_TAG] = xmp
        return _encoded(image, "TIFF", **options)  # Pillow cannot compress one that has EXIF of a camera
    if "A" in image.getbands():
        raise ValueError("The photo has transparency, which a JPEG has not. Choose a name that ends in .png or .webp.")
    return _encoded(image, "JPEG", comment=comment, xmp=xmp, **_compression(image, quality), **options)


def _compression(image: Image.Image, quality: int | None) -> dict:
    tables, sampling = image.info.get("jpeg", (None, -1))
    if quality is not None or tables is None or (image.mode == "RGB" and len(tables) < 2):
        return {"quality": quality or JPEG_QUALITY, "subsampling": sampling if sampling >= 0 else 0}
    return {"qtables": tables, "subsampling": sampling if image.mode == "RGB" and sampling >= 0 else 0}


def _texts(texts: dict[str, str], comment: str, xmp: bytes) -> PngInfo:
    chunks = PngInfo()
    for key, value in texts.items():
        chunks.add_itxt(key, value)
    chunks.add_itxt("Comment", comment)
    chunks.add_text("Software", SOFTWARE)
    chunks.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
    return chunks


def _unmarked(comment: str) -> str:
    """A comment without the note of an earlier edit."""
    return comment.replace(MARK, "").strip()


def _encoded(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_bytes(data)
