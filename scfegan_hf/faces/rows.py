"""Rows of prepared faces, decoded: pictures of one size, and landmarks in pixels."""

import numpy as np

from scfegan_hf.data.rows import decode_row


def decode_face(row: dict) -> dict[str, np.ndarray]:
    """Pictures of a prepared row as arrays (image and color RGB), landmarks in pixels as (98, 2) or (0, 2).

    Raises ValueError for a picture that is none, is cut short or has another size, OSError for one that has vanished.
    """
    face = decode_row(row)
    size = face["image"].shape[:2]
    for name, array in face.items():
        if name != "landmarks" and array.shape[:2] != size:
            raise ValueError(f"The column {name!r} of a prepared row is not of its photograph's size. Prepare it again.")
    return {**face, "landmarks": np.array(row["landmarks"], np.float32).reshape(-1, 2) * size[0]}
