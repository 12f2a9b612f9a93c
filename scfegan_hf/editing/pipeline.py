"""FaceEditPipeline: a photograph and a drawing in, the edited photograph out. Pixels outside the mask never change.

The network works on a square crop around each hole; its answer is pasted back at full resolution and meets the photograph
without a pixel of what was erased (seam.py). PyTorch and OpenCV are imported where they are first needed, so that
importing this file is quick.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scfegan_hf.editing.candidates import CHOICES, DRAFTS, GUESSES, Choice, alike
from scfegan_hf.editing.crops import context_of, shrink
from scfegan_hf.editing.devices import computing_dtype, usable_device
from scfegan_hf.editing.holes import hole_groups
from scfegan_hf.editing.looking import looks, part, trace
from scfegan_hf.editing.photos import PictureLike, read_photo
from scfegan_hf.editing.result import EditResult

if TYPE_CHECKING:
    import torch

    from scfegan_hf.editing.guess import Guesser
    from scfegan_hf.editing.places import Plan
    from scfegan_hf.editing.runtime import OpenVINONetwork
    from scfegan_hf.models.scfegan import SCFEGANGenerator

BUNDLED_WEIGHTS = Path(__file__).parents[1] / "weights"

MAX_CANDIDATES = 4
# redraw: the network repaints what is erased; recolor: what is there takes the painted colours (editing/recolor.py).
MODES = ("redraw", "recolor")
RUNTIMES = ("pytorch", "openvino")
# Where OpenVINO is the default if it is installed: where its advantage was measured (docs/history).
OPENVINO_MACHINES = ("x86_64", "AMD64")
TOO_LARGE = "The hole is too large for texture from its surroundings, so what was repainted is smooth. Edit it part by part."
log = logging.getLogger(__name__)


class FaceEditPipeline:
    """Edits photographs with a generator; see `__call__`."""

    def __init__(self, generator: SCFEGANGenerator, device: str | torch.device | None = None):
        """``generator`` computes by PyTorch in the dtype it has, on ``device`` (default: the first GPU, else the CPU)."""
        import torch

        self.openvino: OpenVINONetwork | None = None  # see `from_pretrained`
        default = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = usable_device(default if device is None else device)
        self.generator = generator.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(
        cls,
        path_or_repo_id: str | Path | None = None,
        device: str | torch.device | None = None,
        dtype: torch.dtype | str | None = None,
        runtime: str | None = None,
        **kwargs,
    ):
        """From a folder or Hub repository, or (None) from the weights that the package carries.

        ``dtype`` to compute in: by default bfloat16 on CPUs that have instructions for it (`computing_dtype`), where
        tested edits are within 2 of 255 levels of the same in float32, and float32 elsewhere. ``runtime`` of the network:
        "pytorch", "openvino" (CPU; needs the package of that name), or None for OpenVINO on an x86 CPU where it is installed
        and no ``dtype`` is given, else PyTorch. OpenVINO's copy of the weights is made here; when ``pipe.generator`` is
        changed or moved later, PyTorch computes. ``kwargs`` go to `SCFEGANGenerator.from_pretrained` (revision, token,
        cache_dir, local_files_only). ValueError for a runtime that does not go with device or dtype, ModuleNotFoundError
        for one that is asked for and not installed.
        """
        from scfegan_hf.models.scfegan import SCFEGANGenerator

        if runtime is not None and runtime not in RUNTIMES:
            raise ValueError(f"runtime must be one of {', '.join(RUNTIMES)} or None, not {runtime!r}.")
        kwargs["dtype"] = "float32" if dtype is None else dtype
        pipe = cls(SCFEGANGenerator.from_pretrained(path_or_repo_id or BUNDLED_WEIGHTS, **kwargs), device)
        computing = computing_dtype(pipe.device) if dtype is None else next(pipe.generator.parameters()).dtype
        if runtime == "openvino":
            pipe._use_openvino(computing)
        elif runtime is None and dtype is None and pipe.device.type == "cpu" and platform.machine() in OPENVINO_MACHINES:
            pipe._use_openvino_if_it_works(computing)
        if pipe.openvino is None:
            pipe.generator.to(computing)
        return pipe

    def _use_openvino(self, dtype: torch.dtype) -> None:
        from scfegan_hf.editing.runtime import PRECISIONS, OpenVINONetwork

        if self.device.type != "cpu" or dtype not in PRECISIONS:
            raise ValueError(f'runtime="openvino" computes on the CPU in float32 or bfloat16, not on {self.device} in {dtype}.')
        self.openvino = OpenVINONetwork(self.generator, dtype)

    def _use_openvino_if_it_works(self, dtype: torch.dtype) -> None:
        if find_spec("openvino") is None:
            return
        try:
            self._use_openvino(dtype)
        except (ImportError, AttributeError, TypeError, OSError, RuntimeError) as error:  # too old, or does not run here
            log.warning("OpenVINO is installed but does not work, so PyTorch computes, slower. Update it. (%s)", error)

    def read_all(self) -> None:
        """Read what else an edit may need (what reads drawings), which is else read when it is first needed."""
        from scfegan_hf.editing.draft import networks

        networks()

    def __getstate__(self) -> dict:
        return {**self.__dict__, "openvino": None}  # copies and pickles compute by PyTorch

    def __call__(
        self,
        image: PictureLike,
        mask: PictureLike | None = None,
        sketch: PictureLike | None = None,
        color: PictureLike | None = None,
        *,
        mode: str = "redraw",
        seed: int = 0,
        num_candidates: int = 1,
        invert: bool | None = None,
        detail: bool = True,
        keep_tint: bool = True,
        guess: bool = True,
        grow: int | str = 0,
    ) -> EditResult:
        """Repaint ``image`` where ``mask`` is marked, along the lines of ``sketch`` and in the colours of ``color``.

        PIL images, paths, bytes or uint8 arrays, all of the photograph's size (64x64 to 100 megapixels). Marked is what
        lies above half of the mask's or sketch's own range; a feathered mask blends as softly as it was drawn. color:
        RGBA, painted where it is opaque. Both count inside the mask only. A mask that marks over half is refused unless
        ``invert`` says that black means repaint (True) or that it is meant so (False). The same ``seed`` gives the same
        result. ``guess``: on a face, ask first what is meant by what is drawn and seen around it (editing/draft.py), where
        nothing is drawn for each ``seed`` but 0 in another way, and cut it no larger than its frame; False leaves it to the
        network, which follows what is drawn to the letter. Candidates after the first are made in other ways, which
        ``labels`` tell (editing/candidates.py); there may be fewer than ``num_candidates`` (1 to 4), since no two are alike.
        ``detail``: give the answer texture from the photograph around it (editing/detail.py). ``keep_tint``: a photograph in
        grey or in one tint stays so, and a painted colour counts as its lightness; False takes colours as they are.
        ``grow``: pixels to add to the mask all around, or "auto" for as many as leave no rim of what it covers
        (`suggest_mask`). Raises ValueError that says what to do.

        ``mode="recolor"`` keeps what is there and changes its colour: each part of a face that ``color`` touches takes it,
        limited by ``mask`` if there is one; there is one result, and no sketch (`recolor_photo`).
        """
        from scfegan_hf.editing.detail import too_large
        from scfegan_hf.editing.guess import Guesser
        from scfegan_hf.editing.marks import read_color, read_mask, read_sketch
        from scfegan_hf.editing.places import Plan
        from scfegan_hf.editing.rims import fitted
        from scfegan_hf.editing.tint import tint_of

        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}.")
        if not 0 <= seed < 2**63 - len(CHOICES):
            raise ValueError(f"seed must be a whole number from 0 to 2**63 - {len(CHOICES) + 1}, not {seed}.")
        if not 1 <= num_candidates <= MAX_CANDIDATES:
            raise ValueError(f"num_candidates must be between 1 and {MAX_CANDIDATES}, not {num_candidates}.")
        if mode == "recolor":
            from scfegan_hf.editing.recolor import recolor_photo

            result, notes = recolor_photo(image, mask, sketch, color, invert=bool(invert))
            return EditResult([result], notes, ["recoloured"])
        if mask is None:
            raise ValueError("Give a mask: sketch and color only count where it is non-zero.")
        photo = read_photo(image)
        size = photo.rgb.shape[:2]
        marked = read_mask(mask, size, turned=photo.turned, invert=invert)
        lines = np.zeros(size, bool) if sketch is None else read_sketch(sketch, size, turned=photo.turned)
        paint, painted = np.zeros_like(photo.rgb), np.zeros(size, bool)
        if color is not None:
            paint, painted = read_color(color, size, turned=photo.turned)
        marked, unknown, tight = fitted(photo.rgb, marked, photo.unseen, grow)
        hole, unseen = marked.hole, photo.unseen
        outside = [
            f"The {name} lies wholly outside the mask, where it counts for nothing."
            for name, layer in (("sketch", lines), ("color", painted))
            if layer.any() and not (layer & hole).any()
        ]

        tint = tint_of(photo.rgb, ~hole if unknown is None else ~(hole | unknown)) if keep_tint else None
        if tint:
            paint = tint(paint)
        plan = Plan.of(photo.rgb, hole, unknown, lines | painted)
        drawn = ((lines | painted) & hole).any()
        guesser = Guesser.of_plan(plan, looks(), drawn) if guess else None
        choices = CHOICES if not guesser else DRAFTS if drawn else GUESSES
        how = {"seed": seed, "count": num_candidates, "detail": detail, "framed": guess}
        pictures = self._candidates(plan, (lines, paint, painted), guesser, choices, **how)
        for rgb in pictures.values():
            if tint:
                rgb[hole] = tint(rgb[hole])
            marked.soften(rgb, photo.rgb, unseen)
        images = [photo.with_pixels(rgb, marked.opaque(photo.alpha)) for rgb in pictures.values()]
        smooth = [TOO_LARGE] if detail and any(too_large(box) for box in plan.boxes("network", "walls")) else []
        return EditResult(images, (*photo.notes, *outside, *tight, *smooth), list(pictures))

    def _candidates(
        self,
        plan: Plan,
        layers: tuple,
        guesser: Guesser | None,
        choices: Sequence[Choice],
        *,
        seed: int,
        count: int,
        detail: bool,
        framed: bool,
    ) -> dict[str, np.ndarray]:
        """At most ``count`` answers by what they are, uint8 RGB (H, W, 3), no two alike. layers: lines, colours, where;
        ``framed``: no crop of a face is larger than its frame."""
        import torch

        from scfegan_hf.editing.draft import Draft

        draft = Draft(guesser, *layers) if guesser else None
        answers: dict[str, np.ndarray] = {}
        for number, choice in enumerate(choices):
            if len(answers) == count:
                break
            if choice.feature:
                rgb = self._mirrored(plan, next(iter(answers.values())))
            elif choice.detail or detail:
                rgb, left = plan.begun(seed + number)
                noise = torch.Generator().manual_seed(seed + number)
                given = layers
                if draft and not choice.literal:
                    other = choice.guess or (seed and choices is GUESSES)
                    given = draft(seed, np.random.default_rng((seed, choice.guess)) if other else None)
                for part in plan.parts:
                    for box in hole_groups(part.mask):
                        with_detail = choice.detail and detail
                        frame = looks().nearest(plan.seen, box) if framed else None
                        crop = (context_of(box, frame, choice.context), choice.mirrored)
                        self._edit_hole(rgb, box, part, left, plan.unseen, *given, crop, noise, with_detail)
            else:
                rgb = None
            if rgb is not None and not any(alike(rgb, other, plan.hole) for other in answers.values()):
                answers[choice.label] = rgb
        return answers

    def _mirrored(self, plan: Plan, answer: np.ndarray) -> np.ndarray | None:
        """The answer with the face's other eye or brow in it; None where that would not do."""
        from scfegan_hf.editing.mirror import with_mirrored_features

        if plan.unseen is not None:
            return None
        return with_mirrored_features(plan.rgb, answer, plan.hole, plan.boxes("network"), looks())

    def trace(self, image: PictureLike, level: int = 60) -> np.ndarray:
        """`trace`, for those who hold a pipeline."""
        return trace(image, level)

    def suggest_mask(self, image: PictureLike, mask: PictureLike) -> tuple[np.ndarray, int]:
        """A mask as it should be for nothing of what it covers to be left: uint8 (H, W), 255 = repaint, and the pixels that
        it was grown by (0: it is well as it is). Arguments and errors as of an edit."""
        from scfegan_hf.editing.marks import read_mask
        from scfegan_hf.editing.rims import grown, too_tight_by

        photo = read_photo(image)
        hole = read_mask(mask, photo.rgb.shape[:2], turned=photo.turned, invert=False).hole
        pixels = too_tight_by(photo.rgb, hole)
        return grown(hole, pixels).astype(np.uint8) * 255, pixels

    def part(self, image: PictureLike, point: tuple[int, int]) -> tuple[str, np.ndarray]:
        """`part`, for those who hold a pipeline."""
        return part(image, point)

    def _edit_hole(self, rgb, box, part, hole, unseen, lines, paint, painted, crop: tuple[float, bool], noise, detail) -> None:
        """Repaint what of the part is in ``box``, in place. ``hole``, bool (H, W), is all that is still to be filled;
        ``unseen``, bool (H, W) or None: no context either. ``crop``: its side in hole sizes, and whether it is mirrored."""
        import cv2
        import torch

        from scfegan_hf.conditioning import assemble, context_square, fill_hole
        from scfegan_hf.data.pictures import to_tensors
        from scfegan_hf.editing.detail import too_large
        from scfegan_hf.editing.seam import join

        height, width = rgb.shape[:2]
        work = self.generator.resolution
        context, mirrored = crop
        x0, y0, x1, y1 = context_square(box, height, width, context, int(context * work / 4))
        side = max(x1 - x0, y1 - y0)
        erased, seen = hole[y0:y1, x0:x1], rgb[y0:y1, x0:x1]
        if unseen is not None:
            erased = erased | unseen[y0:y1, x0:x1]
            seen = np.where(erased[..., None], np.uint8(128), seen)  # making it small mixes neighbours
        small = shrink(seen, erased, *(layer[y0:y1, x0:x1] for layer in (lines, paint, painted)), work)
        with torch.inference_mode():
            tensors = [tensor[None].to(self.device) for tensor in to_tensors(*small).values()]
            field = torch.randn(1, 1, work, work, generator=noise).to(self.device)
            if mirrored:
                tensors = [tensor.flip(3) for tensor in tensors]
            filled = fill_hole(*tensors, "walls") if part.kind == "walls" else None
            assembled = assemble(*tensors, field, fill=self.generator.fill, color_flag=self.generator.color_flag)
            generated = self._generate(assembled) if part.kind == "network" else filled
            if mirrored:
                generated = generated.flip(3)
            answer = ((generated[0].clamp(-1, 1) + 1) * 127.5).permute(1, 2, 0).cpu().numpy()

        target = (side, side)
        answer = cv2.resize(answer, target, interpolation=cv2.INTER_AREA if side < work else cv2.INTER_CUBIC)
        answer = answer[: y1 - y0, : x1 - x0]
        bx0, by0, bx1, by1 = box
        margin = 2 + int(2 * side / work)
        left, top = max(bx0 - margin, x0), max(by0 - margin, y0)
        around = np.s_[top : min(by1 + margin, y1), left : min(bx1 + margin, x1)]
        inside = np.s_[around[0].start - y0 : around[0].stop - y0, around[1].start - x0 : around[1].stop - x0]
        own = np.zeros_like(erased[inside], np.uint8)
        own[by0 - top : by1 - top, bx0 - left : bx1 - left] = part.mask[by0:by1, bx0:bx1]
        answer[inside] = join(answer[inside], rgb[around], erased[inside], side / work)
        if detail and not too_large(box):
            shown, unknown = rgb, hole
            if unseen is not None:
                shown, unknown = np.where(unseen[..., None], np.uint8(128), rgb), unknown | unseen
            answer = self._detailed(answer, (x0, y0, x1, y1), box, shown, unknown, lines, side / work, noise.initial_seed())
        joined = answer[inside].clip(0, 255)
        rgb[around] = cv2.copyTo(np.rint(joined).astype(np.uint8), own, rgb[around].copy())

    def _detailed(self, *arguments) -> np.ndarray:
        """`detailed` by the package's annotator, which remembers the faces of the last photographs."""
        from scfegan_hf.editing.detail import detailed

        *arguments, seed = arguments
        return detailed(*arguments, looks(), seed)

    def _generate(self, assembled: torch.Tensor) -> torch.Tensor:
        """Assembled input (1, 9 or 10, R, R), float32, to the network's answer (1, 3, R, R), float32."""
        import torch

        if self.openvino is not None and self.openvino.holds(self.generator):
            return self.openvino(assembled)
        dtype = next(self.generator.parameters()).dtype
        return self.generator(assembled.to(dtype, memory_format=torch.channels_last)).float()
