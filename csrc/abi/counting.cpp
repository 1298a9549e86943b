// Counting bytes and pairs of bytes as C functions.
#include "abi/errors.hpp"
#include "counting/byte_counts.hpp"
#include "counting/joint_histogram.hpp"

namespace abi = pyinfo::abi;
namespace counting = pyinfo::counting;

pyinfo_error pyinfo_byte_counts(const void* data, size_t items, size_t item_size,
                                uint64_t* counts) {
  return abi::guard([&] {
    abi::require_pointer(counts, "counts");
    abi::require(item_size > 0, "items have at least one byte");
    abi::require_data(data, items, "data");
    counting::byte_counts(static_cast<const unsigned char*>(data), items, item_size, counts);
  });
}

pyinfo_error pyinfo_joint_byte_counts(const uint8_t* a, const uint8_t* b, size_t n,
                                      uint64_t* counts) {
  return abi::guard([&] {
    abi::require_pointer(counts, "counts");
    abi::require_data(a, n, "a");
    abi::require_data(b, n, "b");
    counting::joint_byte_counts(a, b, n, counts);
  });
}
