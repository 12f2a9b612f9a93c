"""Small trainings that differ in one thing each, with the same samples: the choices behind `compact`.

    python benchmarks/ablation.py PREPARED [PREPARED ...] --perceptual_weights FILE --out OUT [--steps 150]

Prints a table of validation figures after the same number of steps, and the seconds a step took, each variant alone.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

VARIANTS = {
    "compact": {},
    "full gates, norm lrn": {"gate": "full", "norm": "lrn"},
    "fill none": {"fill": "none"},
    "fill pyramid": {"fill": "pyramid"},
    "norm rms": {"norm": "rms"},
    "full gates": {"gate": "full"},
    "norm lrn": {"norm": "lrn"},
    "no tenth channel": {"color_flag": False},
    "width 24": {"width": 24},
    "width 40": {"width": 40},
    "up-convolutions 5x5": {"upsample_kernel": 5},
    "last up-convolution of 3": {"head_width": 3},
    "up-convolutions with gates": {"upsample_gate": "conv"},
    "seven halvings": {"stages": 7},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--perceptual_weights", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--window", type=int, default=0, help="as --window of the recipe")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="a training each; figures are means")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    options = parser.parse_args()
    script = Path(__file__).resolve().parent.parent / "train_accelerate.py"
    print("| variant | images | masked PSNR (dB) | feature distance | seconds a step |\n|---|---:|---:|---:|---:|")
    for name in options.variants:
        runs = [train(name, seed, script, options) for seed in options.seeds]
        psnr, distance, seconds = (sum(figures) / len(runs) for figures in zip(*runs, strict=True))
        print(f"| {name} | {options.steps * options.batch} | {psnr:.2f} | {distance:.4f} | {seconds:.2f} |", flush=True)


def train(name: str, seed: int, script: Path, options: argparse.Namespace) -> tuple[float, float, float]:
    """PSNR, feature distance and seconds a step (median) of one variant."""
    out = options.out / f"{name.replace(' ', '-').replace(',', '')}-{seed}"
    command = [
        sys.executable, str(script), "scfegan", "--output_dir", str(out), "--train_data_dir", *options.data,
        "--perceptual", "squeezenet", "--perceptual_weights", options.perceptual_weights, "--resolution", "128",
        "--train_batch_size", str(options.batch), "--window", str(options.window), "--seed", str(seed),
        "--mixed_precision", "bf16", "--learning_rate", "3e-4", "--lr_warmup_steps", "30",
        "--ema_decay", "0.98", "--max_train_steps", str(options.steps), "--validation_steps", str(options.steps),
        "--checkpointing_steps", "100000", "--logging_steps", "10", "--dataloader_num_workers", "1",
        "--num_validation_images", "64", "--report_to", "none", "--generator_options", json.dumps(VARIANTS[name]),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    rates = sorted(line["images_per_second"] for line in log if "images_per_second" in line)
    last = [line for line in log if "validation_masked_psnr" in line][-1]
    return last["validation_masked_psnr"], last["validation_feature_distance"], options.batch / rates[len(rates) // 2]


if __name__ == "__main__":
    main()
