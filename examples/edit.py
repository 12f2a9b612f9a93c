"""Edit a photograph in Python: erase a mouth, draw another one, give the lips a colour."""

import sys

import numpy as np
from PIL import Image, ImageDraw

from scfegan_hf import FaceEditPipeline

photo = Image.open(sys.argv[1]).convert("RGB")
width, height = photo.size
mask, sketch = Image.new("L", photo.size), Image.new("L", photo.size)
color = Image.new("RGBA", photo.size)

# A mouth in a portrait that is cropped as FFHQ is; move the box for yours.
left, top, right, bottom = 0.38 * width, 0.66 * height, 0.62 * width, 0.80 * height
ImageDraw.Draw(mask).ellipse((left, top, right, bottom), fill=255)
smile = ImageDraw.Draw(sketch)
smile.arc((left + 10, top - 30, right - 10, bottom - 15), 25, 155, fill=255, width=2)
smile.arc((left + 10, top - 60, right - 10, bottom - 28), 35, 145, fill=255, width=2)
ImageDraw.Draw(color).arc((left + 14, top - 32, right - 14, bottom - 18), 40, 140, fill=(190, 90, 95, 255), width=8)

result = FaceEditPipeline.from_pretrained()(photo, mask, sketch, color, seed=0)
result.save("edited.png")
print("wrote edited.png;", int((np.asarray(result.image) != np.asarray(photo)).any(2).sum()), "pixels changed")
