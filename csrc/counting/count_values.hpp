// How often each value occurs in an array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "counting/strategies/entries.hpp"

namespace pyinfo::counting {

// The table of a column: memory in proportion to how many different values there are, beside a
// fixed amount. Weighted counts are added in the order of the samples; values whose weights sum to
// zero are left out. Throws std::bad_alloc.
ValueCounts<std::uint64_t> count_values(Column column);
ValueCounts<std::uint64_t> count_values(Column column, const std::uint64_t* weights);
ValueCounts<double> count_values(Column column, const double* weights);

// The same in its plainest form: the definition, and the oracle for the ones above.
ValueCounts<std::uint64_t> count_values_reference(Column column);
ValueCounts<std::uint64_t> count_values_reference(Column column, const std::uint64_t* weights);
ValueCounts<double> count_values_reference(Column column, const double* weights);

// Writes the elements that belong to the keys.
template <class Count>
void write_elements(const ValueCounts<Count>& table, Type type, void* elements) noexcept {
  with_keys(nullptr, type, [&](const auto& keys) {
    using Raw = typename std::remove_reference_t<decltype(keys)>::Element;
    Raw* const out = static_cast<Raw*>(elements);
    for (std::size_t i = 0; i < table.size; ++i) out[i] = keys.element(table.keys[i]);
  });
}

}  // namespace pyinfo::counting
