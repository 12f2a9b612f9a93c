"""The chain: a smile, make-up, hair colour, style and enlargement of a photograph, one after the other, each by its word."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import ImageColor

from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.photos import PictureLike, read_photo
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.portrait.attributes import AttributePipeline, check_smile
from scfegan_hf.portrait.makeup import MakeupPipeline, chosen_faces
from scfegan_hf.portrait.result import PortraitResult
from scfegan_hf.portrait.style import StylePipeline

if TYPE_CHECKING:
    from PIL import Image

    from scfegan_hf.faces.makeup import Look
    from scfegan_hf.portrait.faces import AlignedFace

UPSCALES = (1, 2, 4)
LEAST_HAIR = 0.015  # share of a face's crop that hair has to be for a colour to be worth it
BALD = "A face shows too little hair to colour."


class Studio:
    """Holds the pipelines of the chain, each made when it is first asked for; see `__call__`."""

    @cached_property
    def attributes(self) -> AttributePipeline:
        return AttributePipeline.from_pretrained()

    @cached_property
    def makeup(self) -> MakeupPipeline:
        return MakeupPipeline.from_pretrained()

    @cached_property
    def painting(self) -> StylePipeline:
        return StylePipeline.from_pretrained()

    @cached_property
    def enlarging(self) -> PhotoEnlarging:
        return PhotoEnlarging.from_pretrained()

    def __call__(
        self,
        image: PictureLike,
        *,
        smile: float = 0.0,
        makeup: PictureLike | None = None,
        look: Look | None = None,
        remove_makeup: bool = False,
        strength: float = 1.0,
        hair: str | tuple[int, int, int] | None = None,
        style: PictureLike | None = None,
        style_strength: float = 1.0,
        upscale: int = 1,
        face: int | str | None = None,
    ) -> PortraitResult:
        """The photograph with all that was asked for, in this order: smile, make-up, hair, style,
        enlargement.

        ``smile``: how far it moves, see `AttributePipeline`.
        ``makeup``: a photograph whose make-up comes over, or else a ``look`` of colours, or ``remove_makeup``, by
        ``strength``, see `MakeupPipeline`. ``hair``: its new colour, "#rrggbb", a name, or (r, g, b) of 0 to 255.
        ``style``: a name or a picture, by ``style_strength``, see `StylePipeline`. ``upscale``: 1, 2 or 4. ``face``: which of
        several, from the left, or "all"; None is the largest. The result's mask is where it may have changed before it was
        enlarged, at its own size; a style and an enlargement change every pixel. Raises
        ValueError that says what to do, before any work for words that mean nothing.
        """
        if upscale not in UPSCALES:
            raise ValueError(f"upscale must be 1, 2 or 4, not {upscale!r}.")
        color = None if hair is None else _color(hair)
        check_smile(smile)
        wants_makeup = makeup is not None or look is not None or remove_makeup
        if not smile and not wants_makeup and color is None and style is None and upscale == 1:
            raise ValueError("Ask for something: a smile, make-up, a colour of hair, a style, or an upscale of 2 or 4.")
        photo = read_photo(image)
        picture, notes, labels = image, [], []
        mask = np.zeros(photo.rgb.shape[:2], bool)
        if smile:
            moved = self.attributes(picture, smile=smile, face=face)
            picture, mask = moved.image, moved.mask
            notes, labels = list(moved.notes), list(moved.labels)
        if wants_makeup:
            made_up = self.makeup(picture, makeup, look, remove=remove_makeup, strength=strength, face=face)
            picture, mask = made_up.image, mask | made_up.mask
            notes, labels = notes + list(made_up.notes), labels + list(made_up.labels)
        if color is not None:
            picture, changed = _with_hair(picture, color, face, notes)
            mask = mask | changed
            labels.append("hair coloured")
        if style is not None:
            painted = self.painting(picture, style, strength=style_strength, face=face)
            picture, mask = painted.image, mask | painted.mask
            notes += [note for note in painted.notes if note not in notes]
            labels += painted.labels
        if upscale > 1:
            enlarged = self.enlarging(picture, upscale)
            picture = enlarged.image
            notes += [note for note in enlarged.notes if note not in notes]
            mask = np.repeat(np.repeat(mask, upscale, 0), upscale, 1)
            labels.append(f"{upscale} times as large")
        return PortraitResult([picture], tuple(dict.fromkeys(notes)), [", ".join(labels)], mask)


def studio(image: PictureLike, **wishes) -> PortraitResult:
    """`Studio.__call__`, by one studio that is kept."""
    return _studio()(image, **wishes)


@lru_cache(maxsize=1)
def _studio() -> Studio:
    return Studio()


def _color(color: str | tuple[int, int, int]) -> tuple[int, int, int]:
    """Red, green and blue. Raises ValueError for what is no colour."""
    try:
        values = ImageColor.getrgb(color)[:3] if isinstance(color, str) else tuple(int(value) for value in color)
    except (TypeError, ValueError):
        values = ()
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ValueError(f'A colour is "#rrggbb", a name that CSS knows, or (r, g, b) of 0 to 255, not {color!r}.')
    return values


def _with_hair(
    picture: PictureLike, color: tuple[int, int, int], face: int | str | None, notes: list[str]
) -> tuple[Image.Image, np.ndarray]:
    """The photograph with the hair of the chosen faces in a colour, by a dab on each, and where it changed."""
    from scfegan_hf.editing.recolor import recolor_photo
    from scfegan_hf.portrait.faces import aligned_faces

    photo = read_photo(picture)
    dabs = np.zeros((*photo.rgb.shape[:2], 4), np.uint8)
    for each in chosen_faces(aligned_faces(photo.rgb), face, notes):
        spot = _hair_of(each)
        if spot is None:
            notes.append(BALD)
        else:
            centre, radius = spot
            cv2.circle(dabs, centre, radius, (*color, 255), -1)
    if not dabs.any():
        raise ValueError(f"{BALD} Paint it on by `scfegan edit`, with lines of the hair.")
    changed, _ = recolor_photo(picture, None, None, dabs)
    return changed, (np.asarray(changed.convert("RGB")) != photo.rgb).any(2)


def _hair_of(face: AlignedFace) -> tuple[tuple[int, int], int] | None:
    """A disc in the thick of a face's hair, its centre (x, y) and radius in pixels of the photograph; None without hair."""
    hair = (face.regions == REGIONS.index("hair")).astype(np.uint8)
    if hair.mean() < LEAST_HAIR:
        return None
    depth = cv2.distanceTransform(cv2.copyMakeBorder(hair, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    x0, y0, x1, _ = face.box
    scale = (x1 - x0) / hair.shape[1]
    return (int(x0 + (x + 0.5) * scale), int(y0 + (y + 0.5) * scale)), max(int(depth[y, x] * scale * 0.5), 1)
