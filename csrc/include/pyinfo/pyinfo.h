/* The C interface of pyinfo: information measures, counting and entropy coding.
 *
 * The same functions are reached in two ways:
 *
 *   - from an extension module of Python, through the table that the installed package pyinfo
 *     offers. Include Python.h before this header, call pyinfo_import() once, keep the pointer:
 *
 *         const pyinfo_api *info = pyinfo_import();
 *         if (info == NULL) return NULL;  // an ImportError is set
 *         pyinfo_error error = info->entropy_f64(p, n, PYINFO_CHECK, 2, &bits);
 *
 *   - from anything else, by linking the library libpyinfo, which knows nothing of Python:
 *
 *         pyinfo_error error = pyinfo_entropy_f64(p, n, PYINFO_CHECK, 2, &bits);
 *
 * Functions are documented where they are declared; the members of the table have the same names
 * without the prefix. All of them
 *   - may be called without Python's GIL, and by many threads at once; what they are given as
 *     pointers to const may be shared between threads,
 *   - return PYINFO_OK or the reason why not, and then leave numbers behind result pointers as they
 *     were. What stands in output buffers after an error is unspecified,
 *   - refuse null pointers to results, and null pointers to data unless there is no data,
 *   - give the same bits as pyinfo's Python functions. Buffers must not overlap.
 */
#ifndef PYINFO_PYINFO_H
#define PYINFO_PYINFO_H

#include <stddef.h>
#include <stdint.h>

/* Changes when functions change or vanish. New ones are appended to the table and leave it. */
#define PYINFO_ABI_VERSION 1

/* Marks the functions of the shared library while that is built. */
#if defined(PYINFO_BUILDING_SHARED) && defined(_WIN32)
#define PYINFO_FUNCTION __declspec(dllexport)
#elif defined(PYINFO_BUILDING_SHARED) && defined(__GNUC__)
#define PYINFO_FUNCTION __attribute__((visibility("default")))
#else
#define PYINFO_FUNCTION
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors -------------------------------------------------------------------------------- */

typedef enum pyinfo_error {
  PYINFO_OK = 0,
  /* An argument that is wrong whatever the data: a null pointer, no elements, an option or a base
   * out of range, an alphabet of 0 or more than 65536 symbols. */
  PYINFO_ERROR_ARGUMENT = 1,
  /* A probability, weight or count is negative or infinite. (A NaN is no error: the result is.) */
  PYINFO_ERROR_VALUE = 2,
  /* PYINFO_CHECK: probabilities do not sum to 1 within the square root of the type's precision.
   * PYINFO_DIVIDE and counts: the sum is 0. */
  PYINFO_ERROR_SUM = 3,
  /* No code can be made of these: all counts are 0 or more symbols occur than max_length or
   * precision have room for; lengths of which there is no prefix code; frequencies whose sum is not
   * a power of two from 2^8 to 2^16. */
  PYINFO_ERROR_CODE = 4,
  /* A symbol to encode has no code, or there are more symbols than a message may have. */
  PYINFO_ERROR_SYMBOL = 5,
  /* The output buffer has no room for the result. */
  PYINFO_ERROR_CAPACITY = 6,
  /* Encoded data is damaged, cut off, of another code, or was never encoded at all. */
  PYINFO_ERROR_CORRUPT = 7,
  /* Memory could not be allocated. */
  PYINFO_ERROR_MEMORY = 8,
  /* The environment variable PYINFO_ISA names an instruction set that is not to be had. */
  PYINFO_ERROR_ISA = 9,
  /* Anything else; a defect of pyinfo. */
  PYINFO_ERROR_INTERNAL = 10,
  /* By pyinfo.cython_api alone: import_pyinfo() has not been called; memoryviews have lengths that
   * do not fit each other. */
  PYINFO_ERROR_NOT_IMPORTED = 11,
  PYINFO_ERROR_SHAPE = 12,
  /* The array is not the one that a patch was made from. */
  PYINFO_ERROR_BASE = 13,
  /* Never returned: gives the type 32 bits, and the range that later versions may use. */
  PYINFO_ERROR_LAST = 0x7fffffff
} pyinfo_error;

/* What an error means, as a constant sentence without a full stop. Never null. */
PYINFO_FUNCTION const char* pyinfo_error_message(pyinfo_error error);

/* What the last function that failed on this thread had to say of it, down to the place in the
 * data: "block 3 (plane 0, items 0 to 65536) ...". Good until the next failure on this thread. */
PYINFO_FUNCTION const char* pyinfo_last_error_detail(void);
/* If that was PYINFO_ERROR_CORRUPT: where in the encoded data the damaged part begins; else 0. */
PYINFO_FUNCTION uint64_t pyinfo_last_error_offset(void);

/* ---- About this build ---------------------------------------------------------------------- */

/* "0.1.0" */
PYINFO_FUNCTION const char* pyinfo_version(void);
/* The instruction set in use: "portable", "sse4", "avx2", "avx512" or "neon"; "" if PYINFO_ISA is
   wrong. */
PYINFO_FUNCTION const char* pyinfo_isa(void);

/* ---- Measures ------------------------------------------------------------------------------ */

