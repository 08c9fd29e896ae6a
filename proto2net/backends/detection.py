"""The arguments that SSD's layers have in emitted files, which are the same in every target."""

from __future__ import annotations

from proto2net.layers import DetectionOutput, PriorBox, PriorBoxClustered
from proto2net.layers.ssd import PlacedBoxes


def prior_box_options(layer: PriorBox) -> dict[str, object]:
    """The options of a helper that makes prior boxes, each with its default."""
    return {
        "min_size": [int(size) for size in layer.min_size],  # Caffe drops the fraction
        "max_size": ([int(size) for size in layer.max_size], []),
        "aspect_ratio": (list(layer.ratios), []),
        "flip": (layer.flip or not layer.ratios, True),
        **_placing(layer),
        "denser": (layer.denser, False),
        "rows_of_each": (list(layer.rows), []),
    }


def _placing(layer: PlacedBoxes) -> dict[str, object]:
    """The options of where boxes lie."""
    return {
        "clip": (layer.clip, False),
        "variance": (layer.variances, (0.1,)),
        "image_size": (layer.image, None),
        "step": (layer.steps, None),
        "offset": (layer.offset, 0.5),
    }


def sized_box_options(layer: PriorBox | PriorBoxClustered) -> dict[str, object]:
    """The options of a helper that makes prior boxes of given sizes, each with its default."""
    turned = isinstance(layer, PriorBox) and layer.yx_order
    return {
        "sizes": list(layer.sizes),
        **_placing(layer),
        "insets": (list(layer.insets), []),
        "yx_order": (turned, False),
    }


def detection_options(layer: DetectionOutput) -> dict[str, object]:
    """The options of a helper that finds boxes, each with its default."""
    nms = layer.nms_param
    return {
        "num_classes": layer.num_classes,
        "code_type": (layer.code_type, "CORNER"),
        "share_location": (layer.share_location, True),
        "background_label_id": (layer.background_label_id, 0),
        "variance_encoded_in_target": (layer.variance_encoded_in_target, False),
        "nms_threshold": (nms.nms_threshold, 0.3),
        "top_k": (_limit(nms.top_k), None),
        "eta": (nms.eta, 1.0),
        "keep_top_k": (_limit(layer.keep_top_k), None),
        "confidence_threshold": (layer.confidence_threshold, None),
        "polygons": (bool(layer.use_polygon), False),
    }


def refinement_options(layer: DetectionOutput) -> dict[str, object]:
    """The options beside them where prior boxes are refined, each with its default."""
    return {"objectness_score": (layer.objectness_score, 0.01)}


def map_options(layer: DetectionOutput) -> dict[str, object]:
    """The options beside them where several maps come apart, each with its default."""
    return {"nbottom": layer.nbottom, "no_permute": (layer.no_permute, False)}


def region_detection_options(layer: DetectionOutput) -> dict[str, object]:
    """The options of a helper that finds boxes as caffe-yolov2 does, each with its default."""
    return {
        "confidence_threshold": (layer.least, 0.01),
        "nms_threshold": (layer.nms_threshold, 0.45),
    }


def _limit(number: int | None) -> int | None:
    """A greatest number; below 0 there is none."""
    return None if number is None or number < 0 else number
