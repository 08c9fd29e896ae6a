"""SSD in small: a whole network, and detections by chance with what is to be found in them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from samples.sample import layer

Ndarray = np.ndarray[Any, np.dtype[Any]]
Box = list[float]

IMAGES, PRIORS, CLASSES = 3, 50, 4

OPTIONS: dict[str, dict[str, Any]] = {
    "corner": {"code_type": "CORNER", "confidence_threshold": 0.4},
    "corner_size": {"code_type": "CORNER_SIZE", "nms_param": {"nms_threshold": 0.2}},
    "center_size": {
        "code_type": "CENTER_SIZE",
        "nms_param": {"nms_threshold": 0.45, "top_k": 9},
        "keep_top_k": 11,
    },
    "each_class_for_itself": {
        "code_type": "CENTER_SIZE",
        "share_location": False,
        "background_label_id": 2,
        "confidence_threshold": 0.6,
    },
    "no_background": {
        "code_type": "CENTER_SIZE",
        "share_location": False,
        "background_label_id": -1,
        "keep_top_k": 30,
    },
    "variance_in_target": {"variance_encoded_in_target": True, "keep_top_k": 5},
    "some_images_without": {"confidence_threshold": 0.99, "code_type": "CENTER_SIZE"},
    "nothing_kept": {"keep_top_k": 0},
    "all_kept": {"nms_param": {"nms_threshold": 2, "top_k": -1}},
}


def definition(options: dict[str, Any]) -> str:
    """A DetectionOutput of these options, fed with locations, confidences and prior boxes."""
    classes = CLASSES if options.get("share_location") is False else 1
    shapes = {
        "loc": (IMAGES, PRIORS * classes * 4),
        "conf": (IMAGES, PRIORS * CLASSES),
        "prior": (1, 2, PRIORS * 4),
    }
    inputs = [
        layer("Input", "", name, f"input_param {{ shape {{ {_dims(shape)} }} }}", name)
        for name, shape in shapes.items()
    ]
    text = _text({"num_classes": CLASSES} | options)
    detection = layer("DetectionOutput", "loc conf prior", "y", f"detection_output_param {text}")
    return "\n".join([*inputs, detection])


def _dims(shape: tuple[int, ...]) -> str:
    return " ".join(f"dim: {size}" for size in shape)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {' '.join(f'{name}: {_text(v)}' for name, v in value.items())} }}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def predictions(options: dict[str, Any]) -> dict[str, Ndarray]:
    """Locations, confidences and prior boxes by chance."""
    rng = np.random.default_rng(3)
    classes = CLASSES if options.get("share_location") is False else 1
    start = rng.random((PRIORS, 2)) * 0.6
    boxes = np.concatenate((start, start + 0.1 + rng.random((PRIORS, 2)) * 0.3), axis=1)
    variances = np.tile([0.1, 0.1, 0.2, 0.2], PRIORS)
    return {
        "loc": rng.normal(0, 0.7, (IMAGES, PRIORS * classes * 4)).astype(np.float32),
        "conf": rng.random((IMAGES, PRIORS * CLASSES), np.float32),
        "prior": np.stack((boxes.ravel(), variances))[None].astype(np.float32),
    }


def expected(options: dict[str, Any], fed: dict[str, Ndarray]) -> Ndarray:
    """What is found, by SSD's rules, one box after the other."""
    nms = options.get("nms_param", {})
    shared = options.get("share_location", True)
    loc = fed["loc"].reshape(IMAGES, PRIORS, -1, 4).astype(float)
    conf = fed["conf"].reshape(IMAGES, PRIORS, CLASSES)
    corners, variances = fed["prior"].reshape(2, PRIORS, 4).astype(float)
    if options.get("variance_encoded_in_target"):
        variances = np.ones_like(variances)
    rows = []
    for image in range(IMAGES):
        found = []
        for label in range(CLASSES):
            if label == options.get("background_label_id", 0):
                continue
            boxes = [
                _decoded(corners[p], variances[p] * t, options.get("code_type", "CORNER"))
                for p, t in enumerate(loc[image, :, 0 if shared else label])
            ]
            scores = conf[image, :, label]
            least = options.get("confidence_threshold", -math.inf)
            order = sorted(np.flatnonzero(scores > least), key=lambda p: -scores[p])
            if nms.get("top_k", -1) >= 0:
                order = order[: nms["top_k"]]
            kept: list[Box] = []
            for p in order:
                if all(_overlap(boxes[p], k) <= nms.get("nms_threshold", 0.3) for k in kept):
                    kept.append(boxes[p])
                    found.append([image, label, scores[p], *boxes[p]])
        if 0 <= options.get("keep_top_k", -1) < len(found):
            best = sorted(found, key=lambda row: -row[2])[: options["keep_top_k"]]
            found = [row for row in found if row in best]
        rows += found
    nothing = [[image, *[-1] * 6] for image in range(IMAGES)]
    return np.array([[rows or nothing]], np.float32)


