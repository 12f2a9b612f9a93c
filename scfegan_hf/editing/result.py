"""What an edit hands back: pictures, and words on them."""

from dataclasses import dataclass, field

from PIL import Image

from scfegan_hf.editing.saving import save_edited


@dataclass(frozen=True)
class EditResult:
    """Edited photographs, PIL images of the input's size, mode RGB, or L for a grey photograph, with A if it had transparency.

    Their ``info`` holds the photograph's profile, EXIF and resolution. notes: sentences on what was converted or ignored;
    labels: how each picture was made, in a few words.
    """

    images: list[Image.Image]
    notes: tuple[str, ...] = ()
    labels: list[str] = field(default_factory=list)

    @property
    def image(self) -> Image.Image:
        """The first candidate."""
        return self.images[0]

    def save(self, path, quality: int | None = None) -> None:
        """The first candidate as PNG, TIFF, lossless WebP or JPEG, by the name's ending; see `saving.encode_edited`."""
        save_edited(self.image, path, quality)
