"""Where the time of a step goes. Parts may lie within each other: each counts what is its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Stopwatch:
    """Seconds by part, exclusive of inner parts. Without ``exact`` a GPU's work counts where the CPU waits for it."""

    def __init__(self, device: torch.device, exact: bool = False):
        self.exact, self.cuda = exact, device.type == "cuda"
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0

    def enter(self, part: str) -> None:
        """Begin a part within the present one."""
        self._charge()
        self._open.append(part)

    def leave(self, part: str) -> None:
        """End the innermost part, which must be ``part``."""
        self._charge()
        if self._open.pop() != part:
            raise RuntimeError(f"{part} is not the innermost part.")

    def _charge(self) -> None:
        if self.exact and self.cuda:
            torch.cuda.synchronize()
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] = self.seconds.get(self._open[-1], 0.0) + now - self._since
        self._since = now

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        self.enter(part)
        yield
        self.leave(part)  # not after an error, which ends the run

    def watch(self, network: nn.Module, part: str) -> None:
        """Charge a frozen network's forward pass, and the backward pass through it, to ``part``."""
        network.register_forward_pre_hook(lambda _, inputs: self._entered(part, inputs))
        network.register_forward_hook(lambda _, inputs, outputs: self._left(part, outputs))

    def _entered(self, part: str, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        self.enter(part)
        return tuple(_Leave.apply(self, part, x) for x in inputs)

    def _left(self, part: str, outputs: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
        began: list[bool] = []  # the first gradient to arrive begins the backward pass
        marked = [_Enter.apply(self, part, began, x) for x in ([outputs] if isinstance(outputs, Tensor) else outputs)]
        self.leave(part)
        return marked[0] if isinstance(outputs, Tensor) else marked

    def table(self, steps: int) -> str:
        """Markdown, the longest part first."""
        total = sum(self.seconds.values())
        rows = sorted(self.seconds.items(), key=lambda item: -item[1])
        lines = [f"| {part} | {1000 * seconds / steps:.1f} | {seconds / total:.1%} |" for part, seconds in rows]
        return "\n".join(["| part | ms a step | share |", "|---|---:|---:|", *lines])


class _Enter(torch.autograd.Function):
    @staticmethod
    def forward(ctx, watch: Stopwatch, part: str, began: list, x: Tensor) -> Tensor:
        ctx.watch, ctx.part, ctx.began = watch, part, began
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        if not ctx.began:
            ctx.began.append(True)
            ctx.watch.enter(ctx.part)
        return None, None, None, gradient


class _Leave(torch.autograd.Function):
    @staticmethod
    def forward(ctx, watch: Stopwatch, part: str, x: Tensor) -> Tensor:
        ctx.watch, ctx.part = watch, part
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        ctx.watch.leave(ctx.part)
        return None, None, gradient
