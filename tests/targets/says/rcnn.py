"""What each target prints of proto2net/layers/rcnn.py."""

from says import FLAT, Row, says

ONE_ANCHOR = [(1, 2, 5, 7), (1, 4, 5, 7), (1, 3)]
"""Scores, box shifts, and the size of the image."""
NINE_ANCHORS = [(1, 18, 5, 7), (1, 36, 5, 7), (1, 3)]
TEXT = [(1, 20, 5, 7), (1, 20, 5, 7), (1, 3)]
TWO = [(2, 3), (2, 3)]

PROPOSALS: list[Row] = [
    says(
        "Proposal { ratio: 1 scale: 8 }",
        bottoms=ONE_ANCHOR,
        torch="propose(x, y, z, ((-56.0, -56.0, 71.0, 71.0),), keep_small=True)[0]",
        tf='Proposal(((-56.0, -56.0, 71.0, 71.0),), keep_small=True, name="f")([x, y, z])[0]',
        numpy="propose(x, y, z, ((-56.0, -56.0, 71.0, 71.0),), keep_small=True)[0]",
    ),
    says(
        (
            "Proposal { ratio: 1 scale: 8 feat_stride: 8 base_size: 8 min_size: 4 pre_nms_topn: "
            "100 post_nms_topn: 20 nms_thresh: 0.5 }"
        ),
        bottoms=ONE_ANCHOR,
        tops=2,
        torch=(
            "propose(x, y, z, ((-28.0, -28.0, 35.0, 35.0),), feat_stride=8, min_size=4, "
            "pre_nms_topn=100, post_nms_topn=20, nms_thresh=0.5, keep_small=True)"
        ),
        tf=(
            "Proposal(((-28.0, -28.0, 35.0, 35.0),), feat_stride=8, min_size=4, pre_nms_topn=100, "
            'post_nms_topn=20, nms_thresh=0.5, keep_small=True, name="f")([x, y, z])'
        ),
        numpy=(
            "propose(x, y, z, ((-28.0, -28.0, 35.0, 35.0),), feat_stride=8, min_size=4, "
            "pre_nms_topn=100, post_nms_topn=20, nms_thresh=0.5, keep_small=True)"
        ),
    ),
    says(
        (
            "Python { module: 'rpn.proposal_layer' layer: 'ProposalLayer' param_str: "
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
            "Python { module: 'rpn.proposal_layer' layer: 'ProposalLayer' param_str: "
            "'{feat_stride: 8, scales: [8], ratios: [1]}' }"
        ),
        bottoms=ONE_ANCHOR,
        phase="train",
        tops=2,
        torch=(
            "propose(x, y, z, ((-56.0, -56.0, 71.0, 71.0),), feat_stride=8, pre_nms_topn=12000, "
            "post_nms_topn=2000)"
        ),
        tf=(
            "Proposal(((-56.0, -56.0, 71.0, 71.0),), feat_stride=8, pre_nms_topn=12000, "
            'post_nms_topn=2000, name="f")([x, y, z])'
        ),
        numpy=(
            "propose(x, y, z, ((-56.0, -56.0, 71.0, 71.0),), feat_stride=8, pre_nms_topn=12000, "
            "post_nms_topn=2000)"
        ),
    ),
    says(
        (
            "Python { module: 'SSH.layers.proposal_layer' layer: 'ProposalLayer' param_str: "
            "'{feat_stride: 8, scales: [1], ratios: [1]}' }"
        ),
        bottoms=ONE_ANCHOR,
        torch=(
            "propose(x, y, z, ((0.0, 0.0, 15.0, 15.0),), feat_stride=8, min_size=0, "
            "pre_nms_topn=1000, post_nms_topn=1000, nms_thresh=1.0)[0]"
        ),
        tf=(
            "Proposal(((0.0, 0.0, 15.0, 15.0),), feat_stride=8, min_size=0, pre_nms_topn=1000, "
            'post_nms_topn=1000, nms_thresh=1.0, name="f")([x, y, z])[0]'
        ),
        numpy=(
            "propose(x, y, z, ((0.0, 0.0, 15.0, 15.0),), feat_stride=8, min_size=0, "
            "pre_nms_topn=1000, post_nms_topn=1000, nms_thresh=1.0)[0]"
        ),
    ),
    says(
        (
            "Python { module: 'layers.text_proposal_layer' layer: 'ProposalLayer' param_str: "
            "'feat_stride: 16' }"
        ),
        bottoms=TEXT,
        tops=2,
        torch=(
            "propose_text(x, y, z, ((0, 2, 15, 12), (0, 0, 15, 15), (0, -3, 15, 18), "
            "(0, -8, 15, 23), (0, -16, 15, 31), (0, -26, 15, 41), (0, -40, 15, 55), "
            "(0, -61, 15, 76), (0, -91, 15, 106), (0, -133, 15, 148)), 16)"
        ),
        tf=(
            "TextProposal(((0, 2, 15, 12), (0, 0, 15, 15), (0, -3, 15, 18), (0, -8, 15, 23), "
            "(0, -16, 15, 31), (0, -26, 15, 41), (0, -40, 15, 55), (0, -61, 15, 76), "
            '(0, -91, 15, 106), (0, -133, 15, 148)), 16, name="f")([x, y, z])'
        ),
        numpy=(
            "propose_text(x, y, z, ((0, 2, 15, 12), (0, 0, 15, 15), (0, -3, 15, 18), "
            "(0, -8, 15, 23), (0, -16, 15, 31), (0, -26, 15, 41), (0, -40, 15, 55), "
            "(0, -61, 15, 76), (0, -91, 15, 106), (0, -133, 15, 148)), 16)"
        ),
    ),
]

LOSS: list[Row] = [
    says(
        "SmoothL1Loss",
        bottoms=TWO,
        torch="smooth_l1_loss(x, y)",
        tf='AddLoss()(SmoothL1Loss(name="f")([x, y]))',
        numpy="smooth_l1_loss(x, y)",
    ),
    says(
        "SmoothL1Loss { sigma: 3 }",
        bottoms=[FLAT] * 4,
        torch="smooth_l1_loss(x, y, z, u, sigma=3.0)",
        tf='AddLoss()(SmoothL1Loss(sigma=3.0, name="f")([x, y, z, u]))',
        numpy="smooth_l1_loss(x, y, z, u, sigma=3.0)",
    ),
]

ROWS = [*PROPOSALS, *LOSS]
