"""Edit a face by drawing on it: SC-FEGAN (Jo & Park, ICCV 2019) and its family."""

from scfegan_hf.models.scfegan import SCFEGANDiscriminator, SCFEGANGenerator
from scfegan_hf.pipeline import EditResult, FaceEditPipeline

__version__ = "0.1.0"
__all__ = ["EditResult", "FaceEditPipeline", "SCFEGANDiscriminator", "SCFEGANGenerator"]
