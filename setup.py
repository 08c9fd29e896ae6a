"""What the package is called, needs and holds; the tools' settings stand in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def version() -> str:
    """The version that proto2net/version.py states, without importing it."""
    text = (HERE / "proto2net" / "version.py").read_text(encoding="utf-8")
    (found,) = re.findall(r'^VERSION = "(.+)"$', text, re.MULTILINE)
    return found


# Converting needs no framework and runs on any newer Python. A framework lags behind: what its
# extra needs is on PyPI for these, as of November 2026.
TORCH = ["torch>=2.0"]  # Python 3.10 to 3.14
TF = ["tensorflow>=2.16", "keras>=3.0"]  # 3.10 to 3.13; the first TensorFlow that has Keras 3
HDF5 = ["h5py>=3.0"]
ONNX = ["onnxruntime>=1.16"]
DATA = [*HDF5, "opencv-python-headless>=4.5.4"]
PLOT = ["matplotlib>=3.7"]
TENSORBOARD = ["tensorboard>=2.16"]
TEST = [
    "build",
    "furo",
    "grpcio-tools",
    "hypothesis",
    "mypy",
    "myst-parser",
    "onnx",
    "opencv-python-headless<5",  # its dnn module reads Caffe's files, no longer from 5 on
    "openvino",
    "pillow",
    "playwright",
    "pytest",
    "pytest-xdist",
    "ruff",
    "scikit-image",
    "scikit-learn",
    "setuptools>=77",
    "sphinx-click",
    "types-protobuf",
]

setup(
    name="proto2net",
    version=version(),
    description="Caffe network definitions as PyTorch and TensorFlow networks, exact and readable",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    keywords=[
        "caffe",
        "prototxt",
        "caffemodel",
        "pytorch",
        "tensorflow",
        "keras",
        "onnx",
        "converter",
    ],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Software Development :: Code Generators",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["proto2net", "proto2net.*"]),
    package_data={
        "proto2net": ["py.typed"],
        "proto2net.caffe": ["caffe.desc"],
        "proto2net.auditing": ["*.css"],
        "proto2net.backends.onnx": ["onnx.desc"],
        "proto2net.differ": ["*.css", "*.js"],
        "proto2net.page": ["*.css", "*.js"],
        "proto2net.picture": ["*.css", "*.js"],
    },
    install_requires=[  # tests/versions.py runs with the lowest of each
        "click>=8.1",
        "numpy>=1.24",
        "protobuf>=4.25",
        "rich>=13",
        "safetensors>=0.4",
    ],
    extras_require={
        "torch": TORCH,
        "tf": TF,
        "hdf5": HDF5,
        "data": DATA,
        "plot": PLOT,
        "tensorboard": TENSORBOARD,
        "onnx": ONNX,
        "all": TORCH + TF + DATA + ONNX + PLOT + TENSORBOARD,
        "test": TORCH + TF + HDF5 + ONNX + PLOT + TENSORBOARD + TEST,
    },
    entry_points={
        "console_scripts": ["proto2net = proto2net.cli:main"],
        "proto2net.backends": [
            "torch = proto2net.backends.torch:backend",
            "tf = proto2net.backends.tensorflow:backend",
            "numpy = proto2net.backends.numpy:backend",
            "onnx = proto2net.backends.onnx:backend",
            "network = proto2net.backends.network:printer",
            "prototxt = proto2net.backends.prototxt:printer",
            "summary = proto2net.backends.summary:printer",
        ],
        "proto2net.layers": ["caffe = proto2net.layers"],
    },
)