/* How p and q become distributions. */
typedef enum pyinfo_normalization {
  PYINFO_CHECK = 0,  /* they are: each must sum to 1 */
  PYINFO_DIVIDE = 1, /* they are weights: each is divided by its sum */
  PYINFO_AS_IS = 2,  /* they are taken as they are */
  PYINFO_NORMALIZATION_LAST = 0x7fffffff
} pyinfo_normalization;

/* Of n > 0 contiguous elements, in the unit that `base` stands for: 2 for bits, e for nats; any
 * positive finite number but 1. 0 log 0 is 0; where q is 0 and p is not, cross-entropy and
 * KL divergence are infinite. Divergences are never negative. */
PYINFO_FUNCTION pyinfo_error pyinfo_entropy_f64(const double* p, size_t n,
                                                pyinfo_normalization normalization, double base,
                                                double* result);
PYINFO_FUNCTION pyinfo_error pyinfo_entropy_f32(const float* p, size_t n,
                                                pyinfo_normalization normalization, double base,
                                                float* result);
PYINFO_FUNCTION pyinfo_error pyinfo_cross_entropy_f64(const double* p, const double* q, size_t n,
                                                      pyinfo_normalization normalization,
                                                      double base, double* result);
PYINFO_FUNCTION pyinfo_error pyinfo_cross_entropy_f32(const float* p, const float* q, size_t n,
                                                      pyinfo_normalization normalization,
                                                      double base, float* result);
PYINFO_FUNCTION pyinfo_error pyinfo_kl_divergence_f64(const double* p, const double* q, size_t n,
                                                      pyinfo_normalization normalization,
                                                      double base, double* result);
PYINFO_FUNCTION pyinfo_error pyinfo_kl_divergence_f32(const float* p, const float* q, size_t n,
                                                      pyinfo_normalization normalization,
                                                      double base, float* result);
PYINFO_FUNCTION pyinfo_error pyinfo_js_divergence_f64(const double* p, const double* q, size_t n,
                                                      pyinfo_normalization normalization,
                                                      double base, double* result);
PYINFO_FUNCTION pyinfo_error pyinfo_js_divergence_f32(const float* p, const float* q, size_t n,
                                                      pyinfo_normalization normalization,
                                                      double base, float* result);
/* The entropy of the distribution that n counts state, as the functions below return them. */
PYINFO_FUNCTION pyinfo_error pyinfo_entropy_u64(const uint64_t* counts, size_t n, double base,
                                                double* result);

/* ---- Counting ------------------------------------------------------------------------------ */

/* Adds to counts[256 * k + v] how many of `items` items of `item_size` bytes have the value v as
 * their byte number k. `counts` holds 256 * item_size numbers, none of which may exceed
 * UINT64_MAX - items: sums are not checked. */
PYINFO_FUNCTION pyinfo_error pyinfo_byte_counts(const void* data, size_t items, size_t item_size,
                                                uint64_t* counts);
/* Adds to counts[256 * x + y] how often a[i] = x and b[i] = y. `counts` holds 65536 numbers, none
 * of which may exceed UINT64_MAX - n: sums are not checked. */
PYINFO_FUNCTION pyinfo_error pyinfo_joint_byte_counts(const uint8_t* a, const uint8_t* b, size_t n,
                                                      uint64_t* counts);

/* ---- Codes: made once, used for many messages ---------------------------------------------- */

/* Symbols are the numbers 0 .. alphabet - 1: bytes (uint8_t) if the alphabet has at most 256, else
 * uint16_t. Codes of bytes with codewords of at most 11 bits, or a precision of 12, are coded much
 * faster than others. A code never changes, so threads may share it. */
typedef struct pyinfo_code pyinfo_code;

/* Lengths of the best prefix code with codewords of at most max_length bits, 1 to 16, for symbols
 * that occur `counts` times; 0 for those that do not occur. Codes are canonical: the lengths are
 * all that a decoder must know. */
PYINFO_FUNCTION pyinfo_error pyinfo_huffman_lengths(const uint64_t* counts, size_t alphabet,
                                                    int max_length, uint8_t* lengths);
/* Frequencies with the sum 2^precision, precision 8 to 16, that take the fewest bits. */
PYINFO_FUNCTION pyinfo_error pyinfo_rans_frequencies(const uint64_t* counts, size_t alphabet,
                                                     int precision, uint32_t* frequencies);

/* On success *code is to be given to pyinfo_code_destroy; it is null after an error. */
PYINFO_FUNCTION pyinfo_error pyinfo_huffman_code_from_counts(const uint64_t* counts,
                                                             size_t alphabet, int max_length,
                                                             pyinfo_code** code);
PYINFO_FUNCTION pyinfo_error pyinfo_huffman_code_from_lengths(const uint8_t* lengths,
                                                              size_t alphabet, pyinfo_code** code);
PYINFO_FUNCTION pyinfo_error pyinfo_rans_code_from_counts(const uint64_t* counts, size_t alphabet,
                                                          int precision, pyinfo_code** code);
PYINFO_FUNCTION pyinfo_error pyinfo_rans_code_from_frequencies(const uint32_t* frequencies,
                                                               size_t alphabet, pyinfo_code** code);
