"""An edit as one ONNX file, which runs without PyTorch: `scfegan export --onnx OUT.onnx`."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from scfegan_hf.conditioning import assemble, blend
from scfegan_hf.files import replacing
from scfegan_hf.models.scfegan import SCFEGANGenerator

INPUTS = {"image": 3, "mask": 1, "sketch": 1, "color": 3, "color_mask": 1, "noise": 1}  # channels by name
OUTPUT = "completed"
OPSET = 17


class Edit(nn.Module):
    """Fill, network and blending in one: what training and the pipeline do with a square crop."""

    def __init__(self, generator: SCFEGANGenerator):
        super().__init__()
        self.generator = generator

    def forward(self, image: Tensor, mask: Tensor, sketch: Tensor, color: Tensor, color_mask: Tensor, noise: Tensor) -> Tensor:
        """Tensors as `conditioning.assemble` takes them, (N, C, R, R), to the completed image (N, 3, R, R) in [-1, 1]."""
        fill, flag = self.generator.fill, self.generator.color_flag
        given = assemble(image, mask, sketch, color, color_mask, noise, fill=fill, color_flag=flag)
        return blend(self.generator(given).clamp(-1, 1), image, mask)


def export_onnx(generator: SCFEGANGenerator, path: str | Path) -> None:
    """Write ``path``: an ONNX graph that holds its weights, for one square of the side ``generator.resolution``.

    Inputs, all float32: image and color (1, 3, R, R) in [-1, 1]; mask, sketch and color_mask (1, 1, R, R), 1 = hole, line,
    painted; noise (1, 1, R, R), normal. Output: completed (1, 3, R, R) in [-1, 1], the photograph outside the hole. Raises
    ModuleNotFoundError without the package ``onnx``.
    """
    import onnx  # noqa: F401  # PyTorch would miss it only when all work is done

    side = generator.resolution
    examples = tuple(torch.zeros(1, channels, side, side) for channels in INPUTS.values())
    with replacing(Path(path)) as partial, warnings.catch_warnings():
        # PyTorch's newer exporter takes minutes over the thousands of small steps of the fill, its older one seconds.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # sizes are fixed, as said above
        warnings.filterwarnings("ignore", "Constant folding")
        torch.onnx.export(
            Edit(generator).eval(), examples, str(partial), dynamo=False, opset_version=OPSET,
            input_names=list(INPUTS), output_names=[OUTPUT],
        )  # fmt: skip
