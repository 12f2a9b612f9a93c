"""Figures of two sets of pictures, by their vectors in the features of any network: float (N, D), a row for each picture.

They carry the published names (FID and the like) only on the published networks.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

MEANS = 8  # places a side at which pixels are averaged where there is no feature network
FOLDS, HELD_OUT_COST = 5, 0.01  # costs from 0.0001 to 1 order methods alike; this one told fakes best from photographs
NEIGHBOURS = 3  # of precision and recall, as published


@torch.no_grad()
def vectors(network: nn.Module | None, pictures: Tensor) -> Tensor:
    """Vectors (N, D) on the CPU of pictures (N, 3, H, W) in [-1, 1]: the last features of SqueezeNet (models/features.py) as
    means over the picture, or without a ``network`` means of 8x8 parts of pixels."""
    if network is None:
        return F.adaptive_avg_pool2d(pictures.float(), MEANS).flatten(1).cpu()
    enlarged = F.interpolate(pictures.float(), size=(128, 128), mode="bilinear")
    return network(enlarged)[-1].mean((2, 3)).float().cpu() / 255  # as if pixels went from 0 to 1


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


def kernel_distance(real: np.ndarray, fake: np.ndarray, as_published: bool = False) -> float:
    """Kernel inception distance (Binkowski et al. 2018): unbiased squared MMD by the kernel (x.y / D + 1)^3. About 0 for sets
    from one distribution, now and then below.

    The kernel wants features of size about 1, as Inception's are; others are first shifted and scaled so that the real set's
    have mean 0 and together variance 1 each, unless ``as_published``. Needs two rows of each at least.
    """
    if not as_published:
        middle = real.mean(0)
        spread = np.sqrt(max(((real - middle) ** 2).mean(), 1e-12))
        real, fake = (real - middle) / spread, (fake - middle) / spread

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: np.ndarray) -> float:
        held = kernel(x, x)
        return (held.sum() - held.trace()) / (len(x) * (len(x) - 1))

    return float(within(real) + within(fake) - 2 * kernel(real, fake).mean())


def inception_score(probabilities: np.ndarray) -> float:
    """exp(E[KL(p(y|x) || p(y))]) of a classifier's answers (N, C), rows that sum to 1 (Salimans et al. 2016).

    From 1, all alike, to C, every class certain and as frequent as the others. It carries its name on Inception's answers
    only.
    """
    known = np.clip(probabilities, 1e-12, 1)
    return float(np.exp((known * (np.log(known) - np.log(known.mean(0)))).sum(1).mean()))


def precision_and_recall(real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Share of generated pictures that lie among the real ones, and of real ones that lie among the generated (Kynkaanniemi et
    al. 2019): within the distance of some vector of the other set to its own ``k``-th neighbour there. Compare equal sizes.

    Raises ValueError for a set of no more than ``k``.
    """
    if min(len(real), len(fake)) <= k:
        raise ValueError(f"Precision and recall by {k} neighbours need more than {k} pictures of each kind.")
    return _share_among(fake, real, k), _share_among(real, fake, k)


def _share_among(points: np.ndarray, others: np.ndarray, k: int) -> float:
    reach = np.sort(_squared_distances(others, others), axis=1)[:, k]  # the nearest is the vector itself
    return float((_squared_distances(points, others) <= reach).any(1).mean())


def _squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x.astype(np.float64), y.astype(np.float64)
    return np.maximum((x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * x @ y.T, 0)


def figures(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """What two sets of features tell, by name; precision and recall where there are enough pictures."""
    told = {"frechet": frechet_distance(fake, real), "kernel": kernel_distance(real, fake)}
    if min(len(real), len(fake)) > NEIGHBOURS:
        told["precision"], told["recall"] = precision_and_recall(real, fake, NEIGHBOURS)
    return told


def indiscriminability(real: np.ndarray, fake: np.ndarray, faces: np.ndarray, held_out: bool) -> tuple[float, float]:
    """Share of pictures that a linear classifier puts on the wrong side, and of pairs where the fake seems more real.

    Row i of ``real`` and ``fake`` belong together and to face ``faces[i]``. Perfect results reach 0.5 in both. With
    ``held_out``, each face is judged by a classifier fitted to the other faces, which small sets need: in more
    dimensions than pictures anything can be told apart once it is known. Without it, as published: P-IDS and U-IDS
    (Zhao et al. 2021, section 4), by scikit-learn's linear classifier, which they are defined by.
    """
    from sklearn.svm import LinearSVC  # takes a second, and only `scfegan evaluate` asks for it

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
        classifier = LinearSVC(C=HELD_OUT_COST if held_out else 1.0, dual="auto", tol=1e-6, max_iter=100_000)
        classifier.fit(examples, np.repeat([1, 0], fitted.sum()))
        for row, vectors in enumerate((real, fake)):
            scores[row, judged] = classifier.decision_function(vectors[judged])
    wrong = ((scores[0] <= 0).mean() + (scores[1] > 0).mean()) / 2
    # The photograph itself ties everywhere, and a tie is as good as a coin.
    paired = (scores[1] > scores[0]).mean() + (scores[1] == scores[0]).mean() / 2
    return float(wrong), float(paired)
