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
        displacements_(groups()) {
    PYINFO_ASSERT(slot_bits_ <= 16);  // as wide as displacements
    Entries<Count> entries(table.distinct() + 2);
    entries.resize(table.copy_to(entries.data()));
    PYINFO_ASSERT(!entries.empty());
    build(std::move(entries));
  }

  // Adds samples from `begin` on, up to the first one whose key has no slot; returns its number.
  template <class Keys, class Weight>
  std::size_t add_known(Keys keys, Weight weights, std::size_t begin, std::size_t end) noexcept {
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

  // Writes the counts to the table they are from.
  void return_counts_to(HashTable<Count>& table) const noexcept {
    for (std::size_t slot = 0; slot < slots(); ++slot) {
      if (!has_slot(slot)) continue;
      Entry<Count>* const entry = table.find(keys_[slot]);
      PYINFO_ASSERT(entry->key == keys_[slot]);
      entry->count = counts_[slot];
    }
  }

 private:
  // At most three quarters of the slots are taken, so that displacements are easily found.
  static int slot_bits_for(std::size_t keys) noexcept {
    return std::max(kLeastSlotBits, bit_width(keys + keys / 3));
  }
  static constexpr int kLeastSlotBits = 4;
  // A group is of three keys at the most, on average.
  static constexpr int kGroupBits = 2;

  std::size_t slots() const noexcept { return std::size_t{1} << slot_bits_; }
  std::size_t groups() const noexcept { return slots() >> kGroupBits; }
  static std::size_t group_of(std::uint64_t hash, int slot_bits) noexcept {
    return hash >> (64 + kGroupBits - slot_bits);
  }
  // Of other bits than the group.
  static std::size_t slot_of(std::uint64_t hash, int slot_bits) noexcept {
    return hash << (slot_bits - kGroupBits) >> (64 - slot_bits);
  }
  std::size_t group_of(Key key) const noexcept { return group_of(hash_of(key), slot_bits_); }
  std::size_t slot_of(Key key) const noexcept { return slot_of(hash_of(key), slot_bits_); }
  bool has_slot(std::size_t slot) const noexcept {
    return slot == (slot_of(keys_[slot]) ^ displacements_[group_of(keys_[slot])]);
  }

  // Keys whose hashes begin alike: these are displaced together.
  struct Group {
    const Entry<Count>* first;
    std::size_t size;
  };

  // The groups, the largest first, each get the first displacement that leads the most of their
  // keys to free slots: nearly always all of them.
  void build(Entries<Count> entries);
  std::size_t displacement_for(const Group& group, const std::vector<char>& taken) const noexcept;

  int slot_bits_;
  memory::Buffer<Key> keys_;
  memory::Buffer<Count> counts_;
  memory::Buffer<std::uint16_t> displacements_;
};

template <class Count>
void PerfectTable<Count>::build(Entries<Count> entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry<Count>& a, const Entry<Count>& b) {
    return hash_of(a.key) < hash_of(b.key);
  });
  std::vector<Group> groups;
  for (const Entry<Count>& entry : entries) {
    if (groups.empty() || group_of(groups.back().first->key) != group_of(entry.key))
      groups.push_back({&entry, 0});
    ++groups.back().size;
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.size > b.size; });

  std::vector<char> taken(slots());
  std::fill_n(displacements_.data(), displacements_.size(), 0);
  for (const Group& group : groups) {
    const std::size_t displacement = displacement_for(group, taken);
    displacements_[group_of(group.first->key)] = std::uint16_t(displacement);
    for (std::size_t i = 0; i < group.size; ++i) {
      const auto& [key, count] = group.first[i];
      const std::size_t slot = slot_of(key) ^ displacement;
      if (taken[slot]) continue;  // the key is left out
      taken[slot] = 1;
      keys_[slot] = key;
      counts_[slot] = count;
    }
  }
  // Free slots get a key whose slot is another, which is never looked up there.
  const Key filler = keys_[std::size_t(std::find(taken.begin(), taken.end(), 1) - taken.begin())];
  for (std::size_t slot = 0; slot < slots(); ++slot)
    if (!taken[slot]) keys_[slot] = filler;
}

template <class Count>
std::size_t PerfectTable<Count>::displacement_for(const Group& group,
                                                  const std::vector<char>& taken) const noexcept {
  std::size_t best = 0, most = 0;
  for (std::size_t displacement = 0; displacement < slots() && most < group.size; ++displacement) {
    std::size_t free = 0;
    for (std::size_t i = 0; i < group.size; ++i)
      free += taken[slot_of(group.first[i].key) ^ displacement] == 0;
    if (free > most) {
      most = free;
      best = displacement;
    }
  }
  return best;
}

}  // namespace pyinfo::counting
