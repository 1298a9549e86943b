// One slice of p (and q), whatever its layout and element type, as something kernels can walk.
#pragma once

#include <cstddef>

#include "measures/kernels.hpp"

namespace pyinfo::measures {

inline constexpr int kMaxDimensions = 64;

std::size_t element_size(Element type) noexcept;

// Where an operand's elements are: its strides belong to the Space it is used with.
struct Operand {
  const char* data = nullptr;
  Element type = Element::float64;
  bool swapped = false;  // not in the machine's byte order
};

// The reduced axes: shape, and the strides in bytes of each operand.
struct Space {
  int dimensions = 0;
  std::ptrdiff_t shape[kMaxDimensions];
  std::ptrdiff_t strides[2][kMaxDimensions];
  std::size_t size = 1;

  void append(std::ptrdiff_t extent, std::ptrdiff_t p_stride, std::ptrdiff_t q_stride) noexcept;
  // Orders the axes so that memory is walked in runs as long as possible, and joins those that are
  // one run. The order of elements in a sum is free.
  void simplify(int operands) noexcept;
};

// Elements that do not lie contiguously in the type that is computed in pass through a block.
inline constexpr std::size_t kBlock = 1024;

template <class T>
struct Workspace {
  alignas(64) T block[2][kBlock];
};

// Sums of many slices found side by side (see evaluate.cpp), so that a formula's first question is
// already answered.
struct KnownSums {
  Kernel kernel;
  double scale;
  Sums sums;
};

// Copies the elements first .. first + n - 1 of a slice, as T; `which` strides of the space are the
// operand's.
template <class T>
void load_elements(const Operand& operand, const Space& space, int which, std::size_t first,
                   std::size_t n, T* to) noexcept;
template <class T>
void load_slice(const Operand& operand, const Space& space, int which, T* to) noexcept {
  load_elements<T>(operand, space, which, 0, space.size, to);
}

template <class T>
class Source {
 public:
  // A slice that lies contiguously in T.
  Source(const T* p, const T* q, std::size_t n) noexcept : contiguous_{p, q}, size_(n) {}
  // Any slice. `space` must have been through simplify() and, like the workspace,
  // outlive the source.
  Source(const Operand& p, const Operand* q, const Space& space, Workspace<T>& workspace,
         int threads) noexcept;

  std::size_t size() const noexcept { return size_; }
  int operands() const noexcept { return has_q() ? 2 : 1; }
  void set_known(const KnownSums* known) noexcept { known_ = known; }
  // The slice that lies so many bytes further on, in p and in q.
  void advance(std::ptrdiff_t p_step, std::ptrdiff_t q_step) noexcept {
    operands_[0].data += p_step;
    if (operands_[1].data != nullptr) operands_[1].data += q_step;
    contiguous_[0] = contiguous_[1] = nullptr;
  }
  const KnownSums* known() const noexcept { return known_; }

  // One walk over the slice. The result does not depend on the number of threads; it is good until
  // the next question.
  const Sums& sums(Kernel kernel, const Parameters& parameters = kPlain) const noexcept;
  // The plain sum of one operand (0: p, 1: q) and its extremes.
  Sums sum_of(int operand) const noexcept;
  // A quick estimate of the sum of p, from its first block.
  double estimate_sum() const noexcept;
  // The same slice with the operands' roles exchanged.
  Source swapped() const noexcept;

  // visit(p, q, n) for consecutive blocks of the slice; q is null when there is one operand.
  template <class Visit>
  void each_block(Visit visit) const noexcept {
    settle();
    T block[2][kBlock];
    for (std::size_t first = 0; first < size_; first += kBlock) {
      const std::size_t n = size_ - first < kBlock ? size_ - first : kBlock;
      const T* const p = elements(0, first, n, block[0]);
      const T* const q = has_q() ? elements(1, first, n, block[1]) : nullptr;
      visit(p, q, n);
    }
  }

 private:
  bool has_q() const noexcept { return contiguous_[1] != nullptr || operands_[1].data != nullptr; }
  // Copies a short slice that is not contiguous, once, before the first walk.
  void settle() const noexcept;
  // Elements first .. first + n - 1 of an operand: in place, or copied into `block`.
  const T* elements(int operand, std::size_t first, std::size_t n, T* block) const noexcept;
  void accumulate(typename KernelEntry<T>::Run run, Kernel kernel, const Parameters& parameters,
                  int first_operand, std::size_t begin, std::size_t end, Sums& sums) const noexcept;
  void walk(typename KernelEntry<T>::Run run, Kernel kernel, const Parameters& parameters,
            int first_operand, Sums& sums) const noexcept;

  mutable const T* contiguous_[2] = {nullptr, nullptr};
  Operand operands_[2];
  const Space* space_ = nullptr;
  Workspace<T>* workspace_ = nullptr;
  std::size_t size_ = 0;
  int threads_ = 1;
  int q_axis_ = 1;  // which strides belong to q: 0 after an exchange of roles
  const KnownSums* known_ = nullptr;
  mutable Sums answer_;
};

}  // namespace pyinfo::measures
