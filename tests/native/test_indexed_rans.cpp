// Kernels of indexed rANS of every instruction set against push() and pop(), and these against the
// definition, in buffers without a byte to spare.
#include <algorithm>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/lanes/indexed_rans.hpp"

namespace {

using namespace pyinfo::coding;
using pyinfo::check::Buffer;
using pyinfo::check::Random;
namespace simd = pyinfo::simd;

std::size_t below(Random& random, std::size_t n) { return std::size_t(random.bits() % n); }

// At least 1 each, the rest handed out in lots.
std::vector<std::uint32_t> frequencies_of(Random& random, int precision, std::size_t symbols,
                                          std::uint32_t lot) {
  std::vector<std::uint32_t> f(symbols + 1, 1);
  for (std::uint32_t left = (1u << precision) - std::uint32_t(symbols + 1); left > 0;) {
    const std::uint32_t more = std::min(left, lot);
    f[below(random, symbols + 1)] += more;
    left -= more;
  }
  return f;
}

IndexedTables tables_of(Random& random, int precision, std::size_t count, std::size_t most) {
  IndexedTables tables(precision);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t symbols =
        1 + below(random, std::min(most, (std::size_t{1} << precision) - 1));
    const std::uint32_t lot = 1u << below(random, std::size_t(precision));
    const int least = k == 0   ? kLeastTableSymbol
                      : k == 1 ? kMostTableSymbol + 1 - int(symbols)
                               : int(below(random, 60000)) - 30000;
    const int least_that_fits = std::min(least, kMostTableSymbol + 1 - int(symbols));
    tables.add(least_that_fits, frequencies_of(random, precision, symbols, lot).data(), symbols);
  }
  return tables;
}

// Every slot's interval, by a walk through the table.
void check_slots(const IndexedTables& tables) {
  std::uint32_t number = 0;
  for (std::size_t k = 0; k < tables.count(); ++k) {
    CHECK(tables.table(k).first == number, std::to_string(k));
    for (std::uint32_t slot = 0; slot < 1u << tables.precision(); ++number) {
      CHECK((tables.interval(number) & 0xffff) == slot, std::to_string(number));
      for (const std::uint32_t end = slot + tables.frequency(number); slot < end; ++slot) {
        CHECK(tables.number_of(k, slot) == number, std::to_string(k) + " " + std::to_string(slot));
      }
    }
  }
  CHECK(number == tables.intervals(), "");
}

struct Data {
  Buffer<std::int16_t> symbols;
  Buffer<std::uint8_t> indexes;
  std::vector<std::uint16_t> numbers;
  std::vector<std::uint16_t> escapes;

  Data(Random& random, const IndexedTables& tables, std::size_t n, std::size_t escape_every)
      : symbols(n), indexes(n) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = below(random, tables.count());
      const IndexedTable& table = tables.table(k);
      indexes[i] = std::uint8_t(k);
      int symbol = table.least + int(below(random, table.escape));
      if (below(random, escape_every) == 0) {
        const int outside[] = {-32768, 32767, table.least - 1, table.least + int(table.escape)};
        symbol = outside[below(random, 4)];
      }
      symbols[i] = std::int16_t(symbol);
      const std::int64_t beyond = std::int64_t{symbol} - table.least;
      const bool escaped = beyond < 0 || beyond >= std::int64_t{table.escape};
      numbers.push_back(std::uint16_t(table.first + (escaped ? table.escape : beyond)));
      if (escaped) escapes.push_back(std::uint16_t(i));
    }
  }
};

