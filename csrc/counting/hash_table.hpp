// Counts by key in open addressing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "counting/entries.hpp"

namespace pyinfo::counting {

// A bijection whose high bits depend on all bits of the key.
inline std::uint64_t hash_of(Key key) noexcept {
  return (key ^ key >> 32) * std::uint64_t{0x9e3779b97f4a7c15};
}

// Key 0 has its place at slot 0 from the start, since its hash is 0; in every other slot a key of 0
// therefore says that the slot is free, and all keys can be stored.
template <class Count>
class HashTable {
 public:
  // Slots are chosen by the hash without its `skipped_bits` highest ones.
  explicit HashTable(int slot_bits, int skipped_bits = 0)
      : slots_(std::size_t{1} << slot_bits),
        skipped_bits_(skipped_bits),
        slot_bits_(slot_bits),
        limit_(slots_.size() / 2) {}

  void add(Key key, Count count) {
    Entry<Count>* const slot = find(key);
    if (slot->key == key) {
      slot->count += count;
    } else {
      insert(slot, key, count);
    }
  }

  // The slot of a key that is known to be in the table.
  Entry<Count>* find(Key key) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (hash_of(key) << skipped_bits_) >> (64 - slot_bits_);
    // Only slot 0 holds the key 0.
    while (slots_[at].key != key && (slots_[at].key != 0 || at == 0)) at = (at + 1) & mask;
    return &slots_[at];
  }

  std::size_t distinct() const noexcept { return used_; }

  // Appends what has a count.
  void append_to(Entries<Count>& entries) const {
    for (const Entry<Count>& slot : slots_)
      if (slot.count != 0) entries.push_back(slot);
  }

 private:
  void insert(Entry<Count>* slot, Key key, Count count) {
    *slot = {key, count};
    if (++used_ < limit_) return;
    HashTable larger(slot_bits_ + 1, skipped_bits_);
    for (std::size_t at = 0; at < slots_.size(); ++at)
      if (slots_[at].key != 0 || at == 0) *larger.find(slots_[at].key) = slots_[at];
    larger.used_ = used_;
    *this = std::move(larger);
  }

  Entries<Count> slots_;
  int skipped_bits_;
  int slot_bits_;
  std::size_t limit_;
  std::size_t used_ = 0;
};

}  // namespace pyinfo::counting
