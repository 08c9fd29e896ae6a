"""What each target prints of a layer that is left to be written (proto2net/layers/holes.py)."""

from says import IMAGE, Row, says

ROWS: list[Row] = [
    says(
        "Foo",
        holes={"f": [(2, 4)]},
        torch=("F_1()", "self.f(x)"),
        tf='F(name="f")(x)',
        numpy=("F()", "self.f(x)"),
    ),
    says(
        "Foo",
        bottoms=[IMAGE, (2,)],
        tops=2,
        holes={"f": [(2, 4, 5, 7), ()]},
        torch=("F_1()", "self.f(x, y)"),
        tf='F(name="f")([x, y])',
        numpy=("F()", "self.f(x, y)"),
    ),
]
