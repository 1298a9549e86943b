// The table of the C interface. The compiler checks each member against its function.
#include <cstddef>

#include "abi/errors.hpp"
#include "simd/dispatch.hpp"

namespace {

constexpr pyinfo_api kTable = {
    sizeof(pyinfo_api),
    PYINFO_ABI_VERSION,
    PYINFO_VERSION,
    pyinfo_error_message,
    pyinfo_last_error_detail,
    pyinfo_last_error_offset,
    pyinfo_isa,
    pyinfo_entropy_f64,
    pyinfo_entropy_f32,
    pyinfo_cross_entropy_f64,
    pyinfo_cross_entropy_f32,
    pyinfo_kl_divergence_f64,
    pyinfo_kl_divergence_f32,
    pyinfo_js_divergence_f64,
    pyinfo_js_divergence_f32,
    pyinfo_entropy_u64,
    pyinfo_byte_counts,
    pyinfo_joint_byte_counts,
    pyinfo_huffman_lengths,
    pyinfo_rans_frequencies,
    pyinfo_huffman_code_from_counts,
    pyinfo_huffman_code_from_lengths,
    pyinfo_rans_code_from_counts,
    pyinfo_rans_code_from_frequencies,
    pyinfo_code_destroy,
    pyinfo_code_encode_bound,
    pyinfo_code_encode,
    pyinfo_code_symbol_count,
    pyinfo_code_decode,
    pyinfo_frame_compress_bound,
    pyinfo_frame_compress,
    pyinfo_frame_read_info,
    pyinfo_frame_decompressed_size,
    pyinfo_frame_decompress,
    pyinfo_frame_decompress_items,
    pyinfo_patch_bound,
    pyinfo_patch_diff,
    pyinfo_patch_read_info,
    pyinfo_patch_apply,
    pyinfo_logits_cross_entropy,
    pyinfo_logits_kl_divergence,
    pyinfo_logits_js_divergence,
    pyinfo_logits_entropy,
    pyinfo_logits_logsumexp,
    pyinfo_histogram_add,
    pyinfo_calibrate,
    pyinfo_optimal_scales,
    pyinfo_rate_distortion,
    pyinfo_allocate,
    pyinfo_models_from_scales,
    pyinfo_models_from_weights,
    pyinfo_models_destroy,
    pyinfo_models_encode_bound,
    pyinfo_models_encode,
    pyinfo_models_read_info,
    pyinfo_models_decode,
};

// Modules compiled against any earlier version read these two members first.
static_assert(offsetof(pyinfo_api, size) == 0);
static_assert(offsetof(pyinfo_api, version) == sizeof(std::size_t));

}  // namespace

const pyinfo_api* pyinfo_get_api(void) { return &kTable; }

const char* pyinfo_version(void) { return PYINFO_VERSION; }

const char* pyinfo_isa(void) {
  namespace simd = pyinfo::simd;
  return pyinfo::abi::isa_is_available() ? simd::name(simd::active()) : "";
}
