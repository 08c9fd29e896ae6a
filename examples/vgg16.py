"""VGG-16 for ImageNet: a network by loops.

A call on `self` goes on with the chain where the call before it ended.
"""

from proto2net import CaffeNetwork
from proto2net.layers import Filler

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and number of the convolutions in front of each pooling."""


class VGG16(CaffeNetwork):
    """Photographs to the probabilities of 1000 classes."""

    inputs = {"data": (None, 3, 224, 224)}
    input_layer = "input"
    weight_filler = Filler("msra")

    def setup(self) -> None:
        self.feed("data")
        for block, (channels, number) in enumerate(BLOCKS, start=1):
            for index in range(1, number + 1):
                place = f"{block}_{index}"
                self.conv(channels, kernel=3, pad=1, relu=f"relu{place}", name=f"conv{place}")
            self.max_pool(kernel=2, stride=2, name=f"pool{block}")
        for number in (6, 7):
            self.fc(4096, relu=f"relu{number}", name=f"fc{number}")
            self.dropout(0.5, name=f"drop{number}", top=f"fc{number}")
        self.fc(1000, name="fc8").softmax(name="prob")


if __name__ == "__main__":
    print(VGG16())
