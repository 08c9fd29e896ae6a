"""What each target prints of proto2net/layers/crf.py."""

from says import Row, says

ROWS: list[Row] = [
    says(
        "MultiStageMeanfield { num_iterations: 2 theta_alpha: 160 theta_beta: 3 theta_gamma: 3 }",
        bottoms=[(2, 4, 5, 7), (2, 4, 5, 7), (2, 3, 5, 7)],
        torch=(
            (
                "MultiStageMeanfield(4, num_iterations=2, theta_alpha=160.0, theta_beta=3.0, "
                "theta_gamma=3.0)"
            ),
            "self.f(x, y, z)",
        ),
        tf=(
            "MultiStageMeanfield(num_iterations=2, theta_alpha=160.0, theta_beta=3.0, "
            'theta_gamma=3.0, name="f")([x, y, z])'
        ),
        numpy=(
            "multi_stage_meanfield(x, y, z, **self.f, num_iterations=2, theta_alpha=160.0, "
            "theta_beta=3.0, theta_gamma=3.0)"
        ),
    ),
]
