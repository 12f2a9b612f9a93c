"""How close a result is to the truth, over a mask or in its light. Pictures are uint8 RGB (H, W, 3), masks bool (H, W)."""

import cv2
import numpy as np


def masked_l1(result: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """Mean absolute difference over the mask's pixels, in grey levels of 255."""
    return cv2.norm(result, truth, cv2.NORM_L1, mask.astype(np.uint8)) / (3 * int(mask.sum()))


def masked_psnr(result: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over the mask's pixels."""
    error = cv2.norm(result, truth, cv2.NORM_L2SQR, mask.astype(np.uint8)) / (3 * int(mask.sum()))
    return float(10 * np.log10(255**2 / max(error, 1e-10)))


def masked_ssim(result: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """Structural similarity of the grey pictures, averaged over the mask's pixels (Wang et al. 2004, with its window)."""
    from skimage.metrics import structural_similarity  # takes a second

    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (result, truth)]
    how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    _, similarity = structural_similarity(*grey, full=True, **how)
    return float(similarity[mask].mean())


def light(picture: np.ndarray) -> np.ndarray:
    """Luma (H, W) from 16 to 235 (ITU-R BT.601), by which enlargements are compared (Ledig et al. 2017, section 3.1)."""
    return picture.astype(np.float64) @ np.array([65.481, 128.553, 24.966]) / 255 + 16


def light_psnr(result: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio of the light in dB."""
    error = np.square(light(result) - light(truth)).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-10)))


def light_ssim(result: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity of the light (Wang et al. 2004, with its window)."""
    from skimage.metrics import structural_similarity  # takes a second

    how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return float(structural_similarity(light(result), light(truth), **how))