/* Null is allowed. */
PYINFO_FUNCTION void pyinfo_code_destroy(pyinfo_code* code);

/* A capacity in bytes that the message of any n symbols fits in; SIZE_MAX if there is none. */
PYINFO_FUNCTION size_t pyinfo_code_encode_bound(const pyinfo_code* code, size_t n);
/* Encodes n symbols to a message of *size bytes. A capacity of pyinfo_code_encode_bound avoids an
 * allocation; a smaller one will do if the message fits. */
PYINFO_FUNCTION pyinfo_error pyinfo_code_encode(const pyinfo_code* code, const void* symbols,
                                                size_t n, void* message, size_t capacity,
                                                size_t* size);
/* How many symbols a message holds; its checksum is verified, so that the number can be trusted. */
PYINFO_FUNCTION pyinfo_error pyinfo_code_symbol_count(const pyinfo_code* code, const void* message,
                                                      size_t size, size_t* n);
/* Decodes a message of `size` bytes to *n symbols, of which at most `capacity` have room. */
PYINFO_FUNCTION pyinfo_error pyinfo_code_decode(const pyinfo_code* code, const void* message,
                                                size_t size, void* symbols, size_t capacity,
                                                size_t* n);

/* ---- Frames: whole buffers, compressed ----------------------------------------------------- */

typedef enum pyinfo_coder {
  PYINFO_CODER_AUTO = 0, /* for each block the one that makes it smallest, by 1/128 or more */
  PYINFO_CODER_HUFFMAN = 1,
  PYINFO_CODER_RANS = 2,
  PYINFO_CODER_RAW = 3,
  PYINFO_CODER_LAST = 0x7fffffff
} pyinfo_coder;

/* Start from PYINFO_FRAME_OPTIONS_INIT. What a later version appends has its default where `size`
 * says that the caller knows nothing of it. */
typedef struct pyinfo_frame_options {
  size_t size; /* sizeof(pyinfo_frame_options) */
  pyinfo_coder coder;
  int effort;           /* 1: looks at a sample only, faster; 2 */
  uint32_t item_size;   /* bytes of an item, each of which is coded on its own; 1 to 65535 */
  uint32_t block_items; /* items in a block, 1 to 2^20; 0: 2^18. Items of more than 16 bytes have
                           at most 4 MiB / item_size */
  int threads;          /* to compress with, 0 for one per core; does not change the result */
  int floats; /* not 0: items are little-endian floats of 2, 4 or 8 bytes, to be rotated by
                 one bit before they are split into bytes if an estimate says it pays */
  const void* metadata; /* the caller's own, kept in the frame; Python's arrays state their type */
  size_t metadata_size; /* at most 65535 */
} pyinfo_frame_options;

#define PYINFO_FRAME_OPTIONS_INIT \
  {sizeof(pyinfo_frame_options), PYINFO_CODER_AUTO, 2, 1, 0, 1, 0, NULL, 0}

/* What pyinfo_frame_read_info fills in; `size` is set by the caller. */
typedef struct pyinfo_frame_info {
  size_t size;                /* sizeof(pyinfo_frame_info) */
  uint64_t decompressed_size; /* items * item_size */
  uint64_t items;
  uint32_t item_size;
  uint32_t block_items;
  const void* metadata; /* within the frame */
  size_t metadata_size;
  int rotated; /* 1: the items' bits were rotated, see `floats`; else 0 */
} pyinfo_frame_info;

/* A capacity that the frame of any `size` bytes fits in; null options are the default ones. */
PYINFO_FUNCTION pyinfo_error pyinfo_frame_compress_bound(size_t size,
                                                         const pyinfo_frame_options* options,
                                                         size_t* bound);
/* Compresses a whole number of items. A capacity of pyinfo_frame_compress_bound avoids an
 * allocation; a smaller one will do if the frame fits. */
PYINFO_FUNCTION pyinfo_error pyinfo_frame_compress(const void* data, size_t size,
                                                   const pyinfo_frame_options* options, void* frame,
                                                   size_t capacity, size_t* frame_size);
/* Says what is in a frame, without decoding it. A small frame may stand for much data: compare
 * decompressed_size to what is reasonable before allocating memory for it. Little data that coding
 * would not make smaller is stored as items of one byte. */
PYINFO_FUNCTION pyinfo_error pyinfo_frame_read_info(const void* frame, size_t frame_size,
                                                    pyinfo_frame_info* info);
PYINFO_FUNCTION pyinfo_error pyinfo_frame_decompressed_size(const void* frame, size_t frame_size,
                                                            uint64_t* size);
/* Decompresses one whole frame and nothing else, all of which is checked, to *size bytes. */
PYINFO_FUNCTION pyinfo_error pyinfo_frame_decompress(const void* frame, size_t frame_size,
                                                     void* data, size_t capacity, int threads,
                                                     size_t* size);
/* Decompresses the items first .. last - 1; only the blocks that hold them are looked at. */
PYINFO_FUNCTION pyinfo_error pyinfo_frame_decompress_items(const void* frame, size_t frame_size,
                                                           uint64_t first, uint64_t last,
                                                           void* data, size_t capacity, int threads,
                                                           size_t* size);

