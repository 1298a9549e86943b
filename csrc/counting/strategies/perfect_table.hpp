// Counts of keys that are known beforehand, with a slot for each.
//
// A table that leaves most slots free, so that hardly any key needs a second probe, is larger than
// the first-level cache, and that costs more than all arithmetic. Perfect hashing by displacement
// (Fox, Heath, Chen and Daoud, "Practical minimal perfect hash functions for large databases",
// 1992) fills more than half of the slots and needs a single probe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "counting/strategies/entries.hpp"
#include "counting/strategies/hash_table.hpp"
#include "counting/strategies/sort.hpp"
#include "simd/assert.hpp"

namespace pyinfo::counting {

template <class Count>
class PerfectTable {
 public:
  // With the counts of a table that is not empty, but for those of the few keys that get no slot.
  explicit PerfectTable(const HashTable<Count>& table)
      : slot_bits_(slot_bits_for(table.distinct() + 1)),
        keys_(slots()),
        counts_(slots()),
        taken_(slots()),
        displacements_(groups()) {
    PYINFO_ASSERT(slot_bits_ <= 16);  // as wide as displacements
    Entries<Count> entries(table.distinct() + 2);
    entries.resize(table.copy_to(entries.data()));
    PYINFO_ASSERT(!entries.empty());
    // The cheap hash will do where it leaves no key without a slot.
    by_product_ = build(entries, HashByProduct{}, true);
    if (!by_product_) build(entries, HashByTwoProducts{}, false);
  }

  // Adds samples from `begin` on, up to the first one whose key has no slot; returns its number.
  template <class Keys, class Weight>
  std::size_t add_known(Keys keys, Weight weights, std::size_t begin, std::size_t end) noexcept {
    return by_product_ ? add_known(keys, weights, begin, end, HashByProduct{})
                       : add_known(keys, weights, begin, end, HashByTwoProducts{});
  }

  // Writes the counts to the table they are from.
  void return_counts_to(HashTable<Count>& table) const noexcept {
    for (std::size_t slot = 0; slot < slots(); ++slot) {
      if (!taken_[slot]) continue;
      Entry<Count>* const entry = table.find(keys_[slot]);
      PYINFO_ASSERT(entry->key == keys_[slot]);
      entry->count = counts_[slot];
    }
  }

 private:
  template <class Keys, class Weight, class Hash>
  std::size_t add_known(Keys keys, Weight weights, std::size_t begin, std::size_t end,
                        Hash hash_of) noexcept {
    const Key* const known = keys_.data();
    Count* const counts = counts_.data();
    const std::uint16_t* const displacements = displacements_.data();
    const auto slot = [=, bits = slot_bits_](Key key) noexcept {
      const std::uint64_t hash = hash_of(key);
      return slot_of(hash, bits) ^ displacements[group_of(hash, bits)];
    };
    std::size_t i = begin;
    // One branch for four samples.
    for (; i + 4 <= end; i += 4) {
      const Key a = keys[i], b = keys[i + 1], c = keys[i + 2], d = keys[i + 3];
      const std::size_t at_a = slot(a), at_b = slot(b), at_c = slot(c), at_d = slot(d);
      if (((known[at_a] ^ a) | (known[at_b] ^ b) | (known[at_c] ^ c) | (known[at_d] ^ d)) != 0)
        break;
      counts[at_a] += weights[i];
      counts[at_b] += weights[i + 1];
      counts[at_c] += weights[i + 2];
      counts[at_d] += weights[i + 3];
    }
    for (; i < end; ++i) {
      const Key key = keys[i];
      const std::size_t at = slot(key);
      if (known[at] != key) return i;
      counts[at] += weights[i];
    }
    return end;
  }

  // At most three quarters of the slots are taken, so that displacements are easily found.
  static int slot_bits_for(std::size_t keys) noexcept {
    return std::max(kLeastSlotBits, bit_width(keys + keys / 3));
  }
  static constexpr int kLeastSlotBits = 4;
  // A group is of three keys at the most, on average.
  static constexpr int kGroupBits = 2;
  // One of so many says that the hash is none.
  static constexpr std::size_t kLargeGroup = 32;

