"""Which fork of Caffe has a layer type that Caffe itself has not, and what stands behind ours."""

from __future__ import annotations

_TYPES_OF = {
    "several forks": """
        BilinearInterpolation BN ContinuationIndicator CReLU CropCenter CtcLoss
        DepthwiseConvolution DiceCoefLoss GradientReversal GradientScaler HardMining
        LabelsequenceAccuracy Local Maxout Normalization Padding PeriodicShuffle Rearrange ReLU6
        SeLu SeLuDropout Tiling Upsample VideoData""",
    "brocolli": "BilinearInterpolate MaxUnPool PixelShuffle Unsqueeze",
    "caffe-face": "CenterLoss",
    "caffe-lstm, CTPN": "Lstm",
    "CaffeOnSpark": "CoSData",
    "Cascade R-CNN": """
        BboxAccuracy BoxGroupOutput DetectionData DetectionGroupAccuracy DetectionGroupLoss
        FrcnnOutput ProposalTarget ROIAlign ScaleRoute""",
    "C3D": "Convolution3D Deconvolution3D",
    "C3D, P3D": "Pooling3D",
    "compact bilinear pooling": "CompactBilinear L2Normalize SignedSqrt",
    "CRF as RNN": "MultiStageMeanfield",
    "CTPN": "Reverse Transpose",
    "daerduoCarey/SpatialTransformerLayer": "SpatialTransformer",
    "darknet's followers": "RegionLoss Reorg UpsampleDarknet",
    "DeconvNet": "Unpooling",
    "DeepLab": "DenseCRF Interp MatWrite SegAccuracy",
    "DeepLab, PSPNet": "ImageSegData",
    "Deformable-ConvNets": "DeformableConvolution",
    "DehazeNet": "BReLU",
    "ENet-lane": "LaneData UnPooling",
    "Fast R-CNN": "ROIPooling SmoothL1Loss",
    "FlowNet2": """
        Accum ChannelNorm Correlation Correlation1D DataAugmentation Downsample FloatWriter
        FlowAugmentation FLOWriter FlowWarp GenerateAugmentationParameters ImgWriter LpqLoss Mean
        NegReLU PFMWriter Resample""",
    "happynear/caffe-windows": """
        ChannelScale Flip GeneralContrastiveLoss GeneralTripletLoss GlobalLSEMargin InnerDistance
        LabelSpecificAdd LabelSpecificRescale ManhattanLoss""",
    "HED": "ImageLabelmapData",
    "jolibrain/caffe": "SparseData SparseInnerProduct",
    "LiteFlowNet": "ExpMax Grid NegSquare",
    "MNC": "MaskPooling ROIWarping",
    "MobileNet-YOLO": """
        AssistedExcitation BoxData EvalDetection SegmentationEvaluate YoloDetectionOutput YoloSeg
        Yolov3 Yolov3DetectionOutput""",
    "MS-CNN": """
        BoxOutput DecodeBBox DetectionAccuracy DetectionLoss EvalData ImageGtData""",
    "MyCaffe": "AccuracyEncoding CausalAttention Decode Knn MemoryLoss TokenizedData",
    "NVIDIA/caffe": "DetectNetTransformation",
    "NVIDIA/caffe, FlowNet2": "L1Loss",
    "OpenVINO": "PriorBoxClustered",
    "OpenVINO, MobileNet, Synopsys": "ConvolutionDepthwise",
    "PVANET": "Proposal",
    "PWC-Net, LiteFlowNet": "Warp",
    "RCF": "AutoCrop",
    "R-FCN": "BoxAnnotatorOHEM PSROIPooling SmoothL1LossOHEM SoftmaxWithLossOHEM",
    "Ristretto": """
        ConvolutionRistretto DeconvolutionRistretto FcRistretto Quantize""",
    "SegNet": "DenseImageData",
    "SENet": "Axpy AxpyFast",
    "ShuffleNet": "ShuffleChannel",
    "SphereFace": "MarginInnerProduct",
    "SSD": """
        AnnotatedData DetectionEvaluate DetectionOutput MultiBoxLoss Normalize Permute PriorBox""",
    "SSTD": "MaskResize",
    "Synopsys": """
        Add BatchToSpaceND DepthToSpace Div Gather HardSigmoid HardSwish LayerNorm Maximum Minimum
        MirrorPad Mish Mul Pad ResizeBilinear ResizeNearestNeighbor SpaceToBatchND SpaceToDepth
        Squeeze Sub""",
    "video-caffe": "NdConvolution NdPooling",
    "Xilinx": "DeephiResize GSTiling",
    "yjxiong/caffe": "SegData",
}
"""The types by the fork that is known for them; others may have them too."""

FORKS = {kind: fork for fork, kinds in _TYPES_OF.items() for kind in kinds.split()}
"""The fork of each type."""

_RECORDED = """
    Add BatchToSpaceND BoxGroupOutput BoxOutput ChannelNorm Convolution3D ConvolutionDepthwise
    ConvolutionRistretto Correlation DecodeBBox Deconvolution3D DeconvolutionRistretto
    DetectionOutput Div FcRistretto FlowWarp FrcnnOutput HardSigmoid HardSwish Interp Local
    MirrorPad Mish Mul Normalize Permute Pooling3D PriorBox PriorBoxClustered Quantize Reorg
    Resample ResizeBilinear ResizeNearestNeighbor Reverse ROIAlign ROIPooling ScaleRoute
    ShuffleChannel SmoothL1Loss SpaceToBatchND Squeeze Sub Unpooling Upsample UpsampleDarknet Warp
"""
RECORDED = frozenset(_RECORDED.split())
"""The types that the tests hold to outputs of the fork's own code, and not of its definition."""
