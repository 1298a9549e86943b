// The loop around a kernel's terms: contiguous slices, and columns side by side. For kernel files.
//
// A Term maps one register of p (and q) to the registers that are to be summed. Eight registers'
// terms are added as a tree (three roundings), the tree's result is added with its rounding error
// kept (two-sum): the sum is as good as if done in twice the precision, for a small price per
// eight. A slice and a tile of columns differ in one number only, the distance between registers.
// Bit s of Term::exact_sums says that sum s is to be exact in this sense.
#pragma once

#include <limits>

#include "measures/kernels/kernels.hpp"
#include "simd/assert.hpp"
#include "simd/math.hpp"

namespace pyinfo::measures {
namespace {

using simd::kLanes;
using simd::load;
using simd::load_first;
using simd::maximum;
using simd::minimum;
using simd::splat;
using simd::store;
using simd::two_sum;
using simd::Vec;
using simd::where_equal;
using simd::where_less;

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();

// A double-double per lane (or a double, where a sum is only checked to be near 1). Float terms are
// widened, and sums of them need no more than a double.
template <class T>
struct Total;
template <>
struct Total<double> {
  static constexpr int parts = 1;
  Vec<double> high[1], low[1];
  template <bool exact>
  PYINFO_INLINE void add(Vec<double> term) {
    if constexpr (exact) {
      Vec<double> sum, error;
      two_sum(high[0], term, sum, error);
      high[0] = sum;
      low[0] += error;
    } else {
      high[0] += term;
    }
  }
};
template <>
struct Total<float> {
  static constexpr int parts = 2;
  Vec<double> high[2], low[2];
  template <bool>
  PYINFO_INLINE void add(Vec<float> term) {
    Vec<double> first, second;
    simd::widen(term, first, second);
    high[0] += first;
    high[1] += second;
  }
};

template <class T>
struct Extremes {
  Vec<T> smallest, largest, support;
};

template <class Term>
struct Accumulator {
  using T = typename Term::value_type;
  using V = Vec<T>;

  Total<T> totals[Term::sums];
  Extremes<T> seen;

  PYINFO_INLINE void reset() {
    for (auto& total : totals)
      for (int part = 0; part < Total<T>::parts; ++part)
        total.high[part] = total.low[part] = splat<double>(0);
    seen.smallest = seen.support = splat<T>(kInfinity<T>);
    seen.largest = splat<T>(-kInfinity<T>);
  }

  PYINFO_INLINE void evaluate(const Term& term, V p, V q, V (&terms)[Term::sums]) {
    seen.smallest = minimum<T>(p, seen.smallest);
    if constexpr (Term::operands == 2) seen.smallest = minimum<T>(q, seen.smallest);
    if constexpr (Term::tracks_largest) seen.largest = maximum<T>(p, seen.largest);
    term(p, q, terms, seen.support);
  }

  // The sum of the terms of `count` registers, added pairwise.
  template <int count, class Load>
  PYINFO_INLINE void tree(const Term& term, const Load& at, std::ptrdiff_t first,
                          V (&terms)[Term::sums]) {
    if constexpr (count == 1) {
      V p, q;
      at(first, p, q);
      evaluate(term, p, q, terms);
    } else {
      V left[Term::sums], right[Term::sums];
      tree<count / 2>(term, at, first, left);
      tree<count / 2>(term, at, first + count / 2, right);
      for (int i = 0; i < Term::sums; ++i) terms[i] = left[i] + right[i];
    }
  }

  // Eight registers at a time, then four: what is left of `count` are fewer. `in_halves`: the
  // halves of eight go through one loop, for terms of which a copy is hundreds of instructions.
  template <bool in_halves, class Load>
  PYINFO_INLINE void add_whole(const Term& term, const Load& at, std::ptrdiff_t count) {
    V terms[Term::sums], half[Term::sums];
    std::ptrdiff_t i = 0;
    for (; !in_halves && i + 8 <= count; i += 8) {
      tree<8>(term, at, i, terms);
      add_terms<0>(terms);
    }
    bool has_half = false;
    for (; i + 4 <= count; i += 4) {
      tree<4>(term, at, i, terms);
      if (in_halves && !has_half && i + 8 <= count) {
        for (int s = 0; s < Term::sums; ++s) half[s] = terms[s];
        has_half = true;
        continue;
      }
      if (has_half)
        for (int s = 0; s < Term::sums; ++s) terms[s] = half[s] + terms[s];
      has_half = false;
      add_terms<0>(terms);
    }
  }

  // One register at a time, from `first` to `last` - 1.
  template <class Load>
  PYINFO_INLINE void add_singles(const Term& term, const Load& at, std::ptrdiff_t first,
                                 std::ptrdiff_t last) {
    V terms[Term::sums];
    for (std::ptrdiff_t i = first; i < last; ++i) {
      tree<1>(term, at, i, terms);
      add_terms<0>(terms);
    }
  }

