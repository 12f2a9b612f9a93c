"""What a training step costs beside its networks: the fill, Muon's rounds, Gram matrices, samples, in ms of a processor.

    python benchmarks/training_pieces.py [PREPARED ...] [--batch 8] [--resolutions 192 384]

Muon is timed as it is and by the published rounds, the fill on pictures as training holds them (channels last) and as they lie
otherwise; bfloat16 is left out where the processor has no instructions for it, and a step of Muon takes 20 s. The best of
several rounds each, by the processor's clock, so that other work on the machine hardly counts.
"""

import argparse
import time
from collections.abc import Callable
from unittest.mock import patch

import torch

from scfegan_hf.conditioning import fill_hole
from scfegan_hf.losses.perceptual import gram_matrix
from scfegan_hf.models.scfegan import SCFEGANGenerator
from scfegan_hf.recipe import Sources
from scfegan_hf.recipes.scfegan import SCFEGAN
from scfegan_hf.training import muon

LAYOUTS = {"channels last": torch.channels_last, "channel by channel": torch.contiguous_format}
NETWORKS = {"plain": ("plain", {}), "compact": ("compact", {}), "compact, width 64": ("compact", {"width": 64})}


def best(work: Callable[[], object], rounds: int = 7) -> float:
    """Milliseconds of the processor."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return 1000 * min(found)


def pictures(count: int, side: int) -> tuple[torch.Tensor, ...]:
    """Noise with a square hole, thin lines and specks of paint."""
    generator = torch.Generator().manual_seed(0)
    image, color = (torch.rand(count, 3, side, side, generator=generator) * 2 - 1 for _ in range(2))
    sketch, painted = ((torch.rand(count, 1, side, side, generator=generator) < 0.02).float() for _ in range(2))
    mask = torch.zeros(count, 1, side, side)
    mask[..., side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 1
    return image, mask, sketch, color, painted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", help="prepared folders, for the time of a sample")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--resolutions", nargs="+", type=int, default=[192, 384])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| piece | ms |\n|---|---:|")
    for side in options.resolutions:
        for name, layout in LAYOUTS.items():
            given = [each.contiguous(memory_format=layout) for each in pictures(options.batch, side)]
            spent = best(lambda given=given: fill_hole(*given, "walls"))
            print(f"| fill, {options.batch} of {side}, {name} | {spent:.0f} |", flush=True)
        if options.data:
            samples = SCFEGAN(preset="plain", beta=0).dataset(Sources({"faces": tuple(options.data)}), "train", side, 0)
            spent = best(lambda samples=samples: [samples[n] for n in range(options.batch)], 3)
            print(f"| samples, {options.batch} of {side} | {spent:.0f} |", flush=True)
    features = torch.rand(options.batch, 96, 61, 61).contiguous(memory_format=torch.channels_last).requires_grad_()
    print(f"| Gram matrix, 96 channels, there and back | {best(lambda: gram_matrix(features).sum().backward()):.0f} |")
    for name, (preset, changes) in NETWORKS.items():
        network = SCFEGANGenerator.preset(preset, **changes)
        for parameter in network.parameters():
            parameter.grad = torch.randn_like(parameter)
        for dtype in (torch.float32, torch.bfloat16)[: 1 + torch.cpu.get_capabilities().get("avx512_bf16", False)]:
            step = muon.Muon(network.parameters(), 1e-4, dtype=dtype).step
            print(f"| Muon, {name}, {str(dtype)[6:]} | {best(step, 3):.0f} |", flush=True)
            if dtype == torch.float32:
                with patch.object(muon, "_rounds_on_gram", muon._rounds):
                    print(f"| the same by the published rounds | {best(step, 3):.0f} |", flush=True)


if __name__ == "__main__":
    main()
