# cython: language_level=3
"""A module of another package: how surprising is each row of a table of probabilities?"""

from libc.stdint cimport int64_t, uint8_t

from pyinfo.cython_api cimport (
    PYINFO_CHECK,
    PYINFO_OK,
    check,
    compress,
    decompress,
    entropy,
    entropy_ptr,
    import_pyinfo,
    js_divergence,
    logits_cross_entropy,
    logits_entropy,
    logits_js_divergence,
    logits_kl_divergence,
    logits_logsumexp,
    pyinfo_error,
    pyinfo_table,
)

import_pyinfo()


def row_entropies(const double[:, ::1] table, double[::1] out):
    cdef Py_ssize_t i
    cdef pyinfo_error error = PYINFO_OK
    with nogil:  # kernels run without the GIL, so rows may be shared out to threads
        for i in range(table.shape[0]):
            error = entropy(table[i], &out[i], 2, PYINFO_CHECK)
            if error != PYINFO_OK:
                break
    check(error)


def entropy_f32(const float[::1] p, double base=2):
    cdef float result = 0
    check(entropy_ptr(&p[0], <size_t>p.shape[0], &result, base, PYINFO_CHECK))
    return result


def distance(const double[::1] p, const double[::1] q):
    cdef double result = 0
    check(js_divergence(p, q, &result, 2, PYINFO_CHECK))
    return result


def round_trip(const uint8_t[::1] data):
    cdef size_t bound = 0, size = 0, n = 0
    check(pyinfo_table.frame_compress_bound(<size_t>data.shape[0], NULL, &bound))
    frame = bytearray(bound)
    decoded = bytearray(data.shape[0])
    check(compress(data, frame, &size, NULL))
    check(decompress(frame[:size], decoded, &n, 1))
    return bytes(frame[:size]), bytes(decoded[:n])


def losses(
    const float[:, ::1] logits, const int64_t[::1] labels, double[::1] out, float[:, ::1] slope
):
    cdef pyinfo_error error
    with nogil:
        error = logits_cross_entropy(logits, labels, -100, 0.1, 0.01, 2, out, slope)
    check(error)


def row_measures(const double[:, ::1] p, const double[:, ::1] q, double[:, ::1] out):
    """KL and JS divergence, entropy of p and its log-sum-exp, and nothing of gradients."""
    cdef double[:, ::1] nothing = None
    check(logits_kl_divergence(p, q, 2, 1, out[0], nothing))
    check(logits_js_divergence(p, q, 2, 1, out[1], nothing))
    check(logits_entropy(p, 2, 1, out[2], nothing))
    check(logits_logsumexp(p, 1, out[3]))
