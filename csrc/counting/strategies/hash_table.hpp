// Counts by key, where keys may be any numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "counting/strategies/entries.hpp"
#include "counting/strategies/hash_seed.hpp"
#include "simd/assert.hpp"

namespace pyinfo::counting {

// Bijections that leave 0 as it is, and whose high bits depend on all bits of the key.
//
// Multiplied once, keys at equal distances have hashes at equal distances, and for one multiplier
// in twenty these share their slots.
struct HashByProduct {
  std::uint64_t operator()(Key key) const noexcept { return key * kHashMultiplier; }
};
// The fold between two multiplications ends that.
struct HashByTwoProducts {
  std::uint64_t operator()(Key key) const noexcept {
    const std::uint64_t product = key * kHashMultiplier;
    return (product ^ product >> 32) * kHashMultiplier;
  }
};

// Open addressing that grows.
//
// Key 0 belongs to slot 0, since its hash is 0; in every other slot a key of 0 therefore says that
// the slot is free, and all keys can be stored.
template <class Count>
class HashTable {
 public:
  explicit HashTable(int slot_bits) { reset(slot_bits); }

  // Empty again, with 2^slot_bits slots.
  void reset(int slot_bits) {
    PYINFO_ASSERT(slot_bits >= 1 && slot_bits < 64);
    if (slots_.size() < std::size_t{1} << slot_bits)
      slots_ = memory::Buffer<Entry<Count>>(std::size_t{1} << slot_bits);
    slot_bits_ = slot_bits;
    used_ = 0;
    for (std::size_t at = 0; at < slots(); ++at) slots_[at] = {0, 0};
  }

  void add(Key key, Count count) {
    Entry<Count>* const slot = find(key);
    if (slot->key == key) {
      slot->count += count;
    } else {
      insert(slot, key, count);
    }
  }

  // Adds samples begin .. end - 1.
  template <class Keys, class Weight>
  void add_all(Keys keys, Weight weights, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) add(keys[i], weights[i]);
  }

  // The slot of a key, or the free one where it belongs.
  Entry<Count>* find(Key key) noexcept {
    Entry<Count>* const slots = slots_.data();
    const std::size_t mask = this->slots() - 1;
    std::size_t at = HashByTwoProducts{}(key) >> (64 - slot_bits_);
    // Only slot 0 holds the key 0.
    while (slots[at].key != key && (slots[at].key != 0 || at == 0)) at = (at + 1) & mask;
    return slots + at;
  }

  std::size_t distinct() const noexcept { return used_; }

  // How many keys of equal counts would be as unlike each other: the exponential of Renyi's entropy
  // of order 2. Rare keys hardly count.
  double effective_keys() const noexcept {
    double sum = 0, squares = 0;
    for (std::size_t at = 0; at < slots(); ++at) {
      const double count = double(slots_[at].count);
      sum += count;
      squares += count * count;
    }
    return sum * sum / squares;
  }

  // Writes what has a count, in no order, and returns how many that are: at most distinct() + 1,
  // and one more may be overwritten. Without a branch on what is there, which cannot be predicted.
  std::size_t copy_to(Entry<Count>* entries) const noexcept {
    std::size_t size = 0;
    for (std::size_t at = 0; at < slots(); ++at) {
      entries[size] = slots_[at];
      size += slots_[at].count != 0;
    }
    return size;
  }

 private:
  std::size_t slots() const noexcept { return std::size_t{1} << slot_bits_; }

  void insert(Entry<Count>* slot, Key key, Count count) {
    *slot = {key, count};
    if (++used_ < slots() / 2) return;
    HashTable larger(slot_bits_ + 1);
    for (std::size_t at = 0; at < slots(); ++at)
      if (slots_[at].key != 0 || at == 0) *larger.find(slots_[at].key) = slots_[at];
    larger.used_ = used_;
    *this = std::move(larger);
  }

  memory::Buffer<Entry<Count>> slots_;
  int slot_bits_ = 0;
  std::size_t used_ = 0;
};

}  // namespace pyinfo::counting