  // All lanes together. `plain`: every lane is the sum of one term, which pairwise addition does
  // well enough; the latency of two-sums is most of the time a short slice takes.
  template <bool plain>
  PYINFO_INLINE void reduce(Sums& out) const {
    for (int s = 0; s < Term::sums; ++s) {
      const Total<T>& total = totals[s];
      Vec<double> high = total.high[0];
      Vec<double> low = total.low[0];
      if constexpr (Total<T>::parts == 2) join<plain>(high, low, total.high[1], total.low[1]);
      fold<plain, kLanes<double> / 2>(high, low);
      out.high[s] = high[0];
      out.low[s] = plain ? 0 : low[0];
    }
    const auto smaller = [](V a, V b) { return minimum<T>(a, b); };
    out.smallest = double(extreme<kLanes<T> / 2>(seen.smallest, smaller));
    if constexpr (Term::tracks_largest)
      out.largest =
          double(extreme<kLanes<T> / 2>(seen.largest, [](V a, V b) { return maximum<T>(a, b); }));
    else
      out.largest = -kInfinity<double>;
    if constexpr (Term::tracks_support)
      out.support = double(extreme<kLanes<T> / 2>(seen.support, smaller));
    else
      out.support = kInfinity<double>;
  }

 private:
  template <int s>
  PYINFO_INLINE void add_terms(const V (&terms)[Term::sums]) {
    if constexpr (s < Term::sums) {
      totals[s].template add<(Term::exact_sums >> s & 1) != 0>(terms[s]);
      add_terms<s + 1>(terms);
    }
  }
  template <bool plain>
  PYINFO_INLINE static void join(Vec<double>& high, Vec<double>& low, Vec<double> other_high,
                                 Vec<double> other_low) {
    if constexpr (plain) {
      high += other_high;
    } else {
      Vec<double> sum, error;
      two_sum(high, other_high, sum, error);
      high = sum;
      low += other_low + error;
    }
  }
  template <bool plain, int width>
  PYINFO_INLINE static void fold(Vec<double>& high, Vec<double>& low) {
    if constexpr (width > 0) {
      join<plain>(high, low, simd::rotate<double, width>(high), simd::rotate<double, width>(low));
      fold<plain, width / 2>(high, low);
    }
  }
  template <int width, class Choose>
  PYINFO_INLINE static T extreme(V v, Choose choose) {
    if constexpr (width > 0)
      return extreme<width / 2>(choose(v, simd::rotate<T, width>(v)), choose);
    else
      return v[0];
  }
};

// KernelEntry<T>::Run.
template <class Term>
void run(const typename Term::value_type* p, const typename Term::value_type* q, std::size_t n,
         const Parameters& parameters, Sums& out) noexcept {
  using T = typename Term::value_type;
  using V = Vec<T>;
  constexpr std::ptrdiff_t lanes = kLanes<T>;
  const Term term(parameters);
  const std::ptrdiff_t whole = std::ptrdiff_t(n) / lanes;
  if (n > 0 && std::ptrdiff_t(n) <= lanes) {
    // One register: its own sums stay in registers, those of the loop below would wait for memory.
    // Each lane's sum is one term, so there are no errors to keep.
    Accumulator<Term> sums;
    sums.reset();
    const auto only = [=](std::ptrdiff_t, V& x, V& y) {
      x = load_first<T>(p, int(n));
      if constexpr (Term::operands == 2)
        y = load_first<T>(q, int(n));
      else
        y = x;
    };
    sums.add_singles(term, only, 0, 1);
    sums.template reduce<true>(out);
    return;
  }
  Accumulator<Term> sums;
  sums.reset();
  const auto at = [=](std::ptrdiff_t i, V& x, V& y) {
    x = load<T>(p + i * lanes);
    if constexpr (Term::operands == 2)
      y = load<T>(q + i * lanes);
    else
      y = x;
  };
  // Zeros beyond the end add nothing to any sum and are no extreme that matters.
  const int rest = int(std::ptrdiff_t(n) - whole * lanes);
  const auto single = [=](std::ptrdiff_t i, V& x, V& y) {
    if (i < whole) return at(i, x, y);
    x = load_first<T>(p + i * lanes, rest);
    if constexpr (Term::operands == 2)
      y = load_first<T>(q + i * lanes, rest);
    else
      y = x;
  };
  sums.template add_whole<Term::in_halves>(term, at, whole);
  sums.add_singles(term, single, whole / 4 * 4, whole + (rest > 0));
  sums.template reduce<false>(out);
}

// Some rows of a register of columns, and how far apart the rows are.
template <class T>
struct ColumnBlock {
  const T* p;
  const T* q;
  std::ptrdiff_t p_row;
  std::ptrdiff_t q_row;
};

// Adds `rows` rows to the columns' sums, one register of columns.
template <class Term, class T>
PYINFO_INLINE void add_column_rows(const Term& term, const ColumnBlock<T>& from,
                                   std::ptrdiff_t rows, std::size_t column, ColumnSums<T>& state) {
  using V = Vec<T>;
  constexpr int wide = kLanes<double>;
  Accumulator<Term> sums;
  for (int s = 0; s < Term::sums; ++s) {
    for (int part = 0; part < Total<T>::parts; ++part) {
      sums.totals[s].high[part] = load<double>(state.high[s] + column + part * wide);
      sums.totals[s].low[part] = load<double>(state.low[s] + column + part * wide);
    }
  }
  sums.seen = {load<T>(state.smallest + column), load<T>(state.largest + column),
               load<T>(state.support + column)};
  const auto at = [=](std::ptrdiff_t i, V& x, V& y) {
    x = load<T>(from.p + i * from.p_row);
    if constexpr (Term::operands == 2)
      y = load<T>(from.q + i * from.q_row);
    else
      y = x;
  };
  sums.template add_whole<true>(term, at, rows);
  sums.add_singles(term, at, rows / 4 * 4, rows);
  for (int s = 0; s < Term::sums; ++s) {
    for (int part = 0; part < Total<T>::parts; ++part) {
      store<double>(state.high[s] + column + part * wide, sums.totals[s].high[part]);
      store<double>(state.low[s] + column + part * wide, sums.totals[s].low[part]);
    }
  }
  store<T>(state.smallest + column, sums.seen.smallest);
  store<T>(state.largest + column, sums.seen.largest);
  store<T>(state.support + column, sums.seen.support);
}

// KernelEntry<T>::Columns. A block of rows at a time for all columns, so that memory is read in
// runs along the rows; the sums rest in the first-level cache between blocks.
template <class Term>
void run_columns(const typename Term::value_type* p, const typename Term::value_type* q,
                 std::ptrdiff_t p_row, std::ptrdiff_t q_row, std::size_t rows, std::size_t columns,
                 const Parameters& parameters,
                 ColumnSums<typename Term::value_type>& state) noexcept {
  using T = typename Term::value_type;
  constexpr std::size_t lanes = kLanes<T>;
  constexpr std::size_t block = 8;  // more rows at once are more streams than prefetchers follow
  const Term term(parameters);
  PYINFO_ASSERT(columns <= kColumnTile);
  const std::size_t padded = (columns + lanes - 1) / lanes * lanes;
  for (int s = 0; s < Term::sums; ++s)
    for (std::size_t i = 0; i < padded; ++i) state.high[s][i] = state.low[s][i] = 0;
  for (std::size_t i = 0; i < padded; ++i) {
    state.smallest[i] = state.support[i] = kInfinity<T>;
    state.largest[i] = -kInfinity<T>;
  }
  for (std::size_t row = 0; row < rows; row += block) {
    const std::size_t count = rows - row < block ? rows - row : block;
    const T* const block_p = p + std::ptrdiff_t(row) * p_row;
    const T* const block_q = Term::operands == 2 ? q + std::ptrdiff_t(row) * q_row : block_p;
    for (std::size_t column = 0; column < columns; column += lanes) {
      ColumnBlock<T> from = {block_p + column, block_q + column, p_row, q_row};
      T padded_p[block * lanes], padded_q[block * lanes];
      if (const std::size_t width = columns - column; width < lanes) {
        // The last columns fill no register: they are copied, with zeros beside them.
        for (std::size_t i = 0; i < count; ++i) {
          const std::ptrdiff_t row_p = std::ptrdiff_t(i) * p_row, row_q = std::ptrdiff_t(i) * q_row;
          store<T>(padded_p + i * lanes, load_first<T>(from.p + row_p, int(width)));
          if constexpr (Term::operands == 2)
            store<T>(padded_q + i * lanes, load_first<T>(from.q + row_q, int(width)));
        }
        from = {padded_p, padded_q, lanes, lanes};
      }
      add_column_rows(term, from, std::ptrdiff_t(count), column, state);
    }
  }
}

// Columns of one operand may be scaled; of two operands scaled ones are left to `scaled`, since
// each slice has a ratio of its own.
template <template <class, bool> class Term, class T>
constexpr KernelEntry<T> entry() {
  return {run<Term<T, false>>, run<Term<T, true>>,
          run_columns<Term<T, Term<T, true>::operands == 1>>};
}

}  // namespace
}  // namespace pyinfo::measures
