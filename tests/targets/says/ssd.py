"""What each target prints of proto2net/layers/ssd.py."""

from says import FLAT, SEQUENCE, Row, says

MAP = [(1, 6, 2, 3), (1, 3, 30, 45)]
"""A feature map, and the image."""

NORMALIZE: list[Row] = [
    says(
        "Normalize { across_spatial: false }",
        torch=("Normalize(across_spatial=False)", "self.f(x)"),
        tf='Normalize((), across_spatial=False, name="f")(x)',
        numpy="normalize(x, **self.f, across_spatial=False)",
    ),
    says(
        "Normalize { across_spatial: false channel_shared: false }",
        torch=("Normalize(3, across_spatial=False)", "self.f(x)"),
        tf='Normalize((3,), across_spatial=False, name="f")(x)',
        numpy="normalize(x, **self.f, across_spatial=False)",
    ),
    says(
        "Normalize { channel_shared: false eps: 0.001 }",
        torch=("Normalize(3, eps=0.001)", "self.f(x)"),
        tf='Normalize((3,), epsilon=0.001, name="f")(x)',
        numpy="normalize(x, **self.f, eps=0.001)",
    ),
    says(
        "Normalize { channel_shared: false }",
        bottoms=[FLAT],
        torch=("Normalize(3)", "self.f(x)"),
        tf='Normalize((3,), name="f")(x)',
        numpy="normalize(x, **self.f)",
    ),
    says(
        "Normalize { channel_shared: false }",
        bottoms=[SEQUENCE],
        torch=("Normalize(3)", "self.f(x)"),
        tf='Normalize((3, 1), axis=1, name="f")(x)',
        numpy="normalize(x, **self.f)",
    ),
    says(
        "Normalize normalize_param { normalize_type: 'L2' }",
        torch="normalize_pixels(x)[0]",
        tf='NormalizePixels(name="f")(x)[0]',
        numpy="normalize_pixels(x)[0]",
    ),
    says(
        "Normalize normalize_param { normalize_type: 'L1' }",
        tops=2,
        torch='normalize_pixels(x, norm="L1")',
        tf='NormalizePixels(norm="L1", name="f")(x)',
        numpy='normalize_pixels(x, norm="L1")',
    ),
    says(
        "Normalize softmax_param { normalize_type: 'L1' }",
        torch='normalize_pixels(x, norm="L1", across_spatial=True)[0]',
        tf='NormalizePixels(norm="L1", across_spatial=True, name="f")(x)[0]',
        numpy='normalize_pixels(x, norm="L1", across_spatial=True)[0]',
    ),
    says(
        "Normalize",
        fork="happynear",
        bottoms=[FLAT],
        torch="normalize_pixels(x)[0]",
        tf=(
            'NormalizePixels(name="f")(layers.Permute((2, 3, 1), '
            'name="f_permute")(ops.expand_dims(x, [2, 3])))[0]'
        ),
        numpy="normalize_pixels(x)[0]",
    ),
]

PRIOR_BOX: list[Row] = [
    says(
        "PriorBox { min_size: 20 }",
        fork="ssd",
        bottoms=MAP,
        torch="prior_box(x, y, min_size=[20])",
        tf='PriorBox(min_size=[20], name="f")([x, y])',
        numpy="prior_box(x, y, min_size=[20])",
    ),
    says(
        "PriorBox { min_size: 20.5 max_size: 30 aspect_ratio: 2 aspect_ratio: 3 clip: true }",
        fork="ssd",
        bottoms=MAP,
        torch="prior_box(x, y, min_size=[20], max_size=[30], aspect_ratio=[2.0, 3.0], clip=True)",
        tf=(
            'PriorBox(min_size=[20], max_size=[30], aspect_ratio=[2.0, 3.0], clip=True, name="f")('
            "[x, y])"
        ),
        numpy="prior_box(x, y, min_size=[20], max_size=[30], aspect_ratio=[2.0, 3.0], clip=True)",
    ),
    says(
        (
            "PriorBox { min_size: 20 aspect_ratio: 2 flip: false variance: 0.1 variance: 0.1 "
            "variance: 0.2 variance: 0.2 }"
        ),
        fork="ssd",
        bottoms=MAP,
        torch=(
            "prior_box(x, y, min_size=[20], aspect_ratio=[2.0], flip=False, "
            "variance=(0.1, 0.1, 0.2, 0.2))"
        ),
        tf=(
            "PriorBox(min_size=[20], aspect_ratio=[2.0], flip=False, "
            'variance=(0.1, 0.1, 0.2, 0.2), name="f")([x, y])'
        ),
        numpy=(
            "prior_box(x, y, min_size=[20], aspect_ratio=[2.0], flip=False, "
            "variance=(0.1, 0.1, 0.2, 0.2))"
        ),
    ),
    says(
        "PriorBox { min_size: 20 flip: false }",
        fork="ssd",
        bottoms=MAP,
        torch="prior_box(x, y, min_size=[20])",
        tf='PriorBox(min_size=[20], name="f")([x, y])',
        numpy="prior_box(x, y, min_size=[20])",
    ),
    says(
        "PriorBox { min_size: 20 img_size: 300 step: 8 offset: 0 }",
        fork="ssd",
        bottoms=MAP,
        torch="prior_box(x, y, min_size=[20], image_size=(300, 300), step=(8.0, 8.0), offset=0.0)",
        tf=(
            'PriorBox(min_size=[20], image_size=(300, 300), step=(8.0, 8.0), offset=0.0, name="f")('
            "[x, y])"
        ),
        numpy="prior_box(x, y, min_size=[20], image_size=(300, 300), step=(8.0, 8.0), offset=0.0)",
    ),
    says(
        "PriorBox { min_size: 20 img_h: 30 img_w: 45 step_h: 8 step_w: 16 variance: 0.2 }",
        fork="ssd",
        bottoms=MAP,
        torch=(
            "prior_box(x, y, min_size=[20], variance=(0.2,), image_size=(30, 45), step=(8.0, 16.0))"
        ),
        tf=(
            "PriorBox(min_size=[20], variance=(0.2,), image_size=(30, 45), step=(8.0, 16.0), "
            'name="f")([x, y])'
        ),
        numpy=(
            "prior_box(x, y, min_size=[20], variance=(0.2,), image_size=(30, 45), step=(8.0, 16.0))"
        ),
    ),
    says(
        "PriorBox { min_size: 20 denser_prior_boxes: true }",
        bottoms=MAP,
        torch="prior_box(x, y, min_size=[20], denser=True)",
        tf='PriorBox(min_size=[20], denser=True, name="f")([x, y])',
        numpy="prior_box(x, y, min_size=[20], denser=True)",
    ),
    says(
        "PriorBox { min_size: 32 min_size: 64 min_size: 128 }",
        fork="faceboxes",
        bottoms=MAP,
        torch="prior_box(x, y, min_size=[32, 64, 128], rows_of_each=[4, 2, 1])",
        tf='PriorBox(min_size=[32, 64, 128], rows_of_each=[4, 2, 1], name="f")([x, y])',
        numpy="prior_box(x, y, min_size=[32, 64, 128], rows_of_each=[4, 2, 1])",
    ),
]

