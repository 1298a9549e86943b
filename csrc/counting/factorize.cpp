#include "counting/factorize.hpp"

#include <limits>
#include <stdexcept>
#include <vector>

#include "counting/count_values.hpp"
#include "counting/hash_table.hpp"

namespace pyinfo::counting {
namespace {

// Ranges up to this have a table with a code for every key, larger ones if they are full enough.
constexpr std::size_t kDirect = std::size_t{1} << 16;
constexpr std::size_t kDirectPerEntry = 16;

// The codes as the counts of a table: small enough that a lookup rarely meets another key first.
HashTable<std::uint32_t> table_of(const Entries<std::uint64_t>& entries) {
  int slot_bits = 6;
  while ((entries.size() >> slot_bits) * 4 >= 1) ++slot_bits;
  HashTable<std::uint32_t> table(slot_bits + 1);
  for (std::size_t code = 0; code < entries.size(); ++code)
    table.add(entries[code].key, std::uint32_t(code));
  return table;
}

}  // namespace

Entries<std::uint64_t> factorize(Column column, std::uint32_t* codes) {
  const Entries<std::uint64_t> entries = count_values(column);
  if (entries.size() > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error("more than 2^32 - 1 different values");
  if (entries.empty()) return entries;
  const Key first = entries.front().key;
  const Key last = entries.back().key - first;
  with_keys(column.data, column.type, [&](const auto& keys) {
    if (last < kDirect || last / kDirectPerEntry < entries.size()) {
      std::vector<std::uint32_t> code_of(std::size_t(last) + 1);
      for (std::size_t code = 0; code < entries.size(); ++code)
        code_of[entries[code].key - first] = std::uint32_t(code);
      for (std::size_t i = 0; i < column.size; ++i) codes[i] = code_of[keys[i] - first];
    } else {
      HashTable<std::uint32_t> table = table_of(entries);
      for (std::size_t i = 0; i < column.size; ++i) codes[i] = table.find(keys[i])->count;
    }
  });
  return entries;
}

}  // namespace pyinfo::counting
