"""What each target prints of proto2net/layers/loss.py."""

from says import IMAGE, Row, refuses, says

SCORES = [(2, 3), (2,)]
"""Scores of three classes, and labels."""
PIXELS = [IMAGE, (2, 5, 7)]
PAIRS = [(2, 3), (2, 3), (2,)]
TWO = [IMAGE, IMAGE]

SOFTMAX: list[Row] = [
    says(
        "SoftmaxWithLoss",
        bottoms=SCORES,
        torch="F.cross_entropy(x, y.long())",
        tf='AddLoss()(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss loss_weight: 0.5",
        bottoms=SCORES,
        torch="F.cross_entropy(x, y.long())",
        tf='AddLoss(0.5)(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss",
        bottoms=[(2, 3), (2, 1)],
        torch="F.cross_entropy(x, y.squeeze(1).long())",
        tf='AddLoss()(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss",
        bottoms=[(2, 3), (2, 1, 1, 1)],
        torch="F.cross_entropy(x, y.flatten().long())",
        tf='AddLoss()(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss",
        bottoms=PIXELS,
        torch="F.cross_entropy(x, y.long())",
        tf='AddLoss()(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss",
        bottoms=[IMAGE, (2, 1, 5, 7)],
        torch="F.cross_entropy(x, y.squeeze(1).long())",
        tf='AddLoss()(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss",
        bottoms=[IMAGE, (2, 35)],
        torch="softmax_loss(x, y)",
        tf='AddLoss()(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss softmax_param { axis: 2 }",
        bottoms=[IMAGE, (2, 3, 7)],
        torch="softmax_loss(x, y, axis=2)",
        tf=(
            'AddLoss()(SoftmaxWithLoss(batch_axes=2, name="f")([layers.Permute((3, 2, '
            '1), name="f_permute")(x), y]))'
        ),
        numpy="softmax_loss(x, y, axis=2)",
    ),
    says(
        "SoftmaxWithLoss softmax_param { axis: 2 }",
        bottoms=[(2, 3, 3, 7), (2, 3, 7)],
        torch="softmax_loss(x, y, axis=2)",
        tf=(
            'AddLoss()(SoftmaxWithLoss(batch_axes=2, name="f")([layers.Permute((3, 2, '
            '1), name="f_permute")(x), y]))'
        ),
        numpy="softmax_loss(x, y, axis=2)",
    ),
    says(
        "SoftmaxWithLoss softmax_param { axis: -1 }",
        bottoms=SCORES,
        torch="F.cross_entropy(x, y.long())",
        tf='AddLoss()(SoftmaxWithLoss(name="f")([x, y]))',
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss",
        bottoms=[(2, 3, 7), (2, 7)],
        torch="F.cross_entropy(x, y.long())",
        tf=(
            'AddLoss()(SoftmaxWithLoss(name="f")([layers.Permute((2, 1), name="f_permute")(x), y]))'
        ),
        numpy="softmax_loss(x, y)",
    ),
    says(
        "SoftmaxWithLoss loss_param { ignore_label: 0 }",
        bottoms=SCORES,
        torch="softmax_loss(x, y, ignore_label=0)",
        tf='AddLoss()(SoftmaxWithLoss(ignore_label=0, name="f")([x, y]))',
        numpy="softmax_loss(x, y, ignore_label=0)",
    ),
    says(
        "SoftmaxWithLoss loss_param { ignore_label: 0 normalization: NONE }",
        bottoms=SCORES,
        torch='softmax_loss(x, y, ignore_label=0, normalization="NONE")',
        tf='AddLoss()(SoftmaxWithLoss(ignore_label=0, normalization="NONE", name="f")([x, y]))',
        numpy='softmax_loss(x, y, ignore_label=0, normalization="NONE")',
    ),
    says(
        "SoftmaxWithLoss loss_param { normalization: FULL }",
        bottoms=SCORES,
        torch="F.cross_entropy(x, y.long())",
        tf='AddLoss()(SoftmaxWithLoss(normalization="FULL", name="f")([x, y]))',
        numpy='softmax_loss(x, y, normalization="FULL")',
    ),
    says(
        "SoftmaxWithLoss loss_param { normalization: BATCH_SIZE }",
        bottoms=PIXELS,
        torch='F.cross_entropy(x, y.long(), reduction="sum") / x.shape[0]',
        tf='AddLoss()(SoftmaxWithLoss(normalization="BATCH_SIZE", name="f")([x, y]))',
        numpy='softmax_loss(x, y, normalization="BATCH_SIZE")',
    ),
    says(
        "SoftmaxWithLoss loss_param { normalization: NONE }",
        bottoms=PIXELS,
        torch='F.cross_entropy(x, y.long(), reduction="sum")',
        tf='AddLoss()(SoftmaxWithLoss(normalization="NONE", name="f")([x, y]))',
        numpy='softmax_loss(x, y, normalization="NONE")',
    ),
    says(
        "SoftmaxWithLoss loss_param { normalize: false }",
        bottoms=SCORES,
        torch='F.cross_entropy(x, y.long(), reduction="sum") / x.shape[0]',
        tf='AddLoss()(SoftmaxWithLoss(normalization="BATCH_SIZE", name="f")([x, y]))',
        numpy='softmax_loss(x, y, normalization="BATCH_SIZE")',
    ),
]

