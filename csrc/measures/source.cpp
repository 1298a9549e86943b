#include "measures/source.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

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

template <std::size_t size>
void copy_elements(const char* from, std::ptrdiff_t stride, char* to, std::size_t n,
                   bool swapped) noexcept {
  if (!swapped) {
    for (std::size_t i = 0; i < n; ++i)
      std::memcpy(to + i * size, from + std::ptrdiff_t(i) * stride, size);
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const char* const element = from + std::ptrdiff_t(i) * stride;
    for (std::size_t b = 0; b < size; ++b) to[i * size + b] = element[size - 1 - b];
  }
}

void copy_elements(std::size_t size, const char* from, std::ptrdiff_t stride, char* to,
                   std::size_t n, bool swapped) noexcept {
  switch (size) {
    case 1:
      return copy_elements<1>(from, stride, to, n, false);
    case 2:
      return copy_elements<2>(from, stride, to, n, swapped);
    case 4:
      return copy_elements<4>(from, stride, to, n, swapped);
    case 8:
      return copy_elements<8>(from, stride, to, n, swapped);
    default:
      return copy_elements<sizeof(long double)>(from, stride, to, n, swapped);
  }
}

template <class T>
constexpr Element kNative = sizeof(T) == 8 ? Element::float64 : Element::float32;

// A run of n elements, `stride` bytes apart, as T.
template <class T>
void load_run(const Operand& operand, const char* from, std::ptrdiff_t stride, T* to,
              std::size_t n) noexcept {
  const std::size_t size = element_size(operand.type);
  if (operand.type == kNative<T>) {
    copy_elements(size, from, stride, reinterpret_cast<char*>(to), n, operand.swapped);
    return;
  }
  if constexpr (sizeof(T) == 8) {
    const auto convert =
        convert_kernels(simd::active()).to_f64[static_cast<std::size_t>(operand.type)];
    if (stride == std::ptrdiff_t(size) && !operand.swapped) {
      convert(from, to, n);
      return;
    }
    constexpr std::size_t piece = 128;
    char packed[piece * sizeof(long double)];
    for (std::size_t i = 0; i < n; i += piece) {
      const std::size_t count = std::min(piece, n - i);
      copy_elements(size, from + std::ptrdiff_t(i) * stride, stride, packed, count,
                    operand.swapped);
      convert(packed, to + i, count);
    }
  }
}

}  // namespace

std::size_t element_size(Element type) noexcept {
  switch (type) {
    case Element::int8:
    case Element::uint8:
    case Element::boolean:
      return 1;
    case Element::float16:
    case Element::bfloat16:
    case Element::int16:
    case Element::uint16:
      return 2;
    case Element::float32:
    case Element::int32:
    case Element::uint32:
      return 4;
    case Element::long_double:
      return sizeof(long double);
    default:
      return 8;
  }
}

void Space::append(std::ptrdiff_t extent, std::ptrdiff_t p_stride,
                   std::ptrdiff_t q_stride) noexcept {
  shape[dimensions] = extent;
  strides[0][dimensions] = p_stride;
  strides[1][dimensions] = q_stride;
  ++dimensions;
  size *= std::size_t(extent);
}

void Space::simplify(int operands) noexcept {
  int kept = 0;
  for (int d = 0; d < dimensions; ++d) {
    if (shape[d] == 1) continue;
    // Insertion by falling distance, p first.
    int at = kept;
    const auto distance = [this](int operand, int axis) {
      return std::abs(strides[operand][axis]);
    };
    const std::ptrdiff_t extent = shape[d];
    const std::ptrdiff_t p = strides[0][d];
    const std::ptrdiff_t q = strides[1][d];
    while (at > 0 && (distance(0, at - 1) < std::abs(p) ||
                      (distance(0, at - 1) == std::abs(p) && distance(1, at - 1) < std::abs(q)))) {
      shape[at] = shape[at - 1];
      strides[0][at] = strides[0][at - 1];
      strides[1][at] = strides[1][at - 1];
      --at;
    }
    shape[at] = extent;
    strides[0][at] = p;
    strides[1][at] = q;
    ++kept;
  }
  int last = 0;
  for (int d = 1; d < kept; ++d) {
    const bool joins = strides[0][last] == strides[0][d] * shape[d] &&
                       (operands < 2 || strides[1][last] == strides[1][d] * shape[d]);
    if (!joins) ++last;
    shape[last] = joins ? shape[last] * shape[d] : shape[d];
    strides[0][last] = strides[0][d];
    strides[1][last] = strides[1][d];
  }
  dimensions = kept == 0 ? 0 : last + 1;
}

template <class T>
Source<T>::Source(const Operand& p, const Operand* q, const Space& space, Workspace<T>& workspace,
                  int threads) noexcept
    : operands_{p, q != nullptr ? *q : Operand{}},
      space_(&space),
      workspace_(&workspace),
      size_(space.size),
      threads_(threads) {
  for (int i = 0; i < (q != nullptr ? 2 : 1); ++i) {
    const Operand& operand = operands_[i];
    const bool packed =
        space.dimensions == 0 || (space.dimensions == 1 && space.strides[i][0] == sizeof(T));
    if (packed && operand.type == kNative<T> && !operand.swapped)
      contiguous_[i] = reinterpret_cast<const T*>(operand.data);
  }
}

