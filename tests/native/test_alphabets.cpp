// Digits and bitmaps: every instruction set against the definitions, in buffers without a byte to
// spare.
#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/alphabets/bitmaps.hpp"
#include "coding/alphabets/digits.hpp"

namespace {

using Bytes = pyinfo::check::Buffer<unsigned char>;
using pyinfo::check::chosen;
using pyinfo::check::chosen_length;
using pyinfo::check::Random;
using pyinfo::check::rounds;
namespace coding = pyinfo::coding;
namespace simd = pyinfo::simd;

bool equal(const Bytes& a, const Bytes& b, std::size_t n) {
  return n == 0 || std::memcmp(a.data(), b.data(), n) == 0;
}

// So many symbols: neighbours, any, or powers of two, which no four bits in a row tell apart.
std::vector<unsigned char> alphabet_of(unsigned size, unsigned kind, Random& random) {
  std::set<unsigned char> symbols;
  const unsigned first = unsigned(random.bits() % (257 - size));
  for (unsigned i = 0; symbols.size() < size; ++i) {
    if (kind == 0) symbols.insert(static_cast<unsigned char>(first + i));
    if (kind == 1) symbols.insert(static_cast<unsigned char>(random.bits()));
    if (kind == 2) symbols.insert(static_cast<unsigned char>(i < 9 ? 1u << i : random.bits()));
  }
  return {symbols.begin(), symbols.end()};
}

void digits(simd::Isa isa, const std::vector<unsigned char>& values, std::size_t n) {
  const std::string what = std::string(simd::name(isa)) + ", " + std::to_string(n) +
                           " symbols of " + std::to_string(values.size());
  const coding::DigitKernels& kernels = coding::digit_kernels(isa);
  coding::Alphabet alphabet;
  coding::make_alphabet(values.data(), unsigned(values.size()), alphabet);
  Random random(n * 100 + values.size());
  Bytes symbols(n, n % 7);
  for (std::size_t i = 0; i < n; ++i) symbols[i] = values[random.bits() % values.size()];
  CHECK(kernels.known(symbols.data(), n, alphabet) == n, what + ", all known");

  const std::size_t size = coding::packed_size(n, alphabet.digit);
  Bytes plain(size), fast(size, n % 5);
  CHECK(coding::pack_digits_reference(symbols.data(), n, alphabet, plain.data()), what);
  CHECK(kernels.pack(symbols.data(), n, alphabet, fast.data()), what + ", can be packed");
  CHECK(equal(plain, fast, size), what + ", packed");
  Bytes back(n, n % 3), back_plainly(n);
  CHECK(kernels.unpack(fast.data(), n, alphabet, back.data()) && equal(back, symbols, n),
        what + ", unpacked");
  CHECK(coding::unpack_digits_reference(fast.data(), n, alphabet, back_plainly.data()) &&
            equal(back_plainly, symbols, n),
        what + ", unpacked plainly");

  // One byte of another value, anywhere.
  for (int k = 0; size > 0 && k < 12; ++k) {
    const std::size_t at = k < 2 ? size - 1 : random.bits() % size;
    const unsigned char before = fast[at];
    fast[at] = static_cast<unsigned char>(random.bits());
    const bool valid =
        coding::unpack_digits_reference(fast.data(), n, alphabet, back_plainly.data());
    CHECK(kernels.unpack(fast.data(), n, alphabet, back.data()) == valid, what + ", changed");
    CHECK(!valid || equal(back, back_plainly, n), what + ", changed and valid");
    fast[at] = before;
  }
  // One other symbol.
  if (n > 0 && values.size() < 256) {
    unsigned char other = 0;
    while (std::binary_search(values.begin(), values.end(), other)) ++other;
    const std::size_t at = random.bits() % n;
    symbols[at] = other;
    CHECK(kernels.known(symbols.data(), n, alphabet) == at / 4096 * 4096, what + ", one unknown");
    CHECK(!kernels.pack(symbols.data(), n, alphabet, fast.data()), what + ", one not packed");
    CHECK(!coding::pack_digits_reference(symbols.data(), n, alphabet, plain.data()), what);
  }
}

// Every byte with every alphabet size, in each place of a register.
void all_bytes(simd::Isa isa) {
  for (unsigned size = 2; size <= coding::kMostDigits; ++size) {
    std::vector<unsigned char> values(size);
    for (unsigned i = 0; i < size; ++i) values[i] = static_cast<unsigned char>(10 * i + 3);
    coding::Alphabet alphabet;
    coding::make_alphabet(values.data(), size, alphabet);
    const std::size_t n = 70 * alphabet.digit.per_byte;
    Bytes packed(70), symbols(n), plain(n);
    for (std::size_t at = 0; at < 70; ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        if (!chosen()) continue;
        std::memset(packed.data(), 0, 70);
        packed[at] = static_cast<unsigned char>(byte);
        const bool valid =
            coding::unpack_digits_reference(packed.data(), n, alphabet, plain.data());
        const bool same =
            coding::digit_kernels(isa).unpack(packed.data(), n, alphabet, symbols.data()) == valid;
        CHECK(same && (!valid || equal(symbols, plain, n)),
              std::string(simd::name(isa)) + ", byte " + std::to_string(byte) + " at " +
                  std::to_string(at) + " of " + std::to_string(size) + " symbols");
      }
    }
  }
}

