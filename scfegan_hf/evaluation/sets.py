"""Figures of two sets of pictures, by their vectors in the features of any network: float (N, D), a row for each picture.

They carry the published names (FID and the like) only on the published networks.
"""

import numpy as np

FOLDS, HELD_OUT_COST = 5, 0.01  # costs from 0.0001 to 1 order methods alike; this one told fakes best from photographs


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
