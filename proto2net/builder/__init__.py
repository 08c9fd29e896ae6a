"""Networks written by hand, as chains of layers: another way to make the graph.

`Network` takes the arguments of ethereon's caffe-tensorflow, `CaffeNetwork` those of Caffe.
"""

from proto2net.builder.caffe import CaffeNetwork
from proto2net.builder.chain import Chain
from proto2net.builder.network import Network

__all__ = ["CaffeNetwork", "Chain", "Network"]