/* ---- Patches: what turns one array into another -------------------------------------------- */

/* Numbers in an array, little-endian: whole ones (or anything else) of so many bits, or floats. */
typedef enum pyinfo_element {
  PYINFO_ELEMENT_8 = 0,
  PYINFO_ELEMENT_16 = 1,
  PYINFO_ELEMENT_32 = 2,
  PYINFO_ELEMENT_64 = 3,
  PYINFO_ELEMENT_BFLOAT16 = 4,
  PYINFO_ELEMENT_FLOAT16 = 5,
  PYINFO_ELEMENT_FLOAT32 = 6,
  PYINFO_ELEMENT_FLOAT64 = 7,
  PYINFO_ELEMENT_LAST = 0x7fffffff
} pyinfo_element;

/* What pyinfo_patch_read_info fills in; `size` is set by the caller. */
typedef struct pyinfo_patch_info {
  size_t size; /* sizeof(pyinfo_patch_info) */
  uint64_t items;
  uint64_t changed; /* items that differ in a bit */
  pyinfo_element element;
  const void* metadata; /* within the patch */
  size_t metadata_size;
} pyinfo_patch_info;

/* A capacity that the patch of any two arrays of so many items fits in. */
PYINFO_FUNCTION pyinfo_error pyinfo_patch_bound(pyinfo_element element, size_t items,
                                                size_t metadata_size, size_t* bound);
/* Writes the patch that turns `before` into `after`. Metadata, at most 65535 bytes, are the
 * caller's own; Python's arrays state their type and shape. The result does not depend on
 * `threads`, 0 for one per core. A smaller capacity than pyinfo_patch_bound will do if the patch
 * fits. */
PYINFO_FUNCTION pyinfo_error pyinfo_patch_diff(const void* before, const void* after, size_t items,
                                               pyinfo_element element, const void* metadata,
                                               size_t metadata_size, int threads, void* patch,
                                               size_t capacity, size_t* patch_size);
/* Says what a patch is for; all of its checks have passed then. */
PYINFO_FUNCTION pyinfo_error pyinfo_patch_read_info(const void* patch, size_t patch_size,
                                                    pyinfo_patch_info* info);
/* Writes what the patch makes of `base`, an array of `size` bytes, to `out`, which has as many and
 * may be `base` itself. PYINFO_ERROR_BASE if it was made from another array: nothing is written
 * then. */
PYINFO_FUNCTION pyinfo_error pyinfo_patch_apply(const void* base, size_t size, const void* patch,
                                                size_t patch_size, int threads, void* out);

/* ---- Logits -------------------------------------------------------------------------------- */

/* The type of logits, and of gradients. 16-bit floats are held as uint16_t. */
typedef enum pyinfo_logit_type {
  PYINFO_LOGITS_F64 = 0,
  PYINFO_LOGITS_F32 = 1,
  PYINFO_LOGITS_F16 = 2,  /* IEEE 754 binary16 */
  PYINFO_LOGITS_BF16 = 3, /* bfloat16 */
  PYINFO_LOGITS_LAST = 0x7fffffff
} pyinfo_logit_type;

/* Of `rows` rows of classes > 0 logits, one after another, whose distribution is their softmax:
 * values[i] is the result of row i in nats. `gradient` may be null; it receives the gradient of the
 * sum of the values, of the type of the logits, and may be these themselves. A logit of -inf is a
 * probability of 0; rows all -inf, with +inf or with NaN give NaN. threads: 0 for one per core; the
 * result does not depend on them. */

/* The loss of labels, each below `classes` or ignore_index, whose rows have the value and gradient
 * 0. label_smoothing, 0 to 1, is shared by all classes but those of -inf; z_loss, at least 0, times
 * the square of log sum e^x is added. PYINFO_ERROR_VALUE for other labels. */
PYINFO_FUNCTION pyinfo_error
pyinfo_logits_cross_entropy(const void* logits, pyinfo_logit_type type, size_t rows, size_t classes,
                            const int64_t* labels, int64_t ignore_index, double label_smoothing,
                            double z_loss, int threads, double* values, void* gradient);
/* Of p / temperature and q / temperature, with the gradient in q. Never negative. */
PYINFO_FUNCTION pyinfo_error pyinfo_logits_kl_divergence(const void* p, const void* q,
                                                         pyinfo_logit_type type, size_t rows,
                                                         size_t classes, double temperature,
                                                         int threads, double* values,
                                                         void* gradient);
PYINFO_FUNCTION pyinfo_error pyinfo_logits_js_divergence(const void* p, const void* q,
                                                         pyinfo_logit_type type, size_t rows,
                                                         size_t classes, double temperature,
                                                         int threads, double* values,
                                                         void* gradient);
PYINFO_FUNCTION pyinfo_error pyinfo_logits_entropy(const void* logits, pyinfo_logit_type type,
                                                   size_t rows, size_t classes, double temperature,
                                                   int threads, double* values, void* gradient);
PYINFO_FUNCTION pyinfo_error pyinfo_logits_logsumexp(const void* logits, pyinfo_logit_type type,
                                                     size_t rows, size_t classes, int threads,
                                                     double* values);

/* ---- Quantisation -------------------------------------------------------------------------- */

