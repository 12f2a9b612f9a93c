"""Edit a face by drawing on it: SC-FEGAN (Jo & Park, ICCV 2019) and its family.

The public names are imported when they are first asked for (PEP 562), so that `import scfegan_hf` waits for no PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scfegan_hf.editing.enlarging import PhotoEnlarging
    from scfegan_hf.editing.lines import FaceFromLines
    from scfegan_hf.editing.made_faces import FaceFromDoodle, FaceSampler
    from scfegan_hf.editing.pipeline import FaceEditPipeline
    from scfegan_hf.editing.result import EditResult
    from scfegan_hf.faces.makeup import Look, Tint
    from scfegan_hf.models.scfegan import SCFEGANDiscriminator, SCFEGANGenerator
    from scfegan_hf.portrait.age import AgePipeline
    from scfegan_hf.portrait.attributes import AttributePipeline
    from scfegan_hf.portrait.makeup import MakeupPipeline
    from scfegan_hf.portrait.result import PortraitResult
    from scfegan_hf.portrait.studio import Studio, studio
    from scfegan_hf.portrait.style import StylePipeline

__version__ = "0.1.0"
__all__ = [
    "AgePipeline",
    "AttributePipeline",
    "EditResult",
    "FaceEditPipeline",
    "FaceFromDoodle",
    "FaceFromLines",
    "FaceSampler",
    "Look",
    "MakeupPipeline",
    "PhotoEnlarging",
    "PortraitResult",
    "SCFEGANDiscriminator",
    "SCFEGANGenerator",
    "Studio",
    "StylePipeline",
    "Tint",
    "studio",
]

_HOMES = {
    "AgePipeline": "portrait.age",
    "AttributePipeline": "portrait.attributes",
    "EditResult": "editing.result",
    "FaceEditPipeline": "editing.pipeline",
    "FaceFromDoodle": "editing.made_faces",
    "FaceFromLines": "editing.lines",
    "FaceSampler": "editing.made_faces",
    "Look": "faces.makeup",
    "MakeupPipeline": "portrait.makeup",
    "PhotoEnlarging": "editing.enlarging",
    "PortraitResult": "portrait.result",
    "SCFEGANDiscriminator": "models.scfegan",
    "SCFEGANGenerator": "models.scfegan",
    "Studio": "portrait.studio",
    "StylePipeline": "portrait.style",
    "Tint": "faces.makeup",
    "studio": "portrait.studio",
}


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # asked for once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