void finding() {
  Random random(5);
  for (int round = 0; round < rounds(3000); ++round) {
    const std::size_t n = 1 + random.bits() % (round % 10 == 0 ? 30'000 : 300);
    const std::size_t count = 1 + random.bits() % 18;
    std::vector<unsigned char> values(count);
    for (unsigned char& value : values) value = static_cast<unsigned char>(random.bits());
    Bytes symbols(n, round % 9);
    for (std::size_t i = 0; i < n; ++i) {
      // Some symbols come late.
      symbols[i] = values[random.bits() % (i < n / 2 ? 1 + count / 2 : count)];
    }
    coding::Alphabet fast, plain;
    const bool found = coding::find_alphabet_reference(symbols.data(), n, plain);
    CHECK(coding::find_alphabet(symbols.data(), n, fast) == found, "whether there is an alphabet");
    CHECK(!found || (fast.size == plain.size &&
                     std::memcmp(fast.symbols, plain.symbols, sizeof fast.symbols) == 0 &&
                     std::memcmp(fast.digits, plain.digits, sizeof fast.digits) == 0),
          "the alphabet of " + std::to_string(n) + " symbols");
    Bytes packed((n + 1) / 2), packed_plainly((n + 1) / 2);
    coding::Alphabet with_digits;
    CHECK(coding::find_and_pack(symbols.data(), n, with_digits, packed.data()) == found,
          "found and packed");
    if (!found) continue;
    coding::pack_digits_reference(symbols.data(), n, plain, packed_plainly.data());
    CHECK(with_digits.size == plain.size &&
              equal(packed, packed_plainly, coding::packed_size(n, plain.digit)),
          "the digits of " + std::to_string(n) + " symbols");
  }
}

void bitmaps(simd::Isa isa, std::size_t n, unsigned rarity) {
  const std::string what = std::string(simd::name(isa)) + ", " + std::to_string(n) +
                           " symbols, one of " + std::to_string(rarity) + " another";
  const coding::BitmapKernels& kernels = coding::bitmap_kernels(isa);
  Random random(n * 100 + rarity);
  const unsigned char usual = static_cast<unsigned char>(random.bits());
  Bytes symbols(n, n % 7);
  for (std::size_t i = 0; i < n; ++i) {
    symbols[i] = random.bits() % rarity == 0 ? static_cast<unsigned char>(random.bits()) : usual;
  }
  const std::size_t size = coding::bitmap_size(n);
  Bytes bitmap(size, n % 3), plain_bitmap(size), others(n, n % 5), plain_others(n);
  const std::size_t count = coding::split_symbols_reference(
      symbols.data(), n, usual, plain_bitmap.data(), plain_others.data());
  CHECK(kernels.split(symbols.data(), n, usual, bitmap.data(), others.data()) == count,
        what + ", how many");
  CHECK(equal(bitmap, plain_bitmap, size) && equal(others, plain_others, count), what + ", split");
  CHECK(kernels.count(bitmap.data(), size) == count, what + ", counted");
  Bytes exact(count);  // nothing behind the last of the others
  if (count > 0) std::memcpy(exact.data(), others.data(), count);
  Bytes merged(n, n % 6), merged_plainly(n);
  kernels.merge(bitmap.data(), n, exact.data(), count, usual, merged.data());
  CHECK(equal(merged, symbols, n), what + ", merged");
  coding::merge_symbols_reference(bitmap.data(), n, exact.data(), usual, merged_plainly.data());
  CHECK(equal(merged_plainly, symbols, n), what + ", merged plainly");
  // More bits than there are others, as if somebody had changed the bitmap meanwhile.
  if (count > 0) kernels.merge(bitmap.data(), n, exact.data(), count / 2, usual, merged.data());

  Bytes edges(size), plain_edges(size), back(size), plain_back(size);
  coding::to_edges(bitmap.data(), n, edges.data());
  coding::to_edges_reference(bitmap.data(), n, plain_edges.data());
  CHECK(equal(edges, plain_edges, size), what + ", edges");
  coding::from_edges(edges.data(), n, back.data());
  coding::from_edges_reference(edges.data(), n, plain_back.data());
  CHECK(equal(back, bitmap, size) && equal(plain_back, bitmap, size), what + ", back from edges");
  coding::from_edges(edges.data(), n, edges.data());
  CHECK(equal(edges, bitmap, size), what + ", back in place");
}

}  // namespace

int main() {
  finding();
  for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
    const simd::Isa isa = static_cast<simd::Isa>(i);
    if (!simd::available(isa) || simd::coder_isa(isa) != isa) continue;
    all_bytes(isa);
    Random random(i);
    for (unsigned size = 2; size <= coding::kMostDigits; ++size) {
      for (unsigned kind = 0; kind < 3; ++kind) {
        for (std::size_t n = 0; n < 5000; n += n < 260 ? 1 : 1 + n / 3) {
          if (!chosen()) continue;
          digits(isa, alphabet_of(size, kind, random), n);
        }
      }
      digits(isa, alphabet_of(size, size % 3, random), 100'003);
    }
    for (const unsigned rarity : {1, 2, 5, 50, 1000}) {
      for (std::size_t n = 0; n < 3000; n += n < 280 ? 1 : 1 + n / 5) {
        if (chosen_length(n)) bitmaps(isa, n, rarity);
      }
      bitmaps(isa, 100'003, rarity);
    }
  }
  return pyinfo::check::finish();
}
