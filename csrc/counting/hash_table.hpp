// Counts by key, where keys may be any numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "counting/entries.hpp"

namespace pyinfo::counting {

// A bijection whose high bits depend on all bits of the key.
inline std::uint64_t hash_of(Key key) noexcept {
  return (key ^ key >> 32) * std::uint64_t{0x9e3779b97f4a7c15};
}

// Open addressing that grows.
//
// Key 0 has its place at slot 0 from the start, since its hash is 0; in every other slot a key of 0
// therefore says that the slot is free, and all keys can be stored.
template <class Count>
class HashTable {
 public:
  explicit HashTable(int slot_bits) { reset(slot_bits); }

  // Empty again, with 2^slot_bits slots.
  void reset(int slot_bits) {
    if (slots_.size() < std::size_t{1} << slot_bits)
      slots_ = Buffer<Entry<Count>>(std::size_t{1} << slot_bits);
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

  // The slot of a key, or the free one where it belongs.
  Entry<Count>* find(Key key) noexcept {
    Entry<Count>* const slots = slots_.data();
    const std::size_t mask = this->slots() - 1;
    std::size_t at = hash_of(key) >> (64 - slot_bits_);
    // Only slot 0 holds the key 0.
    while (slots[at].key != key && (slots[at].key != 0 || at == 0)) at = (at + 1) & mask;
    return slots + at;
  }

  std::size_t distinct() const noexcept { return used_; }

  // Calls visitor(entry) for what has a count.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    for (std::size_t at = 0; at < slots(); ++at)
      if (slots_[at].count != 0) visitor(slots_[at]);
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

  Buffer<Entry<Count>> slots_;
  int slot_bits_ = 0;
  std::size_t used_ = 0;
};

// For few keys: places for two in each bucket, which are compared without a branch between them,
// so that hardly anything is left to be foreseen; what finds no place is counted elsewhere.
//
// A free place holds a key that belongs to another bucket.
template <class Count>
class PairTable {
 public:
  explicit PairTable(int bucket_bits)
      : buckets_(std::size_t{1} << bucket_bits), bucket_bits_(bucket_bits), others_(6) {
    for (std::size_t b = 0; b < buckets_.size(); ++b) {
      const Key free = free_key(b);
      buckets_[b] = {{free, free}, {0, 0}};
    }
  }

  void add(Key key, Count count) {
    Bucket& bucket = buckets_[hash_of(key) >> (64 - bucket_bits_)];
    const bool second = bucket.keys[1] == key;
    if ((bucket.keys[0] == key) | second) {
      bucket.counts[second] += count;
    } else {
      insert(bucket, key, count);
    }
  }

  std::size_t distinct() const noexcept { return used_ + others_.distinct(); }

  void append_to(Entries<Count>& entries) const {
    for (std::size_t b = 0; b < buckets_.size(); ++b)
      for (int place = 0; place < 2; ++place)
        if (buckets_[b].counts[place] != 0)
          entries.push_back({buckets_[b].keys[place], buckets_[b].counts[place]});
    others_.visit([&](const Entry<Count>& entry) { entries.push_back(entry); });
  }

 private:
  struct Bucket {
    Key keys[2];
    Count counts[2];
  };

  // 0 belongs to bucket 0; 1 does not.
  static Key free_key(std::size_t bucket) noexcept { return bucket == 0; }

  void insert(Bucket& bucket, Key key, Count count) {
    const Key free = free_key(std::size_t(&bucket - buckets_.data()));
    for (int place = 0; place < 2; ++place) {
      if (bucket.keys[place] == free) {
        bucket.keys[place] = key;
        bucket.counts[place] = count;
        ++used_;
        return;
      }
    }
    others_.add(key, count);
  }

  Buffer<Bucket> buckets_;
  int bucket_bits_;
  std::size_t used_ = 0;
  HashTable<Count> others_;
};

}  // namespace pyinfo::counting
