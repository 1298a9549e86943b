// Whole steps of 32 to 256 lanes; the same results as RansEncoder::push and RansDecoder::pop.
#include "coding/lanes/rans_lanes.hpp"
#include "simd/kernel_file.hpp"

#if defined(__AVX512VBMI2__)
#include "coding/lanes/rans_avx512.hpp"
#elif defined(__SSE4_1__)
#include "coding/lanes/rans_decode_vectors.hpp"
#include "coding/lanes/rans_encode_vectors.hpp"
#else
#include "coding/lanes/rans_scalar.hpp"
#endif

namespace pyinfo::coding {
namespace {

// The number of lanes, at least `Least`, as a constant.
template <unsigned Least, template <unsigned> class Kernel, class... Arguments>
PYINFO_INLINE void run(unsigned lanes, Arguments&... arguments) noexcept {
  if (lanes == 256) return Kernel<256>::run(arguments...);
  if (lanes == 128) return Kernel<128>::run(arguments...);
  if constexpr (Least <= 64) {
    if (lanes == 64) return Kernel<64>::run(arguments...);
  }
  if constexpr (Least <= 32) {
    if (lanes == 32) return Kernel<32>::run(arguments...);
  }
}

#if defined(__AVX512VBMI2__)
constexpr unsigned kEncodeFrom = 64;
#else
constexpr unsigned kEncodeFrom = kVectorLanes;
#endif

void encode(const RansEncodeTable& table, unsigned lanes, std::uint32_t* states,
            const std::uint8_t* symbols, std::size_t steps, unsigned char*& words) noexcept {
  run<kEncodeFrom, Encode>(lanes, table, states, symbols, steps, words);
}

#if defined(__AVX512VBMI2__)

constexpr unsigned kRanksFrom = 64;

void decode_ranks(const RansDecodeTable& table, unsigned lanes, std::uint32_t* states,
                  DecodeCursor& cursor, const unsigned char* limit) noexcept {
  run<kRanksFrom, DecodeRanks>(lanes, table.ranks, states, cursor, limit);
}
constexpr RansKernels::Decode decode_slots = nullptr;

#else

constexpr unsigned kRanksFrom = 0;
constexpr RansKernels::Decode decode_ranks = nullptr;

void decode_slots(const RansDecodeTable& table, unsigned lanes, std::uint32_t* states,
                  DecodeCursor& cursor, const unsigned char* limit) noexcept {
  run<kVectorLanes, DecodeSlots>(lanes, table.slots, states, cursor, limit);
}

#endif

}  // namespace

extern const RansKernels PYINFO_TABLE(rans_kernels);
const RansKernels PYINFO_TABLE(rans_kernels) = {encode, kEncodeFrom, decode_slots, decode_ranks,
                                                kRanksFrom};

}  // namespace pyinfo::coding
