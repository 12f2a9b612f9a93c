"""What a change of a portrait hands back: the photograph at its own size, and where it changed."""

from dataclasses import dataclass, field

import numpy as np

from scfegan_hf.editing.result import EditResult


@dataclass(frozen=True)
class PortraitResult(EditResult):
    """An `EditResult` of one picture. mask: bool (H, W), where it may have changed; outside it is the photograph, bit for bit.

    Written as edits are: with the photograph's metadata and a note that it was edited.
    """

    mask: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), bool))
