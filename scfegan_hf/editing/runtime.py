"""The network that edits as a graph for OpenVINO, which a CPU runs quicker than PyTorch; made without tracing."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import torch
from torch import Tensor, nn

from scfegan_hf.layers.gated import LEAK, GatedConv2d, GatedUpsample
from scfegan_hf.layers.norms import LRN_BIAS, LRN_RADIUS, ChannelRMSNorm, LocalResponseNorm, ReferenceLocalResponseNorm
from scfegan_hf.layers.unet import HEAD_CHANNELS, LEAST_LENGTH, MOST_LOG_SHARPNESS, Attention, FoldedUNet, Residual
from scfegan_hf.models.residual import ResidualUNet
from scfegan_hf.models.scfegan import FoldedGenerator, PublishedGenerator, ResidualGenerator, SCFEGANGenerator

PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16"}
OPERATIONS = "opset13"  # of January 2024; all that is used here is older


def import_openvino() -> ModuleType:
    """The package ``openvino`` with its operations; ImportError where it is absent, or older than 2024.0.

    Its import would report itself to Google Analytics by its package ``openvino_telemetry`` and leave an identity in the
    home directory. Where that package is absent it has a stub that does nothing, so absent it is for the while.
    """
    import importlib

    sys.modules.setdefault("openvino_telemetry", None)
    try:
        openvino = importlib.import_module("openvino")
        importlib.import_module(f"openvino.{OPERATIONS}")
    finally:
        if sys.modules["openvino_telemetry"] is None:
            del sys.modules["openvino_telemetry"]
    return openvino


def hints(dtype: torch.dtype) -> dict[str, object]:
    """How OpenVINO is to compute: in ``dtype``, one answer as early as possible, by as many threads as PyTorch has now."""
    return {
        "INFERENCE_PRECISION_HINT": PRECISIONS[dtype],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,  # PyTorch's threads and other processes want the cores too
    }


class OpenVINONetwork:
    """A generator's pass by OpenVINO on the CPU: (1, C, R, R) to (1, 3, R, R), float32, R = ``resolution``.

    It has a copy of the weights as they are now, see `holds`. ``dtype``: float32 or bfloat16 to compute in. May be called
    from several threads; one pass follows the other. ImportError without OpenVINO.
    """

    def __init__(self, network: SCFEGANGenerator, dtype: torch.dtype):
        openvino = import_openvino()
        model, how = graph(network), hints(dtype)
        self.fill, self.color_flag = network.fill, network.color_flag

        def compiled():
            return openvino.Core().compile_model(model, "CPU", how).create_infer_request()

        # OpenVINO gives the thread it compiles in a signal stack of its own, and frees that wherever the network is dropped.
        # If another thread does so, the next signal to the first one ends the process: no thread of ours may be the first.
        with ThreadPoolExecutor(1) as passing:
            self._request = passing.submit(compiled).result()
        self._one_at_a_time = threading.Lock()
        self._weights = _fingerprint(network)

    def holds(self, network: nn.Module) -> bool:
        """Whether these are the network's weights: not since it went to another device or dtype, or was trained on."""
        return self._weights == _fingerprint(network)

    def __call__(self, assembled: Tensor) -> Tensor:
        with self._one_at_a_time:
            (answer,) = self._request.infer([assembled.contiguous().numpy()], share_inputs=True).values()
        return torch.from_numpy(answer)


def _fingerprint(network: nn.Module) -> list[tuple]:
    """Where each parameter lies and how often it was written to (which PyTorch does not count in inference mode)."""
    return [(p.device, p.data_ptr(), 0 if p.is_inference() else p._version) for p in network.parameters()]


def graph(network: SCFEGANGenerator):
    """What ``network.forward`` does with one square of the side ``network.resolution``, as an openvino.Model."""
    openvino = import_openvino()
    make = _Layers(getattr(openvino, OPERATIONS))
    side = network.resolution
    assembled = make.ops.parameter([1, network.in_channels, side, side], openvino.Type.f32, name="assembled")
    return openvino.Model([make.generated(assembled, network)], [assembled], "network")