OTHERS: list[Row] = [
    says(
        "SigmoidCrossEntropyLoss",
        bottoms=TWO,
        torch='F.binary_cross_entropy_with_logits(x, y, reduction="sum") / x.shape[0]',
        tf='AddLoss()(SigmoidCrossEntropyLoss(normalization="BATCH_SIZE", name="f")([x, y]))',
        numpy="sigmoid_cross_entropy_loss(x, y)",
    ),
    says(
        "SigmoidCrossEntropyLoss",
        bottoms=[IMAGE, (2, 105)],
        torch='F.binary_cross_entropy_with_logits(x, y.view_as(x), reduction="sum") / x.shape[0]',
        tf=(
            'AddLoss()(SigmoidCrossEntropyLoss(normalization="BATCH_SIZE", '
            'name="f")([layers.Permute((3, 1, 2), name="f_permute")(x), y]))'
        ),
        numpy="sigmoid_cross_entropy_loss(x, y)",
    ),
    says(
        "SigmoidCrossEntropyLoss loss_param { normalization: VALID }",
        bottoms=TWO,
        torch="F.binary_cross_entropy_with_logits(x, y)",
        tf='AddLoss()(SigmoidCrossEntropyLoss(name="f")([x, y]))',
        numpy='sigmoid_cross_entropy_loss(x, y, normalization="VALID")',
    ),
    says(
        "SigmoidCrossEntropyLoss loss_param { normalization: NONE }",
        bottoms=TWO,
        torch='F.binary_cross_entropy_with_logits(x, y, reduction="sum")',
        tf='AddLoss()(SigmoidCrossEntropyLoss(normalization="NONE", name="f")([x, y]))',
        numpy='sigmoid_cross_entropy_loss(x, y, normalization="NONE")',
    ),
    says(
        "SigmoidCrossEntropyLoss loss_param { ignore_label: -1 }",
        bottoms=TWO,
        torch="sigmoid_loss(x, y, ignore_label=-1)",
        tf=(
            'AddLoss()(SigmoidCrossEntropyLoss(ignore_label=-1, normalization="BATCH_SIZE", '
            'name="f")([x, y]))'
        ),
        numpy="sigmoid_cross_entropy_loss(x, y, ignore_label=-1)",
    ),
    says(
        "SigmoidCrossEntropyLoss loss_param { ignore_label: -1 normalization: FULL }",
        bottoms=TWO,
        torch='sigmoid_loss(x, y, ignore_label=-1, normalization="FULL")',
        tf=(
            'AddLoss()(SigmoidCrossEntropyLoss(ignore_label=-1, normalization="FULL", name="f")('
            "[x, y]))"
        ),
        numpy='sigmoid_cross_entropy_loss(x, y, ignore_label=-1, normalization="FULL")',
    ),
    says(
        "EuclideanLoss",
        bottoms=TWO,
        torch='F.mse_loss(x, y, reduction="sum") / (2 * x.shape[0])',
        tf='AddLoss()(EuclideanLoss(name="f")([x, y]))',
        numpy="euclidean_loss(x, y)",
    ),
    says(
        "EuclideanLoss",
        bottoms=[IMAGE, (2, 105)],
        torch='F.mse_loss(x, y.view_as(x), reduction="sum") / (2 * x.shape[0])',
        tf=(
            'AddLoss()(EuclideanLoss(name="f")([layers.Permute((3, 1, 2), '
            'name="f_permute")(x), y]))'
        ),
        numpy="euclidean_loss(x, y)",
    ),
    says(
        "EuclideanLoss",
        bottoms=[(3, 2, 5, 7), (3, 70)],
        torch='F.mse_loss(x, y.view_as(x), reduction="sum") / (2 * x.shape[0])',
        tf=(
            'AddLoss()(EuclideanLoss(name="f")([layers.Permute((3, 1, 2), '
            'name="f_permute")(x), y]))'
        ),
        numpy="euclidean_loss(x, y)",
    ),
    says(
        "EuclideanLoss",
        bottoms=[(2, 3, 5, 1), (2, 15)],
        torch='F.mse_loss(x, y.view_as(x), reduction="sum") / (2 * x.shape[0])',
        tf=(
            'AddLoss()(EuclideanLoss(name="f")([layers.Permute((3, 1, 2), '
            'name="f_permute")(x), y]))'
        ),
        numpy="euclidean_loss(x, y)",
    ),
    says(
        "EuclideanLoss",
        bottoms=[(2, 3, 1, 1), (2, 3)],
        torch='F.mse_loss(x, y.view_as(x), reduction="sum") / (2 * x.shape[0])',
        tf='AddLoss()(EuclideanLoss(name="f")([x, y]))',
        numpy="euclidean_loss(x, y)",
    ),
    says(
        "EuclideanLoss loss_weight: 0",
        bottoms=TWO,
        torch='F.mse_loss(x, y, reduction="sum") / (2 * x.shape[0])',
        tf='EuclideanLoss(name="f")([x, y])',
        numpy="euclidean_loss(x, y)",
    ),
    says(
        "HingeLoss",
        bottoms=SCORES,
        torch="hinge_loss(x, y)",
        tf='AddLoss()(HingeLoss(name="f")([x, y]))',
        numpy="hinge_loss(x, y)",
    ),
    says(
        "HingeLoss { norm: L2 }",
        bottoms=SCORES,
        torch='hinge_loss(x, y, norm="L2")',
        tf='AddLoss()(HingeLoss(squared=True, name="f")([x, y]))',
        numpy='hinge_loss(x, y, norm="L2")',
    ),
    says(
        "HingeLoss",
        bottoms=[IMAGE, (2,)],
        torch="hinge_loss(x, y)",
        tf=('AddLoss()(HingeLoss(name="f")([layers.Permute((3, 1, 2), name="f_permute")(x), y]))'),
        numpy="hinge_loss(x, y)",
    ),
    says(
        "MultinomialLogisticLoss",
        bottoms=SCORES,
        torch="F.nll_loss(torch.log(at_least(x, 1e-20)), y.long())",
        tf='AddLoss()(MultinomialLogisticLoss(name="f")([x, y]))',
        numpy="multinomial_logistic_loss(x, y)",
    ),
    says(
        "MultinomialLogisticLoss",
        bottoms=[IMAGE, (2, 1)],
        torch="F.nll_loss(torch.log(at_least(torch.flatten(x, 1), 1e-20)), y.flatten().long())",
        tf=(
            'AddLoss()(MultinomialLogisticLoss(name="f")([layers.Permute((3, 1, 2), '
            'name="f_permute")(x), y]))'
        ),
        numpy="multinomial_logistic_loss(x, y)",
    ),
    says(
        "InfogainLoss",
        bottoms=[(2, 3), (2,), (3, 3)],
        torch="infogain_loss(x, y, z)",
        tf='AddLoss()(InfogainLoss(name="f")([x, y, z]))',
        numpy="infogain_loss(x, y, z)",
    ),
    says(
        "InfogainLoss loss_weight: 1 loss_weight: 0",
        bottoms=[(2, 3), (2,), (1, 1, 3, 3)],
        tops=2,
        torch="infogain_loss(x, y, z), F.softmax(x, dim=1)",
        tf=(
            ('f1, f2 = (InfogainLoss(name="f")([x, y, z]), layers.Softmax(name="f_softmax")(x))'),
            "AddLoss()(f1)",
        ),
        numpy="(infogain_loss(x, y, z), softmax(x))",
    ),
    says(
        "InfogainLoss { axis: 2 } loss_weight: 1 loss_weight: 0",
        bottoms=[IMAGE, (2, 3, 7), (5, 5)],
        tops=2,
        torch="infogain_loss(x, y, z, axis=2), F.softmax(x, dim=2)",
        tf=(
            (
                'f1, f2 = (InfogainLoss(batch_axes=2, name="f")([layers.Permute((3, 2, 1), '
                'name="f_permute")(x), y, z]), layers.Softmax(axis=1, name="f_softmax")(x))'
            ),
            "AddLoss()(f1)",
        ),
        numpy="(infogain_loss(x, y, z, axis=2), softmax(x, axis=2))",
    ),
    says(
        "InfogainLoss loss_param { ignore_label: 0 normalization: FULL }",
        bottoms=[(2, 3), (2,), (3, 3)],
        torch='infogain_loss(x, y, z, ignore_label=0, normalization="FULL")',
        tf='AddLoss()(InfogainLoss(ignore_label=0, normalization="FULL", name="f")([x, y, z]))',
        numpy='infogain_loss(x, y, z, ignore_label=0, normalization="FULL")',
    ),
    says(
        "InfogainLoss { source: 'h.binaryproto' }",
        bottoms=SCORES,
        torch=refuses('the infogain matrix is in a file of its own, "h.binaryproto"'),
        tf=refuses('the infogain matrix is in a file of its own, "h.binaryproto"'),
        numpy=refuses('the infogain matrix is in a file of its own, "h.binaryproto"'),
    ),
    says(
        "ContrastiveLoss",
        bottoms=PAIRS,
        torch="contrastive_loss(x, y, z)",
        tf='AddLoss()(ContrastiveLoss(name="f")([x, y, z]))',
        numpy="contrastive_loss(x, y, z)",
    ),
    says(
        "ContrastiveLoss { margin: 2 legacy_version: true }",
        bottoms=PAIRS,
        torch="contrastive_loss(x, y, z, margin=2.0, legacy_version=True)",
        tf='AddLoss()(ContrastiveLoss(margin=2.0, legacy_version=True, name="f")([x, y, z]))',
        numpy="contrastive_loss(x, y, z, margin=2.0, legacy_version=True)",
    ),
    says(
        "ContrastiveLoss",
        bottoms=[(2, 3), (2, 3, 1, 1), (2, 1)],
        torch="contrastive_loss(x, y, z)",
        tf='AddLoss()(ContrastiveLoss(name="f")([x, y, z]))',
        numpy="contrastive_loss(x, y, z)",
    ),
]