template <class T>
void Source<T>::settle() const noexcept {
  if (workspace_ == nullptr || size_ > kBlock) return;
  for (int i = 0; i < 2; ++i) {
    if (contiguous_[i] != nullptr || operands_[i].data == nullptr) continue;
    load_elements<T>(operands_[i], *space_, i == 1 ? q_axis_ : 1 - q_axis_, 0, size_,
                     workspace_->block[i]);
    contiguous_[i] = workspace_->block[i];
  }
}

template <class T>
void load_elements(const Operand& operand, const Space& space, int which, std::size_t first,
                   std::size_t n, T* to) noexcept {
  const std::ptrdiff_t* const strides = space.strides[which];
  const int inner = space.dimensions - 1;
  if (inner < 0) {
    load_run<T>(operand, operand.data, 0, to, 1);
    return;
  }
  std::ptrdiff_t index[kMaxDimensions];
  const char* at = operand.data;
  std::size_t rest = first;
  for (int d = inner; d >= 0; --d) {
    index[d] = std::ptrdiff_t(rest % std::size_t(space.shape[d]));
    rest /= std::size_t(space.shape[d]);
    at += index[d] * strides[d];
  }
  while (n > 0) {
    const std::size_t run = std::min(n, std::size_t(space.shape[inner] - index[inner]));
    load_run<T>(operand, at, strides[inner], to, run);
    to += run;
    n -= run;
    if (n == 0) return;
    at -= index[inner] * strides[inner];
    index[inner] = 0;
    for (int d = inner - 1; d >= 0; --d) {
      at += strides[d];
      if (++index[d] < space.shape[d]) break;
      at -= index[d] * strides[d];
      index[d] = 0;
    }
  }
}

template <class T>
const T* Source<T>::elements(int operand, std::size_t first, std::size_t n,
                             T* block) const noexcept {
  if (contiguous_[operand] != nullptr) return contiguous_[operand] + first;
  load_elements<T>(operands_[operand], *space_, operand == 1 ? q_axis_ : 1 - q_axis_, first, n,
                   block);
  return block;
}

template <class T>
void Source<T>::accumulate(typename KernelEntry<T>::Run run, Kernel kernel,
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
  sums = no_sums();
  for (std::size_t i = begin; i < end; i += kBlock) {
    const std::size_t n = std::min(kBlock, end - i);
    const T* const p = elements(first_operand, i, n, block[0]);
    const T* const q = form.operands == 2 ? elements(second, i, n, block[1]) : p;
    Sums next;
    run(p, q, n, parameters, next);
    merge(sums, next, form.sums);
  }
}

template <class T>
void Source<T>::walk(typename KernelEntry<T>::Run run, Kernel kernel, const Parameters& parameters,
                     int first_operand, Sums& sums) const noexcept {
  settle();
  const std::size_t length = part_length(size_);
  if (size_ <= length) {
    accumulate(run, kernel, parameters, first_operand, 0, size_, sums);
    return;
  }
  const int count = shape(kernel).sums;
  const std::size_t parts = (size_ + length - 1) / length;
  Sums each[kMostParts];
  auto task = [&](std::size_t i) {
    accumulate(run, kernel, parameters, first_operand, i * length,
               std::min(size_, (i + 1) * length), each[i]);
  };
  threads::parallel(parts, threads_, task);
  sums = each[0];
  for (std::size_t i = 1; i < parts; ++i) merge(sums, each[i], count);
}

template <class T>
const Sums& Source<T>::sums(Kernel which, const Parameters& parameters) const noexcept {
  if (known_ != nullptr && known_->kernel == which && known_->scale == parameters.scale)
    return known_->sums;
  const KernelEntry<T>& entry = kernel<T>(which);
  const auto run = parameters.scaled ? entry.scaled : entry.run;
  // What walk() comes to for a short vector in memory, where a few calls would be felt.
  const bool in_place =
      contiguous_[0] != nullptr && (contiguous_[1] != nullptr || operands_[1].data == nullptr);
  if (in_place && size_ <= kPart)
    run(contiguous_[0], contiguous_[1], size_, parameters, answer_);
  else
    walk(run, which, parameters, 0, answer_);
  return answer_;
}

template <class T>
Sums Source<T>::sum_of(int operand) const noexcept {
  Sums sums;
  walk(kernel<T>(Kernel::sum).run, Kernel::sum, kPlain, operand, sums);
  return sums;
}

template <class T>
double Source<T>::estimate_sum() const noexcept {
  settle();
  const std::size_t n = std::min(size_, kBlock);
  Sums sums;
  accumulate(kernel<T>(Kernel::sum).run, Kernel::sum, kPlain, 0, 0, n, sums);
  return sums.total(0) * (double(size_) / double(n));
}

template <class T>
Source<T> Source<T>::swapped() const noexcept {
  settle();
  Source other(*this);
  std::swap(other.contiguous_[0], other.contiguous_[1]);
  std::swap(other.operands_[0], other.operands_[1]);
  other.q_axis_ = 1 - q_axis_;
  other.known_ = nullptr;
  return other;
}

template void load_elements<double>(const Operand&, const Space&, int, std::size_t, std::size_t,
                                    double*) noexcept;
template void load_elements<float>(const Operand&, const Space&, int, std::size_t, std::size_t,
                                   float*) noexcept;
template class Source<double>;
template class Source<float>;

}  // namespace pyinfo::measures