SIZED: list[Row] = [
    says(
        "PriorBoxClustered prior_box_param { width: 9.5 height: 15 width: 20 height: 30 step: 16 }",
        bottoms=MAP,
        torch="prior_box_clustered(x, y, sizes=[(9.5, 15.0), (20.0, 30.0)], step=(16.0, 16.0))",
        tf=(
            "PriorBoxClustered(sizes=[(9.5, 15.0), (20.0, 30.0)], step=(16.0, 16.0), "
            'name="f")([x, y])'
        ),
        numpy="prior_box_clustered(x, y, sizes=[(9.5, 15.0), (20.0, 30.0)], step=(16.0, 16.0))",
    ),
    says(
        "PriorBox { box_width: 9.5 box_height: 15 yx_order: true clip: true }",
        bottoms=MAP,
        torch="prior_box_clustered(x, y, sizes=[(9.5, 15.0)], clip=True, yx_order=True)",
        tf='PriorBoxClustered(sizes=[(9.5, 15.0)], clip=True, yx_order=True, name="f")([x, y])',
        numpy="prior_box_clustered(x, y, sizes=[(9.5, 15.0)], clip=True, yx_order=True)",
    ),
    says(
        "PriorBox { min_size: 60 max_size: 66.5 aspect_ratio: 4 tf: true }",
        bottoms=MAP,
        torch=(
            "prior_box_clustered(x, y, sizes=[(60.0, 60.0), (120.0, 30.0), (30.0, 120.0), "
            "(62.92853, 62.92853)], insets=[0.05, 0.0, 0.0, 0.0])"
        ),
        tf=(
            "PriorBoxClustered(sizes=[(60.0, 60.0), (120.0, 30.0), (30.0, 120.0), "
            '(62.92853, 62.92853)], insets=[0.05, 0.0, 0.0, 0.0], name="f")([x, y])'
        ),
        numpy=(
            "prior_box_clustered(x, y, sizes=[(60.0, 60.0), (120.0, 30.0), (30.0, 120.0), "
            "(62.92853, 62.92853)], insets=[0.05, 0.0, 0.0, 0.0])"
        ),
    ),
    says(
        "PriorBox { min_size: 16 max_size: 36 aspect_ratio: 4 keras: true }",
        bottoms=MAP,
        torch=(
            "prior_box_clustered(x, y, sizes=[(24.0, 24.0), (16.0, 16.0), (32.0, 8.0), "
            "(8.0, 32.0)])"
        ),
        tf=(
            "PriorBoxClustered(sizes=[(24.0, 24.0), (16.0, 16.0), (32.0, 8.0), (8.0, 32.0)], "
            'name="f")([x, y])'
        ),
        numpy=(
            "prior_box_clustered(x, y, sizes=[(24.0, 24.0), (16.0, 16.0), (32.0, 8.0), "
            "(8.0, 32.0)])"
        ),
    ),
    says(
        "PriorBox { min_size: 16 aspect_ratio: 2 }",
        fork="sstd",
        bottoms=MAP,
        torch="prior_box_clustered(x, y, sizes=[(16.0, 16.0), (32.0, 16.0), (16.0, 32.0)])",
        tf=(
            'PriorBoxClustered(sizes=[(16.0, 16.0), (32.0, 16.0), (16.0, 32.0)], name="f")([x, y])'
        ),
        numpy="prior_box_clustered(x, y, sizes=[(16.0, 16.0), (32.0, 16.0), (16.0, 32.0)])",
    ),
    says(
        "PriorBox { min_size: 32 min_size: 64 min_size: 128 faceboxes: true }",
        bottoms=MAP,
        torch="prior_box(x, y, min_size=[32, 64, 128], rows_of_each=[4, 2, 1])",
        tf='PriorBox(min_size=[32, 64, 128], rows_of_each=[4, 2, 1], name="f")([x, y])',
        numpy="prior_box(x, y, min_size=[32, 64, 128], rows_of_each=[4, 2, 1])",
    ),
]

ROWS = [*NORMALIZE, *PRIOR_BOX, *SIZED]
