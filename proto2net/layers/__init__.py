"""Every layer type of Caffe, one dataclass each, by family: a family is imported when it is met."""

from typing import TYPE_CHECKING, Any

from proto2net.layers import registry
from proto2net.layers.base import LAYERS as LAYERS
from proto2net.layers.base import Filler as Filler
from proto2net.layers.base import Layer as Layer
from proto2net.layers.base import Learned as Learned
from proto2net.layers.base import ParamSpec as ParamSpec
from proto2net.layers.base import Unstated as Unstated
from proto2net.layers.base import layer as layer
from proto2net.layers.base import per_axis as per_axis
from proto2net.layers.base import shortest as shortest
from proto2net.layers.python import PYTHON_LAYERS as PYTHON_LAYERS
from proto2net.layers.python import python_layer as python_layer

if TYPE_CHECKING:
    from proto2net.layers.activation import *
    from proto2net.layers.axes import *
    from proto2net.layers.combine import *
    from proto2net.layers.crf import *
    from proto2net.layers.data import *
    from proto2net.layers.dense import *
    from proto2net.layers.detection import *
    from proto2net.layers.faces import *
    from proto2net.layers.flow import *
    from proto2net.layers.flow_data import *
    from proto2net.layers.loss import *
    from proto2net.layers.mnc import *
    from proto2net.layers.mscnn import *
    from proto2net.layers.mscnn_training import *
    from proto2net.layers.normalize import *
    from proto2net.layers.pooling import *
    from proto2net.layers.rcnn import *
    from proto2net.layers.recurrent import *
    from proto2net.layers.resize import *
    from proto2net.layers.ristretto import *
    from proto2net.layers.roi import *
    from proto2net.layers.sampling import *
    from proto2net.layers.space import *
    from proto2net.layers.ssd import *
    from proto2net.layers.ssd_data import *
    from proto2net.layers.subpixel import *
    from proto2net.layers.training import *
    from proto2net.layers.upsample import *
    from proto2net.layers.vision import *
    from proto2net.layers.yolo import *


def __getattr__(name: str) -> Any:
    """A class of a family, or the names that `from proto2net.layers import *` takes."""
    if name == "__all__":
        return [each for each in __dir__() if not each.startswith("_")]
    family = registry.families().classes.get(name)
    if family is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(registry.family(family), name)


def __dir__() -> list[str]:
    """What can be had from here."""
    return sorted({*globals(), *registry.families().classes})