/* The type of what is quantised: PYINFO_LOGITS_F64 and the others. */
typedef pyinfo_logit_type pyinfo_float_type;

/* Counts of floats in `bins` bins of width 2^exponent, a power of two from 16 to 262144. Signed:
 * bin bins / 2 + i holds i widths up to i + 1, bin bins / 2 - 1 - i their opposites; else bin i
 * holds magnitudes. The width doubles where a value lies beyond: counts do not depend on the order.
 * Set `bins` and `is_signed` and everything else to 0 to begin with. */
typedef struct pyinfo_float_histogram {
  size_t bins;
  int is_signed;
  int is_used;
  int exponent;
  uint64_t nans;
  uint64_t negative_infinities;
  uint64_t positive_infinities;
  double least; /* of the finite values */
  double most;
} pyinfo_float_histogram;

/* What is least at the best threshold: a divergence in nats, or the mean squared error. */
typedef enum pyinfo_criterion {
  PYINFO_CRITERION_NVIDIA = 0,
  PYINFO_CRITERION_ONNXRUNTIME = 1, /* of a signed histogram */
  PYINFO_CRITERION_MSE = 2,
  PYINFO_CRITERION_LAST = 0x7fffffff
} pyinfo_criterion;

/* Counts n values; `counts` has `bins` places, of which those of a new histogram may be anything.
 */
PYINFO_FUNCTION pyinfo_error pyinfo_histogram_add(const void* x, pyinfo_float_type type, size_t n,
                                                  int threads, pyinfo_float_histogram* histogram,
                                                  uint64_t* counts);
/* Finds the magnitude at which to clip for integers of `bits`, 2 to 16, symmetric about 0, and its
 * score, for which there may be null: infinite where no double holds the square. PYINFO_ERROR_VALUE
 * if the histogram has too few bins, PYINFO_ERROR_ARGUMENT if its exponent, least and most are not
 * those of counts. */
PYINFO_FUNCTION pyinfo_error pyinfo_calibrate(const pyinfo_float_histogram* histogram,
                                              const uint64_t* counts, int bits,
                                              pyinfo_criterion criterion, double* threshold,
                                              double* score);

/* Of `groups` groups of `size` weights, one after another. importance[i % columns] is what the
 * squared error of weight i counts; null: 1. PYINFO_ERROR_VALUE if a weight is not finite. threads:
 * 0 for one per core; the result does not depend on them. */

/* The scale of each group with the least squared error for integers of `bits` without the lowest
 * one; errors may be null. */
PYINFO_FUNCTION pyinfo_error pyinfo_optimal_scales(const void* w, pyinfo_float_type type,
                                                   size_t groups, size_t size,
                                                   const float* importance, size_t columns,
                                                   int bits, int threads, float* scales,
                                                   double* errors);
/* Squared error of all weights, and entropy of the integers in bits per weight, for each of n steps
 * above 1 / 32767 of the largest weight, the same for all groups. */
PYINFO_FUNCTION pyinfo_error pyinfo_rate_distortion(const void* w, pyinfo_float_type type,
                                                    size_t groups, size_t size,
                                                    const float* importance, size_t columns,
                                                    const double* steps, size_t n, int threads,
                                                    double* errors, double* bits);

/* ---- Budgets ------------------------------------------------------------------------------- */

/* A node of the tree that proves a lower bound, in preorder. unit >= 0: a split, followed by the
 * tree of the choices of this unit that cost at most `value`, then by that of the others. unit ==
 * -1: a leaf, `value` is the price of cost. unit == -2: a leaf where even the cheapest choices cost
 * more than the budget. */
typedef struct pyinfo_certificate_node {
  int64_t unit;
  double value;
} pyinfo_certificate_node;

/* What pyinfo_allocate fills in; `size` is set by the caller. */
typedef struct pyinfo_allocation {
  size_t size; /* sizeof(pyinfo_allocation) */
  double cost; /* if the budget is too small, the least that can be spent */
  double error;
  double lower_bound; /* no choice within the budget has less error, rounding included */
  size_t nodes;       /* of the certificate */
} pyinfo_allocation;

/* Chooses one of the choices first[i] .. first[i + 1] - 1 of each tensor, so that the sum of errors
 * is least while costs add up to at most the budget; choice[i] counts from first[i]. Costs and
 * errors are finite and not negative. units, or null: tensors of one number have the same choice;
 * numbers rise by 1 with each first tensor. fixed, or null: the choice of a tensor that has no
 * other, or -1. The search ends when (error - lower_bound) / error is at most `gap`, or its tree
 * has max_nodes. The certificate is written if its nodes are at most `capacity`; max_nodes are
 * enough. PYINFO_ERROR_VALUE for a budget that is too small, and for wrong tables. */
PYINFO_FUNCTION pyinfo_error pyinfo_allocate(const double* costs, const double* errors,
                                             const size_t* first, size_t tensors,
                                             const size_t* units, const int64_t* fixed,
                                             double budget, double gap, size_t max_nodes,
                                             size_t* choice, pyinfo_allocation* result,
                                             pyinfo_certificate_node* certificate, size_t capacity);

/* ---- Models per symbol --------------------------------------------------------------------- */

