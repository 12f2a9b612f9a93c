"""AttributePipeline: a photograph and how far a smile is to move in; the photograph so changed out.

A network looks at a small square of the face and answers how it bends and is shaded (models/stargan.py). That is enlarged onto
the photograph at its own size, within an oval of the face: hair, neck and background stay, bit for bit. What the network would
paint is left out, for teeth that it makes up are specks; its steps of age and features are too small to be offered.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scfegan_hf.editing.devices import usable_device
from scfegan_hf.editing.photos import PictureLike
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.portrait.looked import Looked, looked_at
from scfegan_hf.portrait.result import PortraitResult

if TYPE_CHECKING:
    import torch

    from scfegan_hf.models.stargan import AttributeChange
    from scfegan_hf.portrait.faces import AlignedFace

BUNDLED_ATTRIBUTES = BUNDLED_WEIGHTS / "attributes"
MOST = 1.0  # either way
ASIDE = "A face is turned far aside; what is changed there may not pass."
NOTHING = "Ask for a smile other than 0."


class AttributePipeline:
    """Makes faces smile more, or less; see `__call__`."""

    def __init__(self, network: AttributeChange, device: str | torch.device | None = None):
        """``network`` computes in the dtype it has, on ``device`` (default: the first GPU, else the CPU)."""
        import torch

        self.device = usable_device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.network = network.to(self.device).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(
        cls, path_or_repo_id: str | Path | None = None, device: str | torch.device | None = None, **kwargs
    ) -> AttributePipeline:
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``kwargs`` and errors are those of `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.models.stargan import AttributeChange

        return cls(AttributeChange.from_pretrained(path_or_repo_id or BUNDLED_ATTRIBUTES, **kwargs), device)

    @staticmethod
    def look(image: PictureLike) -> Looked:
        """The photograph with its faces found, to be given to `__call__` in its place any number of times."""
        return looked_at(image)

    def __call__(
        self,
        image: PictureLike | Looked,
        *,
        smile: float = 0.0,
        face: int | str | None = None,
    ) -> PortraitResult:
        """The photograph with a face smiling more, or less.

        image: a photograph, or what `look` made of one. smile: -1, none, to 1, wide; lips that are closed stay closed. face:
        which of several, from the left, or "all"; None is the largest. Raises ValueError that says what to do: without a face,
        for a smile of 0, and for numbers out of range.
        """
        from scfegan_hf.models.stargan import ATTRIBUTES
        from scfegan_hf.portrait.makeup import chosen_faces

        check_smile(smile)
        if not smile:
            raise ValueError(NOTHING)
        looked = looked_at(image)
        photo, notes = looked.photo, list(looked.photo.notes)
        rgb, mask = photo.rgb.copy(), np.zeros(photo.rgb.shape[:2], bool)
        for each in chosen_faces(looked.faces, face, notes):
            if each.is_profile and ASIDE not in notes:
                notes.append(ASIDE)
            mask |= self._change(rgb, each, [float(smile) if name == "smile" else 0.0 for name in ATTRIBUTES])
        if mask.any() and looked.tint:
            rgb[mask] = looked.tint(rgb[mask])
        return PortraitResult([photo.with_pixels(rgb)], tuple(notes), ["smiling more" if smile > 0 else "smiling less"], mask)

    def _change(self, rgb: np.ndarray, face: AlignedFace, steps: list[float]) -> np.ndarray:
        """Change one face of the photograph, in place; returns where, bool (H, W)."""
        import cv2
        import torch

        from scfegan_hf.faces.align import cut_frame
        from scfegan_hf.faces.close import close_frame

        side, (x0, y0, x1, y1) = self.network.resolution, face.box
        height, width = face.small.shape[:2]
        large = np.float32(((x1 - x0) / width, (y1 - y0) / height))
        frame = close_frame(face.frame) * large  # in pixels of the crop at its own size
        crop = rgb[y0:y1, x0:x1].astype(np.float32)
        square = cut_frame(rgb[y0:y1, x0:x1], frame, side)
        kind = next(self.network.parameters()).dtype
        tensor = torch.from_numpy(square).permute(2, 0, 1)[None].to(self.device, kind) / 127.5 - 1
        with torch.inference_mode():
            answer = self.network(tensor, torch.tensor([steps], device=self.device, dtype=kind))[0].float().cpu().numpy()
        corners = np.float32([[0, 0], [0, side], [side, side]])
        matrix = cv2.getAffineTransform(np.ascontiguousarray(frame[:3]), corners)  # from the crop to the square
        how = {"flags": cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_CONSTANT}
        size = (x1 - x0, y1 - y0)

        def enlarged(channels: np.ndarray) -> np.ndarray:
            return cv2.warpAffine(np.ascontiguousarray(channels.transpose(1, 2, 0)), matrix, size, **how)

        bent_by = enlarged(answer[:2]) @ np.linalg.inv(matrix[:, :2]).T.astype(np.float32) * side
        shade = enlarged(answer[2:5])
        ys, xs = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
        bent = cv2.remap(crop, xs + bent_by[..., 0], ys + bent_by[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        changed = bent + shade * np.float32(127.5)
        here = (np.abs(bent_by).max(2) > 1e-3) | (np.abs(shade).max(2) > 1e-4)
        mask = np.zeros(rgb.shape[:2], bool)
        mask[y0:y1, x0:x1] = here
        rgb[y0:y1, x0:x1][here] = np.clip(np.rint(changed[here]), 0, 255)
        return mask


def check_smile(smile: float) -> None:
    """Raises ValueError for what is no number, or out of range."""
    if isinstance(smile, bool) or not isinstance(smile, int | float) or not abs(smile) <= MOST:
        raise ValueError(f"smile lies from {-MOST:g} to {MOST:g}, not {smile!r}.")
