"""What each target prints of proto2net/layers/recurrent.py."""

from says import Row, refuses, says

STEPS = [(5, 2, 3), (5, 2)]
"""Five steps of two sequences of three features, and where these go on."""
STATE = (1, 2, 4)
DROPS = "attn_dropout, which drops weights of the attention in training, is not supported"

ROWS: list[Row] = [
    says(
        "RNN { num_output: 4 }",
        bottoms=STEPS,
        torch=("RNN(3, 4)", "self.f(x, y)[0]"),
        tf='RNN(4, name="f")([x, y])',
        numpy=('{..., "states": []}', "rnn_continued(x, y, **self.f)"),
    ),
    says(
        "RNN { num_output: 4 }",
        bottoms=[*STEPS, (2, 6)],
        torch=("RNN(3, 4, static=6)", "self.f(x, y, static=z)[0]"),
        tf='RNN(4, static=True, name="f")([x, y, z])',
        numpy=('{..., "states": []}', "rnn_continued(x, y, **self.f, static=z)"),
    ),
    says(
        "RNN { num_output: 4 expose_hidden: true }",
        bottoms=[*STEPS, STATE],
        tops=2,
        torch=("RNN(3, 4)", "self.f(x, y, z)"),
        tf='RNN(4, expose_hidden=True, name="f")([x, y, z])',
        numpy="rnn(x, y, z, **self.f)",
    ),
    says(
        "LSTM { num_output: 4 }",
        bottoms=STEPS,
        torch=("LSTM(3, 4)", "self.f(x, y)[0]"),
        tf='LSTM(4, name="f")([x, y])',
        numpy=('{..., "states": []}', "lstm_continued(x, y, **self.f)"),
    ),
    says(
        "LSTM { num_output: 4 }",
        bottoms=[(5, 2, 3, 7), (5, 2)],
        torch=("LSTM(21, 4)", "self.f(x, y)[0]"),
        tf='LSTM(4, name="f")([layers.Permute((3, 1, 2), name="f_permute")(x), y])',
        numpy=('{..., "states": []}', "lstm_continued(x, y, **self.f)"),
    ),
    says(
        "LSTM { num_output: 4 }",
        bottoms=[*STEPS, (2, 6)],
        torch=("LSTM(3, 4, static=6)", "self.f(x, y, static=z)[0]"),
        tf='LSTM(4, static=True, name="f")([x, y, z])',
        numpy=('{..., "states": []}', "lstm_continued(x, y, **self.f, static=z)"),
    ),
    says(
        "LSTM { num_output: 4 expose_hidden: true }",
        bottoms=[*STEPS, STATE, STATE],
        tops=3,
        torch=("LSTM(3, 4)", "self.f(x, y, z, u)"),
        tf='LSTM(4, expose_hidden=True, name="f")([x, y, z, u])',
        numpy="lstm(x, y, z, u, **self.f)",
    ),
    says(
        "LSTM { num_output: 4 expose_hidden: true }",
        bottoms=[*STEPS, (2, 6, 7), STATE, STATE],
        tops=3,
        torch=("LSTM(3, 4, static=42)", "self.f(x, y, u, v, static=z)"),
        tf='LSTM(4, static=True, expose_hidden=True, name="f")([x, y, z, u, v])',
        numpy="lstm(x, y, u, v, **self.f, static=z)",
    ),
    says(
        "LSTMUnit",
        bottoms=[(1, 2, 3), (1, 2, 12), (1, 2)],
        tops=2,
        torch="lstm_unit(x, y, z)",
        tf='LSTMUnit(name="f")([x, y, z])',
        numpy="lstm_unit(x, y, z)",
    ),
    # ---- of junhyukoh's caffe-lstm
    says(
        "Lstm { num_output: 4 }",
        bottoms=[(5, 2, 3)],
        torch=("Lstm(3, 4)", "self.f(x)"),
        tf='Lstm(4, name="f")([x])',
        numpy="lstm_of_caffe_lstm(x, **self.f)",
    ),
    says(
        "Lstm { num_output: 4 }",
        bottoms=[(5, 2, 3)],
        phase="train",
        torch=("Lstm(3, 4)", "self.f(x)"),
        tf='Lstm(4, name="f")([x])',
        numpy="lstm_of_caffe_lstm(x, **self.f)",
    ),
    says(
        "Lstm { num_output: 4 }",
        bottoms=[(5, 2, 3, 7)],
        torch=("Lstm(21, 4)", "self.f(x)"),
        tf='Lstm(4, name="f")([layers.Permute((3, 1, 2), name="f_permute")(x)])',
        numpy="lstm_of_caffe_lstm(x, **self.f)",
    ),
    says(
        "Lstm { num_output: 4 }",
        bottoms=[(6, 3)],
        torch=("Lstm(3, 4, sequences=1)", "self.f(x)"),
        tf='Lstm(4, sequences=1, name="f")([x])',
        numpy="lstm_of_caffe_lstm(x, **self.f, sequences=1)",
    ),
    says(
        "Lstm { num_output: 4 batch_size: 2 }",
        bottoms=[(6, 3)],
        torch=("Lstm(3, 4, sequences=2)", "self.f(x)"),
        tf='Lstm(4, sequences=2, name="f")([x])',
        numpy="lstm_of_caffe_lstm(x, **self.f, sequences=2)",
    ),
    says(
        "Lstm { num_output: 4 }",
        bottoms=STEPS,
        torch=("Lstm(3, 4)", "self.f(x, y)"),
        tf='Lstm(4, name="f")([x, y])',
        numpy=('{..., "states": []}', "lstm_of_caffe_lstm(x, **self.f, cont=y)"),
    ),
    says(
        "Lstm { num_output: 4 batch_size: 2 }",
        bottoms=[(6, 3), (6,)],
        torch=("Lstm(3, 4, sequences=2)", "self.f(x, y)"),
        tf='Lstm(4, sequences=2, name="f")([x, y])',
        numpy=('{..., "states": []}', "lstm_of_caffe_lstm(x, **self.f, cont=y, sequences=2)"),
    ),
    says(
        "Lstm { num_output: 4 clipping_threshold: 0.1 }",
        bottoms=[(5, 2, 3)],
        torch=("Lstm(3, 4)", "self.f(x)"),
        tf='Lstm(4, name="f")([x])',
        numpy="lstm_of_caffe_lstm(x, **self.f)",
    ),
    says(
        "Lstm { num_output: 4 clipping_threshold: 0.1 }",
        bottoms=[(5, 2, 3)],
        phase="train",
        torch=refuses(
            "clipping_threshold, which bounds gradients inside of the layer, is not supported"
        ),
        tf=refuses(
            "clipping_threshold, which bounds gradients inside of the layer, is not possible"
        ),
        numpy="lstm_of_caffe_lstm(x, **self.f)",
    ),
    says(
        "CausalAttention { heads: 2 }",
        bottoms=[(3, 5, 12)],
        torch="causal_attention(x, heads=2)",
        tf='CausalAttention(2, name="f")(x)',
        numpy="causal_attention(x, heads=2)",
    ),
    says(
        "CausalAttention { heads: 2 attn_dropout: 0.5 }",
        bottoms=[(3, 5, 12)],
        phase="train",
        torch=refuses(DROPS),
        tf=refuses(DROPS),
        numpy=refuses(DROPS),
    ),
    says(
        "ContinuationIndicator { time_step: 5 batch_size: 2 }",
        read=0,
        torch=("ContinuationIndicator(5)", "self.f(2)"),
        tf='ContinuationIndicator(5, sequences=2, name="f")(x)',
        numpy="continuation_indicator(5, 2)",
    ),
    says(
        "ContinuationIndicator { time_step: 5 }",
        torch=("ContinuationIndicator(5)", "self.f(x.shape[0])"),
        tf='ContinuationIndicator(5, name="f")(x)',
        numpy="continuation_indicator(5, x.shape[0])",
    ),
    says(
        "ContinuationIndicator { time_step: 5 axis: 1 }",
        torch=("ContinuationIndicator(5)", "self.f(x.shape[1])"),
        tf='ContinuationIndicator(5, axis=3, name="f")(x)',
        numpy="continuation_indicator(5, x.shape[1])",
    ),
]