/* Tables of quantised distributions, one of which is named for each symbol by an index that both
 * sides know, as in learned compression. Immutable, for any number of threads. Symbols outside of
 * their table are coded as well, whatever their size. Messages are those of the models of
 * pyinfo.entropy_models; they hold fingerprints of the tables and indexes, not these themselves. */
typedef struct pyinfo_models pyinfo_models;

/* Distributions around 0: of standard deviation s, of density exp(-|x| / s) / (2 s), and above x
 * with probability 1 / (1 + exp(x / s)). */
typedef enum pyinfo_family {
  PYINFO_GAUSSIAN = 0,
  PYINFO_LAPLACE = 1,
  PYINFO_LOGISTIC = 2,
  PYINFO_FAMILY_LAST = 0x7fffffff
} pyinfo_family;

/* What pyinfo_models_read_info fills in; `size` is set by the caller. */
typedef struct pyinfo_models_info {
  size_t size; /* sizeof(pyinfo_models_info) */
  uint64_t symbols;
  int symbol_size; /* 2 or 4 bytes */
  int shifted;     /* 1: coded with shifts */
} pyinfo_models_info;

/* Tables of rounded variables of these scales, from 2^-20 to 2^15. Frequencies sum to 2^precision,
 * 8 to 14. Symbols less likely than `tail` are left to the escape; a negative tail is Python's
 * default, 0.15 / 2^precision. Scale i around a mean of (q + m / mean_steps), where 0 <= m <
 * mean_steps, a power of two up to 64, has the index i * mean_steps + m and the shift q. The tables
 * are equal on every machine. To be destroyed. */
PYINFO_FUNCTION pyinfo_error pyinfo_models_from_scales(pyinfo_family family, const double* scales,
                                                       size_t n, int precision, double tail,
                                                       int mean_steps, pyinfo_models** models);
/* n tables; sizes[i] weights follow those of the table before: of the symbols from leasts[i] on, at
 * least one, and of all others. Each is at least 1, the sum of a table's below 2^31. */
PYINFO_FUNCTION pyinfo_error pyinfo_models_from_weights(const uint64_t* weights,
                                                        const size_t* sizes, const int32_t* leasts,
                                                        size_t n, int precision,
                                                        pyinfo_models** models);
/* Null is allowed. */
PYINFO_FUNCTION void pyinfo_models_destroy(pyinfo_models* models);
/* A capacity that any message of n symbols fits in. */
PYINFO_FUNCTION size_t pyinfo_models_encode_bound(size_t n);
/* Codes symbols, int16_t or int32_t by their size, minus their shifts; null: no shifts. The message
 * does not depend on `threads`, 0 for one per core. PYINFO_ERROR_VALUE for an index that names no
 * table. */
PYINFO_FUNCTION pyinfo_error pyinfo_models_encode(const pyinfo_models* models, const void* symbols,
                                                  int symbol_size, const uint16_t* indexes,
                                                  const int32_t* shifts, size_t n, int threads,
                                                  void* message, size_t capacity, size_t* size);
/* Reads what a message says of itself. */
PYINFO_FUNCTION pyinfo_error pyinfo_models_read_info(const void* message, size_t size,
                                                     pyinfo_models_info* info);
/* Decodes all n symbols of a message with the indexes and shifts that they were coded with. With
 * others, or other models, PYINFO_ERROR_CORRUPT. */
PYINFO_FUNCTION pyinfo_error pyinfo_models_decode(const pyinfo_models* models, const void* message,
                                                  size_t size, const uint16_t* indexes,
                                                  const int32_t* shifts, size_t n, int threads,
                                                  void* symbols, int symbol_size);

/* ---- The table ----------------------------------------------------------------------------- */

