"""The three networks of MTCNN, each more careful than the one before (Zhang et al. 2016, Joint Face Detection and Alignment).

They propose, sift and settle face boxes; the last one also tells five points. Pictures are RGB in [-1, 1], NCHW. Names of
parameters are those of the published weights in the package facenet-pytorch, as is the order in which features are flattened.
"""

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F


def _rising(number: int, channels: tuple[int, ...], kernels: tuple[int, ...]) -> dict[str, nn.Module]:
    """Convolutions with their rectifiers, by the published names, counted from ``number``."""
    layers: dict[str, nn.Module] = {}
    for step, kernel in enumerate(kernels):
        layers[f"conv{number + step}"] = nn.Conv2d(channels[step], channels[step + 1], kernel)
        layers[f"prelu{number + step}"] = nn.PReLU(channels[step + 1])
    return layers


class Proposal(nn.Module):
    """Any picture to the log-odds of a face (N, H', W') and shifts of its box's sides (N, 4, H', W').

    A place of the answer looks at 12 pixels; places are 2 pixels apart.
    """

    def __init__(self):
        super().__init__()
        for name, layer in _rising(1, (3, 10, 16, 32), (3, 3, 3)).items():
            self.add_module(name, layer)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        x = F.max_pool2d(self.prelu1(self.conv1(pictures)), 2, 2, ceil_mode=True)
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return _odds(self.conv4_1(x)), self.conv4_2(x)


class Sifting(nn.Module):
    """Squares of 24 pixels (N, 3, 24, 24) to the log-odds of a face (N,) and shifts of its sides (N, 4)."""

    def __init__(self):
        super().__init__()
        for name, layer in _rising(1, (3, 28, 48, 64), (3, 3, 2)).items():
            self.add_module(name, layer)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor]:
        x = F.max_pool2d(self.prelu1(self.conv1(squares)), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        x = self.prelu3(self.conv3(x))
        x = self.prelu4(self.dense4(_flat(x)))
        return _odds(self.dense5_1(x)), self.dense5_2(x)


class Settling(nn.Module):
    """Squares of 48 pixels (N, 3, 48, 48) to the log-odds of a face (N,), shifts (N, 4) and five points (N, 5, 2).

    Points are x, y as parts of the square: the eyes, the nose, the corners of the mouth, those to the left first.
    """

    def __init__(self):
        super().__init__()
        for name, layer in _rising(1, (3, 32, 64, 64, 128), (3, 3, 3, 2)).items():
            self.add_module(name, layer)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2, self.dense6_3 = nn.Linear(256, 2), nn.Linear(256, 4), nn.Linear(256, 10)

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = F.max_pool2d(self.prelu1(self.conv1(squares)), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self.prelu3(self.conv3(x)), 2, 2, ceil_mode=True)
        x = self.prelu5(self.dense5(_flat(self.prelu4(self.conv4(x)))))
        points = self.dense6_3(x).view(-1, 2, 5).transpose(1, 2)
        return _odds(self.dense6_1(x)), self.dense6_2(x), points


class Detector(nn.Module):
    """The three in one, to be saved and loaded as one."""

    def __init__(self):
        super().__init__()
        self.proposal, self.sifting, self.settling = Proposal(), Sifting(), Settling()

    @classmethod
    def from_file(cls, path: str | Path) -> "Detector":
        """From a safetensors file of any dtype, to compute in float32."""
        detector = cls()
        detector.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
        return detector.eval().requires_grad_(False)


def _flat(features: Tensor) -> Tensor:
    """(N, C, H, W) to (N, W * H * C), columns first, as the published weights count."""
    return features.permute(0, 3, 2, 1).flatten(1)


def _odds(logits: Tensor) -> Tensor:
    """Of a face against none."""
    return logits[:, 1] - logits[:, 0]
