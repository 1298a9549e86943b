#include "measures/batches.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <utility>

#include "simd/assert.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::measures {
namespace {

// Short slices are copied side by side into a tile, so that their elements become rows.
constexpr std::size_t kShortSlice = 32;
constexpr std::size_t kTileColumns = 64;

// The sums of one column as those of a slice.
template <class T>
void take_column(const ColumnSums<T>& tile, std::size_t i, int count, Sums& sums) noexcept {
  for (int s = 0; s < count; ++s) {
    sums.high[s] = tile.high[s][i];
    sums.low[s] = tile.low[s][i];
  }
  sums.smallest = double(tile.smallest[i]);
  sums.largest = double(tile.largest[i]);
  sums.support = double(tile.support[i]);
}

template <class T>
class Evaluation {
 public:
  explicit Evaluation(const Problem& problem) : problem_(problem), inner_(problem.inner) {
    PYINFO_ASSERT(operands() == problem.measure.operands && inner_.size > 0);
    inner_.simplify(operands());
    choose_columns();
  }

  std::size_t run() {
    std::size_t slices = 1;
    for (int d = 0; d < problem_.outer.dimensions; ++d)
      slices *= std::size_t(problem_.outer.shape[d]);
    if (slices == 0) return kNoSlice;
    const std::size_t along = column_axis_ < 0 ? 1 : extent(column_axis_);
    const std::size_t tiles = (along + tile_ - 1) / tile_;
    const std::size_t lines = slices / along;
    // Many slices: a task is a run of slices or a tile of columns. Few: each slice uses the
    // threads.
    const bool share_slices = lines * tiles > 1;
    const int inside = share_slices ? 1 : problem_.threads;
    if (column_axis_ >= 0) {
      auto task = [&](std::size_t i) noexcept { columns(i / tiles, i % tiles * tile_, along); };
      threads::parallel(lines * tiles, problem_.threads, task);
    } else {
      const std::size_t run = std::max<std::size_t>(1, std::size_t(1 << 15) / inner_.size);
      auto task = [&](std::size_t i) noexcept {
        Workspace<T> workspace;
        for (std::size_t s = i * run; s < std::min(slices, (i + 1) * run); ++s)
          single(s, workspace, inside);
      };
      threads::parallel((slices + run - 1) / run, share_slices ? problem_.threads : 1, task);
    }
    return fault_;
  }

 private:
  int operands() const noexcept { return problem_.q.data == nullptr ? 1 : 2; }
  std::size_t extent(int axis) const noexcept { return std::size_t(problem_.outer.shape[axis]); }

  // Whether the first kernel can run on many slices at once.
  bool is_planned() const noexcept {
    const Request& request = problem_.request;
    const bool divides = request.p == Normalization::divide ||
                         (operands() == 2 && request.q == Normalization::divide);
    return problem_.measure.planned == Planned::always ||
           (problem_.measure.planned == Planned::unless_divided && !divides);
  }

  // Slices side by side are lanes of a register: when they lie side by side in memory, or when they
  // are short enough to be laid so.
  void choose_columns() {
    if (!is_planned() || inner_.dimensions > 1) return;
    const elements::OuterSpace& outer = problem_.outer;
    const bool two = operands() == 2;
    const bool natives = problem_.p.holds<T>() && (!two || problem_.q.holds<T>());
    for (int d = 0; d < outer.dimensions; ++d) {
      const bool adjacent = outer.strides[0][d] == sizeof(T) &&
                            (!two || outer.strides[1][d] == sizeof(T)) && extent(d) >= 8;
      // Rows that lie a fixed number of elements apart, or in the same place (broadcast).
      const bool rows = inner_.dimensions == 1 && inner_.strides[0][0] % sizeof(T) == 0 &&
                        (!two || inner_.strides[1][0] % sizeof(T) == 0);
      if (natives && adjacent && rows) {
        column_axis_ = d;
        direct_ = true;
        tile_ = kColumnTile;
        return;
      }
    }
    if (inner_.size > kShortSlice) return;
    for (int d = 0; d < outer.dimensions; ++d) {
      if (extent(d) < 16 || (column_axis_ >= 0 && extent(d) <= extent(column_axis_))) continue;
      column_axis_ = d;
      tile_ = kTileColumns;
    }
  }

  // The operands of the outer position `line` (all outer axes but the columns' one, in C order) and
  // the position of its result.
  void locate(std::size_t line, int skipped, elements::Operand& p, elements::Operand& q, char*& out,
              std::size_t& slice, std::size_t& slice_step) const noexcept {
    const elements::OuterSpace& outer = problem_.outer;
    p = problem_.p;
    q = problem_.q;
    out = problem_.out;
    slice = 0;
    slice_step = 0;
    std::size_t stride = 1;
    for (int d = outer.dimensions - 1; d >= 0; --d) {
      if (d == skipped) {
        slice_step = stride;
      } else {
        const std::ptrdiff_t i = std::ptrdiff_t(line % extent(d));
        line /= extent(d);
        p.data += i * outer.strides[0][d];
        if (q.data != nullptr) q.data += i * outer.strides[1][d];
        out += i * outer.strides[2][d];
        slice += std::size_t(i) * stride;
      }
      stride *= extent(d);
    }
  }

