"""The app as on a ZeroGPU Space: the real package `spaces`, but the CPU answers where it would find a GPU.

usage: on_zero_gpu.py WEIGHTS; prints the app's address and serves it until the input ends. Its environment says where the
server is that lends GPUs (test_gpu.py). Only what a PyTorch for CPUs lacks is made up here.
"""

import mmap
import os
import sys

import torch


def not_forked() -> bool:
    return False


def on_cpu(device):
    return torch.device("cpu") if device is not None and torch.device(device).type == "cuda" else device


def cpu_for_gpu(_uuid: str) -> None:
    """In the forked process, where `spaces` would wake the GPU: from now on it is the CPU."""
    to, tensor = torch.Tensor.to, torch.tensor

    def moved(self, *given, **options):
        return to(self, *(on_cpu(item) if isinstance(item, str | torch.device) else item for item in given), **options)

    def pinned(self):  # on a page's border, as pinned memory is
        return torch.frombuffer(mmap.mmap(-1, self.nbytes), dtype=torch.uint8)

    torch.Tensor.to, torch.Tensor.pin_memory = moved, pinned
    torch.Tensor.cuda = lambda self, *_, **__: self.clone()
    torch.tensor = lambda *given, device=None, **options: tensor(*given, device=on_cpu(device), **options)
    torch.cuda.synchronize = lambda *_: None


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.version.cuda = torch.version.cuda or "12.8"
    torch._C._cuda_init = getattr(torch._C, "_cuda_init", None)
    torch.cuda._is_in_bad_fork = not_forked

    from scfegan_hf.demo import launch  # before `spaces`, as in app.py
    from scfegan_hf.demo.gpu import gpu_is_lent

    assert gpu_is_lent()
    import spaces.zero.torch

    spaces.zero.torch.init = cpu_for_gpu
    app, address = launch(sys.argv[1], prevent_thread_lock=True)
    print(f"served at {address}", flush=True)
    os.read(0, 1)  # not by sys.stdin, whose lock a forked process would wait for
    app.close()
