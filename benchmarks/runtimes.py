"""One edit by several runtimes, in one run: PyTorch as it is, laid out, compiled, in bfloat16; ONNX Runtime; OpenVINO; int8.

    python benchmarks/runtimes.py [--threads 2] [--rounds 15] [--data PREPARED ...] [--exported EDIT.onnx]
    taskset -c 1 python benchmarks/runtimes.py --threads 1 --clock processor      # where the other cores are busy

Runtimes take turns in each round; medians are printed, and what is not installed is said to be absent. "network" is one pass,
"crop" the fill and a pass, × how many times quicker than plain PyTorch; "start" is loading, converting and the first pass (of
compilers, which are processes of their own, wall time alone knows). With ``--data``
(folders that `scfegan prepare` wrote) networks in int8 join, their ranges measured on edits of training faces, and so does
the benchmark of edits on validation faces for every runtime. ``--exported`` is what `scfegan export --onnx` writes.
"""

import argparse
import copy
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage.data import astronaut
from torch import Tensor

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
from scfegan_hf.conditioning import assemble
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.editing.runtime import hints, import_openvino

Network = Callable[[Tensor], Tensor]  # (1, C, R, R) to (1, 3, R, R), both float32
SPARE = "PyTorch, channels_last"  # what others are held against


class Absent(Exception):
    """A runtime that cannot be had here, and why."""


class EditBy(FaceEditPipeline):
    """The pipeline with another runtime for its network."""

    def __init__(self, generator: SCFEGANGenerator, network: Network):
        super().__init__(generator, "cpu")
        self.network = network

    def _generate(self, given: Tensor) -> Tensor:
        return self.network(given)


class Bench:
    """Makes each runtime's network of the same generator."""

    def __init__(self, generator: SCFEGANGenerator, threads: int, folder: Path, data: list[str]):
        self.generator, self.threads, self.folder, self.data = generator, threads, folder, data
        self.example = torch.zeros(1, generator.in_channels, generator.resolution, generator.resolution)

    def pytorch(self, dtype: torch.dtype = torch.float32, layout: torch.memory_format = torch.channels_last) -> Network:
        network = copy.deepcopy(self.generator).to(dtype, memory_format=layout)
        return lambda given: network(given.to(dtype, memory_format=layout)).float()

    def compiled(self, dtype: torch.dtype = torch.float32) -> Network:
        if shutil.which("g++") is None and shutil.which("clang++") is None:
            raise Absent("it needs a C++ compiler")
        network = copy.deepcopy(self.generator).to(dtype, memory_format=torch.channels_last)
        network = torch.compile(network, options={"freezing": True})  # weights are packed once
        return lambda given: network(given.to(dtype, memory_format=torch.channels_last)).float()

    def onnx_file(self) -> Path:
        path = self.folder / "network.onnx"
        if not path.exists():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that this exporter is the older one, and that sizes are fixed
                plain = copy.deepcopy(self.generator).to(memory_format=torch.contiguous_format)
                names = dict(input_names=["given"], output_names=["answer"])
                torch.onnx.export(plain, (self.example,), str(path), dynamo=False, opset_version=17, **names)
        return path

    def int8_file(self) -> Path:
        """Convolutions in int8 with a scale a channel, activations with the ranges seen in edits; the rest in float32."""
        if not self.data:
            raise Absent("its ranges are measured on faces: give --data")
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        class Reader(CalibrationDataReader):
            def __init__(self, arrays):
                self.left = iter(arrays)

            def get_next(self):
                return next(({"given": array} for array in self.left), None)

        path, before = self.folder / "int8.onnx", self.folder / "before.onnx"
        if not path.exists():
            quant_pre_process(str(self.onnx_file()), str(before))
            reader = Reader(seen_in_edits(self.generator, self.data))
            quantize_static(
                str(before), str(path), reader, quant_format=QuantFormat.QDQ, per_channel=True,
                op_types_to_quantize=["Conv"], activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            )  # fmt: skip
        return path

    def onnxruntime(self, int8: bool = False) -> Network:
        session = self.session(self.int8_file() if int8 else self.onnx_file())
        return lambda given: torch.from_numpy(session.run(None, {"given": given.contiguous().numpy()})[0])

    def session(self, path: Path):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = self.threads
        return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])

    def openvino(self, dtype: torch.dtype) -> Network:
        from scfegan_hf.editing.runtime import OpenVINONetwork

        return OpenVINONetwork(self.generator, dtype)  # as many threads as PyTorch was told

    def openvino_int8(self) -> Network:
        openvino = import_openvino()
        model = openvino.Core().compile_model(str(self.int8_file()), "CPU", hints(torch.bfloat16))
        return lambda given: torch.from_numpy(model(given.contiguous().numpy())[0])

    def openvino_traced(self) -> Network:
        """What converting by tracing costs at the start; the graph is the same."""
        openvino = import_openvino()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that torch.jit is deprecated, and that sizes are fixed
            model = openvino.convert_model(self.generator, example_input=self.example, input=self.example.shape)
        model = openvino.Core().compile_model(model, "CPU", hints(torch.bfloat16))
        return lambda given: torch.from_numpy(model(given.contiguous().numpy())[0])

    def jit(self) -> Network:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            torch.jit.trace(torch.nn.Identity(), torch.zeros(1))
        if told:
            raise Absent(f"PyTorch {torch.__version__} says: {told[0].message}")
        network = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(self.generator, self.example)))
        return lambda given: network(given.contiguous(memory_format=torch.channels_last))

    def runtimes(self) -> dict[str, Callable[[], Network]]:
        return {
            SPARE: self.pytorch,
            "PyTorch, NCHW": lambda: self.pytorch(layout=torch.contiguous_format),
            "PyTorch, bfloat16": lambda: self.pytorch(torch.bfloat16),
            "torch.jit, frozen": self.jit,
            "torch.compile": self.compiled,
            "torch.compile, bfloat16": lambda: self.compiled(torch.bfloat16),
            "ONNX Runtime": self.onnxruntime,
            "ONNX Runtime, int8": lambda: self.onnxruntime(int8=True),
            "OpenVINO": lambda: self.openvino(torch.float32),
            "OpenVINO, bfloat16": lambda: self.openvino(torch.bfloat16),
            "OpenVINO, bfloat16, traced": self.openvino_traced,
            "OpenVINO, int8 and bfloat16": self.openvino_int8,
        }

    def exported(self, path: Path | None, tensors: list[Tensor]) -> Callable[[], object]:
        """A crop by the file of `scfegan export`, whose graph holds the fill too."""
        from scfegan_hf.editing.export import INPUTS

        if path is None:
            raise Absent("give --exported FILE, which `scfegan export --onnx FILE` writes")
        session = self.session(path)
        given = {name: tensor.numpy() for name, tensor in zip(INPUTS, tensors, strict=True)}
        return lambda: session.run(None, given)


