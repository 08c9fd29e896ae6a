"""ResNet-18 and ResNet-50 for ImageNet: blocks as methods, and one loop for both networks.

Layers are called as in the published ResNet-50, models/prototxt/resnet50.prototxt.
"""

from string import ascii_lowercase

from proto2net import Network
from proto2net.layers import Filler


class ResNet18(Network):
    """Photographs to the probabilities of 1000 classes, by 8 blocks of two layers."""

    name = "ResNet-18"
    inputs = {"data": (None, 224, 224, 3)}
    input_layer = "input"
    weight_filler = Filler("msra")
    blocks = (2, 2, 2, 2)
    """How many blocks each of the four stages has."""
    channels = 64
    """How many channels the first stage makes; each one after it makes twice as many."""

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(7, 7, 64, 2, 2, padding=3, relu=False, name="conv1")
            .batch_normalization(
                scale_offset="scale_conv1", relu="conv1_relu", name="bn_conv1", top="conv1"
            )
            .max_pool(3, 3, 2, 2, padding=0, name="pool1")
        )
        before = 64
        for stage, number in enumerate(self.blocks):
            channels = self.channels * 2**stage
            for letter in ascii_lowercase[:number]:
                stride = 2 if stage > 0 and letter == "a" else 1
                project = stride > 1 or channels != before
                self.block(f"{stage + 2}{letter}", channels, stride, project)
                before = channels
        self.avg_pool(7, 7, 1, 1, padding=0, name="pool5")
        self.fc(1000, relu=False, name="fc1000").softmax(name="prob")

    def block(self, name: str, channels: int, stride: int, project: bool) -> None:
        """What a branch makes of its input, added to that, or to a projection of that."""
        (bottom,) = self.terminals
        shortcut = bottom
        if project:
            shortcut = self.unit(f"{name}_branch1", 1, channels, stride, relu=False)
        self.feed(bottom)
        last = self.branch(f"{name}_branch2", channels, stride)
        self.feed(shortcut, last).add(name=f"res{name}")
        self.relu(name=f"res{name}_relu", top=f"res{name}")

    def branch(self, name: str, channels: int, stride: int) -> str:
        """Two convolutions of 3 x 3 pixels; the name of the last."""
        self.unit(f"{name}a", 3, channels, stride)
        return self.unit(f"{name}b", 3, channels, relu=False)

    def unit(
        self, place: str, size: int, channels: int, stride: int = 1, *, relu: bool = True
    ) -> str:
        """A convolution, and in place its batch norm, factor and offset, and ReLU; its name."""
        name = f"res{place}"
        pad = size // 2
        self.conv(
            size, size, channels, stride, stride, padding=pad, biased=False, relu=False, name=name
        )
        self.batch_normalization(
            scale_offset=f"scale{place}",
            relu=f"{name}_relu" if relu else False,
            name=f"bn{place}",
            top=name,
        )
        return name


class ResNet50(ResNet18):
    """Photographs to the probabilities of 1000 classes, by 16 blocks of three layers."""

    name = "ResNet-50"
    blocks = (3, 4, 6, 3)
    channels = 256

    def branch(self, name: str, channels: int, stride: int) -> str:
        """One convolution of 3 x 3 pixels, which sees a quarter of the channels."""
        self.unit(f"{name}a", 1, channels // 4, stride)
        self.unit(f"{name}b", 3, channels // 4)
        return self.unit(f"{name}c", 1, channels, relu=False)


if __name__ == "__main__":
    print(ResNet18())
    print(ResNet50())
