"""A long run in stretches, on whatever machine there is: what each of them was, in a line of stretches.jsonl."""

import json
import os
import platform
from pathlib import Path

import torch


def note_stretch(out: Path, first: int, step: int, images: int, seconds: float, device: torch.device, metrics: dict) -> None:
    """Append a line: steps from ``first`` to ``step``, samples of the whole run, hours and machine of this stretch, figures."""
    line = {
        "first_step": first,
        "step": step,
        "images": images,
        "hours": round(seconds / 3600, 3),
        "machine": machine(device),
        **metrics,
    }
    with open(out / "stretches.jsonl", "a") as opened:
        opened.write(json.dumps(line) + "\n")


def machine(device: torch.device) -> str:
    """The GPU's name, or the CPU's architecture, what it has for small numbers, and how many threads computed."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    able = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    small = ", ".join(name for name in ("amx_bf16", "avx512_bf16") if able.get(name)) or "no bf16"
    return f"{platform.machine()}, {small}, {torch.get_num_threads()} of {os.cpu_count()} threads"
