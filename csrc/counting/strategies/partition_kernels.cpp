// Sorting keys within parts. Compiled once per ISA.
//
// Insertion moves hardly any key far, but no branch predictor knows where it stops. With
// AVX-512, which alone can compare unsigned numbers of 64 bits, odd-even transposition (Habermann,
// "Parallel neighbor-sort", 1972) needs no branch: m rounds, which in turn put the pairs that begin
// at even and at odd indices in order, sort parts of m keys wherever these begin.
#include <cstddef>

#include "counting/strategies/partition.hpp"
#include "simd/kernel_file.hpp"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace pyinfo::counting {
namespace {

#ifdef __AVX512F__

constexpr std::size_t kLanes = 8;

PYINFO_INLINE __mmask8 first_lanes(std::size_t count) {
  return static_cast<__mmask8>(count >= kLanes ? 0xff : (1u << count) - 1);
}

// Beyond the end are keys that no exchange moves.
PYINFO_INLINE __m512i load(const Key* keys, std::size_t count) {
  if (count >= kLanes) return _mm512_loadu_si512(keys);
  return _mm512_mask_loadu_epi64(_mm512_set1_epi64(-1), first_lanes(count), keys);
}

// The pairs in order.
PYINFO_INLINE __m512i exchange(__m512i keys) {
  const __m512i other = _mm512_shuffle_epi32(keys, _MM_PERM_BADC);
  return _mm512_mask_max_epu64(_mm512_min_epu64(keys, other), 0xaa, keys, other);
}

// A round on the pairs that begin at even indices, and one on those at odd indices.
PYINFO_INLINE void two_rounds(Key* keys, std::size_t n) {
  __m512i even = exchange(load(keys, n));
  _mm512_mask_storeu_epi64(keys, first_lanes(n) & 1, even);
  for (std::size_t i = 0; i + 1 < n; i += kLanes) {
    const __m512i next =
        exchange(n > i + kLanes ? load(keys + i + kLanes, n - i - kLanes) : _mm512_set1_epi64(-1));
    const __m512i odd = exchange(_mm512_alignr_epi64(next, even, 1));
    _mm512_mask_storeu_epi64(keys + i + 1, first_lanes(n - i - 1), odd);
    even = next;
  }
}

void sort(Key* keys, std::size_t n, std::size_t largest) noexcept {
  for (std::size_t round = 0; round < largest; round += 2) two_rounds(keys, n);
}

#else

// Not that of sort.hpp: kernel objects share no code.
void sort(Key* keys, std::size_t n, std::size_t) noexcept {
  for (std::size_t i = 1; i < n; ++i) {
    const Key key = keys[i];
    std::size_t j = i;
    for (; j > 0 && keys[j - 1] > key; --j) keys[j] = keys[j - 1];
    keys[j] = key;
  }
}

#endif

}  // namespace

extern const PartitionKernels PYINFO_TABLE(partition_kernels);
const PartitionKernels PYINFO_TABLE(partition_kernels) = {sort};

}  // namespace pyinfo::counting
