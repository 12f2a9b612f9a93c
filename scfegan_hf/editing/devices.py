"""Where a network computes, and in which numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def usable_device(name: str | torch.device) -> torch.device:
    """The device of that name. Raises ValueError for a name that PyTorch does not know, and for a device that is not here."""
    import torch

    try:
        device = torch.device(name)
        torch.zeros(1, device=device).tolist()  # which "meta" cannot
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # whichever a build without that device raises
        why = str(error).splitlines()[0]
        raise ValueError(f"There is no device {str(name)!r} here: give cpu, cuda or mps ({why}).") from error
    return device


def computing_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a CPU with instructions for it (AVX-512 BF16 or AMX), float32 on others and on GPUs.

    On CPUs without them, and with releases of PyTorch that cannot tell, bfloat16 would be slower than float32.
    """
    import torch

    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
            return torch.bfloat16
    return torch.float32
