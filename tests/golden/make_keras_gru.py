"""Makes keras_gru.tflite and keras_gru.npz: a DDSP-VST decoder as TensorFlow itself writes it.

DDSP-VST's files come from Keras through TensorFlow's converter, which writes the one step of the
GRU as a WHILE loop with dynamic tensors. torch cannot make such a file, so this one was made
once, with tensorflow-cpu 2.15.1 (needed for nothing else), at a small size: state 8, channels 4,
6 harmonics, 5 noise bands. The npz holds inputs and TensorFlow's own outputs, frame by frame.

    python tests/golden/make_keras_gru.py
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf  # type: ignore[import-not-found]

STATE, CHANNELS, HARMONICS, NOISE, FRAMES = 8, 4, 6, 5, 40
HERE = Path(__file__).parent
layers = tf.keras.layers


def exp_sigmoid(x: tf.Tensor) -> tf.Tensor:
    return 2.0 * tf.nn.sigmoid(x) ** math.log(10.0) + 1e-7


def fc() -> tf.keras.Sequential:
    return tf.keras.Sequential(
        [layers.Dense(CHANNELS), layers.LayerNormalization(), layers.LeakyReLU(0.2)]
    )


class Decoder(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.f0_stack, self.pw_stack, self.out_stack = fc(), fc(), fc()
        self.gru = layers.GRU(STATE, return_sequences=True, return_state=True)
        self.heads = layers.Dense(1 + HARMONICS + NOISE)

    @tf.function
    def call(self, f0_scaled: tf.Tensor, pw_scaled: tf.Tensor, state: tf.Tensor) -> tuple:
        f0, pw = tf.reshape(f0_scaled, [1, 1, 1]), tf.reshape(pw_scaled, [1, 1, 1])
        x = tf.concat([self.pw_stack(pw), self.f0_stack(f0)], -1)
        y, new_state = self.gru(x, initial_state=tf.reshape(state, [1, STATE]))
        raw = self.heads(self.out_stack(tf.concat([x, y], -1)))
        amplitude, harmonics, noise = tf.split(raw, [1, HARMONICS, NOISE], -1)
        f0_hz = 440.0 * 2.0 ** ((f0 * 127.0 - 69.0) / 12.0)
        numbers = tf.range(1, HARMONICS + 1, dtype=tf.float32)
        harmonics = exp_sigmoid(harmonics)
        harmonics = tf.where(f0_hz * numbers >= 8000.0, tf.zeros_like(harmonics), harmonics)
        harmonics /= tf.reduce_sum(harmonics, -1, keepdims=True)
        return (
            tf.reshape(exp_sigmoid(amplitude), [1]),
            tf.reshape(harmonics, [HARMONICS]),
            tf.reshape(exp_sigmoid(noise - 5.0), [NOISE]),
            tf.reshape(new_state, [STATE]),
        )


def main() -> None:
    tf.keras.utils.set_random_seed(1)
    model = Decoder()
    zeros = tf.zeros([1]), tf.zeros([1]), tf.zeros([STATE])
    model.call(*zeros)
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        if "bias" in variable.name or "beta" in variable.name:
            variable.assign(rng.uniform(-0.4, 0.4, variable.shape))
    shapes = [tf.TensorSpec([1]), tf.TensorSpec([1]), tf.TensorSpec([STATE])]
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            model, folder, signatures={"call": model.call.get_concrete_function(*shapes)}
        )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["call"])
        (HERE / "keras_gru.tflite").write_bytes(converter.convert())
    f0_scaled = np.linspace(0.2, 0.9, FRAMES).astype(np.float32)  # the top harmonics fall away
    pw_scaled = (0.5 - 0.5 * np.cos(np.linspace(0, 9, FRAMES))).astype(np.float32)
    rows, state = [], zeros[2]
    for f0, pw in zip(f0_scaled, pw_scaled, strict=True):
        *controls, state = model.call(tf.constant([f0]), tf.constant([pw]), state)
        rows.append([control.numpy() for control in controls])
    amplitude, harmonics, noise = (np.array(column) for column in zip(*rows, strict=True))
    np.savez_compressed(
        HERE / "keras_gru.npz",
        f0_scaled=f0_scaled,
        pw_scaled=pw_scaled,
        amplitude=amplitude[:, 0],
        harmonics=harmonics,
        noise=noise,
    )


if __name__ == "__main__":
    main()