  std::size_t slots() const noexcept { return std::size_t{1} << slot_bits_; }
  std::size_t groups() const noexcept { return slots() >> kGroupBits; }
  static std::size_t group_of(std::uint64_t hash, int slot_bits) noexcept {
    return hash >> (64 + kGroupBits - slot_bits);
  }
  // Of other bits than the group.
  static std::size_t slot_of(std::uint64_t hash, int slot_bits) noexcept {
    return hash << (slot_bits - kGroupBits) >> (64 - slot_bits);
  }

  struct Hashed {
    std::uint64_t hash;
    Entry<Count> entry;
  };
  // Keys whose hashes begin alike: these are displaced together.
  struct Group {
    const Hashed* first;
    std::size_t size;
  };

  // The groups, the largest first, each get the first displacement that leads the most of their
  // keys to free slots: nearly always all of them. Returns whether all keys have a slot; if they
  // must, it ends with the first one that has none.
  template <class Hash>
  bool build(const Entries<Count>& entries, Hash hash_of, bool must_place_all);
  std::size_t displacement_for(const Group& group) const noexcept;

  int slot_bits_;
  bool by_product_;
  memory::Buffer<Key> keys_;
  memory::Buffer<Count> counts_;
  std::vector<char> taken_;
  memory::Buffer<std::uint16_t> displacements_;
};

template <class Count>
template <class Hash>
bool PerfectTable<Count>::build(const Entries<Count>& entries, Hash hash_of, bool must_place_all) {
  std::vector<Hashed> hashed;
  hashed.reserve(entries.size());
  for (const Entry<Count>& entry : entries) hashed.push_back({hash_of(entry.key), entry});
  std::sort(hashed.begin(), hashed.end(),
            [](const Hashed& a, const Hashed& b) { return a.hash < b.hash; });
  std::vector<Group> groups;
  for (const Hashed& key : hashed) {
    if (groups.empty() ||
        group_of(groups.back().first->hash, slot_bits_) != group_of(key.hash, slot_bits_))
      groups.push_back({&key, 0});
    ++groups.back().size;
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.size > b.size; });
  if (must_place_all && groups.front().size > kLargeGroup) return false;

  std::size_t placed = 0;
  std::fill(taken_.begin(), taken_.end(), char{0});
  std::fill_n(displacements_.data(), displacements_.size(), std::uint16_t{0});
  for (const Group& group : groups) {
    const std::size_t displacement = displacement_for(group);
    displacements_[group_of(group.first->hash, slot_bits_)] = std::uint16_t(displacement);
    for (std::size_t i = 0; i < group.size; ++i) {
      const auto& [hash, entry] = group.first[i];
      const std::size_t slot = slot_of(hash, slot_bits_) ^ displacement;
      if (taken_[slot]) {  // the key is left out
        if (must_place_all) return false;
        continue;
      }
      taken_[slot] = 1;
      keys_[slot] = entry.key;
      counts_[slot] = entry.count;
      ++placed;
    }
  }
  // Free slots get a key whose slot is another, which is never looked up there.
  const Key filler =
      keys_[std::size_t(std::find(taken_.begin(), taken_.end(), 1) - taken_.begin())];
  for (std::size_t slot = 0; slot < slots(); ++slot)
    if (!taken_[slot]) keys_[slot] = filler;
  return placed == entries.size();
}

template <class Count>
std::size_t PerfectTable<Count>::displacement_for(const Group& group) const noexcept {
  std::size_t best = 0, most = 0;
  for (std::size_t displacement = 0; displacement < slots() && most < group.size; ++displacement) {
    std::size_t free = 0;
    for (std::size_t i = 0; i < group.size; ++i)
      free += taken_[slot_of(group.first[i].hash, slot_bits_) ^ displacement] == 0;
    if (free > most) {
      most = free;
      best = displacement;
    }
  }
  return best;
}

}  // namespace pyinfo::counting
