"""What the network is given and what is kept of its answer: erase, fill, assemble, blend, and where to look.

One place, used by training and by inference, so that the two cannot drift apart (Jo & Park 2019, section 3.2).
Tensors are NCHW; image and colour in [-1, 1]; mask, sketch and color_mask in {0, 1} with 1 = hole, line, painted.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

FILLS = ("none", "pyramid", "walls")

# The share of colour that still crosses a drawn line. Above zero, so that a closed outline without any colour in it
# takes its surroundings' colour instead of none.
WALL_LEAK = 0.01
# Relaxation sweeps of the wall solver, by pyramid level from the finest; coarser levels are cheap and take the last.
WALL_SWEEPS = (4, 8, 16)


def blend(generated: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """The completed image: generated inside the hole, the photograph elsewhere."""
    return generated * mask + image * (1 - mask)


def assemble(
    image: Tensor,
    mask: Tensor,
    sketch: Tensor,
    color: Tensor,
    color_mask: Tensor,
    noise: Tensor,
    *,
    fill: str = "none",
    color_flag: bool = False,
) -> Tensor:
    """The generator's input: image 3, sketch 1, colour 3, mask 1, noise 1 and, with ``color_flag``, color_mask 1.

    The image is erased (``fill="none"``) or filled (`fill_hole`). Sketch, colour and noise count in the hole only.
    Where no colour was painted it reads black (-1) as published; with ``color_flag`` it reads 0 and the tenth channel
    tells black paint from no paint.
    """
    color_mask = color_mask * mask
    sketch = sketch * mask
    seen = image * (1 - mask) if fill == "none" else fill_hole(image, mask, sketch, color, color_mask, fill)
    painted = color * color_mask if color_flag else (color * color_mask - (1 - color_mask)) * mask
    parts = [seen, sketch, painted, mask, noise * mask]
    return torch.cat([*parts, color_mask] if color_flag else parts, dim=1)


@torch.no_grad()
def fill_hole(image: Tensor, mask: Tensor, sketch: Tensor, color: Tensor, color_mask: Tensor, fill: str) -> Tensor:
    """A smooth guess of the hole from the photograph around it and the colours painted in it.

    ``pyramid`` ignores the sketch; ``walls`` lets no colour flow across drawn lines. Returns (N, 3, H, W) in [-1, 1],
    equal to the photograph outside the hole. Sides must be powers of two times a common factor of at least 2.
    """
    known = 1 - mask * (1 - color_mask)
    values = blend(color * color_mask, image, mask) * known
    if fill == "pyramid":
        return blend(_pyramid_fill(values.float(), known.float()), image, mask)
    if fill == "walls":
        return blend(_wall_fill(values.float(), known.float(), sketch.float()), image, mask)
    raise ValueError(f"fill must be one of {FILLS}, not {fill!r}")


def _coarser(values: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Means of the known pixels of each 2x2 block, and the known share of the block."""
    share = F.avg_pool2d(known, 2)
    return F.avg_pool2d(values * known, 2) / share.clamp_min(1e-6), share


def _levels(values: Tensor, known: Tensor) -> list[tuple[Tensor, Tensor]]:
    levels = [(values, known)]
    while min(levels[-1][0].shape[-2:]) > 2 and all(side % 2 == 0 for side in levels[-1][0].shape[-2:]):
        levels.append(_coarser(*levels[-1]))
    return levels


def _coarsest(values: Tensor, known: Tensor) -> Tensor:
    """The mean of all that is known for cells of which nothing is known; grey if nothing is known at all."""
    total = known.sum((2, 3), keepdim=True)
    mean = (values * known).sum((2, 3), keepdim=True) / total.clamp_min(1e-6)
    return torch.where(known > 0, values, mean)


def _pyramid_fill(values: Tensor, known: Tensor) -> Tensor:
    """Push-pull (Gortler et al. 1996): known means go down the pyramid, missing pixels come up bilinearly."""
    levels = _levels(values, known)
    result = _coarsest(*levels[-1])
    for finer_values, share in reversed(levels[:-1]):
        smooth = F.interpolate(result, size=finer_values.shape[-2:], mode="bilinear", align_corners=False)
        result = finer_values * share + smooth * (1 - share)
    return result


