"""A photograph looked at once and changed often, so that a slider is answered while it is moved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scfegan_hf.editing.photos import Photo, PictureLike, read_photo

if TYPE_CHECKING:
    from PIL import Image

    from scfegan_hf.editing.tint import Tint
    from scfegan_hf.portrait.faces import AlignedFace
    from scfegan_hf.portrait.hair import Hair


@dataclass(frozen=True)
class Looked:
    """A photograph and its faces, from left to right. The portrait pipelines take it in place of the photograph."""

    photo: Photo
    faces: list[AlignedFace]
    _hair: dict[int, Hair | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def tint(self) -> Tint | None:
        """The one tint that the photograph has; None for one in colours."""
        from scfegan_hf.editing.tint import tint_of

        unseen = self.photo.unseen
        return tint_of(self.photo.rgb, np.ones(self.photo.rgb.shape[:2], bool) if unseen is None else ~unseen)

    def hair(self, face: AlignedFace) -> Hair | None:
        """The hair of one of the faces; None where too little is seen."""
        from scfegan_hf.portrait.hair import find_hair

        number = next(number for number, each in enumerate(self.faces) if each is face)
        if number not in self._hair:
            self._hair[number] = find_hair(self.photo.rgb, face)
        return self._hair[number]

    def changed(self, image: Image.Image) -> Looked:
        """The same faces in a picture of the same size that changed a little."""
        return replace(self, photo=replace(self.photo, rgb=np.asarray(image.convert("RGB"))))


def looked_at(image: PictureLike | Photo | Looked, frames: list[np.ndarray] | None = None) -> Looked:
    """The photograph with its faces found, in the ``frames`` (4, 2) that they are known to have or else by a look."""
    if isinstance(image, Looked):
        return image
    from scfegan_hf.portrait.faces import aligned_faces

    photo = image if isinstance(image, Photo) else read_photo(image)
    return Looked(photo, aligned_faces(photo.rgb, frames))
