// One coordinate of all points, in rising order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory/buffer.hpp"
#include "neighbours/kernels/kernels.hpp"

namespace pyinfo::neighbours {

// So that places and counts fit in 32 bits.
inline constexpr std::size_t kMostPoints = std::size_t{1} << 31;

class SortedColumn {
 public:
  // Throws std::invalid_argument if there are no or too many values or one is not finite.
  SortedColumn(const double* values, std::size_t size);
  // The same of values that are in order; `order` says where each was given.
  SortedColumn(const double* sorted, const std::uint32_t* order, std::size_t size);

  std::size_t size() const noexcept { return size_; }
  // In rising order, zeros without a sign.
  const double* values() const noexcept { return padded_.data() + kBefore; }
  // Where the value at each rank was given.
  const std::uint32_t* order() const noexcept { return order_.data(); }

  // The values, and above them what every 16th of the level below is.
  SearchLevels levels() const noexcept;

 private:
  static constexpr std::size_t kBefore = 8;  // infinities, which fill a cache line
  static_assert(kBefore >= kLeaf);           // as SearchLevels has them

  explicit SortedColumn(std::size_t size);
  void sort(const double* values);
  void make_levels();

  std::size_t size_;
  memory::Buffer<double> padded_;
  memory::Buffer<std::uint32_t> order_;
  std::vector<double> upper_;
  std::vector<std::size_t> starts_;  // of the levels in upper_
};

}  // namespace pyinfo::neighbours
