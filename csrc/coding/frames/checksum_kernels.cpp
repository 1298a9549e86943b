// CRC-32C by the processor's instruction, three streams at a time, or by tables. Compiled once per
// ISA.
#include <cstddef>
#include <cstdint>

#include "coding/frames/checksum.hpp"
#include "simd/kernel_file.hpp"

#if defined(__SSE4_2__) || (defined(_MSC_VER) && defined(_M_X64) && defined(__AVX2__))
#include <nmmintrin.h>
#define PYINFO_CRC32C_STEP(crc, word) std::uint32_t(_mm_crc32_u64(crc, word))
#define PYINFO_CRC32C_BYTE(crc, byte) _mm_crc32_u8(crc, byte)
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define PYINFO_CRC32C_STEP(crc, word) __crc32cd(crc, word)
#define PYINFO_CRC32C_BYTE(crc, byte) __crc32cb(crc, byte)
#endif

namespace pyinfo::coding {
namespace {

// The polynomial with its bits reversed: the lowest bit of a register is the highest power.
constexpr std::uint32_t kPolynomial = 0x82f63b78u;

#ifdef PYINFO_CRC32C_STEP

PYINFO_INLINE std::uint64_t load64(const unsigned char* p) {
  std::uint64_t word;
  PYINFO_COPY(&word, p, sizeof word);
  return word;  // the instruction is defined on little-endian words, as these machines have them
}

// What `zeros` bytes of zeros do to a register. The map is linear: one table per byte of it.
struct ShiftTable {
  std::uint32_t entries[4][256];
};

constexpr ShiftTable shift_table(std::size_t zeros) {  // a power of two
  std::uint32_t image[32] = {};                        // of each bit, at first after one zero bit
  for (int i = 0; i < 32; ++i) image[i] = i == 0 ? kPolynomial : std::uint32_t{1} << (i - 1);
  for (std::size_t bits = 1; bits < 8 * zeros; bits *= 2) {
    std::uint32_t twice[32] = {};
    for (int i = 0; i < 32; ++i) {
      for (int j = 0; j < 32; ++j) twice[i] ^= (image[i] >> j & 1) != 0 ? image[j] : 0;
    }
    for (int i = 0; i < 32; ++i) image[i] = twice[i];
  }
  ShiftTable table{};
  for (int k = 0; k < 4; ++k) {
    for (int bit = 0; bit < 8; ++bit) {
      for (int low = 0; low < 1 << bit; ++low) {
        table.entries[k][1 << bit | low] = table.entries[k][low] ^ image[8 * k + bit];
      }
    }
  }
  return table;
}

// The instruction takes three cycles, and one can start in every cycle: three neighbouring pieces
// run side by side and are put together by shifting the earlier ones over the length of the later.
constexpr std::size_t kLongPiece = 1024;
constexpr std::size_t kShortPiece = 128;
constexpr ShiftTable kOverLong = shift_table(kLongPiece);
constexpr ShiftTable kOverShort = shift_table(kShortPiece);

PYINFO_INLINE std::uint32_t shift(const ShiftTable& table, std::uint32_t crc) {
  return table.entries[0][crc & 0xff] ^ table.entries[1][crc >> 8 & 0xff] ^
         table.entries[2][crc >> 16 & 0xff] ^ table.entries[3][crc >> 24];
}

template <bool copies>
PYINFO_INLINE std::uint32_t step(std::uint32_t crc, const unsigned char* from, unsigned char* to,
                                 std::size_t at) {
  const std::uint64_t word = load64(from + at);
  if (copies) PYINFO_COPY(to + at, &word, sizeof word);
  return PYINFO_CRC32C_STEP(crc, word);
}

// How many bytes ahead memory is asked for: three streams of a kilobyte are too short for the
// prefetchers of processors to find.
constexpr std::size_t kAhead = 8192;
constexpr std::size_t kLine = 64;

template <std::size_t piece, bool copies>
PYINFO_INLINE std::uint32_t three_pieces(std::uint32_t a, const unsigned char* from,
                                         unsigned char* to, const ShiftTable& over) {
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  for (std::size_t line = 0; line < piece; line += kLine) {
    if (piece == kLongPiece) {
      const std::uintptr_t ahead = reinterpret_cast<std::uintptr_t>(from) + line + kAhead;
      PYINFO_PREFETCH(reinterpret_cast<const void*>(ahead));
      PYINFO_PREFETCH(reinterpret_cast<const void*>(ahead + piece));
      PYINFO_PREFETCH(reinterpret_cast<const void*>(ahead + 2 * piece));
    }
    for (std::size_t i = line; i < line + kLine; i += 8) {
      a = step<copies>(a, from, to, i);
      b = step<copies>(b, from, to, i + piece);
      c = step<copies>(c, from, to, i + 2 * piece);
    }
  }
  return shift(over, shift(over, a) ^ b) ^ c;
}

template <bool copies>
PYINFO_INLINE std::uint32_t run(std::uint32_t seed, const unsigned char* from, std::size_t size,
                                unsigned char* to) {
  std::uint32_t crc = ~seed;
  std::size_t i = 0;
  for (; size - i >= 3 * kLongPiece; i += 3 * kLongPiece) {
    crc = three_pieces<kLongPiece, copies>(crc, from + i, copies ? to + i : to, kOverLong);
  }
  for (; size - i >= 3 * kShortPiece; i += 3 * kShortPiece) {
    crc = three_pieces<kShortPiece, copies>(crc, from + i, copies ? to + i : to, kOverShort);
  }
  for (; size - i >= 8; i += 8) crc = step<copies>(crc, from, to, i);
  for (; i < size; ++i) {
    if (copies) to[i] = from[i];
    crc = PYINFO_CRC32C_BYTE(crc, from[i]);
  }
  return ~crc;
}

#else

// entries[k][b]: what byte b does to the register k bytes later.
struct SliceTable {
  std::uint32_t entries[8][256];
};

constexpr SliceTable slice_table() {
  SliceTable table{};
  for (std::uint32_t value = 0; value < 256; ++value) {
    std::uint32_t crc = value;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table.entries[0][value] = crc;
  }
  for (int k = 1; k < 8; ++k) {
    for (int value = 0; value < 256; ++value) {
      const std::uint32_t before = table.entries[k - 1][value];
      table.entries[k][value] = before >> 8 ^ table.entries[0][before & 0xff];
    }
  }
  return table;
}

constexpr SliceTable kSlices = slice_table();

template <bool copies>
PYINFO_INLINE std::uint32_t run(std::uint32_t seed, const unsigned char* from, std::size_t size,
                                unsigned char* to) {
  std::uint32_t crc = ~seed;
  std::size_t i = 0;
  for (; size - i >= 8; i += 8) {
    const unsigned char* p = from + i;
    crc ^= std::uint32_t{p[0]} | std::uint32_t{p[1]} << 8 | std::uint32_t{p[2]} << 16 |
           std::uint32_t{p[3]} << 24;
    if (copies) PYINFO_COPY(to + i, p, 8);
    crc = kSlices.entries[7][crc & 0xff] ^ kSlices.entries[6][crc >> 8 & 0xff] ^
          kSlices.entries[5][crc >> 16 & 0xff] ^ kSlices.entries[4][crc >> 24] ^
          kSlices.entries[3][p[4]] ^ kSlices.entries[2][p[5]] ^ kSlices.entries[1][p[6]] ^
          kSlices.entries[0][p[7]];
  }
  for (; i < size; ++i) {
    if (copies) to[i] = from[i];
    crc = crc >> 8 ^ kSlices.entries[0][(crc ^ from[i]) & 0xff];
  }
  return ~crc;
}

#endif

std::uint32_t sum(std::uint32_t seed, const unsigned char* data, std::size_t size) noexcept {
  return run<false>(seed, data, size, nullptr);
}

std::uint32_t sum_and_copy(std::uint32_t seed, const unsigned char* data, std::size_t size,
                           unsigned char* to) noexcept {
  return run<true>(seed, data, size, to);
}

}  // namespace

extern const ChecksumKernels PYINFO_TABLE(checksum_kernels);
const ChecksumKernels PYINFO_TABLE(checksum_kernels) = {sum, sum_and_copy};

}  // namespace pyinfo::coding
