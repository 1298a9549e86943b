#include "measures/slice.hpp"

#include <algorithm>
#include <utility>

#include "simd/assert.hpp"
#include "threads/interruption.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::measures {
namespace {

// Slices are cut into parts at places that depend on their length alone, and the parts' sums are
// put together in order: any number of threads gives the same bits.
constexpr std::size_t kPart = std::size_t(1) << 16;
constexpr std::size_t kMostParts = 128;

std::size_t part_length(std::size_t n) noexcept {
  return std::max(kPart, (n + kMostParts - 1) / kMostParts);
}

}  // namespace

template <class T>
Slice<T>::Slice(const elements::Operand& p, const elements::Operand* q,
                const elements::Space& space, Workspace<T>& workspace, int threads) noexcept
    : operands_{p, q != nullptr ? *q : elements::Operand{}},
      space_(&space),
      size_(space.size),
      threads_(threads) {
  find_contiguous();
  if (size_ > kBlock) return;
  for (int i = 0; i < 2; ++i) {
    if (contiguous_[i] != nullptr || operands_[i].data == nullptr) continue;
    elements::load_slice<T>(operands_[i], space, i, workspace.block[i]);
    contiguous_[i] = workspace.block[i];
  }
}

template <class T>
Slice<T>::Slice(const elements::Operand& p, const elements::Operand* q,
                const elements::Space& space, const KnownSums& known) noexcept
    : operands_{p, q != nullptr ? *q : elements::Operand{}},
      space_(&space),
      size_(space.size),
      known_(&known) {
  find_contiguous();
}

template <class T>
void Slice<T>::find_contiguous() noexcept {
  PYINFO_ASSERT(size_ > 0 && operands_[0].data != nullptr);
  const elements::Space& space = *space_;
  for (int i = 0; i < 2; ++i) {
    const elements::Operand& operand = operands_[i];
    if (operand.data == nullptr) continue;
    const bool packed =
        space.dimensions == 0 || (space.dimensions == 1 && space.strides[i][0] == sizeof(T));
    if (packed && operand.holds<T>()) contiguous_[i] = reinterpret_cast<const T*>(operand.data);
  }
}

template <class T>
const T* Slice<T>::load(int operand, std::size_t first, std::size_t n, T* block) const noexcept {
  if (contiguous_[operand] != nullptr) return contiguous_[operand] + first;
  const int axis = operand == 1 ? q_axis_ : 1 - q_axis_;
  elements::load_elements<T>(operands_[operand], *space_, axis, first, n, block);
  return block;
}

template <class T>
void Slice<T>::run_part(typename KernelEntry<T>::Run run, Kernel kernel,
                        const Parameters& parameters, int first_operand, std::size_t begin,
                        std::size_t end, Sums& sums) const noexcept {
  const KernelShape form = shape(kernel);
  const int second = form.operands == 2 ? 1 - first_operand : first_operand;
  if (contiguous_[first_operand] != nullptr && contiguous_[second] != nullptr) {
    run(contiguous_[first_operand] + begin, contiguous_[second] + begin, end - begin, parameters,
        sums);
    return;
  }
  alignas(64) T block[2][kBlock];
  const auto run_block = [&](std::size_t first, std::size_t n, Sums& of_block) {
    const T* const p = load(first_operand, first, n, block[0]);
    const T* const q = form.operands == 2 ? load(second, first, n, block[1]) : p;
    run(p, q, n, parameters, of_block);
  };
  if (end - begin <= kBlock) return run_block(begin, end - begin, sums);
  sums = no_sums();
  for (std::size_t i = begin; i < end; i += kBlock) {
    Sums next;
    run_block(i, std::min(kBlock, end - i), next);
    merge(sums, next, form.sums);
  }
}

template <class T>
void Slice<T>::run_parts(typename KernelEntry<T>::Run run, Kernel kernel,
                         const Parameters& parameters, int first_operand,
                         Sums& sums) const noexcept {
  const std::size_t length = part_length(size_);
  if (size_ <= length) {
    run_part(run, kernel, parameters, first_operand, 0, size_, sums);
    return;
  }
  const int count = shape(kernel).sums;
  const std::size_t parts = (size_ + length - 1) / length;
  Sums each[kMostParts];
  auto task = [&](std::size_t i) noexcept {
    run_part(run, kernel, parameters, first_operand, i * length, std::min(size_, (i + 1) * length),
             each[i]);
  };
  threads::parallel(parts, threads_, task);
  if (threads::interrupted()) {  // some parts have no sums, and nobody will look at the result
    sums = no_sums();
    return;
  }
  sums = each[0];
  for (std::size_t i = 1; i < parts; ++i) merge(sums, each[i], count);
}

template <class T>
const Sums& Slice<T>::sums(Kernel which, const Parameters& parameters,
                           Sums& storage) const noexcept {
  if (known_ != nullptr && known_->kernel == which && known_->scale == parameters.scale)
    return known_->sums;
  PYINFO_ASSERT(size_ > 0);
  PYINFO_ASSERT(shape(which).operands == 1 || has_q());
  const KernelEntry<T>& entry = kernel<T>(which);
  const auto run = parameters.scaled ? entry.scaled : entry.run;
  PYINFO_ASSERT(run != nullptr);
  // What run_parts() comes to for a short vector in memory, where a few calls would be felt.
  const bool in_place =
      contiguous_[0] != nullptr && (contiguous_[1] != nullptr || operands_[1].data == nullptr);
  if (in_place && size_ <= kPart)
    run(contiguous_[0], contiguous_[1], size_, parameters, storage);
  else
    run_parts(run, which, parameters, 0, storage);
  return storage;
}

template <class T>
Sums Slice<T>::sum_of(int operand) const noexcept {
  PYINFO_ASSERT(operand >= 0 && operand < operands());
  Sums sums;
  run_parts(kernel<T>(Kernel::sum).run, Kernel::sum, kPlain, operand, sums);
  return sums;
}

template <class T>
double Slice<T>::estimate_sum() const noexcept {
  const std::size_t n = std::min(size_, kBlock);
  Sums sums;
  run_part(kernel<T>(Kernel::sum).run, Kernel::sum, kPlain, 0, 0, n, sums);
  return sums.total(0) * (double(size_) / double(n));
}

template <class T>
Slice<T> Slice<T>::exchanged() const noexcept {
  PYINFO_ASSERT(has_q());
  Slice other(*this);
  std::swap(other.contiguous_[0], other.contiguous_[1]);
  std::swap(other.operands_[0], other.operands_[1]);
  other.q_axis_ = 1 - q_axis_;
  other.known_ = nullptr;
  return other;
}

template class Slice<double>;
template class Slice<float>;

}  // namespace pyinfo::measures
