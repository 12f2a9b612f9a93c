"""MakeupPipeline: a photograph, and a look or a reference photograph in; the photograph with that make-up out, or without any.

A look is painted by arithmetic (faces/makeup.py); a reference's make-up is carried over by a network (models/makeup.py). Either
way a coarse change of colour is added to the photograph at its own size, within soft masks of lips, lids, cheeks and skin.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    from scfegan_hf.faces.close import CloseFace
    from scfegan_hf.faces.makeup import Change, Look
    from scfegan_hf.models.makeup import MakeupTransfer
    from scfegan_hf.portrait.faces import AlignedFace

BUNDLED_MAKEUP = BUNDLED_WEIGHTS / "makeup"
MOST_STRENGTH = 1.5
NO_FACE = "No face was found in the {name}. Give one of a face from the front, at least 30 pixels wide."
ASIDE = "A face is turned far aside; make-up may lie beside its lips and lids."


class MakeupPipeline:
    """Makes faces up and takes make-up off; see `__call__`."""

    def __init__(self, network: MakeupTransfer | None = None, device: str | torch.device | None = None):
        """``network``: for references and removal, which a look does without; computes in the dtype it has, on ``device``
        (default: the first GPU, else the CPU)."""
        self.network = None
        if network is not None:
            import torch

            default = "cuda" if torch.cuda.is_available() else "cpu"
            self.device = usable_device(default if device is None else device)
            self.network = network.to(self.device).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(
        cls, path_or_repo_id: str | Path | None = None, device: str | torch.device | None = None, **kwargs
    ) -> MakeupPipeline:
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``kwargs`` and errors are those of `HubNetwork.from_pretrained`.
        """
        from scfegan_hf.models.makeup import MakeupTransfer

        return cls(MakeupTransfer.from_pretrained(path_or_repo_id or BUNDLED_MAKEUP, **kwargs), device)

    def __call__(
        self,
        image: PictureLike | Looked,
        reference: PictureLike | Looked | None = None,
        look: Look | None = None,
        *,
        remove: bool = False,
        strength: float = 1.0,
        parts: Sequence[str] | str | None = None,
        face: int | str | None = None,
    ) -> PortraitResult:
        """The photograph with the make-up of a ``reference`` photograph or of a ``look``, or with its own taken off.

        Give one of the three. Photographs are PIL images, paths, bytes, uint8 arrays, or `Looked` at. ``strength``: from 0, the
        photograph as it is, to MOST_STRENGTH; 1 is the make-up as it was. ``parts``: some of "lips", "eyes", "cheeks",
        "foundation" (None: all). ``face``: which of several, counted from the left from 0 on, or "all"; None is the largest,
        and a note says that there are others. What is grey or of one tint stays so. Raises ValueError that says what to do:
        without a face, for a grey reference, and for arguments that do not fit each other.
        """
        from scfegan_hf.faces.makeup import layers_of
        from scfegan_hf.portrait.faces import add_change

        if sum((reference is not None, look is not None, bool(remove))) != 1:
            raise ValueError("Give one of a reference photograph, a look, or remove=True.")
        if look is None and self.network is None:
            raise ValueError("This pipeline has no network for that. Make it by MakeupPipeline.from_pretrained().")
        if not 0 <= strength <= MOST_STRENGTH:
            raise ValueError(f"strength lies from 0 to {MOST_STRENGTH:g}, not {strength!r}.")
        layers = layers_of(parts)
        looked = looked_at(image)
        photo, notes = looked.photo, list(looked.photo.notes)
        chosen = chosen_faces(looked.faces, face, notes)
        model = None if reference is None else self._model(reference, notes)
        rgb, mask = photo.rgb.copy(), np.zeros(photo.rgb.shape[:2], bool)
        for each in chosen if strength else ():
            changed = self._painted(each, look.only(layers)) if look is not None else self._carried(each, model)
            kept = [change for layer, change in changed.items() if layer in layers]
            if each.is_profile and ASIDE not in notes:
                notes.append(ASIDE)
            if kept:
                mask |= add_change(rgb, each, sum(kept[1:], kept[0]), strength)
        if mask.any() and looked.tint:
            rgb[mask] = looked.tint(rgb[mask])
        return PortraitResult([photo.with_pixels(rgb)], tuple(notes), ["make-up removed" if remove else "made up"], mask)

    def _painted(self, face: AlignedFace, look: Look) -> dict[str, Change]:
        from scfegan_hf.faces.makeup import changes

        return changes(face.small, look, face.places)

    def _model(self, reference: PictureLike | Looked, notes: list[str]) -> CloseFace:
        """The close square of the reference's face."""
        from scfegan_hf.portrait.faces import largest

        looked = looked_at(reference)
        if looked.tint:
            raise ValueError("The reference is grey or of one tint, so its make-up has no colours. Give one in colour.")
        faces = looked.faces
        if not faces:
            raise ValueError(NO_FACE.format(name="reference"))
        if len(faces) > 1:
            notes.append(f"The reference shows {len(faces)} faces; the largest was taken.")
        return largest(faces).close(self.network.resolution)

    def _carried(self, face: AlignedFace, model: CloseFace | None) -> dict[str, Change]:
        """What the network says of a face and another one's make-up; without a ``model`` its own is taken off."""
        import cv2
        import torch

        from scfegan_hf.faces.makeup import Change
        from scfegan_hf.faces.makeup_places import LAYERS
        from scfegan_hf.faces.warp import bend_onto
        from scfegan_hf.models.makeup import assemble_makeup

        side = self.network.resolution
        close = face.close(side)
        kind = next(self.network.parameters()).dtype
        shown = np.full_like(close.image, 128)
        if model is not None:
            shown = bend_onto(model.image, model.points, close.points, (side, side))

        def tensor(picture: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None].to(self.device, kind) / 127.5 - 1

        masks = torch.from_numpy(close.places.masks)[None].to(self.device, kind)
        flag = torch.full((1, 1, side, side), float(model is None), device=self.device, dtype=kind)
        with torch.inference_mode():
            grid = self.network(assemble_makeup(tensor(close.image), tensor(shown), flag, masks))[0].float().cpu().numpy()
        # From pixels of the face's crop to cells of the grid: (x + 0.5) / fold - 0.5.
        fold, (height, width) = side / grid.shape[-1], face.small.shape[:2]
        matrix = close.matrix / fold
        matrix[:, 2] += 0.5 / fold - 0.5
        how = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REPLICATE}
        changed = {}
        for layer, cells in zip(LAYERS, grid, strict=True):
            large = cv2.warpAffine(cells.transpose(1, 2, 0).copy(), matrix, (width, height), **how)
            large *= face.places.mask(layer)[..., None]
            changed[layer] = Change(large[..., :3] * np.float32(127.5), large[..., 3])
        return changed


def chosen_faces(faces: list[AlignedFace], face: int | str | None, notes: list[str]) -> list[AlignedFace]:
    """The faces that are meant. Raises ValueError where there is none, or none of that number."""
    from scfegan_hf.portrait.faces import largest

    if not faces:
        raise ValueError(NO_FACE.format(name="photo"))
    if face == "all":
        return faces
    if face is None:
        if len(faces) > 1:
            notes.append(
                f"There are {len(faces)} faces; the largest was taken. Choose by face=0 to {len(faces) - 1}, from the left, "
                'or face="all".'
            )
        return [largest(faces)]
    if isinstance(face, bool) or not isinstance(face, int) or not 0 <= face < len(faces):
        raise ValueError(f'face is a whole number from 0 to {len(faces) - 1}, counted from the left, or "all", not {face!r}.')
    return [faces[face]]
