"""LeNet-5 for MNIST as Caffe has it: the smallest whole network.

The graph is that of models/prototxt/lenet.prototxt, to the last parameter.
"""

from proto2net import CaffeNetwork
from proto2net.layers import Filler, ParamSpec


class LeNet(CaffeNetwork):
    """Handwritten digits to the probabilities of 0 to 9."""

    inputs = {"data": (None, 1, 28, 28)}
    weight_filler = Filler("xavier")
    bias_filler = Filler("constant")
    params = (ParamSpec(lr_mult=1), ParamSpec(lr_mult=2))  # biases learn twice as fast

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(20, kernel=5, name="conv1")
            .max_pool(kernel=2, stride=2, name="pool1")
            .conv(50, kernel=5, name="conv2")
            .max_pool(kernel=2, stride=2, name="pool2")
            .fc(500, relu="relu1", name="ip1")
            .fc(10, name="ip2")
            .softmax(name="prob")
        )


if __name__ == "__main__":
    print(LeNet())
