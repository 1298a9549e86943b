# The C interface of pyinfo for Cython.
#
#     from pyinfo.cython_api cimport check, entropy, import_pyinfo
#     import_pyinfo()  # once, when the module is imported
#
# and pyinfo.get_include() among the extension's include_dirs. Nothing here is compiled beforehand
# and no kernel is repeated: these are inline functions that call through the table which
# import_pyinfo() fetches, one indirect call each. (A compiled module would save the call of
# import_pyinfo(), at the price of a second indirection and of Cython in the build of pyinfo.)
#
# All functions are `noexcept nogil` and return an error; check() raises it, also without the GIL.
# (There are no default arguments: Cython does not compile those of inline functions.)
# Those whose names end in `_ptr` take pointers, the others contiguous memoryviews. What the
# functions promise stands in pyinfo/pyinfo.h; whatever has no wrapper here is reached through
# `pyinfo_table`.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "pyinfo/pyinfo.h" nogil:
    ctypedef enum pyinfo_error:
        PYINFO_OK
        PYINFO_ERROR_ARGUMENT
        PYINFO_ERROR_VALUE
        PYINFO_ERROR_SUM
        PYINFO_ERROR_CODE
        PYINFO_ERROR_SYMBOL
        PYINFO_ERROR_CAPACITY
        PYINFO_ERROR_CORRUPT
        PYINFO_ERROR_MEMORY
        PYINFO_ERROR_ISA
        PYINFO_ERROR_INTERNAL
        PYINFO_ERROR_NOT_IMPORTED
        PYINFO_ERROR_SHAPE
        PYINFO_ERROR_BASE

    ctypedef enum pyinfo_normalization:
        PYINFO_CHECK
        PYINFO_DIVIDE
        PYINFO_AS_IS

    ctypedef enum pyinfo_coder:
        PYINFO_CODER_AUTO
        PYINFO_CODER_HUFFMAN
        PYINFO_CODER_RANS
        PYINFO_CODER_RAW

    ctypedef enum pyinfo_logit_type:
        PYINFO_LOGITS_F64
        PYINFO_LOGITS_F32
        PYINFO_LOGITS_F16
        PYINFO_LOGITS_BF16
    ctypedef pyinfo_logit_type pyinfo_float_type

    ctypedef struct pyinfo_float_histogram:
        size_t bins
        int is_signed
        int is_used
        int exponent
        uint64_t nans
        uint64_t negative_infinities
        uint64_t positive_infinities
        double least
        double most
    ctypedef enum pyinfo_criterion:
        PYINFO_CRITERION_NVIDIA
        PYINFO_CRITERION_ONNXRUNTIME
        PYINFO_CRITERION_MSE

    ctypedef struct pyinfo_code:
        pass

    ctypedef struct pyinfo_frame_options:
        size_t size
        pyinfo_coder coder
        int effort
        uint32_t item_size
        uint32_t block_items
        int threads
        int floats
        const void* metadata
        size_t metadata_size

    ctypedef struct pyinfo_frame_info:
        size_t size
        uint64_t decompressed_size
        uint64_t items
        uint32_t item_size
        uint32_t block_items
        const void* metadata
        size_t metadata_size
        int rotated

    ctypedef enum pyinfo_element:
        PYINFO_ELEMENT_8
        PYINFO_ELEMENT_16
        PYINFO_ELEMENT_32
        PYINFO_ELEMENT_64
        PYINFO_ELEMENT_BFLOAT16
        PYINFO_ELEMENT_FLOAT16
        PYINFO_ELEMENT_FLOAT32
        PYINFO_ELEMENT_FLOAT64

    ctypedef struct pyinfo_patch_info:
        size_t size
        uint64_t items
        uint64_t changed
        pyinfo_element element
        const void* metadata
        size_t metadata_size

    ctypedef struct pyinfo_models:
        pass

    ctypedef enum pyinfo_family:
        PYINFO_GAUSSIAN
        PYINFO_LAPLACE
        PYINFO_LOGISTIC

    ctypedef struct pyinfo_models_info:
        size_t size
        uint64_t symbols
        int symbol_size
        int shifted

    ctypedef struct pyinfo_certificate_node:
        int64_t unit
        double value

    ctypedef struct pyinfo_allocation:
        size_t size
        double cost
        double error
        double lower_bound
        size_t nodes

    ctypedef struct pyinfo_api:
        size_t size
        uint32_t version
        const char* library_version
        const char* (*error_message)(pyinfo_error error) noexcept nogil
        const char* (*last_error_detail)() noexcept nogil
        uint64_t (*last_error_offset)() noexcept nogil
        const char* (*isa)() noexcept nogil
        pyinfo_error (*entropy_f64)(
            const double* p, size_t n, pyinfo_normalization normalization, double base,
            double* result) noexcept nogil
        pyinfo_error (*entropy_f32)(
            const float* p, size_t n, pyinfo_normalization normalization, double base,
            float* result) noexcept nogil
        pyinfo_error (*cross_entropy_f64)(
            const double* p, const double* q, size_t n, pyinfo_normalization normalization,
            double base, double* result) noexcept nogil
        pyinfo_error (*cross_entropy_f32)(
            const float* p, const float* q, size_t n, pyinfo_normalization normalization,
            double base, float* result) noexcept nogil
        pyinfo_error (*kl_divergence_f64)(
            const double* p, const double* q, size_t n, pyinfo_normalization normalization,
            double base, double* result) noexcept nogil
        pyinfo_error (*kl_divergence_f32)(
            const float* p, const float* q, size_t n, pyinfo_normalization normalization,
            double base, float* result) noexcept nogil
        pyinfo_error (*js_divergence_f64)(
            const double* p, const double* q, size_t n, pyinfo_normalization normalization,
            double base, double* result) noexcept nogil
        pyinfo_error (*js_divergence_f32)(
            const float* p, const float* q, size_t n, pyinfo_normalization normalization,
            double base, float* result) noexcept nogil
        pyinfo_error (*entropy_u64)(
            const uint64_t* counts, size_t n, double base, double* result) noexcept nogil
        pyinfo_error (*byte_counts)(
            const void* data, size_t items, size_t item_size, uint64_t* counts) noexcept nogil
        pyinfo_error (*joint_byte_counts)(
            const uint8_t* a, const uint8_t* b, size_t n, uint64_t* counts) noexcept nogil
        pyinfo_error (*huffman_lengths)(
            const uint64_t* counts, size_t alphabet, int max_length,
            uint8_t* lengths) noexcept nogil
        pyinfo_error (*rans_frequencies)(
            const uint64_t* counts, size_t alphabet, int precision,
            uint32_t* frequencies) noexcept nogil
        pyinfo_error (*huffman_code_from_counts)(
            const uint64_t* counts, size_t alphabet, int max_length,
            pyinfo_code** code) noexcept nogil
        pyinfo_error (*huffman_code_from_lengths)(
            const uint8_t* lengths, size_t alphabet, pyinfo_code** code) noexcept nogil
        pyinfo_error (*rans_code_from_counts)(
            const uint64_t* counts, size_t alphabet, int precision,
            pyinfo_code** code) noexcept nogil
        pyinfo_error (*rans_code_from_frequencies)(
            const uint32_t* frequencies, size_t alphabet, pyinfo_code** code) noexcept nogil
        void (*code_destroy)(pyinfo_code* code) noexcept nogil
        size_t (*code_encode_bound)(const pyinfo_code* code, size_t n) noexcept nogil
        pyinfo_error (*code_encode)(
            const pyinfo_code* code, const void* symbols, size_t n, void* message,
            size_t capacity, size_t* size) noexcept nogil
        pyinfo_error (*code_symbol_count)(
            const pyinfo_code* code, const void* message, size_t size, size_t* n) noexcept nogil
        pyinfo_error (*code_decode)(
            const pyinfo_code* code, const void* message, size_t size, void* symbols,
            size_t capacity, size_t* n) noexcept nogil
        pyinfo_error (*frame_compress_bound)(
            size_t size, const pyinfo_frame_options* options, size_t* bound) noexcept nogil
        pyinfo_error (*frame_compress)(
            const void* data, size_t size, const pyinfo_frame_options* options, void* frame,
            size_t capacity, size_t* frame_size) noexcept nogil
        pyinfo_error (*frame_read_info)(
            const void* frame, size_t frame_size, pyinfo_frame_info* info) noexcept nogil
        pyinfo_error (*frame_decompressed_size)(
            const void* frame, size_t frame_size, uint64_t* size) noexcept nogil
        pyinfo_error (*frame_decompress)(
            const void* frame, size_t frame_size, void* data, size_t capacity, int threads,
            size_t* size) noexcept nogil
        pyinfo_error (*frame_decompress_items)(
            const void* frame, size_t frame_size, uint64_t first, uint64_t last, void* data,
            size_t capacity, int threads, size_t* size) noexcept nogil
        pyinfo_error (*patch_bound)(
            pyinfo_element element, size_t items, size_t metadata_size,
            size_t* bound) noexcept nogil
        pyinfo_error (*patch_diff)(
            const void* before, const void* after, size_t items, pyinfo_element element,
            const void* metadata, size_t metadata_size, int threads, void* patch,
            size_t capacity, size_t* patch_size) noexcept nogil
        pyinfo_error (*patch_read_info)(
            const void* patch, size_t patch_size, pyinfo_patch_info* info) noexcept nogil
        pyinfo_error (*patch_apply)(
            const void* base, size_t size, const void* patch, size_t patch_size, int threads,
            void* out) noexcept nogil
        pyinfo_error (*logits_cross_entropy)(
            const void* logits, pyinfo_logit_type type, size_t rows, size_t classes,
            const int64_t* labels, int64_t ignore_index, double label_smoothing, double z_loss,
            int threads, double* values, void* gradient) noexcept nogil
        pyinfo_error (*logits_kl_divergence)(
            const void* p, const void* q, pyinfo_logit_type type, size_t rows, size_t classes,
            double temperature, int threads, double* values, void* gradient) noexcept nogil
        pyinfo_error (*logits_js_divergence)(
            const void* p, const void* q, pyinfo_logit_type type, size_t rows, size_t classes,
            double temperature, int threads, double* values, void* gradient) noexcept nogil
        pyinfo_error (*logits_entropy)(
            const void* logits, pyinfo_logit_type type, size_t rows, size_t classes,
            double temperature, int threads, double* values, void* gradient) noexcept nogil
        pyinfo_error (*logits_logsumexp)(
            const void* logits, pyinfo_logit_type type, size_t rows, size_t classes, int threads,
            double* values) noexcept nogil

        pyinfo_error (*histogram_add)(
            const void* x, pyinfo_float_type type, size_t n, int threads,
            pyinfo_float_histogram* histogram, uint64_t* counts) noexcept nogil
        pyinfo_error (*calibrate)(
            const pyinfo_float_histogram* histogram, const uint64_t* counts, int bits,
            pyinfo_criterion criterion, double* threshold, double* score) noexcept nogil
        pyinfo_error (*optimal_scales)(
            const void* w, pyinfo_float_type type, size_t groups, size_t size,
            const float* importance, size_t columns, int bits, int threads, float* scales,
            double* errors) noexcept nogil
        pyinfo_error (*rate_distortion)(
            const void* w, pyinfo_float_type type, size_t groups, size_t size,
            const float* importance, size_t columns, const double* steps, size_t n, int threads,
            double* errors, double* bits) noexcept nogil

        pyinfo_error (*allocate)(
            const double* costs, const double* errors, const size_t* first, size_t tensors,
            const size_t* units, const int64_t* fixed, double budget, double gap,
            size_t max_nodes, size_t* choice, pyinfo_allocation* result,
            pyinfo_certificate_node* certificate, size_t capacity) noexcept nogil

        pyinfo_error (*models_from_scales)(
            pyinfo_family family, const double* scales, size_t n, int precision, double tail,
            int mean_steps, pyinfo_models** models) noexcept nogil
        pyinfo_error (*models_from_weights)(
            const uint64_t* weights, const size_t* sizes, const int32_t* leasts, size_t n,
            int precision, pyinfo_models** models) noexcept nogil
        void (*models_destroy)(pyinfo_models* models) noexcept nogil
        size_t (*models_encode_bound)(size_t n) noexcept nogil
        pyinfo_error (*models_encode)(
            const pyinfo_models* models, const void* symbols, int symbol_size,
            const uint16_t* indexes, const int32_t* shifts, size_t n, int threads, void* message,
            size_t capacity, size_t* size) noexcept nogil
        pyinfo_error (*models_read_info)(
            const void* message, size_t size, pyinfo_models_info* info) noexcept nogil
        pyinfo_error (*models_decode)(
            const pyinfo_models* models, const void* message, size_t size,
            const uint16_t* indexes, const int32_t* shifts, size_t n, int threads, void* symbols,
            int symbol_size) noexcept nogil