typedef struct pyinfo_api {
  /* These three stay what they are in every version. */
  size_t size;                 /* of the table as the library has it: beyond it is nothing */
  uint32_t version;            /* PYINFO_ABI_VERSION */
  const char* library_version; /* pyinfo_version() */

  const char* (*error_message)(pyinfo_error error);
  const char* (*last_error_detail)(void);
  uint64_t (*last_error_offset)(void);
  const char* (*isa)(void);

  pyinfo_error (*entropy_f64)(const double* p, size_t n, pyinfo_normalization normalization,
                              double base, double* result);
  pyinfo_error (*entropy_f32)(const float* p, size_t n, pyinfo_normalization normalization,
                              double base, float* result);
  pyinfo_error (*cross_entropy_f64)(const double* p, const double* q, size_t n,
                                    pyinfo_normalization normalization, double base,
                                    double* result);
  pyinfo_error (*cross_entropy_f32)(const float* p, const float* q, size_t n,
                                    pyinfo_normalization normalization, double base, float* result);
  pyinfo_error (*kl_divergence_f64)(const double* p, const double* q, size_t n,
                                    pyinfo_normalization normalization, double base,
                                    double* result);
  pyinfo_error (*kl_divergence_f32)(const float* p, const float* q, size_t n,
                                    pyinfo_normalization normalization, double base, float* result);
  pyinfo_error (*js_divergence_f64)(const double* p, const double* q, size_t n,
                                    pyinfo_normalization normalization, double base,
                                    double* result);
  pyinfo_error (*js_divergence_f32)(const float* p, const float* q, size_t n,
                                    pyinfo_normalization normalization, double base, float* result);
  pyinfo_error (*entropy_u64)(const uint64_t* counts, size_t n, double base, double* result);

  pyinfo_error (*byte_counts)(const void* data, size_t items, size_t item_size, uint64_t* counts);
  pyinfo_error (*joint_byte_counts)(const uint8_t* a, const uint8_t* b, size_t n, uint64_t* counts);

  pyinfo_error (*huffman_lengths)(const uint64_t* counts, size_t alphabet, int max_length,
                                  uint8_t* lengths);
  pyinfo_error (*rans_frequencies)(const uint64_t* counts, size_t alphabet, int precision,
                                   uint32_t* frequencies);
  pyinfo_error (*huffman_code_from_counts)(const uint64_t* counts, size_t alphabet, int max_length,
                                           pyinfo_code** code);
  pyinfo_error (*huffman_code_from_lengths)(const uint8_t* lengths, size_t alphabet,
                                            pyinfo_code** code);
  pyinfo_error (*rans_code_from_counts)(const uint64_t* counts, size_t alphabet, int precision,
                                        pyinfo_code** code);
  pyinfo_error (*rans_code_from_frequencies)(const uint32_t* frequencies, size_t alphabet,
                                             pyinfo_code** code);
  void (*code_destroy)(pyinfo_code* code);
  size_t (*code_encode_bound)(const pyinfo_code* code, size_t n);
  pyinfo_error (*code_encode)(const pyinfo_code* code, const void* symbols, size_t n, void* message,
                              size_t capacity, size_t* size);
  pyinfo_error (*code_symbol_count)(const pyinfo_code* code, const void* message, size_t size,
                                    size_t* n);
  pyinfo_error (*code_decode)(const pyinfo_code* code, const void* message, size_t size,
                              void* symbols, size_t capacity, size_t* n);

  pyinfo_error (*frame_compress_bound)(size_t size, const pyinfo_frame_options* options,
                                       size_t* bound);
  pyinfo_error (*frame_compress)(const void* data, size_t size, const pyinfo_frame_options* options,
                                 void* frame, size_t capacity, size_t* frame_size);
  pyinfo_error (*frame_read_info)(const void* frame, size_t frame_size, pyinfo_frame_info* info);
  pyinfo_error (*frame_decompressed_size)(const void* frame, size_t frame_size, uint64_t* size);
  pyinfo_error (*frame_decompress)(const void* frame, size_t frame_size, void* data,
                                   size_t capacity, int threads, size_t* size);
  pyinfo_error (*frame_decompress_items)(const void* frame, size_t frame_size, uint64_t first,
                                         uint64_t last, void* data, size_t capacity, int threads,
                                         size_t* size);

  pyinfo_error (*patch_bound)(pyinfo_element element, size_t items, size_t metadata_size,
                              size_t* bound);
  pyinfo_error (*patch_diff)(const void* before, const void* after, size_t items,
                             pyinfo_element element, const void* metadata, size_t metadata_size,
                             int threads, void* patch, size_t capacity, size_t* patch_size);
  pyinfo_error (*patch_read_info)(const void* patch, size_t patch_size, pyinfo_patch_info* info);
  pyinfo_error (*patch_apply)(const void* base, size_t size, const void* patch, size_t patch_size,
                              int threads, void* out);

  pyinfo_error (*logits_cross_entropy)(const void* logits, pyinfo_logit_type type, size_t rows,
                                       size_t classes, const int64_t* labels, int64_t ignore_index,
                                       double label_smoothing, double z_loss, int threads,
                                       double* values, void* gradient);
  pyinfo_error (*logits_kl_divergence)(const void* p, const void* q, pyinfo_logit_type type,
                                       size_t rows, size_t classes, double temperature, int threads,
                                       double* values, void* gradient);
  pyinfo_error (*logits_js_divergence)(const void* p, const void* q, pyinfo_logit_type type,
                                       size_t rows, size_t classes, double temperature, int threads,
                                       double* values, void* gradient);
  pyinfo_error (*logits_entropy)(const void* logits, pyinfo_logit_type type, size_t rows,
                                 size_t classes, double temperature, int threads, double* values,
                                 void* gradient);
  pyinfo_error (*logits_logsumexp)(const void* logits, pyinfo_logit_type type, size_t rows,
                                   size_t classes, int threads, double* values);

  pyinfo_error (*histogram_add)(const void* x, pyinfo_float_type type, size_t n, int threads,
                                pyinfo_float_histogram* histogram, uint64_t* counts);
  pyinfo_error (*calibrate)(const pyinfo_float_histogram* histogram, const uint64_t* counts,
                            int bits, pyinfo_criterion criterion, double* threshold, double* score);
  pyinfo_error (*optimal_scales)(const void* w, pyinfo_float_type type, size_t groups, size_t size,
                                 const float* importance, size_t columns, int bits, int threads,
                                 float* scales, double* errors);
  pyinfo_error (*rate_distortion)(const void* w, pyinfo_float_type type, size_t groups, size_t size,
                                  const float* importance, size_t columns, const double* steps,
                                  size_t n, int threads, double* errors, double* bits);

  pyinfo_error (*allocate)(const double* costs, const double* errors, const size_t* first,
                           size_t tensors, const size_t* units, const int64_t* fixed, double budget,
                           double gap, size_t max_nodes, size_t* choice, pyinfo_allocation* result,
                           pyinfo_certificate_node* certificate, size_t capacity);

  pyinfo_error (*models_from_scales)(pyinfo_family family, const double* scales, size_t n,
                                     int precision, double tail, int mean_steps,
                                     pyinfo_models** models);
  pyinfo_error (*models_from_weights)(const uint64_t* weights, const size_t* sizes,
                                      const int32_t* leasts, size_t n, int precision,
                                      pyinfo_models** models);
  void (*models_destroy)(pyinfo_models* models);
  size_t (*models_encode_bound)(size_t n);
  pyinfo_error (*models_encode)(const pyinfo_models* models, const void* symbols, int symbol_size,
                                const uint16_t* indexes, const int32_t* shifts, size_t n,
                                int threads, void* message, size_t capacity, size_t* size);
  pyinfo_error (*models_read_info)(const void* message, size_t size, pyinfo_models_info* info);
  pyinfo_error (*models_decode)(const pyinfo_models* models, const void* message, size_t size,
                                const uint16_t* indexes, const int32_t* shifts, size_t n,
                                int threads, void* symbols, int symbol_size);
} pyinfo_api;

