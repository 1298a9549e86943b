// Mutual information of every two of many variables with small alphabets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::dependence {

// Columns of `samples` codes each, one column after the other; those of column i are below
// alphabets[i], at most 256.
struct CodedColumns {
  const std::uint8_t* codes;
  std::size_t samples;
  std::size_t columns;
  const std::uint32_t* alphabets;
};

// Throws std::invalid_argument if a code is not below its alphabet, or an alphabet is too large.
void check_columns(const CodedColumns& data);

// Fills the symmetric matrix of columns x columns, in nats; the diagonal has the entropies.
// The columns must have passed check_columns. The result does not depend on `threads`.
void pairwise_mutual_information(const CodedColumns& data, double* matrix, int threads);

}  // namespace pyinfo::dependence
