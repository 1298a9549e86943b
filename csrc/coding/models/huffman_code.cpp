#include "coding/models/huffman_code.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "memory/small_buffer.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr std::size_t kSmall = 256;  // alphabets that need no allocation
constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

// A symbol that is present.
struct Leaf {
  std::uint64_t weight;
  std::uint32_t symbol;
};

// Weights of everything that the algorithms add up must stay below 2^63: no package holds a leaf
// more than max_length times.
constexpr int sum_bits(int max_length) { return max_length <= 16 ? 59 : 58; }

// Collects the symbols present, counts scaled if they must be. Returns how many there are.
std::size_t find_leaves(const std::uint64_t* counts, std::size_t alphabet, int max_length,
                        Leaf* leaves) noexcept {
  const int kept_bits = sum_bits(max_length);
  std::size_t n = 0;
  uint128 sum = 0;
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) {
    leaves[n] = {counts[symbol], static_cast<std::uint32_t>(symbol)};
    n += counts[symbol] != 0;
    sum += counts[symbol];
  }
  if (sum >> kept_bits == 0) return n;
  int shift = 1;
  while (sum >> (kept_bits - 1 + shift) != 0) ++shift;  // one bit to spare for rounding up
  for (std::size_t i = 0; i < n; ++i) leaves[i].weight = ((leaves[i].weight - 1) >> shift) + 1;
  return n;
}

void insertion_sort(Leaf* leaves, std::size_t n) noexcept {
  for (std::size_t i = 1; i < n; ++i) {
    const Leaf leaf = leaves[i];
    std::size_t j = i;
    for (; j > 0 && leaves[j - 1].weight > leaf.weight; --j) leaves[j] = leaves[j - 1];
    leaves[j] = leaf;
  }
}

// Sorts by weight, in place or to `other`; leaves of one weight stay in order. Returns where.
Leaf* sort(Leaf* leaves, Leaf* other, std::size_t n) noexcept {
  if (n <= 24) {
    insertion_sort(leaves, n);
    return leaves;
  }
  std::uint64_t lightest = kNone;
  std::uint64_t heaviest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    lightest = leaves[i].weight < lightest ? leaves[i].weight : lightest;
    heaviest = leaves[i].weight > heaviest ? leaves[i].weight : heaviest;
  }
  for (int shift = 0; shift < 64 && (heaviest - lightest) >> shift != 0; shift += 8) {
    std::uint32_t position[256] = {};
    for (std::size_t i = 0; i < n; ++i) ++position[(leaves[i].weight - lightest) >> shift & 255];
    std::uint32_t sum = 0;
    for (std::uint32_t& p : position) sum += std::exchange(p, sum);
    for (std::size_t i = 0; i < n; ++i) {
      other[position[(leaves[i].weight - lightest) >> shift & 255]++] = leaves[i];
    }
    std::swap(leaves, other);
  }
  return leaves;
}

