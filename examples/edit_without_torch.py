"""Edit a square photograph without PyTorch, by the file that `scfegan export --onnx edit.onnx` wrote.

    pip install onnxruntime numpy pillow
    python edit_without_torch.py edit.onnx photo.png mask.png edited.png [sketch.png [color.png]]

All pictures are square and of one size; the result has the network's resolution (256 for the weights in the package).
"""

import sys

import numpy as np
import onnxruntime
from PIL import Image

model, photo, mask, out, *drawn = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
side = session.get_inputs()[0].shape[2]


def layers(path: str | None, mode: str) -> np.ndarray:
    """The picture as (1, channels, side, side), float32 from 0 to 1; zeros where there is none."""
    picture = Image.open(path).convert(mode) if path else Image.new(mode, (side, side))
    if picture.width != picture.height:
        sys.exit(f"{path} is {picture.width}x{picture.height}: cut a square around what you edit.")
    array = np.asarray(picture.resize((side, side), Image.Resampling.BOX), np.float32) / 255
    return array.reshape(side, side, -1).transpose(2, 0, 1)[None]


sketch, color = (*drawn, None, None)[:2]
rgba = layers(color, "RGBA")
given = {
    "image": layers(photo, "RGB") * 2 - 1,  # pictures from -1 to 1
    "mask": (layers(mask, "L") > 0).astype(np.float32),  # 1 = repaint
    "sketch": (layers(sketch, "L") > 0).astype(np.float32),  # 1 = line
    "color": rgba[:, :3] * 2 - 1,
    "color_mask": (rgba[:, 3:] > 0.5).astype(np.float32),  # 1 = painted
    "noise": np.random.default_rng(0).standard_normal((1, 1, side, side)).astype(np.float32),
}
completed = session.run(["completed"], given)[0]  # from -1 to 1; outside the mask the photograph
Image.fromarray(((completed[0].transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)).save(out)
