"""BERT written out, to hold the encoder against."""

import numpy as np
import scipy.special


def bert_in_numpy(tensors, tokens, layers, heads):
    """BERT as in Devlin et al. 2018, one text, no padding: hidden states [tokens, dim]."""
    def dense(x, name):
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    x = norm(
        tensors["embeddings.word_embeddings.weight"][tokens]
        + tensors["embeddings.position_embeddings.weight"][: len(tokens)]
        + tensors["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for number in range(layers):
        name = f"encoder.layer.{number}"
        query, key, value = (
            dense(x, f"{name}.attention.self.{part}").reshape(len(tokens), heads, -1)
            for part in ("query", "key", "value"))
        logits = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1])
        attended = np.einsum("hqk,khd->qhd", scipy.special.softmax(logits, axis=-1), value)
        x = norm(
            x + dense(attended.reshape(len(tokens), -1), f"{name}.attention.output.dense"),
            f"{name}.attention.output.LayerNorm")
        wide = dense(x, f"{name}.intermediate.dense")
        gelu = wide * 0.5 * (1.0 + scipy.special.erf(wide / np.sqrt(2.0)))
        x = norm(x + dense(gelu, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    return x
