"""AgePipeline: a photograph, and by how many years or towards which features a face is to move; the photograph so changed out.

What age does to the mean face (models/prototypes.py) is done to this one: it is bent, its light is multiplied, its own detail
grows or fades by octaves, and creases come where creases are. All within its skin and an oval of it, at the photograph's own
size: hair, neck and background stay, bit for bit. No network looks at the face.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scfegan_hf.editing.photos import PictureLike
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.portrait.looked import Looked, looked_at
from scfegan_hf.portrait.result import PortraitResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from scfegan_hf.models.prototypes import FacePrototypes
    from scfegan_hf.portrait.faces import AlignedFace

    OnFace = Callable[[np.ndarray], np.ndarray]  # a square (S, S) or (S, S, C) of the mean face, laid onto this one

BUNDLED_PROTOTYPES = BUNDLED_WEIGHTS / "prototypes"
MOST_YEARS, MOST_FEATURES = 20.0, 1.0  # either way
YEARS, FEATURES = 6.5, 2.7  # years asked to a step of age; steps of features to 1: people see more of a step than ten years
# Shares of a step of age that are taken, to younger and to older: of its bending, which costs likeness and shows little in the
# old; of its light, which lightens folds that the young have not; and of its detail, where wrinkles do the rest.
BENT, LIT, ROUGHENED = (1.0, 0.4), (0.5, 1.0), (2.0, 0.3)
LEAST_DETAIL, MOST_DETAIL = -1.2, 0.2  # logarithms
OVAL = (0.5, 0.5, 0.5, 0.52)  # centre x, y and half axes of what may change, in parts of the close square
FADE = 0.24  # of the oval's radius, over which changes fade
FLOOR = 6.0  # levels, below which light is not multiplied
CELLS = 64  # a side, to which bending is worked out
FINEST = 0.3  # pixels: blurs that are narrower tell no octave apart
FAINT_MOVE, FAINT_LIGHT = 1e-3, 1e-4  # pixels, and logarithms, that are no change
ASIDE = "A face is turned far aside; what is changed there may not pass."
NOTHING = "Ask for an age or features other than 0."


class AgePipeline:
    """Makes faces older or younger, and their features more feminine or masculine; see `__call__`."""

    def __init__(self, prototypes: FacePrototypes):
        """It computes on the CPU."""
        self.prototypes = prototypes.float().requires_grad_(False)

    @classmethod
    def from_pretrained(cls, path_or_repo_id: str | Path | None = None, **kwargs) -> AgePipeline:
        """From a folder or Hub repository, or (None) from the prototypes that the package carries.

        ``kwargs`` and errors are those of `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.models.prototypes import FacePrototypes

        return cls(FacePrototypes.from_pretrained(path_or_repo_id or BUNDLED_PROTOTYPES, **kwargs))

    @staticmethod
    def look(image: PictureLike) -> Looked:
        """The photograph with its faces found, to be given to `__call__` in its place any number of times."""
        return looked_at(image)

    def __call__(
        self,
        image: PictureLike | Looked,
        *,
        age: float = 0.0,
        features: float = 0.0,
        face: int | str | None = None,
    ) -> PortraitResult:
        """The photograph with a face older or younger, or with other features.

        image: a photograph, or what `look` made of one. age: years, -20 to 20. features: from -1, more feminine, to 1, more
        masculine. face: which of several, from the left, or "all"; None is the largest. Raises ValueError that says what to do:
        without a face, for no change at all, and for numbers out of range.
        """
        from scfegan_hf.portrait.makeup import chosen_faces

        check_age(age, features)
        if not age and not features:
            raise ValueError(NOTHING)
        looked = looked_at(image)
        photo, notes = looked.photo, list(looked.photo.notes)
        rgb, mask = photo.rgb.copy(), np.zeros(photo.rgb.shape[:2], bool)
        for each in chosen_faces(looked.faces, face, notes):
            if each.is_profile and ASIDE not in notes:
                notes.append(ASIDE)
            mask |= self._change(rgb, each, (age / YEARS, features * FEATURES))
        if mask.any() and looked.tint:
            rgb[mask] = looked.tint(rgb[mask])
        words = [("older" if age > 0 else "younger")] if age else []
        words += [f"more {'masculine' if features > 0 else 'feminine'} features"] if features else []
        return PortraitResult([photo.with_pixels(rgb)], tuple(notes), [", ".join(words)], mask)

    @cached_property
    def _fields(self) -> np.ndarray:
        """How far each place of the close square moves by each step, (steps, CELLS, CELLS, 2) in parts of it."""
        from scfegan_hf.faces.warp import places_in

        points = self.prototypes.points.numpy()
        own = np.float32(points * CELLS - 0.5)
        still = places_in(points, own, (CELLS, CELLS))
        return np.stack([places_in(points + move.numpy(), own, (CELLS, CELLS)) - still for move in self.prototypes.moves])

    def _change(self, rgb: np.ndarray, face: AlignedFace, steps: tuple[float, float]) -> np.ndarray:
        """Change one face of the photograph, in place; returns where, bool (H, W)."""
        import cv2

        (x0, y0, x1, y1), (height, width) = face.box, face.small.shape[:2]
        (left, top, right, bottom), flow, gain = self._answer(face, steps)
        scale = np.float32(((x1 - x0) / width, (y1 - y0) / height))
        # The part that may change, at the photograph's own size. Pixel centres: x lies at (x + 0.5) / scale - 0.5 in ``small``.
        corner = np.round((left, top) * scale).astype(int)
        size = np.round((right, bottom) * scale).astype(int) - corner
        if (size < 1).any():
            return np.zeros(rgb.shape[:2], bool)
        if tuple(size) != flow.shape[1::-1]:
            flow, gain = (cv2.resize(each, tuple(size), interpolation=cv2.INTER_LINEAR) for each in (flow * scale, gain))
        part = np.s_[y0 + corner[1] : y0 + corner[1] + size[1], x0 + corner[0] : x0 + corner[0] + size[0]]
        here = (np.abs(flow).max(2) > FAINT_MOVE) | (np.abs(gain).max(2) > FAINT_LIGHT)
        lit = (rgb[part].astype(np.float32) + FLOOR) * np.exp(gain) - FLOOR
        ys, xs = np.mgrid[: size[1], : size[0]].astype(np.float32)
        bent = cv2.remap(lit, xs + flow[..., 0], ys + flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        rgb[part][here] = np.clip(np.rint(bent[here]), 0, 255)
        mask = np.zeros(rgb.shape[:2], bool)
        mask[part] = here
        return mask

    def _answer(self, face: AlignedFace, steps: tuple[float, float]) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
        """A part x0, y0, x1, y1 of ``face.small``; where its pixels come from, as shifts (h, w, 2); and logarithms (h, w, 3) of
        what their light is multiplied by before."""
        import cv2

        from scfegan_hf.faces.close import close_frame
        from scfegan_hf.faces.warp import places_in

        (age, features), height, width = steps, *face.small.shape[:2]
        older = int(age > 0)
        close = close_frame(face.frame)
        low, high = np.floor(close.min(0)), np.ceil(close.max(0)) + 1
        x0, y0, x1, y1 = (int(each) for each in (*np.clip(low, 0, (width, height)), *np.clip(high, 0, (width, height))))
        if x1 <= x0 or y1 <= y0:
            return (0, 0, 0, 0), np.zeros((0, 0, 2), np.float32), np.zeros((0, 0, 3), np.float32)
        own, mean = face.points - np.float32((x0, y0)), self.prototypes.points.numpy()
        at = places_in(mean, own, (y1 - y0, x1 - x0))

        def on_face(square: np.ndarray) -> np.ndarray:
            where = at * square.shape[0] - np.float32(0.5)
            return cv2.remap(np.float32(square), where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

        across, down = ((at[..., axis] - OVAL[axis]) / OVAL[2 + axis] for axis in (0, 1))
        oval = np.clip((1 - np.sqrt(across**2 + down**2)) / FADE, 0, 1)
        oval = oval * oval * (3 - 2 * oval)
        # The mean face is turned and scaled onto this one, in complex numbers, so moves are too.
        one, other = ((each - each.mean(0)) @ np.array([1, 1j]) for each in (mean, own))
        turn = (np.conj(one) @ other) / (np.conj(one) @ one).real
        moved = np.tensordot((age * BENT[older], features), self._fields, 1)
        moved = on_face(moved) @ np.array([1, 1j]) * turn
        flow = -np.stack([moved.real, moved.imag], -1).astype(np.float32) * oval[..., None]

        part = np.s_[y0:y1, x0:x1]
        skin = face.places.mask("foundation")[part] * oval
        tones = np.tensordot((age * LIT[older], features), self.prototypes.tones.numpy(), 1)
        gain = on_face(tones.transpose(1, 2, 0)) * np.maximum(skin, face.places.mask("lips")[part] * oval)[..., None]
        details = np.tensordot((age * ROUGHENED[older], features), self.prototypes.details.numpy(), 1)
        fine = self._detail(face.small[part], on_face, details, float(np.hypot(*(close[3] - close[0]))))
        if older:
            fine = fine + age * on_face(self.prototypes.wrinkles.numpy())
        return (x0, y0, x1, y1), flow, gain + (fine * skin)[..., None]

    def _detail(self, picture: np.ndarray, on_face: OnFace, details: np.ndarray, side: float) -> np.ndarray:
        """What the picture's own octaves gain or lose by ``details`` (O, D, D), as a logarithm of its luma (h, w). ``side``: of
        its close square."""
        import cv2

        above = cv2.cvtColor(np.log(picture.astype(np.float32) + FLOOR), cv2.COLOR_RGB2GRAY)
        added = np.zeros_like(above)
        for change, sigma in zip(details, self.prototypes.octaves, strict=True):
            sigma *= side / self.prototypes.wrinkle_side
            if sigma < FINEST:
                continue
            below = cv2.GaussianBlur(above, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
            added += (above - below) * on_face(np.expm1(np.clip(change, LEAST_DETAIL, MOST_DETAIL)))
            above = below
        return added


def check_age(age: float, features: float) -> None:
    """Raises ValueError for what is no number, or out of range."""
    for name, value, most in (("age", age, MOST_YEARS), ("features", features, MOST_FEATURES)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:
            raise ValueError(f"{name} lies from {-most:g} to {most:g}, not {value!r}.")
