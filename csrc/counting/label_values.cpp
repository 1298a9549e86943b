#include "counting/label_values.hpp"

#include <limits>
#include <stdexcept>
#include <vector>

#include "counting/count_values.hpp"
#include "counting/strategies/hash_table.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::counting {
namespace {

// Ranges up to this have a table with a label for every key, larger ones if they are full enough.
constexpr std::size_t kDirect = std::size_t{1} << 16;
constexpr std::size_t kDirectPerEntry = 16;

constexpr std::size_t kPerQuestion = 1 << 16;  // whether to go on

// The labels as the counts of a table, sparse enough that a lookup rarely needs a second probe.
HashTable<std::uint32_t> labels_of(const ValueCounts<std::uint64_t>& table) {
  int slot_bits = 6;
  while ((table.size >> slot_bits) * 4 >= 1) ++slot_bits;
  HashTable<std::uint32_t> labels(slot_bits + 1);
  for (std::size_t label = 0; label < table.size; ++label)
    labels.add(table.keys[label], std::uint32_t(label));
  return labels;
}

}  // namespace

ValueCounts<std::uint64_t> label_values(Column column, std::uint32_t* labels) {
  ValueCounts<std::uint64_t> table = count_values(column);
  if (table.size > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error("more than 2^32 - 1 different values");
  if (table.size == 0) return table;
  const Key first = table.keys[0];
  const Key last = table.keys[table.size - 1] - first;
  with_keys(column.data, column.type, [&](const auto& keys) {
    if (last < kDirect || last / kDirectPerEntry < table.size) {
      std::vector<std::uint32_t> label_of(std::size_t(last) + 1);
      for (std::size_t label = 0; label < table.size; ++label)
        label_of[table.keys[label] - first] = std::uint32_t(label);
      for (std::size_t i = 0; i < column.size; ++i) {
        if (i % kPerQuestion == 0) threads::require_uninterrupted();
        // Any number, if others write to the column meanwhile.
        const Key key = keys[i] - first;
        labels[i] = key <= last ? label_of[key] : 0;
      }
    } else {
      HashTable<std::uint32_t> label_of = labels_of(table);
      for (std::size_t i = 0; i < column.size; ++i) {
        if (i % kPerQuestion == 0) threads::require_uninterrupted();
        labels[i] = label_of.find(keys[i])->count;
      }
    }
  });
  return table;
}

}  // namespace pyinfo::counting
