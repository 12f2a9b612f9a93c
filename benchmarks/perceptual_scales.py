"""Scales of the perceptual losses of VGG-16 and SqueezeNet, as published, relative, and normalised by measurement.

    python benchmarks/perceptual_scales.py --squeezenet FILE [--vgg16 FILE] [--data PREPARED]

One row per network and kind of picture: the reference pair of losses/perceptual.py, and with --data held-out faces
beside their fill alone. Without --vgg16 its weights are drawn at random (He et al. 2015), and the row says so: that
shows the normalisation at work, not VGG-16's own scale.
"""

import argparse

import torch
from torch import nn

from scfegan_hf.conditioning import blend, fill_hole
from scfegan_hf.losses.perceptual import (
    loss_scales,
    perceptual_loss,
    reference_pair,
    style_loss,
)
from scfegan_hf.models.features import VGG16Features, feature_network
from scfegan_hf.recipes.scfegan import SCFEGAN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squeezenet", required=True)
    parser.add_argument("--vgg16")
    parser.add_argument("--data")
    parser.add_argument("--faces", type=int, default=16)
    options = parser.parse_args()
    networks = {"SqueezeNet": feature_network("squeezenet", options.squeezenet)}
    if options.vgg16:
        networks["VGG-16"] = feature_network("vgg16", options.vgg16)
    else:
        networks["VGG-16, random weights"] = random_vgg16()
    pictures = {"reference pair": reference_pair()}
    if options.data:
        pictures["faces and their fill"] = faces_and_fill(options.data, options.faces)
    print("| network | pictures | perceptual: absolute | relative | normalised | style: absolute | relative | normalised |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for name, network in networks.items():
        scales = loss_scales(network)
        for kind, (picture, changed) in pictures.items():
            with torch.no_grad():
                seen, target = network(changed), network(picture)
            cells = []
            for loss, scale in zip((perceptual_loss, style_loss), scales, strict=True):
                absolute, relative = (loss(seen, target, relative).item() for relative in (False, True))
                cells += [f"{absolute:.3g}", f"{relative:.4f}", f"{scale * relative:.4f}"]
            print(f"| {name} | {kind} | {' | '.join(cells)} |")


def random_vgg16() -> nn.Module:
    torch.manual_seed(0)
    network = VGG16Features()
    for layer in network.features.values():
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return network.eval()


def faces_and_fill(folder: str, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    dataset = SCFEGAN().dataset((folder,), "validation", 256, seed=0)
    batch = torch.utils.data.default_collate([dataset[number] for number in range(count)])
    image, mask = batch["image"], batch["mask"]
    filled = fill_hole(image, mask, batch["sketch"], batch["color"], batch["color_mask"], "walls")
    return image, blend(filled, image, mask)


if __name__ == "__main__":
    main()