// Huffman's algorithm with two queues: leaves by weight, and nodes, which come to be by weight. Of
// a leaf and a node of the same weight the leaf goes first: of all optimal codes, that gives one
// with the shortest longest codeword. False if it is longer than max_length.
bool unlimited_lengths(const Leaf* leaves, std::size_t n, int max_length, std::uint8_t* lengths) {
  memory::SmallBuffer<std::uint64_t, kSmall + 1> leaf_memory(n + 1);
  memory::SmallBuffer<std::uint64_t, kSmall + 1> node_memory(n + 1);
  memory::SmallBuffer<std::uint32_t, kSmall + 1> leaf_parent_memory(n + 1);
  memory::SmallBuffer<std::uint32_t, kSmall + 1> node_parent_memory(n + 1);
  std::uint64_t* const leaf = leaf_memory.data();
  std::uint64_t* const node = node_memory.data();
  std::uint32_t* const leaf_parent = leaf_parent_memory.data();
  std::uint32_t* const node_parent = node_parent_memory.data();
  for (std::size_t i = 0; i < n; ++i) leaf[i] = leaves[i].weight;
  leaf[n] = node[0] = kNone;

  std::size_t i = 0;  // leaves taken
  for (std::size_t made = 0; made + 1 < n; ++made) {
    std::uint64_t weight = 0;
    for (std::size_t child = 2 * made; child < 2 * made + 2; ++child) {
      // Both queues note the parent; the one that does not move on will note a later one.
      const std::size_t j = child - i;
      leaf_parent[i] = node_parent[j] = static_cast<std::uint32_t>(made);
      weight += std::min(leaf[i], node[j]);
      i += leaf[i] <= node[j];
    }
    node[made] = weight;
    node[made + 1] = kNone;
  }

  memory::SmallBuffer<std::uint8_t, kSmall> depth_memory(n);
  std::uint8_t* const depth = depth_memory.data();  // of nodes: below 100, as weights are limited
  depth[n - 2] = 0;
  for (std::size_t k = n - 2; k-- > 0;) {
    depth[k] = static_cast<std::uint8_t>(depth[node_parent[k]] + 1);
  }
  if (depth[leaf_parent[0]] + 1 > max_length) return false;
  for (std::size_t k = 0; k < n; ++k) {
    lengths[leaves[k].symbol] = static_cast<std::uint8_t>(depth[leaf_parent[k]] + 1);
  }
  return true;
}

// Package-merge. List max_length holds the leaves, list l < max_length the leaves and the packages,
// pairs of neighbours in list l + 1, all by weight. A symbol's length is the number of lists in
// which its leaf is chosen: the first 2 n - 2 items of list 1 are, and the items of their packages.
// Few items of the first lists are *not* chosen (at most 2^l - 1 of list l), so the lists are made
// from their heavy ends, and only as far as it takes to know those.
void limited_lengths(const Leaf* leaves, std::size_t n, int max_length, std::uint8_t* lengths) {
  std::size_t size[kLongestSerial + 1];  // of whole lists
  size[max_length] = n;
  for (int list = max_length - 1; list >= 1; --list) size[list] = n + size[list + 1] / 2;
  std::size_t tail[kLongestSerial + 1];      // items to make, from the heavy end
  std::size_t flags_at[kLongestSerial + 1];  // where their flags begin
  tail[1] = size[1] - (2 * n - 2);
  flags_at[1] = 0;
  for (int list = 2; list <= max_length; ++list) {
    const std::size_t needed = 2 * tail[list - 1] + size[list] % 2;
    tail[list] = needed < size[list] ? needed : size[list];
    flags_at[list] = flags_at[list - 1] + tail[list - 1];
  }

  memory::SmallBuffer<std::uint64_t, kSmall + 1> leaf_memory(n + 1);
  memory::SmallBuffer<std::uint64_t, kSmall + 1> package_memory(n + 1);
  memory::SmallBuffer<std::uint64_t, 2 * kSmall> item_memory(2 * n);
  memory::SmallBuffer<std::uint8_t, 2 * kSmall * kLongestCode> flags_memory(flags_at[max_length]);
  std::uint64_t* const leaf = leaf_memory.data();  // falling, with a zero behind
  for (std::size_t i = 0; i < n; ++i) leaf[i] = leaves[n - 1 - i].weight;
  leaf[n] = 0;
  std::uint64_t* const package = package_memory.data();  // likewise
  std::uint64_t* const merged = item_memory.data();
  std::uint8_t* const is_package = flags_memory.data();
  const std::uint64_t* items = leaf;
  for (int list = max_length - 1; list >= 1; --list) {
    const std::uint64_t* const pairs = items + size[list + 1] % 2;
    const std::size_t packages = tail[list + 1] / 2;
    for (std::size_t i = 0; i < packages; ++i) package[i] = pairs[2 * i] + pairs[2 * i + 1];
    package[packages] = 0;
    std::uint8_t* const flags = is_package + flags_at[list];
    std::size_t taken = 0;  // packages
    for (std::size_t k = 0; k < tail[list]; ++k) {
      const std::uint64_t next_leaf = leaf[k - taken];
      const std::uint64_t next_package = package[taken];
      merged[k] = std::max(next_leaf, next_package);
      flags[k] = next_package >= next_leaf;  // a leaf comes before an equal package
      taken += next_package >= next_leaf;
    }
    items = merged;
  }

  // The leaves not chosen are the heaviest ones, more of them from list to list.
  std::size_t not_chosen = tail[1];
  std::size_t known = 0;
  for (int list = 1; list < max_length; ++list) {
    const std::uint8_t* const flags = is_package + flags_at[list];
    std::size_t packages = 0;
    for (std::size_t k = 0; k < not_chosen; ++k) packages += flags[k];
    for (; known < not_chosen - packages; ++known) {
      lengths[leaves[n - 1 - known].symbol] = static_cast<std::uint8_t>(list - 1);
    }
    not_chosen = 2 * packages + size[list + 1] % 2;
  }
  for (; known < n; ++known) {
    const bool shorter = known < not_chosen;
    lengths[leaves[n - 1 - known].symbol] = static_cast<std::uint8_t>(max_length - shorter);
  }
}

}  // namespace

