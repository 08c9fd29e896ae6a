"""Images as a network takes them: what `preprocess` of an emitted file makes, without that file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net.backends.preprocess import preprocess
from proto2net.backends.statements import lines_of
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph
from proto2net.images import prepared
from proto2net.shape import require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Preprocess = Callable[["Ndarray | str | Path"], "Ndarray"]


def preprocessor(graph: Graph, *, channels_last: bool = False) -> Preprocess:
    """What makes a batch of one of an image: an array as it is for `preprocess`, or a file.

    It raises Proto2NetError for what is no image, and so does this where nothing says how images
    are prepared.
    """
    found = prepared(graph)
    if found is None:
        raise Proto2NetError(
            "the definition does not say how images are prepared",
            "tell it with --mean, --scale or --channels, or with --transform-from and the "
            "definition of the training",
        )
    options: dict[str, Any] = {}
    if found.usage.mean:
        from proto2net.caffe.preparing import mean_of

        options["mean"] = mean_of(found.usage.mean.file)
    elif found.transform.mean_file:
        raise Proto2NetError(
            f"images are prepared with the mean image {found.transform.mean_file}, which is not "
            "given",
            f"give it, as in --mean {Path(found.transform.mean_file).name}",
        )
    run = _function(graph, channels_last=channels_last)
    grey = found.channels == 1

    def prepare(image: Ndarray | str | Path) -> Ndarray:
        try:
            made: Ndarray = run(image_of(image, grey=grey), **options)
        except ValueError as error:
            raise Proto2NetError(str(error)) from None
        except ImportError as error:
            raise _without_opencv(error) from None
        return made

    return prepare


def image_of(image: Ndarray | str | Path, *, grey: bool = False) -> Ndarray:
    """The image of a file, or an array that is one: RGB (H, W, 3), or grey (H, W).

    Raises Proto2NetError for what is no image.
    """
    import numpy as np

    if isinstance(image, str | Path):
        return _read(image, grey=grey)
    image = np.asarray(image)
    kind = "grey (H, W)" if grey else "RGB (H, W, 3)"
    fits = image.ndim == 2 if grey else image.shape[2:] == (3,)
    require(fits, f"the image must be {kind}, and not {image.shape}")
    if image.dtype == np.uint8:
        return image
    fits = not image.any() or 1 < image.max() <= 255
    require(fits, f"values must be 0 to 255, and not up to {image.max()}")
    return image.astype(np.float32)


def _read(file: str | Path, *, grey: bool) -> Ndarray:
    import numpy as np

    try:
        import cv2

        data = np.fromfile(file, np.uint8)
    except ImportError as error:
        raise _without_opencv(error) from None
    except OSError as error:
        raise Proto2NetError(f"{error.filename}: {error.strerror}") from None
    way = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR
    image: Any = cv2.imdecode(data, way) if data.size else None
    if image is None:
        raise Proto2NetError(f"{file}: OpenCV finds no image in this file")
    found: Ndarray = image if grey else image[..., ::-1]
    return found


def _without_opencv(error: ImportError) -> Proto2NetError:
    hint = "`pip install opencv-python-headless` installs what reads and resizes images"
    return Proto2NetError(f"this image cannot be prepared here: {error}", hint)


def _function(graph: Graph, *, channels_last: bool) -> Callable[..., Ndarray]:
    """The very function that is printed."""
    import numpy as np

    source = "\n".join(lines_of(preprocess(graph, channels_last=channels_last), 0))
    names: dict[str, Any] = {"np": np, "Path": Path}
    exec(compile(source, "<preprocess>", "exec"), names)  # noqa: S102  # our own rendering
    made: Callable[..., Ndarray] = names["preprocess"]
    return made
