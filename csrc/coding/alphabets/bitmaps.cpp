#include "coding/alphabets/bitmaps.hpp"

#include <cstring>

#include "memory/overlap.hpp"
#include "simd/assert.hpp"
#include "simd/changing_isa.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(BitmapKernels, bitmap_kernels)

namespace {

const BitmapKernels& active() noexcept {
  PYINFO_CHOSEN_ONCE const BitmapKernels& kernels = bitmap_kernels(simd::coder_isa());
  return kernels;
}

bool bit(const unsigned char* bitmap, std::size_t i) noexcept {
  return (bitmap[i / 8] >> i % 8 & 1) != 0;
}

// 64 bits, fewer at the end; the first is the lowest.
std::uint64_t load_bits(const unsigned char* bytes, std::size_t size) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t k = 0; k < size; ++k) bits |= std::uint64_t{bytes[k]} << 8 * k;
  return bits;
}
void store_bits(unsigned char* bytes, std::size_t size, std::uint64_t bits) noexcept {
  for (std::size_t k = 0; k < size; ++k) bytes[k] = static_cast<unsigned char>(bits >> 8 * k);
}

// Makes every 64 bits those that `next` makes of them; it may remember what it needs of them.
template <class Next>
void each_word(const unsigned char* from, std::size_t n, unsigned char* to, Next next) noexcept {
  const std::size_t size = bitmap_size(n);
  std::size_t i = 0;
  for (; size - i >= 8; i += 8) store_bits(to + i, 8, next(load_bits(from + i, 8)));
  if (size > i) store_bits(to + i, size - i, next(load_bits(from + i, size - i)));
  if (n % 8 != 0) to[size - 1] &= static_cast<unsigned char>((1u << n % 8) - 1);
}

}  // namespace

std::size_t split_symbols(const unsigned char* symbols, std::size_t n, unsigned char usual,
                          unsigned char* bitmap, unsigned char* others) noexcept {
  PYINFO_ASSERT(!memory::overlap(bitmap, bitmap_size(n), others, n));
  return active().split(symbols, n, usual, bitmap, others);
}

void merge_symbols(const unsigned char* bitmap, std::size_t n, const unsigned char* others,
                   std::size_t n_others, unsigned char usual, unsigned char* symbols) noexcept {
  PYINFO_ASSERT(count_bits(bitmap, n) == n_others);
  PYINFO_ASSERT(n % 8 == 0 || bitmap[n / 8] >> n % 8 == 0);
  active().merge(bitmap, n, others, n_others, usual, symbols);
}

std::size_t count_bits(const unsigned char* bitmap, std::size_t n) noexcept {
  return active().count(bitmap, bitmap_size(n));
}

void to_edges(const unsigned char* bitmap, std::size_t n, unsigned char* edges) noexcept {
  std::uint64_t before = 0;
  each_word(bitmap, n, edges, [&](std::uint64_t bits) {
    const std::uint64_t changes = bits ^ (bits << 1 | before);
    before = bits >> 63;
    return changes;
  });
}

// Bit i is the xor of all edges up to it: sums of two neighbours, of four, and so on.
void from_edges(const unsigned char* edges, std::size_t n, unsigned char* bitmap) noexcept {
  std::uint64_t before = 0;  // all ones if the bit before is set
  each_word(edges, n, bitmap, [&](std::uint64_t bits) {
    for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    bits ^= before;
    before = std::uint64_t{0} - (bits >> 63);
    return bits;
  });
}

std::size_t split_symbols_reference(const unsigned char* symbols, std::size_t n,
                                    unsigned char usual, unsigned char* bitmap,
                                    unsigned char* others) noexcept {
  std::memset(bitmap, 0, bitmap_size(n));
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (symbols[i] == usual) continue;
    bitmap[i / 8] |= static_cast<unsigned char>(1u << i % 8);
    others[count++] = symbols[i];
  }
  return count;
}

void merge_symbols_reference(const unsigned char* bitmap, std::size_t n,
                             const unsigned char* others, unsigned char usual,
                             unsigned char* symbols) noexcept {
  for (std::size_t i = 0; i < n; ++i) symbols[i] = bit(bitmap, i) ? *others++ : usual;
}

void to_edges_reference(const unsigned char* bitmap, std::size_t n, unsigned char* edges) noexcept {
  std::memset(edges, 0, bitmap_size(n));
  for (std::size_t i = 0; i < n; ++i) {
    const bool changes = bit(bitmap, i) != (i > 0 && bit(bitmap, i - 1));
    edges[i / 8] |= static_cast<unsigned char>(unsigned{changes} << i % 8);
  }
}

void from_edges_reference(const unsigned char* edges, std::size_t n,
                          unsigned char* bitmap) noexcept {
  std::memset(bitmap, 0, bitmap_size(n));
  bool is_set = false;
  for (std::size_t i = 0; i < n; ++i) {
    is_set = is_set != bit(edges, i);
    bitmap[i / 8] |= static_cast<unsigned char>(unsigned{is_set} << i % 8);
  }
}

}  // namespace pyinfo::coding
