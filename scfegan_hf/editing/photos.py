"""Photographs in: anything a user may hand over becomes arrays, or an error that says what to do.

What cannot be edited as it is (four inks, more than 8 bits, the first of several pages) is converted, and a note says so.
"""

import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from scfegan_hf.editing.metadata import read_metadata
from scfegan_hf.formats import DAMAGE, MAX_PIXELS, damaged, is_animation, load, open_picture, orientation, upright

MIN_SIDE = 64
UNSEEN = 8  # of 255; colours under less than this are what an encoder left there
PictureLike = Image.Image | np.ndarray | str | os.PathLike | bytes


@dataclass(frozen=True)
class Photo:
    """rgb (H, W, 3) uint8 and alpha (H, W) uint8 or None, as they are seen.

    info: what its file said about it, under Pillow's names (`metadata.read_metadata`). turned: whether an orientation tag
    was applied. notes: sentences on what was converted. grey: whether it had one channel, as its edit has then.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    info: dict[str, Any] = field(default_factory=dict)
    turned: bool = False
    notes: tuple[str, ...] = ()
    grey: bool = False

    @property
    def unseen(self) -> np.ndarray | None:
        """Pixels so transparent that nobody sees what lies there, bool (H, W); None if there are none."""
        unseen = None if self.alpha is None else self.alpha < UNSEEN
        return unseen if unseen is not None and unseen.any() else None

    def with_pixels(self, rgb: np.ndarray, alpha: np.ndarray | None = None) -> Image.Image:
        """A PIL image of these pixels, with this photograph's transparency unless another is given, and its metadata.

        Of a grey photograph mode L or LA, unless the pixels are coloured.
        """
        alpha = self.alpha if alpha is None else alpha
        image = Image.fromarray(rgb if alpha is None else np.dstack([rgb, alpha]))
        if self.grey and (rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all():
            image = image.convert("L" if alpha is None else "LA")
        image.info.update(self.info)
        return image


def read_photo(source: PictureLike) -> Photo:
    """A photograph from a file, its bytes, a PIL image or a uint8 array (H, W), (H, W, 3) or (H, W, 4).

    The pixels of greyscale and palette pictures become RGB. Raises ValueError for animations, for sizes out of range and
    for what is no picture; FileNotFoundError for a path without a file.
    """
    if isinstance(source, np.ndarray):
        array = check_array(source, "photo")
        _check_size(array.shape[1], array.shape[0])
        grey = array.ndim == 2
        if grey:
            array = np.repeat(array[..., None], 3, axis=2)
        alpha = array[..., 3].copy() if array.shape[2] == 4 else None
        return Photo(np.ascontiguousarray(array[..., :3]), alpha, grey=grey)
    image = open_any(source, "photo")
    _check_size(*image.size)
    deep, notes = is_deep(image), []
    load(image, "photo")
    if is_animation(image):
        if image.format not in ("TIFF", "HEIF"):
            raise ValueError("The photo is an animation. Save one frame of it as PNG or JPEG and edit that.")
        notes.append(f"The photo has {_pages(image)} pages or pictures; the first was taken.")
    turned, (info, lost) = orientation(image) != 1, read_metadata(image)
    if lost:
        notes.append(lost)
    image = to_eight_bits(upright(image), "photo")
    if deep:
        notes.append("The photo had more than 8 bits per channel; it was edited, and is written, with 8.")
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        notes.append(f"The photo was in {image.mode} colours; it was converted to RGB. Colours may look a little different.")
        image = _to_rgb(image)
        info.pop("icc_profile", None)
    elif image.mode in ("1", "L", "LA"):
        info.pop("icc_profile", None)  # a profile of grey does not fit RGB
    grey = image.mode in ("1", "L", "LA")
    transparent = "A" in image.getbands() or "transparency" in image.info
    mode = "RGBA" if transparent else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    alpha = pixels[..., 3].copy() if transparent else None
    return Photo(np.ascontiguousarray(pixels[..., :3]), alpha, info, turned, tuple(notes), grey)


def open_any(source: PictureLike, name: str) -> Image.Image:
    """A PIL image from a file, its bytes or such an image; its pixels may not have been read yet."""
    if not isinstance(source, (Image.Image, str, os.PathLike, bytes)):
        raise ValueError(f"The {name} must be a PIL image, a uint8 array, a path or bytes, not {type(source).__name__}.")
    if isinstance(source, (str, os.PathLike)) and not Path(source).is_file():
        raise FileNotFoundError(f"There is no {name} at {source}.")
    image = source if isinstance(source, Image.Image) else open_picture(source, name)
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"The {name} has more than {MAX_PIXELS // 1_000_000} megapixels. Make it smaller first.")
    return image


def is_deep(image: Image.Image) -> bool:
    """Whether a picture has more than 8 bits per channel; of one in colour only its file tells, before it is read."""
    in_file = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    return in_file or image.mode.startswith(("I", "F")) or (image.info.get("bit_depth") or 8) > 8


def to_eight_bits(image: Image.Image, name: str) -> Image.Image:
    """The same image with 8 bits per channel. Deep ones are grey here: Pillow reads other deep ones with 8 bits at once."""
    if not image.mode.startswith(("I", "F")):
        return image
    import cv2

    values = np.asarray(image)
    whole = values.dtype.kind in "iu"
    low, high, _, _ = cv2.minMaxLoc(values)
    if not 0 <= low <= high <= (2**31 if whole else 1):  # NaN is in no range
        raise ValueError(f"The {name} has values from {low:g} to {high:g}. Save it with 8 bits per channel first.")
    # A photograph's white is white. Marks, and what has more than 16 bits, are taken by the most that they reach.
    top = 65535 if name == "photo" and whole and 255 < high <= 65535 else 1 if name == "photo" and not whole else high
    return Image.fromarray(cv2.convertScaleAbs(values, alpha=255 / max(top, 1e-6)))


def check_array(array: np.ndarray, name: str) -> np.ndarray:
    """A uint8 array (H, W), (H, W, 3) or (H, W, 4), from that or from bool; ValueError for others."""
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


def _pages(image: Image.Image) -> int:
    try:
        return image.n_frames
    except DAMAGE as error:
        raise ValueError(damaged("photo")) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    """By the picture's own colour profile to sRGB where it has one that is sound, else as Pillow does."""
    srgb = ImageCms.createProfile("sRGB")
    profile = image.info.get("icc_profile")
    try:
        if image.mode == "LAB":
            return ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), srgb, outputMode="RGB")
        if profile and image.mode == "CMYK":
            return ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), srgb, outputMode="RGB")
    except (*DAMAGE, ImageCms.PyCMSError) as error:
        if image.mode == "LAB":
            raise ValueError("The photo's colours could not be converted. Save it as RGB first.") from error
    return image.convert("RGB")


def _check_size(width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"The photo is {width}x{height}. Give one of at least {MIN_SIDE}x{MIN_SIDE} pixels.")
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"The photo is {width}x{height}, more than {MAX_PIXELS // 1_000_000} megapixels. Make it smaller first."
        )
