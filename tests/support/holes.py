"""A network with a layer of a type that nobody knows."""

INPUT = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 5 dim: 7 } } }
"""

UNKNOWN = """layer {
  name: "my/rois"
  type: "MyProposal"
  bottom: "data" top: "rois" top: "scores"
  my_param { text: "\\"\\"\\"a\\\\" }  # {class} {0}
}
layer { name: "relu" type: "ReLU" bottom: "rois" top: "relu" }
"""
HOLES = {"my/rois": [(300, 5), (300,)]}
