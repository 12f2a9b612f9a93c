"""The chain: age, a smile, make-up, hair colour, style and enlargement of a photograph or of a drawn face, each by its word."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageColor

from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.lines import FaceFromLines
from scfegan_hf.editing.made_faces import FaceFromDoodle
from scfegan_hf.editing.photos import PictureLike, read_photo
from scfegan_hf.portrait.age import AgePipeline, check_age
from scfegan_hf.portrait.attributes import AttributePipeline, check_smile
from scfegan_hf.portrait.looked import Looked, looked_at
from scfegan_hf.portrait.makeup import MakeupPipeline, chosen_faces
from scfegan_hf.portrait.result import PortraitResult
from scfegan_hf.portrait.style import StylePipeline

if TYPE_CHECKING:
    from PIL import Image

    from scfegan_hf.faces.makeup import Look

UPSCALES = (1, 2, 4)
STARTS = ("photo", "lines", "doodle")
BALD = "A face shows too little hair to colour."


class Studio:
    """Holds the pipelines of the chain, each made when it is first asked for; see `__call__`."""

    @cached_property
    def drawer(self) -> FaceFromLines:
        return FaceFromLines.from_pretrained()

    @cached_property
    def doodler(self) -> FaceFromDoodle:
        return FaceFromDoodle.from_pretrained()

    @cached_property
    def ages(self) -> AgePipeline:
        return AgePipeline.from_pretrained()

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
        image: PictureLike | Looked,
        *,
        age: float = 0.0,
        features: float = 0.0,
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
        start: str = "photo",
        seed: int = 0,
    ) -> PortraitResult:
        """The photograph, or one that was `Looked` at, with all that was asked for, in this order: age and features, smile,
        make-up, hair, style, enlargement.

        ``start``: what the image is; of "lines" or a "doodle" a face is made first, by ``seed``, see `FaceFromLines` and
        `FaceFromDoodle`. ``age``, in years, and ``features``: how far they move, see `AgePipeline`; ``smile``: see
        `AttributePipeline`. ``makeup``: a photograph whose make-up comes over, or else a ``look`` of colours, or
        ``remove_makeup``, by ``strength``, see `MakeupPipeline`. ``hair``: its new colour, "#rrggbb", a name, or (r, g, b) of 0
        to 255. ``style``: a name or a picture, by ``style_strength``, see `StylePipeline`. ``upscale``: 1, 2 or 4. ``face``:
        which of several, from the left, or "all"; None is the largest.

        The result's mask is where it may have changed before it was enlarged, at its own size; a style and an enlargement
        change every pixel. Raises ValueError that says what to do, before any work for words that mean nothing.
        """
        if upscale not in UPSCALES:
            raise ValueError(f"upscale must be 1, 2 or 4, not {upscale!r}.")
        if start not in STARTS:
            raise ValueError(f"start must be one of {', '.join(STARTS)}, not {start!r}.")
        color = None if hair is None else _color(hair)
        check_age(age, features)
        check_smile(smile)
        wants_makeup = makeup is not None or look is not None or remove_makeup
        shaped = bool(age or features or smile)
        if start == "photo" and not shaped and not wants_makeup and color is None and style is None and upscale == 1:
            raise ValueError("Ask for something: an age, a smile, make-up, a colour of hair, a style, or an upscale of 2 or 4.")
        if start != "photo":
            image = (self.drawer if start == "lines" else self.doodler)(image, seed=seed).image
        photo = image.photo if isinstance(image, Looked) else read_photo(image)
        picture, notes, labels = image, [], [] if start == "photo" else [f"made of {start}"]
        mask = np.zeros(photo.rgb.shape[:2], bool)
        if shaped:
            looked = looked_at(image)
        if age or features:
            moved = self.ages(looked, age=age, features=features, face=face)
            picture, mask = moved.image, moved.mask
            notes, labels = list(moved.notes), labels + list(moved.labels)
        if smile:
            moved = self.attributes(looked.changed(picture) if age or features else looked, smile=smile, face=face)
            picture, mask = moved.image, mask | moved.mask
            notes, labels = notes + list(moved.notes), labels + list(moved.labels)
        if wants_makeup:
            made_up = self.makeup(picture, makeup, look, remove=remove_makeup, strength=strength, face=face)
            picture, mask = made_up.image, mask | made_up.mask
            notes, labels = notes + list(made_up.notes), labels + list(made_up.labels)
        if color is not None:
            with_faces = looked.changed(picture) if shaped and not wants_makeup else looked_at(picture)
            picture, changed = _with_hair(with_faces, color, face, notes)
            mask = mask | changed
            labels.append("hair coloured")
        if style is not None:
            painted = self.painting(picture, style, strength=style_strength, face=face)
            picture, mask = painted.image, mask | painted.mask
            notes += [note for note in painted.notes if note not in notes]
            labels += painted.labels
        if upscale > 1:
            enlarged = self.enlarging(image.photo.with_pixels(photo.rgb) if isinstance(picture, Looked) else picture, upscale)
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
    looked: Looked, color: tuple[int, int, int], face: int | str | None, notes: list[str]
) -> tuple[Image.Image, np.ndarray]:
    """The photograph with the hair of the chosen faces in a colour, and where it changed."""
    photo = looked.photo
    rgb, pieces = photo.rgb.copy(), [looked.hair(each) for each in chosen_faces(looked.faces, face, notes)]
    if None in pieces:
        notes.append(BALD)
    if not any(pieces):
        raise ValueError(f"{BALD} Paint it on by `scfegan edit`, with lines of the hair.")
    for piece in pieces:
        if piece is not None:
            piece.color(rgb, color)
    return photo.with_pixels(rgb), (rgb != photo.rgb).any(2)
