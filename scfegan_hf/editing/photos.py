"""Pictures in and out: anything a user may hand over becomes arrays, or an error that says what to do.

Photographs keep their transparency and colour profile; their orientation tag is applied.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from scfegan_hf.files import replacing
from scfegan_hf.formats import MAX_PIXELS, is_animation, load, open_picture, upright

MIN_SIDE = 64
PictureLike = Image.Image | np.ndarray | str | os.PathLike | bytes


@dataclass(frozen=True)
class Photo:
    """rgb (H, W, 3) uint8, alpha (H, W) uint8 or None, and the embedded ICC profile or None."""

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    icc_profile: bytes | None = None

    def with_pixels(self, rgb: np.ndarray) -> Image.Image:
        """A PIL image of these pixels with this photograph's transparency and profile."""
        image = Image.fromarray(rgb if self.alpha is None else np.dstack([rgb, self.alpha]))
        if self.icc_profile:
            image.info["icc_profile"] = self.icc_profile
        return image


def read_photo(source: PictureLike) -> Photo:
    """A photograph from a file, its bytes, a PIL image or a uint8 array (H, W), (H, W, 3) or (H, W, 4).

    Greyscale and palette pictures become RGB. Raises ValueError for what cannot be edited without loss (animations,
    CMYK, 16 bit), for sizes out of range and for what is no picture; FileNotFoundError for a path without a file.
    """
    if isinstance(source, np.ndarray):
        array = _checked_array(source, "photo")
        _check_size(array.shape[1], array.shape[0])
        if array.ndim == 2:
            array = np.repeat(array[..., None], 3, axis=2)
        return Photo(np.ascontiguousarray(array[..., :3]), array[..., 3].copy() if array.shape[2] == 4 else None)
    image = _open(source, "photo")
    _check_size(*image.size)
    if is_animation(image):
        raise ValueError("The photo is an animation. Save one frame of it as PNG or JPEG and edit that.")
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        raise ValueError(f"The photo is in {image.mode} colours. Convert it to RGB first, so that you see what is edited.")
    if image.mode.startswith(("I", "F")):
        raise ValueError("The photo has more than 8 bits per channel. Save it with 8 bits per channel first.")
    grey = image.mode in ("1", "L", "LA")
    profile = None if grey else image.info.get("icc_profile")  # a profile of grey does not fit RGB
    image = upright(image)
    transparent = "A" in image.getbands() or "transparency" in image.info
    pixels = np.asarray(image.convert("RGBA" if transparent else "RGB"))
    return Photo(np.ascontiguousarray(pixels[..., :3]), pixels[..., 3].copy() if transparent else None, profile)


def read_marks(source: PictureLike, name: str, size: tuple[int, int]) -> np.ndarray:
    """Where a mask or sketch is marked, as bool (H, W): non-zero pixels, or visible ones if it has transparency.

    ``size``: (height, width) of the photograph, which it must have. Raises ValueError naming ``name``.
    """
    if isinstance(source, np.ndarray):
        array = _checked_array(source, name)
    else:
        image = upright(_open(source, name))
        if image.mode == "1":
            image = image.convert("L")
        elif image.mode in ("P", "PA"):
            image = image.convert("RGBA")
        elif image.mode not in ("L", "LA", "RGB", "RGBA"):
            raise ValueError(f"The {name} has mode {image.mode}. Save it as an 8-bit greyscale or RGB PNG.")
        array = np.asarray(image)
    _check_same_size(array, name, size)
    if array.ndim == 2:
        return array > 0
    if array.shape[2] in (2, 4) and array[..., -1].min() < 255:
        return array[..., -1] > 0
    return array[..., : 3 if array.shape[2] >= 3 else 1].any(axis=2)


def read_color(source: PictureLike, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Painted colours (H, W, 3) uint8 and where they are (H, W) bool, from an RGBA picture of the photograph's size."""
    if isinstance(source, np.ndarray):
        array = _checked_array(source, "color")
    else:
        image = upright(_open(source, "color"))
        transparent = "A" in image.getbands() or "transparency" in image.info
        array = np.asarray(image.convert("RGBA" if transparent else "RGB"))
    _check_same_size(array, "color", size)
    if array.ndim != 3 or array.shape[2] != 4:
        raise ValueError("The color picture must be RGBA: opaque where a colour was painted, transparent elsewhere.")
    return np.ascontiguousarray(array[..., :3]), array[..., 3] > 0


def save_png(image: Image.Image, path: str | os.PathLike) -> None:
    """Lossless, with the colour profile; written under a temporary name and renamed. ValueError unless *.png."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"{path} must end in .png: other formats would change pixels outside the mask.")
    with replacing(path) as partial:
        image.save(partial, format="PNG", icc_profile=image.info.get("icc_profile"))


def _open(source, name: str) -> Image.Image:
    if isinstance(source, Image.Image):
        return _loaded(source, name)
    if not isinstance(source, (str, os.PathLike, bytes)):
        raise ValueError(f"The {name} must be a PIL image, a uint8 array, a path or bytes, not {type(source).__name__}.")
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise FileNotFoundError(f"There is no {name} at {source}.")
    return _loaded(open_picture(source, name), name)


def _loaded(image: Image.Image, name: str) -> Image.Image:
    """The image with its pixels read."""
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"The {name} has more than {MAX_PIXELS // 1_000_000} megapixels. Make it smaller first.")
    if any(";16" in str(tile[3]) for tile in getattr(image, "tile", ())):
        raise ValueError(f"The {name} has more than 8 bits per channel. Save it with 8 bits per channel first.")
    return load(image, name)


def _checked_array(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        hint = " It holds NaN." if array.dtype.kind == "f" and np.isnan(array).any() else ""
        raise ValueError(f"The {name} array has dtype {array.dtype}.{hint} Convert it to uint8 from 0 to 255.")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise ValueError(f"The {name} array has shape {array.shape}. Give (H, W), (H, W, 3) or (H, W, 4).")
    return array


def _check_size(width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"The photo is {width}x{height}. Give one of at least {MIN_SIDE}x{MIN_SIDE} pixels.")
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"The photo is {width}x{height}, more than {MAX_PIXELS // 1_000_000} megapixels. Make it smaller first."
        )


def _check_same_size(array: np.ndarray, name: str, size: tuple[int, int]) -> None:
    if array.shape[:2] != size:
        raise ValueError(
            f"The {name} is {array.shape[1]}x{array.shape[0]} but the photo is {size[1]}x{size[0]}. "
            "Both must have the same size."
        )
