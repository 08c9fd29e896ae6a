"""What each target prints of proto2net/layers/flow_data.py."""

from says import Row, says

ROWS: list[Row] = [
    says(
        "Mean { operation: SUBTRACT input_scale: 0.5 value: 0.25 value: 0.5 value: 0.75 }",
        torch="0.5 * x + x.new_tensor([[[-0.25]], [[-0.5]], [[-0.75]]])",
        tf='layers.Rescaling(0.5, [-0.25, -0.5, -0.75], name="f")(x)',
        numpy="0.5 * x + np.array([[[-0.25]], [[-0.5]], [[-0.75]]], np.float32)",
    ),
    says(
        "Mean { operation: SUBTRACT value: 0.25 }",
        torch="x - 0.25",
        tf="x - 0.25",
        numpy="x - 0.25",
    ),
    says(
        "DataAugmentation { recompute_mean: 1000 mean_per_pixel: false }",
        torch=("MeanSubtraction(1, 3, 1, 1)", "self.f(x)"),
        tf='MeanSubtraction((1, 1, 1, 3), name="f")(x)',
        numpy='x - self.f["mean"]',
    ),
    says(
        "DataAugmentation { recompute_mean: 1000 crop_width: 4 crop_height: 3 }",
        torch=("MeanSubtraction(1, 3, 3, 4)", "self.f(crop_middle(x, (3, 4)))"),
        tf=(
            'f = CropMiddle((3, 4), name="f_crop_middle")(x)',
            'MeanSubtraction((1, 3, 4, 3), name="f")(f)',
        ),
        numpy='crop_middle(x, (3, 4)) - self.f["mean"]',
    ),
    says(
        "DataAugmentation { crop_width: 4 crop_height: 3 }",
        torch="crop_middle(x, (3, 4))",
        tf='CropMiddle((3, 4), name="f")(x)',
        numpy="crop_middle(x, (3, 4))",
    ),
]
