"""What there is to choose from: several answers to one drawing, each with a word on how it was made, and no two alike."""

from dataclasses import dataclass

import numpy as np

# Mean difference in the hole, in levels of 255, from which on two answers are two: less is hardly seen side by side.
ALIKE = 3.0


@dataclass(frozen=True)
class Choice:
    """One way to answer. context: side of the crop in hole sizes; mirrored: seen left to right; detail: with the detail pass;
    feature: the first answer with the face's other eye or brow in it; guess: which of the guesses it starts from (guess.py);
    literal: of a drawing on a face, what was drawn and not what it means (draft.py)."""

    label: str
    context: float = 2.0
    mirrored: bool = False
    detail: bool = True
    feature: bool = False
    guess: int = 0
    literal: bool = False


# In the order in which they are offered: the first is what a single answer is, the next are the least like it.
CHOICES = (
    Choice("redrawn"),
    Choice("other side", feature=True),
    Choice("wider crop", context=2.8, mirrored=True),
    Choice("without texture", detail=False),
    Choice("closer crop", context=1.5),
    Choice("flipped", mirrored=True),
)

# The same where a face was drawn on: `redrawn` is what the drawing means.
DRAFTS = (CHOICES[0], Choice("to the letter", literal=True), *CHOICES[1:])

# The same where nothing was drawn and a face's colours are guessed.
GUESSES = (
    Choice("redrawn"),
    Choice("another guess", guess=1),
    Choice("other side", feature=True),
    Choice("a third guess", guess=2),
    Choice("a fourth guess", guess=3),
)


def alike(first: np.ndarray, second: np.ndarray, hole: np.ndarray) -> bool:
    """Whether two pictures, uint8 (H, W, 3), differ by less than ALIKE in the hole, bool (H, W)."""
    import cv2

    return cv2.norm(first, second, cv2.NORM_L1, hole.astype(np.uint8)) < ALIKE * 3 * max(int(hole.sum()), 1)
