"""Muon (Jordan 2024, Muon: An optimizer for hidden layers in neural networks): steps along orthogonal matrices."""

from collections.abc import Iterable

import torch
from torch import Tensor

# Newton-Schulz's quintic (Jordan 2024): five rounds bring singular values near enough to 1, small ones quickest.
COEFFICIENTS, ROUNDS = (3.4445, -4.7750, 2.0315), 5
WIDE = 2  # how many times as long as high a matrix is for which rounds on its square are quicker
NARROW = 8  # weights with fewer rows or columns are Adam's: the first and last layers, and one-channel gates


class Muon(torch.optim.Optimizer):
    """Momentum whose step is orthogonalised for convolutions and matrices; Adam for all else.

    A convolution's weight counts as a matrix of its first dimension by all others. Steps are scaled to a root mean
    square of one learning rate, which is about the size of Adam's, so that one rate serves both (Liu et al. 2025, Muon is
    Scalable for LLM Training, section 2.2; their factor 0.2 is left to the rate). ``dtype``: what matrices are made
    orthogonal in; bfloat16 as published, whose rounding shows in the fifth digit of a step.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.9,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
        eps: float = 1e-8,
        dtype: torch.dtype = torch.bfloat16,
    ):
        self.dtype = dtype
        super().__init__(params, dict(lr=lr, momentum=momentum, betas=betas, weight_decay=weight_decay, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        """One step for every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if group["weight_decay"]:
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                move = self._orthogonal if is_matrix(p) else self._adam
                p.sub_(move(p.grad, self.state[p], group), alpha=group["lr"])
        return loss

    def _orthogonal(self, grad: Tensor, state: dict, group: dict) -> Tensor:
        if not state:
            state["momentum"] = torch.zeros_like(grad)
        state["momentum"].lerp_(grad, 1 - group["momentum"])
        look_ahead = grad.lerp(state["momentum"], group["momentum"])  # Nesterov's
        if grad.ndim == 4:  # channels last, which is a view of what training holds; the order of columns does not matter
            return _unflatten(unit_orthogonal(look_ahead.permute(0, 2, 3, 1).flatten(1), self.dtype), grad)
        return unit_orthogonal(look_ahead, self.dtype)

    @staticmethod
    def _adam(grad: Tensor, state: dict, group: dict) -> Tensor:
        if not state:
            state["step"], state["mean"], state["square"] = torch.zeros(()), torch.zeros_like(grad), torch.zeros_like(grad)
        first, second = group["betas"]
        state["step"] += 1
        steps = state["step"].item()
        state["mean"].lerp_(grad, 1 - first)
        state["square"].lerp_(grad.square(), 1 - second)
        mean = state["mean"] / (1 - first**steps)
        return mean / (state["square"] / (1 - second**steps)).sqrt().add_(group["eps"])


def is_matrix(p: Tensor) -> bool:
    """Whether a parameter's steps are made orthogonal."""
    return p.ndim in (2, 4) and min(p.shape[0], p.shape[1]) > NARROW


def _unflatten(rows: Tensor, like: Tensor) -> Tensor:
    outs, ins, height, width = like.shape
    return rows.view(outs, height, width, ins).permute(0, 3, 1, 2)


def unit_orthogonal(matrix: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """(M, N) to about U V' of its singular value decomposition, scaled to a root mean square of about 1.

    Computed in ``dtype``: errors do not build up, since each round sees what the one before left.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return unit_orthogonal(matrix.mT, dtype).mT
    x = (matrix / matrix.norm().clamp_min(1e-12)).to(dtype)
    if dtype == torch.float32 and x.shape[1] >= WIDE * x.shape[0]:
        x = _rounds_on_gram(x)
    else:
        x = _rounds(x)
    return x.float() * x.shape[1] ** 0.5


def _rounds(x: Tensor) -> Tensor:
    """Newton and Schulz's rounds as published: two products of the whole matrix in each."""
    a, b, c = COEFFICIENTS
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _rounds_on_gram(x: Tensor) -> Tensor:
    """The same: every round multiplies by a polynomial of X X', so the rounds go over that small square, and X comes last.

    Two products with X in place of ten. In full precision only: what is rounded of X X' grows from round to round.
    """
    a, b, c = COEFFICIENTS
    gram, factor = x @ x.mT, None
    for left in reversed(range(ROUNDS)):
        polynomial = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        polynomial.diagonal().add_(a)
        factor = polynomial if factor is None else polynomial @ factor
        if left:
            gram = polynomial @ gram @ polynomial
    return factor @ x
