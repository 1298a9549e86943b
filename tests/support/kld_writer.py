"""Writes .kld files as the perplexity tool of llama.cpp does, from its documentation alone."""

from __future__ import annotations

import struct

import numpy as np


def log_softmax(x: np.ndarray) -> np.ndarray:
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def kld_file(logits: np.ndarray, tokens: np.ndarray) -> bytes:
    """Of logits (chunks, length - 1 - length // 2, classes) and tokens (chunks, length)."""
    chunks, length = tokens.shape
    assert logits.shape[:2] == (chunks, length - 1 - length // 2)
    parts = [b"_logits_", struct.pack("<3i", length, logits.shape[-1], chunks)]
    parts.append(tokens.astype("<i4").tobytes())
    for row in logits.reshape(-1, logits.shape[-1]):
        log_p = log_softmax(row.astype(np.float64))
        least = max(log_p.min(), log_p.max() - 16)
        scale = np.float32((log_p.max() - least) / 65535)
        codes = np.rint((log_p - least) / scale) if scale else np.zeros(len(row))
        codes = np.clip(codes, 0, 65535).astype("<u2")
        parts += [struct.pack("<2f", scale, least), codes.tobytes(), b"\0\0" * (len(row) % 2)]
    return b"".join(parts)