  void finish(Result result, char* out, std::size_t slice) noexcept {
    if (result.fault != Fault::none) {
      std::size_t first = fault_;
      while (slice < first && !fault_.compare_exchange_weak(first, slice)) {
      }
      return;
    }
    if (problem_.float_result) {
      const float value = float(result.value);
      std::memcpy(out, &value, sizeof value);
    } else {
      std::memcpy(out, &result.value, sizeof result.value);
    }
  }

  void single(std::size_t which, Workspace<T>& workspace, int threads) {
    elements::Operand p, q;
    char* out;
    std::size_t index, step;
    locate(which, -1, p, q, out, index, step);
    const Slice<T> slice(p, operands() == 2 ? &q : nullptr, inner_, workspace, threads);
    finish(measure_slice(problem_.measure, problem_.request, slice), out, index);
  }

  // A power of two near the sum of a typical slice.
  double estimate_scale(const T* p, std::ptrdiff_t row, std::size_t rows) const noexcept {
    double sum = 0;
    const std::size_t sample = std::min<std::size_t>(rows, 64);
    for (std::size_t i = 0; i < sample; ++i) {
      T x;
      std::memcpy(&x, p + std::ptrdiff_t(i) * row, sizeof x);
      sum += double(x);
    }
    sum *= double(rows) / double(sample);
    return is_moderate<T>(sum) ? std::ldexp(1.0, -std::ilogb(sum)) : 1;
  }

  void columns(std::size_t line, std::size_t first, std::size_t along) {
    const std::size_t width = std::min(tile_, along - first);
    const elements::OuterSpace& outer = problem_.outer;
    const bool two = operands() == 2;
    elements::Operand p, q;
    char* out;
    std::size_t index, step;
    locate(line, column_axis_, p, q, out, index, step);
    p.data += std::ptrdiff_t(first) * outer.strides[0][column_axis_];
    if (two) q.data += std::ptrdiff_t(first) * outer.strides[1][column_axis_];
    out += std::ptrdiff_t(first) * outer.strides[2][column_axis_];
    index += first * step;

    alignas(64) T packed[2][kShortSlice * kTileColumns];
    Workspace<T> workspace;
    const T* rows_p;
    const T* rows_q;
    std::ptrdiff_t p_row, q_row;
    if (direct_) {
      rows_p = reinterpret_cast<const T*>(p.data);
      rows_q = reinterpret_cast<const T*>(q.data);
      p_row = inner_.strides[0][0] / std::ptrdiff_t(sizeof(T));
      q_row = two ? inner_.strides[1][0] / std::ptrdiff_t(sizeof(T)) : 0;
    } else {
      pack(p, q, width, packed, workspace);
      rows_p = packed[0];
      rows_q = packed[1];
      p_row = q_row = kTileColumns;
    }
    const Request& request = problem_.request;
    const Kernel first_kernel = problem_.measure.kernel;
    Parameters parameters;
    parameters.weight_p = request.weight_p;
    parameters.weight_q = request.weight_q;
    if (request.p == Normalization::divide)
      parameters.scale = estimate_scale(rows_p, p_row, inner_.size);
    ColumnSums<T> tile;
    kernel<T>(first_kernel)
        .columns(rows_p, rows_q, p_row, q_row, inner_.size, width, parameters, tile);
    const int sums = shape(first_kernel).sums;
    KnownSums known = {first_kernel, parameters.scale, no_sums()};
    Slice<T> slice(p, two ? &q : nullptr, inner_, known);
    for (std::size_t i = 0; i < width; ++i) {
      take_column(tile, i, sums, known.sums);
      finish(measure_slice(problem_.measure, request, slice), out, index + i * step);
      slice.advance(outer.strides[0][column_axis_], outer.strides[1][column_axis_]);
      out += outer.strides[2][column_axis_];
    }
  }

  // Lays `width` short slices side by side: element i of slice j goes to packed[i][j].
  void pack(const elements::Operand& p, const elements::Operand& q, std::size_t width,
            T (&packed)[2][kShortSlice * kTileColumns], Workspace<T>& workspace) const noexcept {
    const elements::Operand* const each[2] = {&p, &q};
    for (int i = 0; i < operands(); ++i) {
      const std::ptrdiff_t step = problem_.outer.strides[i][column_axis_];
      const std::ptrdiff_t row = inner_.dimensions == 0 ? 0 : inner_.strides[i][0];
      if (each[i]->holds<T>()) {
        for (std::size_t j = 0; j < width; ++j) {
          const char* const from = each[i]->data + std::ptrdiff_t(j) * step;
          for (std::size_t r = 0; r < inner_.size; ++r)
            std::memcpy(packed[i] + r * kTileColumns + j, from + std::ptrdiff_t(r) * row,
                        sizeof(T));
        }
        continue;
      }
      for (std::size_t j = 0; j < width; ++j) {
        elements::Operand operand = *each[i];
        operand.data += std::ptrdiff_t(j) * step;
        T* const slice = workspace.block[0];
        elements::load_slice<T>(operand, inner_, i, slice);
        for (std::size_t r = 0; r < inner_.size; ++r) packed[i][r * kTileColumns + j] = slice[r];
      }
    }
  }

  const Problem& problem_;
  elements::Space inner_;
  int column_axis_ = -1;
  bool direct_ = false;
  std::size_t tile_ = 1;
  std::atomic<std::size_t> fault_{kNoSlice};
};

}  // namespace

std::size_t evaluate(const Problem& problem) {
  if (problem.float_result && problem.measure.has_float_kernels())
    return Evaluation<float>(problem).run();
  return Evaluation<double>(problem).run();
}

}  // namespace pyinfo::measures