/* The table of the library that is linked. */
PYINFO_FUNCTION const pyinfo_api* pyinfo_get_api(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

/* ---- From a Python extension module -------------------------------------------------------- */

#define PYINFO_CAPSULE_MODULE "pyinfo._core"
#define PYINFO_CAPSULE_ATTRIBUTE "_C_API"
#define PYINFO_CAPSULE_NAME "pyinfo._core._C_API"

#ifdef Py_PYTHON_H /* Python.h has been included */

/* Imports pyinfo and returns its table, which is there as long as the interpreter. The caller holds
 * the GIL. Null with an ImportError set if pyinfo is not installed, or is one that this header does
 * not fit. */
static inline const pyinfo_api* pyinfo_import(void) {
  const pyinfo_api* api = NULL;
  PyObject* capsule = NULL;
  PyObject* module = PyImport_ImportModule(PYINFO_CAPSULE_MODULE);
  if (module == NULL) return NULL;
  capsule = PyObject_GetAttrString(module, PYINFO_CAPSULE_ATTRIBUTE);
  Py_DECREF(module);
  if (capsule == NULL || !PyCapsule_IsValid(capsule, PYINFO_CAPSULE_NAME)) {
    PyErr_Clear();
    PyErr_SetString(PyExc_ImportError,
                    "the installed pyinfo has no C interface \"" PYINFO_CAPSULE_NAME
                    "\": install a newer pyinfo");
  } else {
    api = (const pyinfo_api*)PyCapsule_GetPointer(capsule, PYINFO_CAPSULE_NAME);
    if (api->version != PYINFO_ABI_VERSION) {
      PyErr_Format(PyExc_ImportError,
                   "the installed pyinfo %s has version %u of the C interface, this module was "
                   "compiled for version %u: compile it with the headers of the installed pyinfo",
                   api->library_version, (unsigned)api->version, (unsigned)PYINFO_ABI_VERSION);
      api = NULL;
    } else if (api->size < sizeof(pyinfo_api)) {
      PyErr_Format(PyExc_ImportError,
                   "the installed pyinfo %s has %u bytes of the C interface, this module was "
                   "compiled for %u: install the pyinfo that it was compiled with, or a newer one",
                   api->library_version, (unsigned)api->size, (unsigned)sizeof(pyinfo_api));
      api = NULL;
    }
  }
  Py_XDECREF(capsule);
  return api;
}

/* Sets the Python exception that an error is: MemoryError, pyinfo.CorruptDataError or ValueError,
 * with the detail as its text. To be called on the thread of the failure, with the GIL. Always
 * returns -1. */
static inline int pyinfo_set_exception(const pyinfo_api* api, pyinfo_error error) {
  const char* const detail = api == NULL ? "pyinfo is not imported"
                             : error == PYINFO_ERROR_NOT_IMPORTED || error == PYINFO_ERROR_SHAPE
                                 ? api->error_message(error)
                                 : api->last_error_detail();
  if (error == PYINFO_ERROR_MEMORY) {
    PyErr_NoMemory();
  } else if (error == PYINFO_ERROR_CORRUPT && api != NULL) {
    PyObject* module = PyImport_ImportModule("pyinfo.errors");
    PyObject* raised = module == NULL
                           ? NULL
                           : PyObject_CallMethod(module, "CorruptDataError", "sK", detail,
                                                 (unsigned long long)api->last_error_offset());
    if (raised != NULL) PyErr_SetObject((PyObject*)Py_TYPE(raised), raised);
    Py_XDECREF(raised);
    Py_XDECREF(module);
  } else {
    PyErr_SetString(PyExc_ValueError, detail);
  }
  return -1;
}

#endif /* Py_PYTHON_H */

#endif /* PYINFO_PYINFO_H */
