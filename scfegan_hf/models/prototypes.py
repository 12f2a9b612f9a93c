"""What faces become as they age, or with more masculine features: prototypes of shape (Burt & Perrett 1995) and of texture
(Tiddeman, Burt & Perrett 2001), as steps that a photograph's own face is moved by.

All lies on the mean face, in parts of the close square (faces/close.py), and is computed from rated faces by
`examples/fit_prototypes.py`. Light is multiplied, so that steps are logarithms and dark skin changes as light skin does.
"""

from collections.abc import Sequence

import torch
from torch import nn

from scfegan_hf.models.hub import HubNetwork

STEPS = ("age", "features")  # ten years older; a quarter of the way from feminine to masculine, as people rate
POINTS = 98


class FacePrototypes(nn.Module, HubNetwork, pipeline_tag="image-to-image", tags=["face-attributes", "faces"]):
    """The mean face's landmarks, and for each of STEPS how they move, how light changes, and how strong each octave of
    detail is to be. ``side``, ``detail_side``, ``wrinkle_side``: pixels of the squares that light, detail and wrinkles are kept
    in; ``octaves``: standard deviations of the blurs between octaves, in pixels of a square of ``wrinkle_side``.

    points (98, 2); moves (2, 98, 2); tones (2, 3, S, S), of the logarithm of RGB; details (2, O, D, D), of the logarithm of
    amplitudes; wrinkles (W, W), of the logarithm of luma, of a step of age alone.
    """

    ranges = {"side": (8, 1024), "detail_side": (4, 1024), "wrinkle_side": (8, 2048), "octaves": (0.1, 256)}

    def __init__(
        self,
        side: int = 256,
        detail_side: int = 64,
        wrinkle_side: int = 512,
        octaves: Sequence[float] = (0.8, 1.6, 3.2, 6.4, 12.8),
    ):
        super().__init__()
        self.octaves, self.wrinkle_side = tuple(octaves), wrinkle_side
        self.register_buffer("points", torch.zeros(POINTS, 2))
        self.register_buffer("moves", torch.zeros(len(STEPS), POINTS, 2))
        self.register_buffer("tones", torch.zeros(len(STEPS), 3, side, side))
        self.register_buffer("details", torch.zeros(len(STEPS), len(self.octaves), detail_side, detail_side))
        self.register_buffer("wrinkles", torch.zeros(wrinkle_side, wrinkle_side))