cdef extern from *:
    """
    /* Each module that cimports has a pointer of its own. */
    static const pyinfo_api *pyinfo_table = NULL;
    static inline int pyinfo_import_table(void) {
      pyinfo_table = pyinfo_import();
      return pyinfo_table == NULL ? -1 : 0;
    }
    static inline int pyinfo_raise(pyinfo_error error) {
      return pyinfo_set_exception(pyinfo_table, error);
    }
    static inline pyinfo_frame_options pyinfo_default_frame_options(void) {
      pyinfo_frame_options options = PYINFO_FRAME_OPTIONS_INIT;
      return options;
    }
    """
    const pyinfo_api* pyinfo_table
    # Raises an ImportError if there is no pyinfo, or one that the header does not fit.
    int import_pyinfo "pyinfo_import_table"() except -1
    int pyinfo_raise(pyinfo_error error) except -1
    pyinfo_frame_options default_frame_options "pyinfo_default_frame_options"() noexcept nogil

ctypedef fused real:
    float
    double


cdef inline int check(pyinfo_error error) except -1 nogil:
    if error != PYINFO_OK:
        with gil:
            pyinfo_raise(error)
    return 0


cdef inline pyinfo_error entropy_ptr(
    const real* p, size_t n, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    if real is double:
        return pyinfo_table.entropy_f64(p, n, normalization, base, result)
    else:
        return pyinfo_table.entropy_f32(p, n, normalization, base, result)


cdef inline pyinfo_error entropy(
    const real[::1] p, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    return entropy_ptr(&p[0] if p.shape[0] > 0 else NULL, <size_t>p.shape[0], result, base, normalization)


cdef inline pyinfo_error cross_entropy_ptr(
    const real* p, const real* q, size_t n, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    if real is double:
        return pyinfo_table.cross_entropy_f64(p, q, n, normalization, base, result)
    else:
        return pyinfo_table.cross_entropy_f32(p, q, n, normalization, base, result)


cdef inline pyinfo_error cross_entropy(
    const real[::1] p, const real[::1] q, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    if p.shape[0] != q.shape[0]:
        return PYINFO_ERROR_SHAPE
    return cross_entropy_ptr(&p[0] if p.shape[0] > 0 else NULL, &q[0] if q.shape[0] > 0 else NULL, <size_t>p.shape[0], result, base, normalization)


cdef inline pyinfo_error kl_divergence_ptr(
    const real* p, const real* q, size_t n, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    if real is double:
        return pyinfo_table.kl_divergence_f64(p, q, n, normalization, base, result)
    else:
        return pyinfo_table.kl_divergence_f32(p, q, n, normalization, base, result)


cdef inline pyinfo_error kl_divergence(
    const real[::1] p, const real[::1] q, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    if p.shape[0] != q.shape[0]:
        return PYINFO_ERROR_SHAPE
    return kl_divergence_ptr(&p[0] if p.shape[0] > 0 else NULL, &q[0] if q.shape[0] > 0 else NULL, <size_t>p.shape[0], result, base, normalization)


cdef inline pyinfo_error js_divergence_ptr(
    const real* p, const real* q, size_t n, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    if real is double:
        return pyinfo_table.js_divergence_f64(p, q, n, normalization, base, result)
    else:
        return pyinfo_table.js_divergence_f32(p, q, n, normalization, base, result)


cdef inline pyinfo_error js_divergence(
    const real[::1] p, const real[::1] q, real* result, double base,
    pyinfo_normalization normalization,
) noexcept nogil:
    if p.shape[0] != q.shape[0]:
        return PYINFO_ERROR_SHAPE
    return js_divergence_ptr(&p[0] if p.shape[0] > 0 else NULL, &q[0] if q.shape[0] > 0 else NULL, <size_t>p.shape[0], result, base, normalization)


cdef inline pyinfo_error entropy_of_counts(
    const uint64_t[::1] counts, double* result, double base,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.entropy_u64(&counts[0] if counts.shape[0] > 0 else NULL, <size_t>counts.shape[0], base, result)


# Adds to the 256 counts.
cdef inline pyinfo_error byte_counts(const uint8_t[::1] data, uint64_t[::1] counts) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    if counts.shape[0] != 256:
        return PYINFO_ERROR_SHAPE
    return pyinfo_table.byte_counts(&data[0] if data.shape[0] > 0 else NULL, <size_t>data.shape[0], 1, &counts[0] if counts.shape[0] > 0 else NULL)


# Adds to the 256 x 256 counts.
cdef inline pyinfo_error joint_byte_counts(
    const uint8_t[::1] a, const uint8_t[::1] b, uint64_t[:, ::1] counts,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    if a.shape[0] != b.shape[0] or counts.shape[0] != 256 or counts.shape[1] != 256:
        return PYINFO_ERROR_SHAPE
    return pyinfo_table.joint_byte_counts(
        &a[0] if a.shape[0] > 0 else NULL, &b[0] if b.shape[0] > 0 else NULL, <size_t>a.shape[0], &counts[0, 0])


cdef inline pyinfo_error encode(
    const pyinfo_code* code, const uint8_t[::1] symbols, uint8_t[::1] message, size_t* size,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.code_encode(
        code, &symbols[0] if symbols.shape[0] > 0 else NULL, <size_t>symbols.shape[0], &message[0] if message.shape[0] > 0 else NULL, <size_t>message.shape[0], size)


cdef inline pyinfo_error decode(
    const pyinfo_code* code, const uint8_t[::1] message, uint8_t[::1] symbols, size_t* n,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.code_decode(
        code, &message[0] if message.shape[0] > 0 else NULL, <size_t>message.shape[0], &symbols[0] if symbols.shape[0] > 0 else NULL, <size_t>symbols.shape[0], n)


# Null options are the default ones.
cdef inline pyinfo_error compress(
    const uint8_t[::1] data, uint8_t[::1] frame, size_t* size,
    const pyinfo_frame_options* options,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.frame_compress(
        &data[0] if data.shape[0] > 0 else NULL, <size_t>data.shape[0], options, &frame[0] if frame.shape[0] > 0 else NULL, <size_t>frame.shape[0], size)


cdef inline pyinfo_error decompress(
    const uint8_t[::1] frame, uint8_t[::1] data, size_t* size, int threads,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.frame_decompress(
        &frame[0] if frame.shape[0] > 0 else NULL, <size_t>frame.shape[0], &data[0] if data.shape[0] > 0 else NULL, <size_t>data.shape[0], threads, size)


# Whether arrays fit rows of logits.
cdef inline bint logits_fit(
    const real[:, ::1] logits, double[::1] values, real[:, ::1] gradient,
) noexcept nogil:
    if values.shape[0] != logits.shape[0]:
        return False
    return gradient is None or (
        gradient.shape[0] == logits.shape[0] and gradient.shape[1] == logits.shape[1])


# Losses of the rows of logits; `gradient` may be NULL, or a memoryview that is None. Those of 16
# bits are reached through `pyinfo_table`.
cdef inline pyinfo_error logits_cross_entropy_ptr(
    const real* logits, size_t rows, size_t classes, const int64_t* labels, int64_t ignore_index,
    double label_smoothing, double z_loss, int threads, double* values, real* gradient,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.logits_cross_entropy(
        logits, PYINFO_LOGITS_F64 if real is double else PYINFO_LOGITS_F32, rows, classes, labels,
        ignore_index, label_smoothing, z_loss, threads, values, gradient)


cdef inline pyinfo_error logits_cross_entropy(
    const real[:, ::1] logits, const int64_t[::1] labels, int64_t ignore_index,
    double label_smoothing, double z_loss, int threads, double[::1] values, real[:, ::1] gradient,
) noexcept nogil:
    cdef size_t rows = <size_t>logits.shape[0]
    if labels.shape[0] != logits.shape[0] or not logits_fit(logits, values, gradient):
        return PYINFO_ERROR_SHAPE
    if logits.shape[1] == 0 or rows == 0:
        return logits_cross_entropy_ptr[real](
            NULL, rows, <size_t>logits.shape[1], NULL, ignore_index, label_smoothing, z_loss,
            threads, NULL, NULL)
    return logits_cross_entropy_ptr(
        &logits[0, 0], rows, <size_t>logits.shape[1], &labels[0], ignore_index, label_smoothing,
        z_loss, threads, &values[0], NULL if gradient is None else &gradient[0, 0])


cdef inline pyinfo_error logits_kl_divergence_ptr(
    const real* p, const real* q, size_t rows, size_t classes, double temperature, int threads,
    double* values, real* gradient,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.logits_kl_divergence(
        p, q, PYINFO_LOGITS_F64 if real is double else PYINFO_LOGITS_F32, rows, classes,
        temperature, threads, values, gradient)


cdef inline pyinfo_error logits_js_divergence_ptr(
    const real* p, const real* q, size_t rows, size_t classes, double temperature, int threads,
    double* values, real* gradient,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.logits_js_divergence(
        p, q, PYINFO_LOGITS_F64 if real is double else PYINFO_LOGITS_F32, rows, classes,
        temperature, threads, values, gradient)


cdef inline pyinfo_error logits_entropy_ptr(
    const real* logits, size_t rows, size_t classes, double temperature, int threads,
    double* values, real* gradient,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.logits_entropy(
        logits, PYINFO_LOGITS_F64 if real is double else PYINFO_LOGITS_F32, rows, classes,
        temperature, threads, values, gradient)


cdef inline pyinfo_error logits_logsumexp_ptr(
    const real* logits, size_t rows, size_t classes, int threads, double* values,
) noexcept nogil:
    if pyinfo_table == NULL:
        return PYINFO_ERROR_NOT_IMPORTED
    return pyinfo_table.logits_logsumexp(
        logits, PYINFO_LOGITS_F64 if real is double else PYINFO_LOGITS_F32, rows, classes, threads,
        values)


cdef inline pyinfo_error logits_kl_divergence(
    const real[:, ::1] p, const real[:, ::1] q, double temperature, int threads,
    double[::1] values, real[:, ::1] gradient,
) noexcept nogil:
    if not logits_fit(p, values, gradient):
        return PYINFO_ERROR_SHAPE
    if q.shape[0] != p.shape[0] or q.shape[1] != p.shape[1]:
        return PYINFO_ERROR_SHAPE
    if p.shape[0] == 0 or p.shape[1] == 0:
        return logits_kl_divergence_ptr[real](
            NULL, NULL, <size_t>p.shape[0], <size_t>p.shape[1], temperature, threads, NULL, NULL)
    return logits_kl_divergence_ptr(
        &p[0, 0], &q[0, 0], <size_t>p.shape[0], <size_t>p.shape[1], temperature, threads,
        &values[0], NULL if gradient is None else &gradient[0, 0])


cdef inline pyinfo_error logits_js_divergence(
    const real[:, ::1] p, const real[:, ::1] q, double temperature, int threads,
    double[::1] values, real[:, ::1] gradient,
) noexcept nogil:
    if not logits_fit(p, values, gradient):
        return PYINFO_ERROR_SHAPE
    if q.shape[0] != p.shape[0] or q.shape[1] != p.shape[1]:
        return PYINFO_ERROR_SHAPE
    if p.shape[0] == 0 or p.shape[1] == 0:
        return logits_js_divergence_ptr[real](
            NULL, NULL, <size_t>p.shape[0], <size_t>p.shape[1], temperature, threads, NULL, NULL)
    return logits_js_divergence_ptr(
        &p[0, 0], &q[0, 0], <size_t>p.shape[0], <size_t>p.shape[1], temperature, threads,
        &values[0], NULL if gradient is None else &gradient[0, 0])


cdef inline pyinfo_error logits_entropy(
    const real[:, ::1] logits, double temperature, int threads, double[::1] values,
    real[:, ::1] gradient,
) noexcept nogil:
    if not logits_fit(logits, values, gradient):
        return PYINFO_ERROR_SHAPE
    if logits.shape[0] == 0 or logits.shape[1] == 0:
        return logits_entropy_ptr[real](
            NULL, <size_t>logits.shape[0], <size_t>logits.shape[1], temperature, threads, NULL,
            NULL)
    return logits_entropy_ptr(
        &logits[0, 0], <size_t>logits.shape[0], <size_t>logits.shape[1], temperature, threads,
        &values[0], NULL if gradient is None else &gradient[0, 0])


cdef inline pyinfo_error logits_logsumexp(
    const real[:, ::1] logits, int threads, double[::1] values,
) noexcept nogil:
    if values.shape[0] != logits.shape[0]:
        return PYINFO_ERROR_SHAPE
    if logits.shape[0] == 0 or logits.shape[1] == 0:
        return logits_logsumexp_ptr[real](
            NULL, <size_t>logits.shape[0], <size_t>logits.shape[1], threads, NULL)
    return logits_logsumexp_ptr(
        &logits[0, 0], <size_t>logits.shape[0], <size_t>logits.shape[1], threads, &values[0])