def drawings() -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """A photograph of 512x512, its lines, blurred dabs of its colours, and two holes: an eye, and the whole frame."""
    photo = astronaut()
    lines = cv2.Canny(cv2.GaussianBlur(photo, (0, 0), 2), 60, 120)
    colors = np.dstack([cv2.GaussianBlur(photo, (0, 0), 8), np.zeros(photo.shape[:2], np.uint8)])
    colors[24::48, :, 3] = colors[25::48, :, 3] = 255
    eye = np.zeros(photo.shape[:2], np.uint8)
    eye[90:140, 180:244] = 255
    return photo, lines, colors, {"an eye": eye, "the whole frame": np.full(photo.shape[:2], 255, np.uint8)}


def crop_tensors(side: int) -> list[Tensor]:
    """A crop of ``side`` with a hole over three quarters of each side: image, mask, sketch, colour, where, noise."""
    random = torch.Generator().manual_seed(0)
    mask = torch.zeros(1, 1, side, side)
    mask[..., side // 8 : -side // 8, side // 8 : -side // 8] = 1
    image = torch.rand(1, 3, side, side, generator=random) * 2 - 1
    lines = (torch.rand(1, 1, side, side, generator=random) > 0.99).float()
    return [image, mask, lines, image.clone(), lines.clone(), torch.randn(1, 1, side, side, generator=random)]


def seen_in_edits(generator: SCFEGANGenerator, data: list[str], faces: int = 12) -> list[np.ndarray]:
    """What the network is given in edits of training faces, for the ranges of int8."""
    from scfegan_hf.data.rows import load_rows
    from scfegan_hf.editing.benchmark import baselines, tasks

    seen: list[np.ndarray] = []

    def network(given: Tensor) -> Tensor:
        seen.append(given.contiguous().numpy())
        return given[:, :3]

    edit = baselines.of_pipeline(EditBy(generator, network)).edit
    rows = load_rows(data, "train")
    for task in tasks.make_tasks(rows, tasks.pick_faces(rows, faces), ("eye", "mouth", "hair", "free-form-30"), 1):
        edit(task, task.drawing_for("both"), 0)
    return seen


def compare_edits(edits: dict[str, FaceEditPipeline], data: list[str], faces: int, feature_weights: str | None) -> None:
    """The benchmark of edits for every runtime, and how far its results are from SPARE's."""
    from scfegan_hf.data.rows import load_rows
    from scfegan_hf.editing.benchmark import baselines, figures, judges, report, tasks

    rows = load_rows(data, "validation")
    chosen = tasks.pick_faces(rows, faces)
    methods = {name: baselines.of_pipeline(edit) for name, edit in edits.items()}
    judges = [judges.squeezenet_judge(feature_weights)] if feature_weights else []
    spare: dict[tuple, np.ndarray] = {}
    largest, mean = dict.fromkeys(edits, 0), {name: [] for name in edits}

    def show(task: tasks.EditTask, kind: str, name: str, result: np.ndarray) -> None:
        reference = spare.setdefault((task.face, task.name, kind), result)  # SPARE comes first
        difference = np.abs(result[task.mask].astype(int) - reference[task.mask])
        largest[name] = max(largest[name], int(difference.max()))
        mean[name].append(difference.mean())

    names = ("eye", "mouth", "hair", "free-form-30")
    found = figures.run(tasks.make_tasks(rows, chosen, names), methods, ("none", "both"), judges, 0, show)
    table = figures.tabulate(found)["all"]
    print(f"\nThe benchmark of edits: {len(chosen)} validation faces, {', '.join(names)}, {len(spare)} edits by each\n")
    print(report.task_table(table))
    print(f"\n| runtime | difference from {SPARE}, levels of 255: mean | largest |\n|---|---:|---:|")
    for name in edits:
        print(f"| {name} | {np.mean(mean[name]):.3f} | {largest[name]} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall", help="processor: one thread only")
    parser.add_argument("--model", default=BUNDLED_WEIGHTS, help="folder or Hub repository (default: the package's weights)")
    parser.add_argument("--data", nargs="+", default=[], metavar="PREPARED")
    parser.add_argument("--faces", type=int, default=24, help="validation faces of --data (default 24); 0: no edits")
    parser.add_argument("--feature-weights", metavar="FILE", help="SqueezeNet's, for the benchmark of edits")
    parser.add_argument("--exported", type=Path, metavar="FILE")
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="runtimes with one of these in their name")
    options = parser.parse_args()
    if options.clock == "processor" and options.threads > 1:
        parser.error("--clock processor adds up what several threads take: give --threads 1 as well")
    clock = time.perf_counter if options.clock == "wall" else time.process_time
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)

    generator = SCFEGANGenerator.from_pretrained(options.model).requires_grad_(False)
    photo, lines, colors, holes = drawings()
    tensors = crop_tensors(generator.resolution)
    settings = dict(fill=generator.fill, color_flag=generator.color_flag)
    starts, absent, edits, runs = {}, {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(generator, options.threads, Path(folder), options.data)
        for name, make in bench.runtimes().items():
            if name != SPARE and not any(text in name for text in options.only):
                continue
            begin = clock()
            try:
                network = make()
                with torch.inference_mode():
                    given = assemble(*tensors, **settings)
                    network(given)
            except (Absent, ImportError, RuntimeError) as error:  # the last: what this CPU cannot do
                absent[name] = str(error)
                continue
            starts[name] = clock() - begin
            edits[name] = EditBy(generator, network)
            runs[name, "network"] = lambda network=network, given=given: network(given)
            runs[name, "crop"] = lambda network=network: network(assemble(*tensors, **settings))
            for what, hole in holes.items():
                runs[name, what] = lambda edit=edits[name], hole=hole: np.asarray(edit(photo, hole, lines, colors).image)
        try:
            runs["exported file", "crop"] = bench.exported(options.exported, tensors)
            starts["exported file"] = float("nan")
        except (Absent, ImportError) as error:
            absent["the file of `scfegan export`"] = str(error)

        times, results = {key: [] for key in runs}, {}
        with torch.inference_mode():
            for turn in range(options.rounds + 1):
                for key, run in runs.items():
                    begin = clock()
                    results[key] = run()
                    if turn:  # the first one warms up
                        times[key].append(clock() - begin)
        medians = {key: statistics.median(values) for key, values in times.items()}

        print(
            f"{options.threads} threads, {options.clock} time, medians of {options.rounds}, torch {torch.__version__}, "
            f"crops of {generator.resolution}, edits of {photo.shape[1]}x{photo.shape[0]}\n"
        )
        columns = ["network", "crop", *holes]
        print("| runtime | start (s) | " + " | ".join(f"{what} (ms) | ×" for what in columns) + " | levels off, at most |")
        print("|---|---:|" + "---:|---:|" * len(columns) + "---:|")
        for name, start in starts.items():
            cells = [f"{start:.1f}"]
            for what in columns:
                if (name, what) not in runs:
                    cells += ["–", "–"]
                    continue
                cells += [f"{medians[name, what] * 1000:.0f}", f"{medians[SPARE, what] / medians[name, what]:.2f}"]
            pairs = [(results[name, hole].astype(int), results[SPARE, hole]) for hole in holes if (name, hole) in runs]
            off = max((np.abs(result - plain).max() for result, plain in pairs), default="–")
            print(f"| {name} | " + " | ".join(cells) + f" | {off} |")
        for name, why in absent.items():
            print(f"\nAbsent: {name}: {why}")
        if options.data and options.faces:
            compare_edits(edits, options.data, options.faces, options.feature_weights)


if __name__ == "__main__":
    main()