void check_kernels(Random& random, const IndexedTables& tables, unsigned lanes, std::size_t steps,
                   std::size_t escape_every, simd::Isa isa) {
  const std::string what = std::string(simd::name(isa)) + " precision " +
                           std::to_string(tables.precision()) + " tables " +
                           std::to_string(tables.count()) + " lanes " + std::to_string(lanes) +
                           " steps " + std::to_string(steps);
  const IndexedKernels& kernels = indexed_kernels(isa);
  const std::size_t n = steps * lanes;
  const Data data(random, tables, n, escape_every);

  Buffer<std::uint16_t> numbers(n);
  Buffer<std::uint16_t> escapes(n + 1);
  const std::size_t found = kernels.find(tables.lookups(), data.symbols.data(), data.indexes.data(),
                                         n, numbers.data(), escapes.data());
  CHECK(found == data.escapes.size(), what);
  CHECK(std::equal(data.numbers.begin(), data.numbers.end(), numbers.data()), what);
  CHECK(std::equal(data.escapes.begin(), data.escapes.end(), escapes.data()), what);

  std::vector<std::uint32_t> initial(lanes);
  for (std::uint32_t& x : initial) x = kLowestState + std::uint32_t(random.bits() >> 33);
  std::vector<std::uint32_t> expected = initial;
  Buffer<unsigned char> plain(2 * n + kWriteBelow);
  unsigned char* const end = plain.data() + plain.size();
  unsigned char* words = end;
  for (std::size_t i = n; i-- > 0;) {
    const std::uint32_t x = expected[i % lanes];
    const unsigned char* const before = words;
    push(tables, numbers[i], expected[i % lanes], words);
    // The definition.
    const std::uint32_t f = tables.frequency(numbers[i]);
    const int precision = tables.precision();
    const bool full = x >= std::uint64_t{f} << (32 - precision);
    const std::uint32_t y = full ? x >> 16 : x;
    CHECK(before - words == (full ? 2 : 0), what);
    CHECK(expected[i % lanes] ==
              (y / f << precision) + (tables.interval(numbers[i]) & 0xffff) + y % f,
          what);
  }
  std::vector<std::uint32_t> states = initial;
  Buffer<unsigned char> coded(2 * n + kWriteBelow);
  unsigned char* position = coded.data() + coded.size();
  kernels.encode(tables.lookups(), lanes, states.data(), numbers.data(), steps, position);
  CHECK(states == expected, what);
  const auto size = std::size_t(end - words);
  CHECK(std::size_t(coded.data() + coded.size() - position) == size, what);
  CHECK(std::equal(words, end, coded.data() + coded.size() - size), what);

  // Words and exactly what may be read behind them.
  Buffer<unsigned char> stream(size + read_ahead(lanes));
  std::copy(words, end, stream.data());
  Buffer<std::int16_t> out(n);
  IndexedCursor cursor{stream.data(), data.indexes.data(), out.data(), steps, escapes.data(), 0};
  std::fill(escapes.data(), escapes.data() + escapes.size(), std::uint16_t{0});
  kernels.decode(tables.lookups(), lanes, states.data(), cursor, stream.data() + size);
  CHECK(cursor.steps == 0 && cursor.words == stream.data() + size && cursor.place == n, what);
  CHECK(cursor.indexes == data.indexes.data() + n && cursor.out == out.data() + n, what);
  CHECK(states == initial, what);
  CHECK(std::size_t(cursor.escapes - escapes.data()) == data.escapes.size(), what);
  CHECK(std::equal(data.escapes.begin(), data.escapes.end(), escapes.data()), what);
  for (std::size_t i = 0, e = 0; i < n; ++i) {
    if (e < data.escapes.size() && data.escapes[e] == i) {
      const IndexedTable& table = tables.table(data.indexes[i]);
      CHECK(out[i] == std::int16_t(table.least + int(table.escape)), what);
      ++e;
    } else {
      CHECK(out[i] == data.symbols[i], what);
    }
  }

  // pop() on the same states; and on states and words of chance, the kernel as pop().
  states = expected;
  const unsigned char* at = words;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t number = 0;
    CHECK(pop(tables, data.indexes[i], states[i % lanes], number, at, end), what);
    CHECK(number == numbers[i], what);
  }
  CHECK(at == end && states == initial, what);
  for (std::uint32_t& x : initial) x = std::uint32_t(random.bits());
  for (std::size_t i = 0; i < stream.size(); ++i)
    stream[i] = static_cast<unsigned char>(random.bits());
  states = initial;
  cursor = {stream.data(), data.indexes.data(), out.data(), steps, escapes.data(), 0};
  kernels.decode(tables.lookups(), lanes, states.data(), cursor, stream.data() + size);
  at = stream.data();
  for (std::size_t i = 0; i < (steps - cursor.steps) * lanes; ++i) {
    std::uint32_t number = 0;
    pop(tables, data.indexes[i], initial[i % lanes], number, at, stream.data() + stream.size());
    const IndexedTable& table = tables.table(data.indexes[i]);
    CHECK(out[i] == std::int16_t(int(number - table.first) + table.least), what);
  }
  CHECK(at == cursor.words && states == initial, what);
}

}  // namespace

int main() {
  Random random(1);
  std::vector<IndexedTables> models;
  for (int precision = kMinPrecision; precision <= kMostIndexedPrecision; ++precision) {
    models.push_back(tables_of(random, precision, 3, 5));
    models.push_back(tables_of(random, precision, 64, 200));
    models.push_back(tables_of(random, precision, 65, 100));
    models.push_back(tables_of(random, precision, 256, 255));
  }
  models.push_back(tables_of(random, 14, 4, 16383));
  models.push_back(tables_of(random, 12, 15, 4095));
  for (const IndexedTables& tables : models) {
    check_slots(tables);
    CHECK(tables.fit_kernels(), std::to_string(tables.intervals()));
    for (const simd::Isa isa : simd::kIsas) {
      if (!simd::available(isa) || simd::coder_isa(isa) != isa) continue;
      for (unsigned lanes = kVectorLanes; lanes <= kMaxLanes; lanes *= 2) {
        for (const std::size_t steps : {0, 1, 2, 7}) {
          check_kernels(random, tables, lanes, steps, 20, isa);
        }
      }
      check_kernels(random, tables, 64, 5, 1, isa);        // nothing but escapes
      check_kernels(random, tables, 128, 5, 100000, isa);  // none
      // Tails of find().
      const Data data(random, tables, 100, 10);
      for (std::size_t n = 0; n <= 100; ++n) {
        Buffer<std::int16_t> symbols(n);
        Buffer<std::uint8_t> indexes(n);
        std::copy(data.symbols.data(), data.symbols.data() + n, symbols.data());
        std::copy(data.indexes.data(), data.indexes.data() + n, indexes.data());
        Buffer<std::uint16_t> numbers(n);
        Buffer<std::uint16_t> escapes(n + 1);
        const std::size_t found = indexed_kernels(isa).find(
            tables.lookups(), symbols.data(), indexes.data(), n, numbers.data(), escapes.data());
        CHECK(std::equal(numbers.data(), numbers.data() + n, data.numbers.begin()), "tail");
        CHECK(found <= data.escapes.size() &&
                  std::equal(escapes.data(), escapes.data() + found, data.escapes.begin()) &&
                  (found == data.escapes.size() || data.escapes[found] >= n),
              "tail");
      }
    }
  }
  // Wide: more than kernels know.
  const IndexedTables wide = tables_of(random, 10, 700, 300);
  CHECK(!wide.fit_kernels() && wide.intervals() > kKernelIntervals, "");
  check_slots(wide);
  return pyinfo::check::finish();
}
