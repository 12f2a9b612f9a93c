"""Networks as ONNX files, which run without PyTorch: `scfegan export --onnx OUT.onnx`, an edit as one file."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from scfegan_hf.conditioning import assemble, blend
from scfegan_hf.files import replacing
from scfegan_hf.models.scfegan import SCFEGANGenerator

INPUTS = {"image": 3, "mask": 1, "sketch": 1, "color": 3, "color_mask": 1, "noise": 1}  # channels by name
OUTPUT = "completed"
UNBLENDED = "generated"
OPSET = 17
# Smaller tensors than this stay in full precision: biases and norms weigh little and matter.
LEAST_HALVED = 1024


class Edit(nn.Module):
    """Fill, network and blending in one: what training and the pipeline do with a square crop."""

    def __init__(self, generator: SCFEGANGenerator):
        super().__init__()
        self.generator = generator

    def forward(self, image: Tensor, mask: Tensor, sketch: Tensor, color: Tensor, color_mask: Tensor, noise: Tensor) -> Tensor:
        """Tensors as `conditioning.assemble` takes them, (N, C, R, R), to the completed image (N, 3, R, R) in [-1, 1]."""
        fill, flag = self.generator.fill, self.generator.color_flag
        assembled = assemble(image, mask, sketch, color, color_mask, noise, fill=fill, color_flag=flag)
        return blend(self.unblended(assembled), image, mask)

    def unblended(self, assembled: Tensor) -> Tensor:
        """The network's answer to its assembled input, (N, 3, R, R) in [-1, 1]."""
        return self.generator(assembled).clamp(-1, 1)


class UnblendedEdit(Edit):
    """The same without blending, for those who blend at the photograph's size."""

    def forward(self, image: Tensor, mask: Tensor, sketch: Tensor, color: Tensor, color_mask: Tensor, noise: Tensor) -> Tensor:
        """As `Edit.forward`, to what the network says everywhere, (N, 3, R, R) in [-1, 1]."""
        fill, flag = self.generator.fill, self.generator.color_flag
        return self.unblended(assemble(image, mask, sketch, color, color_mask, noise, fill=fill, color_flag=flag))


def export_onnx(generator: SCFEGANGenerator, path: str | Path, *, blended: bool = True) -> None:
    """Write ``path``: an ONNX graph that holds its weights, for one square of the side ``generator.resolution``.

    Inputs, all float32: image and color (1, 3, R, R) in [-1, 1]; mask, sketch and color_mask (1, 1, R, R), 1 = hole, line,
    painted; noise (1, 1, R, R), normal. Output: completed (1, 3, R, R) in [-1, 1], the photograph outside the hole; or, not
    ``blended``, generated, the network's answer everywhere. Raises ModuleNotFoundError without the package ``onnx``.
    """
    side = generator.resolution
    examples = tuple(torch.zeros(1, channels, side, side) for channels in INPUTS.values())
    edit, output = (Edit, OUTPUT) if blended else (UnblendedEdit, UNBLENDED)
    export_module(edit(generator), examples, path, list(INPUTS), [output])


def export_module(
    module: nn.Module, examples: tuple[Tensor, ...], path: str | Path, inputs: list[str], outputs: list[str], **options
) -> None:
    """Write a module as an ONNX graph, with names for its inputs and outputs; ``options`` go to `torch.onnx.export`."""
    import onnx  # noqa: F401  # PyTorch would miss it only when all work is done

    with replacing(Path(path)) as partial, warnings.catch_warnings():
        # PyTorch's newer exporter takes minutes over the thousands of small steps of the fill, its older one seconds.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # sizes are fixed, as said above
        warnings.filterwarnings("ignore", "Constant folding")
        torch.onnx.export(
            module.eval(), examples, str(partial), dynamo=False, opset_version=OPSET,
            input_names=inputs, output_names=outputs, **options,
        )  # fmt: skip


def compact(path: str | Path) -> None:
    """Make an ONNX file small, in place: constants folded, weights kept in fp16 and computed with in float32.

    Needs the packages ``onnx`` and ``onnxruntime``.
    """
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # higher ones are no plain ONNX
    with replacing(Path(path)) as folded:
        options.optimized_model_filepath = str(folded)
        options.log_severity_level = 3
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    model = onnx.load(str(path))
    weights, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.FLOAT and values.size >= LEAST_HALVED:
            name = f"{tensor.name}.half"
            weights.append(numpy_helper.from_array(values.astype(np.float16), name))
            casts.append(helper.make_node("Cast", [name], [tensor.name], to=TensorProto.FLOAT))
        else:
            weights.append(tensor)
    nodes = [*casts, *model.graph.node]
    for field, values in ((model.graph.initializer, weights), (model.graph.node, nodes)):
        kept = list(values)
        del field[:]
        field.extend(kept)
    standard = [entry for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    del model.opset_import[:]
    model.opset_import.extend(standard)
    onnx.checker.check_model(model)
    with replacing(Path(path)) as partial:
        onnx.save(model, str(partial))
