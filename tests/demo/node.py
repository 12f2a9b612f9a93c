"""The static site's engine, called in Node with NumPy arrays, and the pipeline that it is held against."""

import base64
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from scfegan_hf.editing import places
from scfegan_hf.editing.pipeline import FaceEditPipeline
from scfegan_hf.editing.result import EditResult

NODE = shutil.which("node")
CALL = Path(__file__).parent / "engine" / "call.js"
KINDS = {"uint8": "Uint8Array", "float32": "Float32Array", "int32": "Int32Array"}


class NetworkAlone:
    """A pipeline that does what the static site does: all holes by the network, and no detail pass.

    ``guess``: where nothing is drawn, which the site does too. What is drawn it cuts as if no face were there.
    """

    def __init__(self, pipeline: FaceEditPipeline, guess: bool = False):
        self.pipeline, self.guess = pipeline, guess

    def __call__(self, *layers: Any, **options: Any) -> EditResult:
        with mock.patch.object(places.Plan, "of", self._plan):
            return self.pipeline(*layers, detail=False, guess=self.guess, **options)

    @staticmethod
    def _plan(photo: np.ndarray, hole: np.ndarray, unseen: np.ndarray | None, drawn: np.ndarray) -> places.Plan:
        return places.Plan(photo.copy(), hole, unseen, [], [places.Part("network", hole)])


class Callback:
    """A function of engine/call.js, by name; ``path``: the file it works with."""

    def __init__(self, name: str, path: Path | None = None):
        self.name, self.path = name, path


def call(module: str, name: str, *args: Any, runtime: Path | None = None) -> Any:
    """What a function of the engine returns. ValueError with the words of an error that may be shown."""
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "question.json", Path(folder) / "answer.json"
        question.write_text(json.dumps({"module": module, "name": name, "args": _encoded(args)}))
        command = [NODE, CALL, question, answer, *([runtime] if runtime else [])]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert run.returncode == 0, run.stderr
        answered = json.loads(answer.read_text())
    if "said" in answered:
        raise ValueError(answered["said"])
    return _decoded(answered.get("value"))


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype == bool:
            value = value.astype(np.uint8)
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"array": data, "kind": KINDS[value.dtype.name], "shape": value.shape}
    if isinstance(value, Callback):
        return {"callback": value.name, "path": str(value.path)}
    if isinstance(value, bytes):
        return {"blob": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _encoded(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encoded(each) for each in value]
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and "array" in value:
        kind = next(name for name, other in KINDS.items() if other == value["kind"].replace("Clamped", ""))
        array = np.frombuffer(base64.b64decode(value["array"]), kind).reshape(value["shape"])
        return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if isinstance(value, dict) and "blob" in value:
        return base64.b64decode(value["blob"])
    if isinstance(value, dict):
        return {name: _decoded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    return value
