"""How real results look to a network: distances of features, and whether sets of results can be told from photographs.

The computations are those of LPIPS, FID (Heusel et al. 2017) and P-IDS/U-IDS (Zhao et al. 2021, section 4), but on the
features of whichever network can be had. Only on the published networks do they carry the published names: `standard_judge`
gives those through torch-fidelity, `squeezenet_judge` the same computations under names of their own. Vectors are
float64 (N, D), one row for each picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from scfegan_hf.conditioning import context_square
from scfegan_hf.data.masks import bounds
from scfegan_hf.losses.perceptual import feature_network, perceptual_loss

CROP = 224  # side to which the surroundings of a hole are scaled, ImageNet's
FOLDS, HELD_OUT_COST = 5, 0.01  # costs from 0.0001 to 1 order methods alike; this one told fakes best from photographs


@dataclass(frozen=True)
class Judge:
    """One network's view.

    look: (picture, mask) to features and a vector; distance: of two pictures' features. Names of the four figures, and
    whether the classifier is judged on faces that it was not fitted to.
    """

    look: Callable[[np.ndarray, np.ndarray], tuple[object, np.ndarray]]
    distance: Callable[[object, object], float]
    distance_name: str
    frechet_name: str
    unpaired_name: str
    paired_name: str
    held_out: bool


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

    names = [f"squeezenet_{name}" for name in ("distance", "frechet", "unpaired", "paired")]
    return Judge(look, distance, *names, held_out=True)


def standard_judge() -> Judge:
    """LPIPS (VGG-16, of the hole's surroundings), FID, U-IDS and P-IDS (Inception, of whole pictures).

    Raises RuntimeError that says why they cannot be had: the package or its weights are missing.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        from torch_fidelity.sample_similarity_lpips import SampleSimilarityLPIPS
    except (ImportError, RuntimeError) as error:  # torchvision raises RuntimeError where it does not fit torch
        raise RuntimeError(f"torch-fidelity cannot be imported ({error}); pip install 'scfegan_hf[evaluate]'") from error
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


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Fréchet distance of the Gaussians with the means and covariances of two sets (Heusel et al. 2017, eq. 6).

    The trace of the root of the product of covariances is the sum of the singular values of the product of the centred
    sets, which needs no root of a matrix. Small sets come out too far apart, all of them alike.
    """
    means = first.mean(0) - second.mean(0)
    a, b = ((x - x.mean(0)) / np.sqrt(max(len(x) - 1, 1)) for x in (first, second))
    # Sets larger than their dimension: the triangles of their QR decompositions have the same products.
    a, b = (np.linalg.qr(x, mode="r") if len(x) > x.shape[1] else x for x in (a, b))
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(max(means @ means + (a**2).sum() + (b**2).sum() - 2 * cross, 0))


def linear_svm(vectors: np.ndarray, positive: np.ndarray, cost: float = 1.0, steps: int = 50) -> np.ndarray:
    """Weights (D + 1,), bias last, of the linear classifier with squared hinge loss that minimises
    |w|^2 / 2 + cost * sum(max(0, 1 - y f)^2), found by Newton's method with a line search (Chapelle 2007).

    The problem of liblinear's default solver, which P-IDS and U-IDS are defined by.
    """
    x = np.column_stack([vectors, np.ones(len(vectors))])
    y = np.where(positive, 1.0, -1.0)

    def loss(w: np.ndarray) -> float:
        return w @ w / 2 + cost * (np.maximum(1 - y * (x @ w), 0) ** 2).sum()

    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        margin = 1 - y * (x @ weights)
        active = x[margin > 0]
        gradient = weights - 2 * cost * active.T @ (y * margin)[margin > 0]
        if np.linalg.norm(gradient) <= 1e-6 * (1 + np.linalg.norm(weights)):
            break
        # (I + 2c A'A)^-1 by whichever of the two systems is smaller (Woodbury).
        if len(active) < x.shape[1]:
            inner = np.eye(len(active)) / (2 * cost) + active @ active.T
            step = gradient - active.T @ np.linalg.solve(inner, active @ gradient)
        else:
            step = np.linalg.solve(np.eye(x.shape[1]) + 2 * cost * active.T @ active, gradient)
        rate, now = 1.0, loss(weights)
        while rate > 1e-6 and loss(weights - rate * step) > now - 1e-4 * rate * (gradient @ step):
            rate /= 2
        weights = weights - rate * step
    return weights


def indiscriminability(real: np.ndarray, fake: np.ndarray, faces: np.ndarray, held_out: bool) -> tuple[float, float]:
    """Share of pictures that a linear classifier puts on the wrong side, and of pairs where the fake seems more real.

    Row i of ``real`` and ``fake`` belong together and to face ``faces[i]``. Perfect results reach 0.5 in both. With
    ``held_out``, each face is judged by a classifier fitted to the other faces, which small sets need: in more
    dimensions than pictures anything can be told apart once it is known. Without it, as published.
    """
    if held_out:
        both = np.concatenate([real, fake])
        middle, spread = both.mean(0), np.maximum(both.std(0), 1e-6)
        real, fake = (real - middle) / spread, (fake - middle) / spread
    order = np.unique(faces, return_inverse=True)[1]
    folds = min(FOLDS, order.max() + 1) if held_out else 1
    if held_out and folds < 2:
        return float("nan"), float("nan")
    scores = np.zeros((2, len(real)))
    for fold in range(folds):
        judged = order % folds == fold
        fitted = ~judged if held_out else judged
        examples = np.concatenate([real[fitted], fake[fitted]])
        weights = linear_svm(examples, np.repeat([True, False], fitted.sum()), HELD_OUT_COST if held_out else 1.0)
        for row, vectors in enumerate((real, fake)):
            scores[row, judged] = vectors[judged] @ weights[:-1] + weights[-1]
    wrong = ((scores[0] <= 0).mean() + (scores[1] > 0).mean()) / 2
    # The photograph itself ties everywhere, and a tie is as good as a coin.
    paired = (scores[1] > scores[0]).mean() + (scores[1] == scores[0]).mean() / 2
    return float(wrong), float(paired)
