"""StylePipeline: a photograph, and the name of a style or a picture of one, in; the photograph painted so out.

A network paints the photograph small, with its norms taken over the face's frame (models/style.py); what that changed is
enlarged and added to the photograph at its own size, so that fine detail stays the photograph's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scfegan_hf.editing.devices import usable_device
from scfegan_hf.editing.photos import PictureLike, read_photo
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.portrait.looked import Looked, looked_at
from scfegan_hf.portrait.result import PortraitResult

if TYPE_CHECKING:
    import torch

    from scfegan_hf.models.style import StylePainter, Window

BUNDLED_STYLE = BUNDLED_WEIGHTS / "style"
DEFAULT_STYLE = "painterly"
FACE = 384  # pixels of a face's frame when it is painted: strokes are as large as that makes them
LARGEST = 1536  # pixels of the longer side, whatever the face's
STYLE_SIDE = 128  # pixels at which a style is read
NO_FACE = "No face was found; the photo was painted as a whole."
BAND = 256  # rows that are changed at once, which bounds the memory that large photographs take


class StylePipeline:
    """Paints photographs; see `__call__`."""

    def __init__(self, network: StylePainter, device: str | torch.device | None = None):
        """``network`` computes in the dtype it has, on ``device`` (default: the first GPU, else the CPU)."""
        import torch

        self.device = usable_device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.network = network.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(
        cls, path_or_repo_id: str | Path | None = None, device: str | torch.device | None = None, **kwargs
    ) -> StylePipeline:
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``kwargs`` and errors are those of `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.models.style import StylePainter

        return cls(StylePainter.from_pretrained(path_or_repo_id or BUNDLED_STYLE, **kwargs), device)

    @property
    def names(self) -> tuple[str, ...]:
        """The styles that the network knows by name."""
        return self.network.names

    def __call__(
        self,
        image: PictureLike | Looked,
        style: PictureLike = DEFAULT_STYLE,
        *,
        strength: float = 1.0,
        face: int | str | None = None,
    ) -> PortraitResult:
        """The whole photograph painted in a ``style``: one of ``names``, or any picture (path, PIL image, bytes, array).

        ``strength``: from 0, the photograph as it is, to 1. ``face``: over whose frame the style is fitted, counted from the
        left from 0 on; None or "all" is the largest. Without a face the whole photograph decides, and a note says so. Every
        pixel may change; its transparency stays. Raises ValueError that says what to do.
        """
        if isinstance(strength, bool) or not 0 <= strength <= 1:
            raise ValueError(f"strength lies from 0 to 1, not {strength!r}.")
        vector, label = self._style(style)
        looked = looked_at(image)
        photo, notes = looked.photo, list(looked.photo.notes)
        window, scale = self._frame(looked, face, notes)
        rgb = photo.rgb.copy()
        if strength:
            self._paint(rgb, vector, window, scale, strength)
        return PortraitResult([photo.with_pixels(rgb)], tuple(notes), [label], np.full(rgb.shape[:2], bool(strength)))

    def _style(self, style: PictureLike) -> tuple[torch.Tensor, str]:
        """The style's numbers (1, z) and what to call the result."""
        import cv2
        import torch

        if isinstance(style, str) and style in self.names:
            return self.network.styles[self.names.index(style)][None], f"painted, {style}"
        if isinstance(style, str) and not Path(style).is_file():
            raise ValueError(f"A style is one of {', '.join(self.names)}, or a picture file, not {style!r}.")
        picture = read_photo(style).rgb
        height, width = picture.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = cv2.resize(
            picture[top : top + side, left : left + side], (STYLE_SIDE, STYLE_SIDE), interpolation=cv2.INTER_AREA
        )
        with torch.inference_mode():
            return self.network.style(self._tensor(square)), "painted like a picture"

    def _frame(self, looked: Looked, face: int | str | None, notes: list[str]) -> tuple[Window | None, float]:
        """Over which part the style is fitted, and by how much the photograph shrinks to be painted."""
        from scfegan_hf.portrait.makeup import chosen_faces

        height, width = looked.photo.rgb.shape[:2]
        most = min(1.0, LARGEST / max(height, width))
        if not looked.faces:
            notes.append(NO_FACE)
            return None, min(most, 2 * FACE / max(height, width))
        chosen = chosen_faces(looked.faces, None if face == "all" else face, [])[0]
        x0, y0, x1, y1 = chosen.box
        return (x0 / width, y0 / height, x1 / width, y1 / height), min(most, FACE / max(x1 - x0, y1 - y0))

    def _paint(self, rgb: np.ndarray, style: torch.Tensor, window: Window | None, scale: float, strength: float) -> None:
        """Add what the network changes in the small photograph to the large one, in place."""
        import cv2
        import torch

        from scfegan_hf.models.style import STRIDE

        height, width = rgb.shape[:2]
        size = tuple(max(round(side * scale / STRIDE), 2) * STRIDE for side in (width, height))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        with torch.inference_mode():
            painted = self.network(self._tensor(small), style.to(self.device, self._kind), window)
        painted = (painted[0].float().cpu().numpy().transpose(1, 2, 0) + 1) * np.float32(127.5)
        change = np.float32(strength) * (painted - small.astype(np.float32))
        ratio_x, ratio_y = size[0] / width, size[1] / height
        for start in range(0, height, BAND):
            rows = min(BAND, height - start)
            # Pixel centres: x of the photograph lies at (x + 0.5) * ratio - 0.5 in the small one.
            back = np.array([[ratio_x, 0, ratio_x / 2 - 0.5], [0, ratio_y, (start + 0.5) * ratio_y - 0.5]])
            how = {"flags": cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REPLICATE}
            added = cv2.warpAffine(change, back, (width, rows), **how)
            band = rgb[start : start + rows]
            band[:] = np.clip(np.rint(band + added), 0, 255)

    @property
    def _kind(self) -> torch.dtype:
        return next(self.network.parameters()).dtype

    def _tensor(self, picture: np.ndarray) -> torch.Tensor:
        """uint8 (H, W, 3) to (1, 3, H, W) in [-1, 1]."""
        import torch

        tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].to(self.device, self._kind) / 127.5 - 1
        return tensor.contiguous(memory_format=torch.channels_last)


def style_and_strength(text: str) -> tuple[str, float]:
    """ "painterly=.7" to its two parts; without a number the strength is 1. Raises ValueError for what is no number."""
    style, sign, number = text.rpartition("=")
    if not sign:
        return text, 1.0
    try:
        return style, float(number)
    except ValueError:
        raise ValueError(f"A style is a name or a picture, and may have a strength: painterly=.7, not {text!r}.") from None
