"""Time of one network pass and of one edit, on this machine, all variants in one run.

    python benchmarks/latency.py [--size 512] [--threads 2] [--rounds 7]
    taskset -c 1 python benchmarks/latency.py --threads 1 --clock processor      # where the other cores are busy

Prints the median of rounds in which all variants take turns, so that a machine whose speed drifts hurts all alike.
"""

import argparse
import statistics
import time
from functools import partial

import numpy as np
import torch

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
from scfegan_hf.conditioning import fill_hole
from scfegan_hf.editing.pipeline import computing_dtype


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall", help="processor: one thread only")
    options = parser.parse_args()
    if options.clock == "processor" and options.threads > 1:
        parser.error("--clock processor adds up what several threads take: give --threads 1 as well")
    clock = time.perf_counter if options.clock == "wall" else time.process_time
    torch.set_num_threads(options.threads)
    size = options.size

    variants = {}
    for name, preset, changes in (
        ("paper, PyTorch's LRN", "paper", {"norm": "lrn_reference"}),
        ("paper", "paper", {}),
        ("paper without LRN", "paper", {"norm": None}),
        ("compact", "compact", {}),
        ("plain", "plain", {}),
        ("plain, full gates", "plain", {"gate": "full"}),
        ("plain, RMS norm", "plain", {"norm": "rms"}),
        ("plain, LRN", "plain", {"norm": "lrn"}),
    ):
        network = SCFEGANGenerator.preset(preset, **changes).eval().to(memory_format=torch.channels_last)
        given = torch.randn(1, network.in_channels, size, size).contiguous(memory_format=torch.channels_last)
        variants[name] = (lambda network=network, given=given: network(given), sum(p.numel() for p in network.parameters()))

    image = torch.rand(1, 3, size, size) * 2 - 1
    mask = torch.zeros(1, 1, size, size)
    mask[..., size // 8 : -size // 8, size // 8 : -size // 8] = 1
    lines = (torch.rand(1, 1, size, size) > 0.99).float()
    for fill in ("pyramid", "walls"):
        variants[f"fill: {fill}"] = (lambda fill=fill: fill_hole(image, mask, lines, image, lines * 0, fill), 0)

    photo = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    eye = np.zeros((size, size), np.uint8)
    eye[size // 2 - size // 20 : size // 2 + size // 20, size // 4 : size // 4 + size // 8] = 255
    frame = np.full((size, size), 255, np.uint8)
    for kind, choices in (("float32", {"dtype": "float32"}), ("PyTorch", {"runtime": "pytorch"}), ("by default", {})):
        pipe = FaceEditPipeline.from_pretrained(device="cpu", **choices)
        if not choices:
            kind += ", OpenVINO" if pipe.openvino else ", PyTorch"
        for what, hole in (("an eye", eye), ("the whole frame", frame)):
            edit = partial(pipe, photo, hole, invert=False)
            variants[f"edit, released weights, {kind}: {what}"] = (edit, 0)

    times = {name: [] for name in variants}
    with torch.inference_mode():
        for turn in range(options.rounds + 1):
            for name, (run, _) in variants.items():
                start = clock()
                run()
                if turn:  # the first one warms up
                    times[name].append(clock() - start)
    reference = statistics.median(times["paper, PyTorch's LRN"])
    print(
        f"{size}x{size}, {options.threads} threads, {options.clock} time, medians of {options.rounds}, "
        f"torch {torch.__version__}; edits not in float32 compute in {computing_dtype(torch.device('cpu'))}\n"
    )
    print("| what | parameters (M) | ms | part of paper with PyTorch's LRN |\n|---|---:|---:|---:|")
    for name, (_, parameters) in variants.items():
        median = statistics.median(times[name])
        print(f"| {name} | {parameters / 1e6:.1f} | {median * 1000:.0f} | {median / reference:.3f} |")
    without = statistics.median(times["paper without LRN"])
    print(f"\npaper / paper without LRN: {statistics.median(times['paper']) / without:.3f}")


if __name__ == "__main__":
    main()
