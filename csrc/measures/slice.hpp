// One slice of p (and q), whatever its strides and element type, as kernels see it.
#pragma once

#include <cstddef>

#include "elements/strided.hpp"
#include "measures/kernels/kernels.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::measures {

// Elements that do not lie contiguously in the type that is computed in pass through a block.
inline constexpr std::size_t kBlock = 1024;

template <class T>
struct Workspace {
  alignas(64) T block[2][kBlock];
};

// Sums that a kernel has found for many slices at once: those of this slice, for this kernel.
struct KnownSums {
  Kernel kernel;
  double scale;
  Sums sums;
};

template <class T>
class Slice {
 public:
  // A slice that lies contiguously in T. q is null for measures of one distribution.
  Slice(const T* p, const T* q, std::size_t n) noexcept;
  // Any slice; a short one is copied into the workspace. `space` has been through simplify(). It
  // and the workspace outlive the slice.
  Slice(const elements::Operand& p, const elements::Operand* q, const elements::Space& space,
        Workspace<T>& workspace, int threads) noexcept;
  // A slice whose sums `known` a formula will mostly do with. All outlive the slice.
  Slice(const elements::Operand& p, const elements::Operand* q, const elements::Space& space,
        const KnownSums& known) noexcept;

  std::size_t size() const noexcept { return size_; }
  int operands() const noexcept { return has_q() ? 2 : 1; }
  const KnownSums* known() const noexcept { return known_; }
  // Becomes the slice that lies so many bytes further on in p and in q; what is known is then its.
  void advance(std::ptrdiff_t p_step, std::ptrdiff_t q_step) noexcept {
    operands_[0].data += p_step;
    if (operands_[1].data != nullptr) operands_[1].data += q_step;
    contiguous_[0] = contiguous_[1] = nullptr;
  }

  // The sums of a kernel, which are known or are written to `storage`. They do not depend on the
  // number of threads.
  const Sums& sums(Kernel kernel, const Parameters& parameters, Sums& storage) const noexcept;
  // The plain sum of one operand (0: p, 1: q) and its extremes.
  Sums sum_of(int operand) const noexcept;
  // A quick estimate of the sum of p, from its first block.
  double estimate_sum() const noexcept;
  // The same slice with p and q exchanged. There must be a q.
  Slice exchanged() const noexcept;

  // visit(p, q, n) for consecutive blocks of the slice; q is null when there is one operand. Ends
  // where the thread is interrupted().
  template <class Visit>
  void each_block(Visit visit) const noexcept {
    T block[2][kBlock];
    for (std::size_t first = 0; first < size_ && !threads::interrupted(); first += kBlock) {
      const std::size_t n = size_ - first < kBlock ? size_ - first : kBlock;
      const T* const p = load(0, first, n, block[0]);
      const T* const q = has_q() ? load(1, first, n, block[1]) : nullptr;
      visit(p, q, n);
    }
  }

 private:
  bool has_q() const noexcept { return contiguous_[1] != nullptr || operands_[1].data != nullptr; }
  void find_contiguous() noexcept;
  // Elements first .. first + n - 1 of an operand: in place, or copied into `block`.
  const T* load(int operand, std::size_t first, std::size_t n, T* block) const noexcept;
  // The sums of the elements begin .. end - 1; of all, by several threads.
  void run_part(typename KernelEntry<T>::Run run, Kernel kernel, const Parameters& parameters,
                int first_operand, std::size_t begin, std::size_t end, Sums& sums) const noexcept;
  void run_parts(typename KernelEntry<T>::Run run, Kernel kernel, const Parameters& parameters,
                 int first_operand, Sums& sums) const noexcept;

  const T* contiguous_[2] = {nullptr, nullptr};
  elements::Operand operands_[2];
  const elements::Space* space_ = nullptr;
  std::size_t size_ = 0;
  int threads_ = 1;
  int q_axis_ = 1;  // which strides belong to q: 0 after an exchange
  const KnownSums* known_ = nullptr;
};

template <class T>
inline Slice<T>::Slice(const T* p, const T* q, std::size_t n) noexcept
    : contiguous_{p, q}, size_(n) {}

}  // namespace pyinfo::measures
