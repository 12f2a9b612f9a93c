"""How real an edit looks to a network: distances of features, and vectors of which sets are compared (evaluation/sets.py).

Only on the published networks do the figures carry the published names: `standard_judge` gives those through torch-fidelity,
`squeezenet_judge` the same computations under names of their own. Vectors are float64 (N, D), one row for each picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from scfegan_hf.conditioning import context_square
from scfegan_hf.data.pictures import bounds
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.losses.perceptual import perceptual_loss
from scfegan_hf.models.features import feature_network
from scfegan_hf.models.lpips import lpips_network

CROP = 224  # side to which the surroundings of a hole are scaled, ImageNet's


@dataclass(frozen=True)
class Judge:
    """One network's view.

    look: (picture, mask) to features and a vector; distance: of two pictures' features. Names of the four figures, and
    whether the classifier is judged on faces that it was not fitted to. texture, where there is one: (picture, mask) to the
    layers' mean features in the hole, the picture as large as it is.
    """

    look: Callable[[np.ndarray, np.ndarray], tuple[object, np.ndarray]]
    distance: Callable[[object, object], float]
    distance_name: str
    frechet_name: str
    unpaired_name: str
    paired_name: str
    held_out: bool
    texture: Callable[[np.ndarray, np.ndarray], list[np.ndarray]] | None = None


def surroundings(picture: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hole with half as much again around it, at CROP pixels: picture uint8 and the hole's weight float32."""
    height, width = mask.shape
    x0, y0, x1, y1 = context_square(bounds(mask), height, width, 1.5, min(height, width) // 8)
    how = cv2.INTER_AREA if x1 - x0 > CROP else cv2.INTER_CUBIC
    seen = cv2.resize(np.ascontiguousarray(picture[y0:y1, x0:x1]), (CROP, CROP), interpolation=how)
    return seen, cv2.resize(mask[y0:y1, x0:x1].astype(np.float32), (CROP, CROP), interpolation=cv2.INTER_AREA)


def squeezenet_judge(weights: str) -> Judge:
    """Distance: relative features of four layers, as in training; vector: the last one's mean over the hole (512)."""
    network = feature_network("squeezenet", weights).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def look(picture: np.ndarray, mask: np.ndarray):
        seen, weight = surroundings(picture, mask)
        features = network((_tensor(seen).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last))
        share = torch.nn.functional.interpolate(torch.from_numpy(weight)[None, None], features[-1].shape[-2:], mode="area")
        vector = (features[-1] * share).sum((2, 3)) / share.sum().clamp_min(1e-6)
        return features, vector[0].double().numpy() / 255  # as if pixels went from 0 to 1

    def distance(seen, photo) -> float:
        return perceptual_loss(seen, photo).item()

    @torch.inference_mode()
    def texture(picture: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
        layers = network((_tensor(picture).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last))
        weight = torch.from_numpy(mask.astype(np.float32))[None, None]
        shares = (torch.nn.functional.interpolate(weight, layer.shape[-2:], mode="area") for layer in layers)
        means = ((layer * s).sum((2, 3)) / s.sum().clamp_min(1e-6) for layer, s in zip(layers, shares, strict=True))
        return [mean[0].double().numpy() for mean in means]

    names = [f"squeezenet_{name}" for name in ("distance", "frechet", "unpaired", "paired")]
    return Judge(look, distance, *names, held_out=True, texture=texture)


def texture_distance(result: list[np.ndarray], photo: list[np.ndarray]) -> float:
    """Difference of mean features in parts of the photograph's, summed over layers: textures, wherever they are."""
    return float(sum(np.linalg.norm(a - b) / (np.linalg.norm(b) + 1e-8) for a, b in zip(result, photo, strict=True)))


def lpips_judge(weights: str) -> Judge:
    """Distance: LPIPS on AlexNet, over the hole's surroundings; vector: its last layer's mean over the hole (256)."""
    network = lpips_network(weights)

    @torch.inference_mode()
    def look(picture: np.ndarray, mask: np.ndarray):
        seen, weight = surroundings(picture, mask)
        features = network(_tensor(seen).float() / 127.5 - 1)
        share = torch.nn.functional.interpolate(torch.from_numpy(weight)[None, None], features[-1].shape[-2:], mode="area")
        return features, ((features[-1] * share).sum((2, 3)) / share.sum().clamp_min(1e-6))[0].double().numpy()

    def distance(seen, photo) -> float:
        return lpips(seen, photo, network.heads).item()

    names = [f"alexnet_{name}" for name in ("frechet", "unpaired", "paired")]
    return Judge(look, distance, "lpips_alex", *names, held_out=True)


def standard_judge() -> Judge:
    """LPIPS (VGG-16, of the hole's surroundings), FID, U-IDS and P-IDS (Inception, of whole pictures).

    Raises RuntimeError that says why they cannot be had: the package or its weights are missing.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        from torch_fidelity.sample_similarity_lpips import SampleSimilarityLPIPS
    except (ImportError, RuntimeError) as error:  # torchvision raises RuntimeError where it does not fit torch
        raise RuntimeError(f"torch-fidelity cannot be imported ({error}); pip install torch-fidelity") from error
    try:
        inception = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
        similarity = SampleSimilarityLPIPS("lpips-vgg16")
    except OSError as error:  # which URLError is
        raise RuntimeError(f"torch-fidelity could not fetch its weights ({error})") from error

    @torch.inference_mode()
    def look(picture: np.ndarray, mask: np.ndarray):
        return _tensor(surroundings(picture, mask)[0]), inception(_tensor(picture))[0][0].double().numpy()

    @torch.inference_mode()
    def distance(seen, photo) -> float:
        return similarity(seen, photo).item()

    return Judge(look, distance, "lpips_vgg", "fid", "u_ids", "p_ids", held_out=False)


def _tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.transpose(2, 0, 1)[None].copy())