void huffman_lengths(const std::uint64_t* counts, std::size_t alphabet, int max_length,
                     std::uint8_t* lengths) {
  PYINFO_ASSERT(max_length >= 1 && max_length <= kLongestSerial);
  if (alphabet > 0) std::memset(lengths, 0, alphabet);
  memory::SmallBuffer<Leaf, kSmall + 1> leaf_memory(alphabet + 1);
  memory::SmallBuffer<Leaf, kSmall> sorted_memory(alphabet);
  Leaf* leaves = leaf_memory.data();
  const std::size_t n = find_leaves(counts, alphabet, max_length, leaves);
  if (n == 1) lengths[leaves[0].symbol] = 1;
  if (n < 2) return;
  PYINFO_ASSERT(n <= std::uint64_t{1} << max_length);
  leaves = sort(leaves, sorted_memory.data(), n);
  if (unlimited_lengths(leaves, n, max_length, lengths)) return;
  limited_lengths(leaves, n, max_length, lengths);
}

namespace {

// In units of 2^-longest.
std::uint64_t kraft_sum_of(const std::uint8_t* lengths, std::size_t alphabet,
                           int longest) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < alphabet; ++i) {
    PYINFO_ASSERT(lengths[i] <= longest);
    sum += std::uint64_t{lengths[i] != 0} << (longest - lengths[i]);
  }
  return sum;
}

}  // namespace

std::uint64_t kraft_sum(const std::uint8_t* lengths, std::size_t alphabet) noexcept {
  return kraft_sum_of(lengths, alphabet, kLongestCode);
}

void canonical_codewords(const std::uint8_t* lengths, std::size_t alphabet,
                         std::uint32_t* codewords) noexcept {
  PYINFO_ASSERT(kraft_sum_of(lengths, alphabet, kLongestSerial) <= std::uint64_t{1}
                                                                       << kLongestSerial);
  std::uint32_t number[kLongestSerial + 1] = {};  // of codewords of each length
  for (std::size_t i = 0; i < alphabet; ++i) ++number[lengths[i]];
  std::uint32_t next[kLongestSerial + 1];
  std::uint32_t code = 0;
  for (int length = 1; length <= kLongestSerial; ++length) {
    next[length] = code;
    code = (code + number[length]) << 1;
  }
  for (std::size_t i = 0; i < alphabet; ++i) {
    codewords[i] = lengths[i] != 0 ? next[lengths[i]]++ : 0;
  }
}

std::uint64_t coded_bits(const std::uint64_t* counts, const std::uint8_t* lengths,
                         std::size_t alphabet) noexcept {
  uint128 bits = 0;
  for (std::size_t i = 0; i < alphabet; ++i) {
    bits += static_cast<uint128>(counts[i]) * lengths[i];
  }
  return bits >> 64 == 0 ? static_cast<std::uint64_t>(bits) : kNone;
}

}  // namespace pyinfo::coding
