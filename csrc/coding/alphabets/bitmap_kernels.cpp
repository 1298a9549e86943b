// Compacting and expanding eight symbols at a time. Compiled once per instruction set.
#include <cstddef>
#include <cstdint>

#include "coding/alphabets/bitmaps.hpp"
#include "simd/kernel_file.hpp"

#if defined(__SSE4_1__) || (defined(_MSC_VER) && defined(__AVX2__))
#include <immintrin.h>
#define PYINFO_SHUFFLED_BYTES 1
#endif

namespace pyinfo::coding {
namespace {

PYINFO_INLINE std::uint64_t load64(const unsigned char* p) {
  std::uint64_t word;
  PYINFO_COPY(&word, p, sizeof word);
  return word;
}

// Bits set in 64, by sums within two, four and eight bits.
PYINFO_INLINE std::size_t bits_set(std::uint64_t word) {
#if defined(__POPCNT__) && defined(__GNUC__)
  return static_cast<std::size_t>(__builtin_popcountll(word));
#else
  word -= word >> 1 & 0x5555555555555555;
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<std::size_t>(word * 0x0101010101010101 >> 56);
#endif
}

std::size_t count(const unsigned char* bytes, std::size_t size) noexcept {
  std::size_t sum = 0;
  std::size_t i = 0;
  for (; size - i >= 8; i += 8) sum += bits_set(load64(bytes + i));
  for (; i < size; ++i) sum += bits_set(bytes[i]);
  return sum;
}

// From symbol i on, a multiple of 8, with `others` of them compacted. Returns how many there are.
PYINFO_INLINE std::size_t split_rest(const unsigned char* symbols, std::size_t i, std::size_t n,
                                     unsigned char usual, unsigned char* bitmap,
                                     unsigned char* others, std::size_t n_others) {
  for (; i < n; i += 8) {
    const std::size_t symbols_of_byte = n - i < 8 ? n - i : 8;
    unsigned bits = 0;
    for (std::size_t k = 0; k < symbols_of_byte; ++k) {
      const unsigned other = symbols[i + k] != usual ? 1 : 0;
      bits |= other << k;
      others[n_others] = symbols[i + k];  // the next one overwrites it unless it counts
      n_others += other;
    }
    bitmap[i / 8] = static_cast<unsigned char>(bits);
  }
  return n_others;
}

PYINFO_INLINE void merge_rest(const unsigned char* bitmap, std::size_t i, std::size_t n,
                              const unsigned char* others, std::size_t n_others,
                              unsigned char usual, unsigned char* symbols) {
  for (std::size_t at = 0; i < n; ++i) {
    const bool other = at < n_others && (bitmap[i / 8] >> i % 8 & 1) != 0;
    symbols[i] = other ? others[at] : usual;
    at += other;
  }
}

#ifdef PYINFO_SHUFFLED_BYTES

// By eight bits: the places of those set, in order; and for each place which of them it is, or
// kNone.
struct Moves {
  static constexpr unsigned char kNone = 0x80;  // shuffles write 0 there
  alignas(64) unsigned char compress[256][8];
  alignas(64) unsigned char expand[256][8];
  constexpr Moves() : compress(), expand() {
    for (unsigned bits = 0; bits < 256; ++bits) {
      unsigned char set = 0;
      for (unsigned place = 0; place < 8; ++place) {
        expand[bits][place] = kNone;
        if ((bits >> place & 1) == 0) continue;
        expand[bits][place] = set;
        compress[bits][set++] = static_cast<unsigned char>(place);
      }
    }
  }
};
constexpr Moves kMoves;

PYINFO_INLINE __m128i load_low(const unsigned char* p) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
}

PYINFO_INLINE void compact(__m128i eight, unsigned bits, unsigned char*& to) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to),
                   _mm_shuffle_epi8(eight, load_low(kMoves.compress[bits])));
  to += bits_set(bits);
}

std::size_t split(const unsigned char* symbols, std::size_t n, unsigned char usual,
                  unsigned char* bitmap, unsigned char* others) noexcept {
  const __m128i most = _mm_set1_epi8(static_cast<char>(usual));
  unsigned char* to = others;
  std::size_t i = 0;
  for (; n - i >= 16; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(symbols + i));
    const unsigned bits =
        ~static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, most))) & 0xffff;
    const std::uint16_t word = static_cast<std::uint16_t>(bits);
    PYINFO_COPY(bitmap + i / 8, &word, 2);
    if (bits == 0) continue;
    // At most i others so far: the eight bytes stored end within memory for n.
    compact(v, bits & 0xff, to);
    compact(_mm_unpackhi_epi64(v, v), bits >> 8, to);
  }
  return split_rest(symbols, i, n, usual, bitmap, others, static_cast<std::size_t>(to - others));
}

void merge(const unsigned char* bitmap, std::size_t n, const unsigned char* others,
           std::size_t n_others, unsigned char usual, unsigned char* symbols) noexcept {
  const __m128i most = _mm_set1_epi8(static_cast<char>(usual));
  const unsigned char* const end = others + n_others;
  std::size_t i = 0;
  for (; n - i >= 64; i += 64) {
    const std::uint64_t word = load64(bitmap + i / 8);
    unsigned char* const out = symbols + i;
    if (word == 0) {
      for (std::size_t k = 0; k < 64; k += 16) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + k), most);
      }
      continue;
    }
    if (end - others < 64) break;
    for (unsigned k = 0; k < 64; k += 8) {
      const unsigned bits = word >> k & 0xff;
      const __m128i moves = load_low(kMoves.expand[bits]);
      const __m128i moved = _mm_shuffle_epi8(load_low(others), moves);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out + k), _mm_blendv_epi8(moved, most, moves));
      others += bits_set(bits);
    }
  }
  // The last others, one by one among the usual ones.
  for (; n - i >= 64; i += 64) {
    for (std::size_t k = 0; k < 64; k += 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(symbols + i + k), most);
    }
    for (std::uint64_t word = load64(bitmap + i / 8); word != 0 && others < end; word &= word - 1) {
      symbols[i + bits_set((word & (0 - word)) - 1)] = *others++;
    }
  }
  merge_rest(bitmap, i, n, others, static_cast<std::size_t>(end - others), usual, symbols);
}

#else

std::size_t split(const unsigned char* symbols, std::size_t n, unsigned char usual,
                  unsigned char* bitmap, unsigned char* others) noexcept {
  return split_rest(symbols, 0, n, usual, bitmap, others, 0);
}

void merge(const unsigned char* bitmap, std::size_t n, const unsigned char* others,
           std::size_t n_others, unsigned char usual, unsigned char* symbols) noexcept {
  merge_rest(bitmap, 0, n, others, n_others, usual, symbols);
}

#endif

}  // namespace

extern const BitmapKernels PYINFO_TABLE(bitmap_kernels);
const BitmapKernels PYINFO_TABLE(bitmap_kernels) = {split, merge, count};

}  // namespace pyinfo::coding