ACCURACY: list[Row] = [
    says(
        "Accuracy",
        bottoms=SCORES,
        torch="top_k_accuracy(x, y)",
        tf='Accuracy(name="f")([x, y])',
        numpy="accuracy(x, y)",
    ),
    says(
        "Accuracy { top_k: 2 ignore_label: 0 }",
        bottoms=SCORES,
        torch="top_k_accuracy(x, y, top_k=2, ignore_label=0)",
        tf='Accuracy(top_k=2, ignore_label=0, name="f")([x, y])',
        numpy="accuracy(x, y, top_k=2, ignore_label=0)",
    ),
    says(
        "Accuracy",
        bottoms=PIXELS,
        torch="top_k_accuracy(x, y)",
        tf='Accuracy(name="f")([x, y])',
        numpy="accuracy(x, y)",
    ),
    says(
        "Accuracy { axis: 2 }",
        bottoms=[IMAGE, (2, 3, 7)],
        torch="top_k_accuracy(x, y, axis=2)",
        tf='Accuracy(name="f")([layers.Permute((3, 2, 1), name="f_permute")(x), y])',
        numpy="accuracy(x, y, axis=2)",
    ),
    says(
        "Accuracy",
        bottoms=SCORES,
        tops=2,
        torch="top_k_accuracy(x, y), class_accuracies(x, y)",
        tf='Accuracy(per_class=True, name="f")([x, y])',
        numpy="(accuracy(x, y), accuracy_per_class(x, y))",
    ),
]

ROWS = [*SOFTMAX, *OTHERS, *ACCURACY]
