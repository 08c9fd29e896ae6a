"""A VGG for images of 32 x 32 pixels, with batch norm and dropout, ready for training.

Layers without a name are called by what they are: conv_1, conv_1_relu, batch_normalization_1.
"""

from proto2net import Network
from proto2net.layers import Filler


class CifarVGG(Network):
    """Small photographs to a score for each of 10 classes, as CIFAR-10 has them.

    The scores (logits) are what a framework's own loss takes.
    """

    phase = "train"  # keeps the dropout, which a network of the test phase leaves out
    inputs = {"data": (None, 32, 32, 3)}
    weight_filler = Filler("msra")
    blocks = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    """Channels and number of the convolutions in front of each pooling."""
    fraction = 0.9
    """Of the averages of batch norm, what a batch leaves of them. Caffe's is 0.999: tests then use
    the last 1,000 batches or so, and after a short training they are of weights long gone."""

    def setup(self) -> None:
        self.feed("data")
        for channels, number in self.blocks:
            for index in range(number):
                if index > 0:
                    self.dropout(keep_prob=0.7 if channels == 64 else 0.6)
                self.conv(3, 3, channels, 1, 1, relu=False)
                self.batch_normalization(relu=True, moving_average_fraction=self.fraction)
            self.max_pool(2, 2, 2, 2)
        (
            self.dropout(keep_prob=0.5)
            .fc(512, relu=False)
            .batch_normalization(relu=True, moving_average_fraction=self.fraction)
            .dropout(keep_prob=0.5)
            .fc(10, relu=False, name="scores")
        )


if __name__ == "__main__":
    print(CifarVGG())
