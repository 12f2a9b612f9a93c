"""Images a second of a full training step, where its time goes, a floor from its operations, and what many GPUs make of it.

    python benchmarks/training_speed.py [--presets compact paper] [--resolutions 256] [--precisions no bf16] [--batch 4]
        [--steps 3] [--processes 1 2] [--threads 2] [--profile] [--clock processor]

Each row is a training of its own by the command that users run, on faces drawn here; the first step is left out. The
feature networks have random weights, which take as long as trained ones. Operations are counted for the whole picture
and shown as a share of what a product of large matrices reaches here in the same precision. `--clock processor` counts
the seconds of one core that a training used instead of those that passed, for machines that others use too: what a second
training of so many steps used more than one of a single step, sample workers included. `--calculate` prints the
calculation for 64 GPUs.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from scfegan_hf.models.features import FEATURE_NETWORKS
from scfegan_hf.recipe import Shared
from scfegan_hf.recipes.scfegan import SCFEGAN

SCRIPT = Path(__file__).resolve().parent.parent / "train_accelerate.py"
# Dense bf16 peak (FLOP/s), memory (bytes/s): NVIDIA's data sheets; network: eight 400 Gbit/s cards a node.
H100 = {"flops": 989e12, "memory": 3.35e12}
NODE_NETWORK, NVLINK = 400e9, 450e9  # bytes/s a node and a GPU, each way


def prepare(folder: Path, faces: int = 16, size: int = 512) -> Path:
    """A prepared folder of drawn discs in the columns that training reads."""
    from datasets import Dataset

    from scfegan_hf.faces import strokes

    def encode(array: np.ndarray, ending: str = ".png") -> dict:
        return {"bytes": cv2.imencode(ending, array)[1].tobytes(), "path": None}

    rows = []
    for number in range(faces):
        rng = np.random.default_rng(number)
        image = np.full((size, size, 3), rng.integers(40, 200, 3), np.uint8)
        for _ in range(12):
            cv2.circle(
                image, rng.integers(0, size, 2).tolist(), int(rng.integers(10, size // 4)), rng.integers(0, 255, 3).tolist(), -1
            )
        regions = (image[..., 0] > 120).astype(np.uint8) * 2
        rows.append({
            "image": encode(image, ".jpg"), "sketch": encode(strokes.line_strength(image)), "color": encode(image),
            "regions": encode(regions), "landmarks": [],
        })  # fmt: skip
    (folder / "data").mkdir(parents=True)
    for split in ("train", "validation"):
        Dataset.from_list(rows).to_parquet(str(folder / "data" / f"{split}-00000.parquet"))
    return folder


class BytesCounter(TorchDispatchMode):
    """Bytes that move when every operation reads what it is given and writes what it returns, views left out."""

    def __init__(self):
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, operation, types, given=(), named=None):
        found = operation(*given, **(named or {}))
        if not operation.is_view:
            tensors = [leaf for leaf in tree_leaves((given, named, found)) if isinstance(leaf, torch.Tensor)]
            self.total += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        return found


def flops_of_a_step(preset: str, perceptual: str, weights: str, resolution: int) -> dict[str, float]:
    """Multiplications and additions, as two operations, for one image by part; both passes of all networks."""
    recipe = SCFEGAN(preset=preset, perceptual=perceptual, perceptual_weights=weights)
    networks = recipe.networks()
    side, one = 128, {}  # all of it is proportional to the pixels
    generator = networks["generator"]
    fakes = {
        "image": torch.zeros(1, 3, side, side), "mask": torch.ones(1, 1, side, side), "sketch": torch.zeros(1, 1, side, side),
        "color": torch.zeros(1, 3, side, side), "color_mask": torch.zeros(1, 1, side, side),
        "noise": torch.zeros(1, 1, side, side), "mix": torch.zeros(1),
    }  # fmt: skip
    shared = Shared()
    for update in recipe.updates():
        for name, network in networks.items():
            network.requires_grad_(name in update.trains)
        with FlopCounterMode(display=False) as counter, BytesCounter() as moved:
            losses = update.loss(networks, fakes, shared)
            sum(value for key, value in losses.items() if not key.startswith("_")).backward()
        one[update.name] = counter.get_total_flops() * (resolution / side) ** 2
        one["bytes"] = one.get("bytes", 0) + moved.total * (resolution / side) ** 2
    one["parameters"] = sum(p.numel() for p in generator.parameters())
    one["discriminator parameters"] = sum(p.numel() for p in networks["discriminator"].parameters())
    return one


def measure(
    data: Path, weights: str, preset: str, resolution: int, precision: str, processes: int, options
) -> tuple[float, dict]:
    """Images a second over the steps after the first (median of the steps by the clock on the wall), and seconds by part."""

    def run(steps: int, profile: bool = False) -> tuple[list[dict], float, dict]:
        """Lines of the log that have a rate, seconds of processors, seconds by part."""
        with tempfile.TemporaryDirectory() as out:
            flags = {
                "train_data_dir": data, "output_dir": out, "preset": preset, "perceptual": options.perceptual,
                "perceptual_weights": weights, "resolution": resolution, "train_batch_size": options.batch,
                "mixed_precision": precision, "max_train_steps": steps, "logging_steps": 1, "report_to": "none",
                "validation_steps": 10**6, "num_validation_images": 1, "checkpointing_steps": 10**6,
                "dataloader_num_workers": 1, "expect_processes": processes,
            }  # fmt: skip
            torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
            command = [sys.executable, *(torchrun if processes > 1 else []), str(SCRIPT), "scfegan"]
            command += [f"--{key}={value}" for key, value in flags.items()] + (["--profile"] if profile else [])
            environment = {**os.environ, "OMP_NUM_THREADS": str(max(options.threads // processes, 1))}
            environment |= {} if torch.cuda.is_available() else {"ACCELERATE_USE_CPU": "1"}
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                raise SystemExit(f"The training ended with {done.returncode}:\n{done.stdout[-3000:]}")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            log = [json.loads(line) for line in (Path(out) / "log.jsonl").read_text().splitlines()]
            parts = json.loads((Path(out) / "profile.json").read_text()) if profile else {}
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            return [line for line in log if "images_per_second" in line], used, parts

    lines, used, profile = run(options.steps + 1, options.profile)
    if options.clock == "wall":
        return statistics.median(line["images_per_second"] for line in lines[1:]), profile
    _, start, _ = run(1)
    return options.steps * options.batch * processes / (used - start), profile


def product_rate(precision: str) -> float:
    """Operations a second of a large product of matrices on this machine: what there is to be had, measured."""
    device, side = ("cuda", 8192) if torch.cuda.is_available() else ("cpu", 2048)
    dtype = {"no": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    one, two = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(12):
        start = time.perf_counter()
        (one @ two)[0, 0].item()  # waits for a GPU
        seconds.append(time.perf_counter() - start)
    return 2 * side**3 / statistics.median(seconds[2:])


def calculate(flops: dict[str, dict[str, float]], batch: int) -> None:
    """A step of 64 H100 on 8 nodes: what each GPU computes, what the all-reduce moves, what is left of linear."""
    print(
        "\n| preset | GFLOP an image | bytes of the all-reduces | compute at 40% of peak (ms) | all-reduce (ms) | efficiency |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for preset, one in flops.items():
        work = one["generator"] + one["discriminator"]
        bytes_ = 4 * (one["parameters"] + one["discriminator parameters"])  # fp32, both turns
        compute = batch * work / (0.4 * H100["flops"])
        # Ring within a node, then between nodes over all cards of a node at once; nothing overlaps.
        reduce = 2 * bytes_ * (7 / 8) / NVLINK + 2 * bytes_ * (7 / 8) / NODE_NETWORK
        print(
            f"| {preset} | {work / 1e9:.0f} | {bytes_ / 1e6:.0f} M | {compute * 1e3:.1f} | {reduce * 1e3:.1f} "
            f"| {compute / (compute + reduce):.0%} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=["compact", "paper"])
    parser.add_argument("--resolutions", nargs="+", type=int, default=[256])
    parser.add_argument("--precisions", nargs="+", default=["no", "bf16"])
    parser.add_argument("--processes", nargs="+", type=int, default=[1])
    parser.add_argument("--perceptual", default="vgg16", choices=tuple(FEATURE_NETWORKS))
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--calculate", action="store_true", help="only the floor and the calculation for 64 GPUs")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as temporary:
        weights = str(Path(temporary) / "features.safetensors")
        save_file(FEATURE_NETWORKS[options.perceptual]().state_dict(), weights)
        resolution = options.resolutions[-1]
        flops = {p: flops_of_a_step(p, options.perceptual, weights, resolution) for p in options.presets}
        print(f"Operations for one image at {resolution} with {options.perceptual}, forward and backward:\n")
        print("| preset | G's turn (GFLOP) | D's turn (GFLOP) | moved, bf16 (GB) | H100 by operations (images/s) | by bytes |")
        print("|---|---:|---:|---:|---:|---:|")
        for preset, one in flops.items():
            work = one["generator"] + one["discriminator"]
            moved = one["bytes"] / 2  # counted in fp32
            print(
                f"| {preset} | {one['generator'] / 1e9:.0f} | {one['discriminator'] / 1e9:.0f} | {moved / 1e9:.1f} "
                f"| {H100['flops'] / work:.0f} | {H100['memory'] / moved:.0f} |"
            )
        calculate(flops, options.batch)
        if options.calculate:
            return
        data = prepare(Path(temporary) / "data")
        seconds = "second" if options.clock == "wall" else "second of a core"
        print(f"\n| preset | resolution | precision | processes | images a {seconds} | of a product's rate |")
        print("|---|---:|---|---:|---:|---:|")
        rates = {precision: product_rate(precision) for precision in options.precisions}
        for preset in options.presets:
            for resolution in options.resolutions:
                for precision in options.precisions:
                    for processes in options.processes:
                        rate, profile = measure(data, weights, preset, resolution, precision, processes, options)
                        one = flops[preset]
                        work = (one["generator"] + one["discriminator"]) * (resolution / options.resolutions[-1]) ** 2
                        share = rate * work / rates[precision]
                        cells = (preset, resolution, precision, processes, f"{rate:.3f}", f"{share:.0%}")
                        print(f"| {' | '.join(map(str, cells))} |", flush=True)
                        if profile:
                            total = sum(profile["seconds"].values())
                            parts = sorted(profile["seconds"].items(), key=lambda item: -item[1])
                            print("\n" + ", ".join(f"{name} {value / total:.0%}" for name, value in parts) + "\n")


if __name__ == "__main__":
    main()