def _wall_fill(values: Tensor, known: Tensor, sketch: Tensor) -> Tensor:
    """Steady flow of colour (Laplace's equation) that does not cross lines, solved from coarse to fine.

    Cascadic multigrid: each level starts from the coarser answer and takes a few Chebyshev-weighted Jacobi sweeps.
    Walls live on the links between pixels; a coarse link's resistance is the series of the fine links it replaces.
    """
    values, known, sketch = (x.contiguous() for x in (values, known, sketch))  # twice as fast as channels last
    open_ = 1 - sketch
    across = WALL_LEAK + (1 - WALL_LEAK) * open_[..., :, 1:] * open_[..., :, :-1]  # (N, 1, H, W-1)
    down = WALL_LEAK + (1 - WALL_LEAK) * open_[..., 1:, :] * open_[..., :-1, :]  # (N, 1, H-1, W)
    levels, links = _levels(values, known), [(across, down)]
    for _ in levels[1:]:
        across, down = links[-1]
        links.append((_coarser_links(across), _coarser_links(down.transpose(2, 3)).transpose(2, 3)))
    result = _coarsest(*levels[-1])
    for depth in reversed(range(len(levels))):
        if depth < len(levels) - 1:
            result = F.interpolate(result, size=levels[depth][0].shape[-2:], mode="nearest")
        result = torch.where(levels[depth][1] == 1, levels[depth][0], result)  # what is known stays
        sweeps = WALL_SWEEPS[min(depth, len(WALL_SWEEPS) - 1)]
        result = _relax(result, *levels[depth], *links[depth], sweeps)
    return result


def _coarser_links(links: Tensor) -> Tensor:
    """Horizontal links (N, 1, H, W-1) of the fine level to those of the coarse level (N, 1, H/2, W/2-1)."""
    resistance = 1 / links
    between = resistance[..., 1::2]  # the links that join two coarse cells
    inside = resistance[..., 0::2]  # the links within a coarse cell
    series = 0.5 * inside[..., :-1] + between + 0.5 * inside[..., 1:]
    conductance = 2 / series
    return (conductance[..., 0::2, :] + conductance[..., 1::2, :]) / 2


def _relax(result: Tensor, values: Tensor, share: Tensor, across: Tensor, down: Tensor, sweeps: int) -> Tensor:
    """Jacobi sweeps with Chebyshev weights for the eigenvalues [0.15, 2] of the scaled operator."""
    pull = 4 * share / (1 - share).clamp_min(1e-4)  # known cells hold their value, half-known cells lean to it
    left, right = F.pad(across, (1, 0)), F.pad(across, (0, 1))
    up, below = F.pad(down, (0, 0, 1, 0)), F.pad(down, (0, 0, 0, 1))
    scale = 1 / (left + right + up + below + pull)
    left, right, up, below = left * scale, right * scale, up * scale, below * scale
    source = values * (pull * scale)
    for sweep in range(sweeps):
        weight = 1 / (1.075 - 0.925 * math.cos(math.pi * (2 * sweep + 1) / (2 * sweeps)))
        if torch.onnx.is_in_onnx_export():  # a graph knows no slices that are written to
            around = F.pad(result, (1, 1, 1, 1))
            sides = left * around[..., 1:-1, :-2] + right * around[..., 1:-1, 2:]
            sides = sides + up * around[..., :-2, 1:-1] + below * around[..., 2:, 1:-1]
            result = result + weight * (source - result + sides)
            continue
        step = source - result
        step[..., :, 1:].addcmul_(result[..., :, :-1], left[..., :, 1:])
        step[..., :, :-1].addcmul_(result[..., :, 1:], right[..., :, :-1])
        step[..., 1:, :].addcmul_(result[..., :-1, :], up[..., 1:, :])
        step[..., :-1, :].addcmul_(result[..., 1:, :], below[..., :-1, :])
        result = result.add(step, alpha=weight)
    return result


def context_square(
    box: tuple[int, int, int, int], height: int, width: int, context: float, smallest: int
) -> tuple[int, int, int, int]:
    """A square around a hole with surroundings to work from, inside the photograph as far as it fits.

    ``box``: x0, y0, x1, y1 of the hole in pixels. The square's side is ``context`` times the hole's longer side, at
    least ``smallest``; it is moved, not cut, at the photograph's borders, and cut only where the photograph is
    shorter than its side. Returns x0, y0, x1, y1.
    """
    x0, y0, x1, y1 = box
    side = max(math.ceil(context * max(x1 - x0, y1 - y0)), smallest)
    side = min(side, max(height, width))

    def place(low: int, high: int, limit: int) -> tuple[int, int]:
        if side >= limit:
            return 0, limit
        start = min(max((low + high - side) // 2, 0), limit - side)
        return start, start + side

    left, right = place(x0, x1, width)
    top, bottom = place(y0, y1, height)
    return left, top, right, bottom