class _Layers:
    """The layers of `layers/` in OpenVINO's operations."""

    def __init__(self, ops: ModuleType):
        self.ops = ops

    def number(self, value: float):
        return self.constant(torch.tensor([float(value)]))

    def constant(self, values: Tensor):
        return self.ops.constant(values.detach().float().contiguous().numpy())

    def parts(self, x, sizes: list[int]) -> list:
        """Along the channels."""
        return self.ops.variadic_split(x, 1, sizes).outputs()

    def rectified(self, x):
        return self.ops.prelu(x, self.number(LEAK))

    def generated(self, assembled, generator: SCFEGANGenerator):
        if isinstance(generator, ResidualGenerator):
            hidden = self.residual(assembled, generator.residual)
        elif isinstance(generator, FoldedGenerator):
            hidden = self.folded(assembled, generator.unet)
        else:
            hidden = self.published(assembled, generator)
        answer = self.ops.tanh(hidden)
        if generator.fill == "none":
            return answer
        return self.ops.add(self.image(assembled), self.ops.multiply(answer, self.number(2)))

    def image(self, assembled):
        return self.ops.slice(assembled, [0], [3], [1], [1])

    def folded(self, assembled, network: FoldedUNet):
        skips, hidden = [], self.convolved(self.ops.space_to_depth(assembled, "depth_first", network.fold), network.stem)
        for blocks, down in zip(network.encoder, network.down, strict=True):
            skips.append(self.summed(hidden, blocks))
            hidden = self.convolved(skips[-1], down)
        hidden = self.summed(hidden, network.deepest)
        for up, blocks in zip(network.up, network.decoder, strict=True):
            hidden = self.summed(self.ops.add(skips.pop(), self.unfolded(self.convolved(hidden, up))), blocks)
        return self.unfolded(self.convolved(self.rectified(hidden), network.head), network.fold)

    def summed(self, x, blocks: nn.Sequential):
        for block in blocks:
            inner = self.inner(x, block) if isinstance(block, Residual) else self.attended(x, block)
            x = self.ops.add(x, inner)
        return x

    def inner(self, x, block: Residual):
        return self.convolved(self.rectified(self.convolved(self.rectified(x), block.first)), block.second)

    def attended(self, x, block: Attention):
        sides = x.get_output_shape(0)
        places = sides[2] * sides[3]
        size = self.ops.constant([1, block.heads, HEAD_CHANNELS, places])
        parts = self.parts(self.convolved(x, block.queries_keys_values), [block.heads * HEAD_CHANNELS] * 3)
        query, key, value = (self.ops.reshape(part, size, special_zero=False) for part in parts)
        query, key = (self.directed(part) for part in (query, key))
        sharpness = self.constant(block.log_sharpness.clamp(max=MOST_LOG_SHARPNESS).exp())
        alike = self.ops.multiply(self.ops.matmul(query, key, True, False), sharpness)  # (1, heads, places, places)
        answer = self.ops.matmul(value, self.ops.softmax(alike, 3), False, True)
        answer = self.ops.reshape(answer, self.ops.constant(list(sides)), special_zero=False)
        return self.convolved(answer, block.out)

    def directed(self, x):
        """Divided by the length along the third dimension, as `F.normalize`."""
        length = self.ops.sqrt(self.ops.reduce_sum(self.ops.multiply(x, x), [2], keep_dims=True))
        return self.ops.divide(x, self.ops.maximum(length, self.number(LEAST_LENGTH)))

    def published(self, assembled, generator: PublishedGenerator):
        skips, hidden = [], assembled
        for stage in generator.encoder:
            skips.append(hidden)
            hidden = self.gated(hidden, stage)
        for stage in generator.bottleneck:
            hidden = self.gated(hidden, stage)
        for up, merge in zip(generator.upsample, generator.merge, strict=True):
            hidden = self.gated(self.ops.concat([skips.pop(), self.upsampled(hidden, up)], 1), merge)
        return hidden

    def residual(self, assembled, network: ResidualUNet):
        skips, hidden = [], self.convolved(self.ops.space_to_depth(assembled, "depth_first", 2), network.stem)
        for blocks, down in zip(network.encoder, network.down, strict=True):
            skips.append(self.added(hidden, blocks))
            hidden = self.convolved(self.rectified(skips[-1]), down)
        hidden = self.added(hidden, network.bottleneck)
        for up, merge, blocks in zip(network.up, network.merge, network.decoder, strict=True):
            both = self.ops.concat([skips.pop(), self.unfolded(self.convolved(hidden, up))], 1)
            hidden = self.added(self.convolved(both, merge), blocks)
        return self.unfolded(self.convolved(self.rectified(hidden), network.head))

    def unfolded(self, x, fold: int = 2):
        return self.ops.depth_to_space(x, "depth_first", fold)

    def added(self, x, blocks: nn.Sequential):
        for block in blocks:
            x = self.ops.add(x, self.convolved(self.gated(x, block.gated), block.conv))
        return x

    def convolved(self, x, conv: nn.Conv2d):
        pads = list(conv.padding)
        y = self.ops.convolution(x, self.constant(conv.weight), list(conv.stride), pads, pads, list(conv.dilation))
        return self.ops.add(y, self.constant(conv.bias.view(1, -1, 1, 1)))

    def gated(self, x, layer: GatedConv2d):
        features, gate = self.parts(self.convolved(x, layer.conv), layer.split)
        if layer.leak != 1:
            features = self.rectified(self.normed(features, layer.norm))
        return self.ops.multiply(features, self.ops.sigmoid(gate))

    def upsampled(self, x, layer: GatedUpsample):
        conv = layer.conv
        pads = list(conv.padding)
        y = self.ops.convolution_backprop_data(
            x, self.constant(conv.weight), list(conv.stride),
            pads_begin=pads, pads_end=pads, output_padding=list(conv.output_padding),
        )  # fmt: skip
        parts = self.parts(self.ops.add(y, self.constant(conv.bias.view(1, -1, 1, 1))), layer.split)
        features = self.rectified(self.normed(parts[0], layer.norm))
        return self.ops.multiply(features, self.ops.sigmoid(parts[-1] if layer.own_gate else features))

    def normed(self, x, norm: nn.Module):
        if isinstance(norm, LocalResponseNorm | ReferenceLocalResponseNorm):
            size = 2 * LRN_RADIUS + 1
            return self.ops.lrn(x, [1], alpha=float(size), beta=0.5, bias=LRN_BIAS, size=size)
        if isinstance(norm, ChannelRMSNorm):
            mean_square = self.ops.reduce_mean(self.ops.multiply(x, x), [1], keep_dims=True)
            root = self.ops.sqrt(self.ops.add(mean_square, self.number(1e-6)))
            return self.ops.multiply(self.ops.divide(x, root), self.constant(norm.scale[None]))
        if isinstance(norm, nn.Identity):
            return x
        raise TypeError(f"There is no OpenVINO graph of {type(norm).__name__}: the network computes by PyTorch.")
