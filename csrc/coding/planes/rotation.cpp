#include "coding/planes/rotation.hpp"

#include <algorithm>
#include <cstring>

#include "coding/lanes/lanes.hpp"
#include "coding/models/fixed_log2.hpp"
#include "coding/planes/chunks.hpp"
#include "coding/planes/planes.hpp"
#include "counting/byte_counts.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kValues = counting::kByteValues;
constexpr std::size_t kMaxPlanes = 8;
constexpr std::uint64_t kMaxChunks = 8;
constexpr std::size_t kRun = 64;          // items that are taken together
constexpr std::size_t kMaxSample = 4096;  // items of a chunk
constexpr std::size_t kMinSample = 1024;  // below it a sample says little: all items are taken
constexpr std::uint64_t kTableBits = 6;   // for each value that occurs, about

// A sample of a chunk: an eighth of it, within these limits, in runs of neighbours. Where a run is
// taken changes from place to place, so that no period in the data hides from it. Returns how many
// items they are.
std::size_t take_sample(const unsigned char* items, std::size_t n, std::size_t planes,
                        unsigned char* sample) noexcept {
  const std::size_t wanted = std::min(std::max(n / 8, kMinSample), kMaxSample);
  if (n <= wanted) {
    std::memcpy(sample, items, n * planes);
    return n;
  }
  const std::size_t runs = wanted / kRun;
  const std::size_t spacing = n / runs;
  for (std::size_t i = 0; i < runs; ++i) {
    const std::size_t shift =
        std::size_t{std::uint32_t(i) * 0x9e3779b1u >> 16} % (spacing - kRun + 1);
    std::memcpy(sample + i * kRun * planes, items + (i * spacing + shift) * planes, kRun * planes);
  }
  return runs * kRun;
}

// What a block of n symbols comes to, in bits, if its values occur as in a sample.
std::uint64_t block_bits(const std::uint64_t* counts, std::size_t sample, std::size_t n) noexcept {
  std::uint64_t entropy = sample * fixed_log2(sample);  // at most 2^12 * 12 * 2^32
  std::uint64_t values = 0;
  for (std::size_t v = 0; v < kValues; ++v) {
    if (counts[v] == 0) continue;
    entropy -= counts[v] * fixed_log2(counts[v]);
    ++values;
  }
  if (values == 1) return 8;
  const std::uint64_t bits = (entropy >> (kLogBits - 8)) * n / sample >> 8;
  const std::uint64_t lanes = choose_lanes(bits, true);
  const std::uint64_t in_states = std::min<std::uint64_t>(n, 2 * lanes);
  return std::min<std::uint64_t>(8 * n,
                                 bits - bits / n * in_states + 25 * lanes + kTableBits * values);
}

// What the blocks of a chunk of n items come to, in bits.
std::uint64_t chunk_bits(const unsigned char* sample, std::size_t sampled, std::size_t planes,
                         bool rotated, std::size_t n) noexcept {
  unsigned char memory[kMaxPlanes][plane_stride(kMaxSample)];
  unsigned char* to[kMaxPlanes] = {};
  for (std::size_t k = 0; k < planes; ++k) to[k] = memory[k];
  split_planes(sample, sampled, planes, rotated, to);
  std::uint64_t bits = 0;
  for (std::size_t k = 0; k < planes; ++k) {
    std::uint64_t counts[kValues] = {};
    counting::byte_counts(memory[k], sampled, 1, counts);
    bits += block_bits(counts, sampled, n);
  }
  return bits;
}

}  // namespace

bool rotation_pays(const unsigned char* items, std::uint64_t n_items, std::size_t planes,
                   std::uint32_t chunk_items) noexcept {
  if (!can_be_rotated(planes) || n_items == 0) return false;
  const std::uint64_t chunks = chunk_count(n_items, chunk_items);
  const std::uint64_t looked_at = std::min(chunks, kMaxChunks);
  std::uint64_t plain = 0;
  std::uint64_t rotated = 0;
  for (std::uint64_t i = 0; i < looked_at; ++i) {
    const std::uint64_t chunk = i * chunks / looked_at;
    const std::size_t n = chunk_symbols(n_items, chunk_items, chunk);
    const std::size_t first = std::size_t(chunk * chunk_items);
    unsigned char sample[kMaxPlanes * kMaxSample];
    const std::size_t sampled = take_sample(items + first * planes, n, planes, sample);
    plain += chunk_bits(sample, sampled, planes, false, n);
    rotated += chunk_bits(sample, sampled, planes, true, n) + n / 64;
  }
  return rotated < plain;
}

}  // namespace pyinfo::coding