def _decoded(prior: Ndarray, t: Ndarray, code_type: str) -> Box:
    width, height = prior[2] - prior[0], prior[3] - prior[1]
    if code_type == "CORNER":
        return [float(p + s) for p, s in zip(prior, t, strict=True)]
    if code_type == "CORNER_SIZE":
        sides = (width, height, width, height)
        return [float(p + s * side) for p, s, side in zip(prior, t, sides, strict=True)]
    x = prior[0] + width / 2 + t[0] * width
    y = prior[1] + height / 2 + t[1] * height
    w, h = width * math.exp(t[2]) / 2, height * math.exp(t[3]) / 2
    return [float(x - w), float(y - h), float(x + w), float(y + h)]


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (sum(areas) - width * height)


# ---- a whole network ------------------------------------------------------------------------


def small_ssd(batch: int, height: int, width: int) -> str:
    """Two feature maps, of which the first is normalised, with boxes for 3 classes."""
    image = f"input_param {{ shape {{ {_dims((batch, 3, height, width))} }} }}"
    feature = "num_output: 5 kernel_size: 3 stride: 4"
    return "\n".join(
        [
            layer("Input", "", "data", image, "data"),
            _convolution("data", "one", feature),
            layer("Normalize", "one", "norm", NORM, "norm"),
            _convolution("one", "two", feature),
            *_head("norm", "min_size: 8 max_size: 14.5 aspect_ratio: 2 clip: true", boxes=4),
            *_head("two", "min_size: 20 aspect_ratio: 3 flip: false step: 16", boxes=2),
            layer("Concat", "norm_loc_flat two_loc_flat", "loc", name="loc"),
            layer("Concat", "norm_conf_flat two_conf_flat", "conf", name="conf"),
            layer("Concat", "norm_prior two_prior", "prior", "concat_param { axis: 2 }", "prior"),
            layer("Reshape", "conf", "scores", SCORES, "scores"),
            layer("Softmax", "scores", "shares", "softmax_param { axis: 2 }", "shares"),
            layer("Flatten", "shares", "flat", name="flat"),
            layer("DetectionOutput", "loc flat prior", "found", FOUND, "found"),
        ]
    )


NORM = "norm_param { across_spatial: false channel_shared: false scale_filler { value: 3 } }"
SCORES = "reshape_param { shape { dim: 0 dim: -1 dim: 3 } }"
FOUND = (
    "detection_output_param { num_classes: 3 code_type: CENTER_SIZE keep_top_k: 12 "
    "nms_param { nms_threshold: 0.4 top_k: 40 } confidence_threshold: 0.2 }"
)


def _convolution(bottom: str, top: str, text: str) -> str:
    filler = 'weight_filler { type: "xavier" }'
    return layer("Convolution", bottom, top, f"convolution_param {{ {text} {filler} }}", top)


def _head(feature: str, prior: str, boxes: int) -> list[str]:
    """The predictions from a feature map: locations, confidences and prior boxes."""
    lines = []
    for name, each in (("loc", 4), ("conf", 3)):
        top = f"{feature}_{name}"
        order = "permute_param { order: 0 order: 2 order: 3 order: 1 }"
        lines += [
            _convolution(feature, top, f"num_output: {boxes * each} kernel_size: 1"),
            layer("Permute", top, f"{top}_perm", order, f"{top}_perm"),
            layer("Flatten", f"{top}_perm", f"{top}_flat", name=f"{top}_flat"),
        ]
    param = f"prior_box_param {{ {prior} variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }}"
    return [*lines, layer("PriorBox", f"{feature} data", f"{feature}_prior", param, feature + "_p")]


def weights(graph: Any) -> dict[str, list[Ndarray]]:
    """Learned blobs by chance, by the name of their layer."""
    rng = np.random.default_rng(7)
    return {
        node.name: [
            rng.normal(0, 0.3, learned.shape).astype(np.float32) for learned in node.blobs.values()
        ]
        for node in graph.nodes
        if node.blobs
    }


def images(batch: int, height: int, width: int) -> Ndarray:
    """Images by chance."""
    rng = np.random.default_rng(9)
    return rng.normal(0, 1, (batch, 3, height, width)).astype(np.float32)
