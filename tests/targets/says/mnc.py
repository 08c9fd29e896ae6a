"""What each target prints of proto2net/layers/mnc.py."""

from says import IMAGE, Row, refuses, says

NINE_ANCHORS = [(1, 18, 5, 7), (1, 36, 5, 7), (1, 3)]
BRIDGE = [(4, 5), (4, 12), (4, 3), (1, 3)]

ROWS: list[Row] = [
    says(
        "ROIWarping { pooled_h: 2 pooled_w: 3 }",
        bottoms=[IMAGE, (4, 5)],
        torch="roi_warp(x, y, (2, 3))",
        tf='ROIWarping((2, 3), name="f")([x, y])',
        numpy="roi_warp(x, y, (2, 3))",
    ),
    says(
        "ROIWarping { pooled_h: 2 pooled_w: 3 spatial_scale: 0.0625 }",
        bottoms=[IMAGE, (4, 5)],
        torch="roi_warp(x, y, (2, 3), spatial_scale=0.0625)",
        tf='ROIWarping((2, 3), spatial_scale=0.0625, name="f")([x, y])',
        numpy="roi_warp(x, y, (2, 3), spatial_scale=0.0625)",
    ),
    says(
        "MaskResize { output_height: 9 output_width: 11 }",
        torch="resize_mask(x, (9, 11))",
        tf='MaskResize((9, 11), name="f")(x)',
        numpy="resize_mask(x, (9, 11))",
    ),
    says(
        "MaskResize { output_height: 9 output_width: 11 factor_height: 2 }",
        torch="resize_mask(x, (9, 11), factors=(2.0, 0.0))",
        tf='MaskScaling((9, 11), (2.0, 0.0), name="f")(x)',
        numpy="resize_mask(x, (9, 11), factors=(2.0, 0.0))",
    ),
    says("MaskPooling", bottoms=[IMAGE, (2, 1, 5, 7)], torch="x * y", tf="x * y", numpy="x * y"),
    says(
        (
            "Python { module: 'pylayer.proposal_layer' layer: 'ProposalLayer' param_str: "
            "'feat_stride: 16' }"
        ),
        bottoms=NINE_ANCHORS,
        torch=(
            "propose(x, y, z, ((-84.0, -40.0, 99.0, 55.0), (-176.0, -88.0, 191.0, 103.0), "
            "(-360.0, -184.0, 375.0, 199.0), (-56.0, -56.0, 71.0, 71.0), "
            "(-120.0, -120.0, 135.0, 135.0), (-248.0, -248.0, 263.0, 263.0), "
            "(-36.0, -80.0, 51.0, 95.0), (-80.0, -168.0, 95.0, 183.0), "
            "(-168.0, -344.0, 183.0, 359.0)))[0]"
        ),
        tf=(
            "Proposal(((-84.0, -40.0, 99.0, 55.0), (-176.0, -88.0, 191.0, 103.0), "
            "(-360.0, -184.0, 375.0, 199.0), (-56.0, -56.0, 71.0, 71.0), "
            "(-120.0, -120.0, 135.0, 135.0), (-248.0, -248.0, 263.0, 263.0), "
            "(-36.0, -80.0, 51.0, 95.0), (-80.0, -168.0, 95.0, 183.0), "
            '(-168.0, -344.0, 183.0, 359.0)), name="f")([x, y, z])[0]'
        ),
        numpy=(
            "propose(x, y, z, ((-84.0, -40.0, 99.0, 55.0), (-176.0, -88.0, 191.0, 103.0), "
            "(-360.0, -184.0, 375.0, 199.0), (-56.0, -56.0, 71.0, 71.0), "
            "(-120.0, -120.0, 135.0, 135.0), (-248.0, -248.0, 263.0, 263.0), "
            "(-36.0, -80.0, 51.0, 95.0), (-80.0, -168.0, 95.0, 183.0), "
            "(-168.0, -344.0, 183.0, 359.0)))[0]"
        ),
    ),
    says(
        (
            "Python { module: 'pylayer.proposal_layer' layer: 'ProposalLayer' param_str: "
            "'feat_stride: 16' }"
        ),
        bottoms=NINE_ANCHORS,
        tops=2,
        torch=refuses("matching true boxes in training is not supported"),
        tf=refuses("matching true boxes in training is not supported"),
        numpy=refuses("matching true boxes in training is not supported"),
    ),
    says(
        "Python { module: 'pylayer.mask_layer' layer: 'MaskLayer' }",
        bottoms=[(2, 441)],
        torch="x.reshape(-1, 1, 21, 21)",
        tf='layers.Reshape((21, 21, 1), name="f")(x)',
        numpy="x.reshape(-1, 1, 21, 21)",
    ),
    says(
        "Python { module: 'pylayer.mask_layer' layer: 'MaskLayer' }",
        bottoms=[(2, 1, 21, 21)],
        torch="x.reshape(-1, 1, 21, 21)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'layers.Reshape((21, 21, 1), name="f")(f)',
        ),
        numpy="x.reshape(-1, 1, 21, 21)",
    ),
    says(
        "Python { module: 'pylayer.mask_layer' layer: 'MaskLayer' }",
        bottoms=[(2, 441), (2, 1), (2, 3)],
        tops=2,
        torch=refuses("matching true boxes in training is not supported"),
        tf=refuses("matching true boxes in training is not supported"),
        numpy=refuses("matching true boxes in training is not supported"),
    ),
    says(
        "Python { module: 'pylayer.stage_bridge_layer' layer: 'StageBridgeLayer' }",
        bottoms=BRIDGE,
        torch="refine_rois(x, y, z, u)",
        tf='RegionRefinement(name="f")([x, y, z, u])',
        numpy="refine_rois(x, y, z, u)",
    ),
]
