"""Caffe's files through OpenCV's names: for scripts that say cv2.dnn.readNetFromCaffe.

OpenCV 5 has no reader of Caffe's files. A script changes one import and stays as it is:

    import proto2net.cv as dnn
    net = dnn.readNetFromCaffe("deploy.prototxt", "net.caffemodel")

Every other name is that of cv2.dnn, which is imported when it is asked for.
"""

from __future__ import annotations

from typing import Any

from proto2net.cv.layer import Layer
from proto2net.cv.net import Net
from proto2net.cv.source import Buffer, Source, is_caffe
from proto2net.errors import Proto2NetError

__all__ = ["Layer", "Net", "readNet", "readNetFromCaffe"]

REMOVED = {
    "readNetFromDarknet": "it reads no files of Darknet",
    "readNetFromTorch": "it reads no files of Torch7",
    "readTorchBlob": "it reads no files of Torch7",
    "shrinkCaffeModel": "OpenCV wrote smaller .caffemodel files so",
}
"""Names that OpenCV 4 has and OpenCV 5 has not: what is said of them there."""


def readNetFromCaffe(
    prototxt: str | Buffer | None = None,
    caffeModel: str | Buffer | None = None,
    *,
    bufferProto: Buffer | None = None,
    bufferModel: Buffer | None = None,
    **options: Any,
) -> Net:
    """The network of a prototxt and a .caffemodel: their paths, or what they hold as bytes.

    The options are those of `proto2net.parse`, such as `fork` and `ignore_unknown_fields`.
    """
    definition = prototxt if prototxt is not None else bufferProto
    weights = caffeModel if caffeModel is not None else bufferModel
    if definition is None:
        raise Proto2NetError("readNetFromCaffe was given no prototxt", "give its path, or its text")
    return Net(Source.read(definition, weights, options))


def readNet(model: Any, config: Any = "", framework: Any = "", *more: Any, **named: Any) -> Any:
    """As cv2.dnn.readNet: Caffe's files are read here, and others by OpenCV."""
    if not isinstance(config, str):  # framework, bufferModel, bufferConfig
        if str(model).lower() == "caffe":
            return readNetFromCaffe(framework, config)
    elif is_caffe(model, config, framework):
        first, second = (config, model) if str(model).endswith(".caffemodel") else (model, config)
        return readNetFromCaffe(first or second, second if first else None)
    return __getattr__("_opencv").readNet(model, config, framework, *more, **named)


def __getattr__(name: str) -> Any:
    """Whatever else cv2.dnn has."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from proto2net.cv.opencv import opencv

    dnn = opencv().dnn
    if name == "_opencv":
        return dnn
    if not hasattr(dnn, name):
        what = f'; "{name}" was removed: {REMOVED[name]}' if name in REMOVED else ""
        version = opencv().__version__
        raise AttributeError(f"OpenCV {version} has no cv2.dnn.{name}{what}")
    return getattr(dnn, name)


def __dir__() -> list[str]:
    from proto2net.cv.opencv import opencv

    return sorted({*globals(), *dir(opencv().dnn)})
