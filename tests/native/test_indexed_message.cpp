// Indexed messages: there and back on every instruction set, the same bytes as symbol by symbol;
// every small size; damage, other tables and other indexes are told.
#include <algorithm>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/messages/indexed_message.hpp"

namespace {

using namespace pyinfo::coding;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::Random;
using pyinfo::check::rounds;
using Bytes = std::vector<unsigned char>;

std::size_t below(Random& random, std::size_t n) { return std::size_t(random.bits() % n); }

// Roughly geometric tables of rising width.
IndexedTables geometric(int precision, std::size_t count) {
  IndexedTables tables(precision);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t symbols = 1 + k % 30;
    std::vector<std::uint32_t> f(symbols + 1, 1);
    std::uint32_t left = (1u << precision) - std::uint32_t(symbols + 1);
    for (std::size_t i = 0; i < symbols && left > 0; ++i) {
      const std::uint32_t more = i + 1 == symbols ? left : left / (2 + std::uint32_t(k % 7));
      f[i] += more;
      left -= more;
    }
    tables.add(int(k % 11) - 5, f.data(), symbols);
  }
  return tables;
}

struct Data {
  Buffer<std::int32_t> symbols;
  Buffer<std::uint16_t> indexes;
  Buffer<std::int32_t> shifts;

  Data(Random& random, const IndexedTables& tables, std::size_t n, std::size_t escape_every)
      : symbols(n), indexes(n), shifts(n) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = below(random, tables.count());
      const IndexedTable& table = tables.table(k);
      indexes[i] = std::uint16_t(k);
      const std::uint32_t slot = std::uint32_t(below(random, std::size_t{1} << tables.precision()));
      symbols[i] = table.least + int(tables.number_of(k, slot) - table.first);
      if (below(random, escape_every) == 0)
        symbols[i] = std::int32_t(random.bits() >> below(random, 32));
      shifts[i] = std::int32_t(random.bits()) >> 20;
    }
  }
  IndexedInput input() const {
    IndexedInput input;
    input.symbols32 = symbols.data();
    input.indexes16 = indexes.data();
    return input;
  }
};

IndexedInput without_symbols(IndexedInput input) {
  input.symbols32 = nullptr;
  input.symbols16 = nullptr;
  return input;
}

std::string decoded(const IndexedTables& tables, const Bytes& message, const IndexedInput& input,
                    std::size_t n, std::vector<std::int32_t>& out) {
  out.assign(n, 77777);
  const Buffer<unsigned char> exact = [&] {
    Buffer<unsigned char> memory(message.size());
    std::copy(message.begin(), message.end(), memory.data());
    return memory;
  }();
  try {
    const IndexedHeader header = read_indexed_header(exact.data(), exact.size());
    if (header.symbols != n) return "another number of symbols";
    IndexedOutput to;
    to.symbols32 = out.data();
    decode_indexed(tables, header, exact.data(), exact.size(), without_symbols(input), to, 1);
    return "";
  } catch (const CorruptData& error) {
    return error.what();
  }
}

void check_round_trip(Random& random, const IndexedTables& tables, std::size_t n,
                      std::size_t escape_every, bool shifted) {
  const std::string what = "tables " + std::to_string(tables.count()) + " n " + std::to_string(n);
  const Data data(random, tables, n, escape_every);
  IndexedInput input = data.input();
  if (shifted) input.shifts = data.shifts.data();
  const Bytes message = encode_indexed(tables, input, n, 1);
  std::vector<std::int32_t> out;
  CHECK(decoded(tables, message, input, n, out).empty(), what);
  CHECK(std::equal(out.begin(), out.end(), data.symbols.data()), what);

  // Symbol by symbol, the same bytes and the same symbols.
  if (n == 0) return;
  IndexedScratch scratch;
  const IndexedHeader header = read_indexed_header(message.data(), message.size());
  Bytes plain(message.begin(), message.begin() + std::ptrdiff_t(header.size));
  encode_indexed_block(tables, nullptr, input, n, header.check, scratch, plain);
  CHECK(plain == message, what);
  IndexedBlock block;
  const std::size_t size = message.size() - header.size;
  CHECK(read_indexed_block(message.data() + header.size, size, n, header.check, block) == nullptr,
        what);
  IndexedOutput to;
  to.symbols32 = out.data();
  std::fill(out.begin(), out.end(), 1);
  CHECK(decode_indexed_block(tables, nullptr, block, without_symbols(input), n, scratch, to) ==
            nullptr,
        what);
  CHECK(std::equal(out.begin(), out.end(), data.symbols.data()), what);

  // Predicted within 64 bytes and 0.05 %.
  const std::uint64_t bits = indexed_bits(tables, input, n, nullptr);
  const double bytes = double(bits) * 0x1p-35 + double(indexed_overhead(n, bits >> 32));
  const double error = double(message.size()) - bytes;
  CHECK(error < 64 + 0.0005 * bytes && -error < 64 + 0.0005 * bytes,
        what + " " + std::to_string(error));
}

void check_refusals(Random& random) {
  const IndexedTables tables = geometric(12, 9);
  const Data data(random, tables, 5000, 50);
  const IndexedInput input = data.input();
  const Bytes message = encode_indexed(tables, input, 5000, 1);
  std::vector<std::int32_t> out;
  for (int i = 0; i < rounds(20000); ++i) {
    Bytes damaged = message;
    switch (below(random, 3)) {
      case 0:
        damaged[below(random, damaged.size())] ^= std::uint8_t(1u << below(random, 8));
        break;
      case 1:
        damaged.resize(below(random, damaged.size()));
        break;
      default:
        damaged.insert(damaged.begin() + std::ptrdiff_t(below(random, damaged.size())), 7);
    }
    if (damaged == message) continue;
    CHECK(!decoded(tables, damaged, input, 5000, out).empty(), "damage");
  }
  CHECK(decoded(geometric(12, 10), message, input, 5000, out).find("other tables") !=
            std::string::npos,
        "tables");
  Data other = Data(random, tables, 5000, 50);
  std::copy(data.indexes.data(), data.indexes.data() + 5000, other.indexes.data());
  CHECK(decoded(tables, message, other.input(), 5000, out).empty(), "same indexes");
  other.indexes[4999] = std::uint16_t((other.indexes[4999] + 1) % 9);
  CHECK(
      decoded(tables, message, other.input(), 5000, out).find("other indexes") != std::string::npos,
      "indexes");
  other.indexes[4000] = 9;
  bool refused = false;
  try {
    encode_indexed(tables, other.input(), 5000, 1);
  } catch (const IndexOutOfRange& error) {
    refused = error.place() == 4000 && error.index() == 9;
  }
  CHECK(refused, "index out of range");

  // Past the checksums: whatever the bytes say, nothing but memory of theirs is touched.
  IndexedScratch scratch;
  const IndexedHeader header = read_indexed_header(message.data(), message.size());
  for (int i = 0; i < rounds(20000); ++i) {
    const std::size_t size = message.size() - header.size;
    Buffer<unsigned char> bytes(size);
    std::copy(message.end() - std::ptrdiff_t(size), message.end(), bytes.data());
    IndexedBlock block;
    CHECK(read_indexed_block(bytes.data(), size, 5000, header.check, block) == nullptr, "");
    const std::size_t at = std::size_t(block.payload - bytes.data());
    for (std::size_t k = below(random, 4) + 1; k-- > 0;) {
      bytes[at + below(random, size - at)] = static_cast<unsigned char>(random.bits());
    }
    block.lanes = 1u << below(random, 9);
    block.tail = below(random, 100) * (block.lanes >= 4);
    if (block.lane_bytes < 4 * block.lanes) continue;
    Buffer<std::int32_t> to(5000);
    IndexedOutput output;
    output.symbols32 = to.data();
    decode_indexed_block(tables, &indexed_kernels(), block, without_symbols(input), 5000, scratch,
                         output);
  }
}

}  // namespace

int main() {
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  Random random(2);
  for (const int precision : {8, 12, 14}) {
    for (const std::size_t count : {1, 64, 65, 256, 257, 3000}) {
      const IndexedTables tables = geometric(precision, count);
      for (std::size_t n = 0; n < 70; ++n) {
        if (chosen()) check_round_trip(random, tables, n, 10, n % 2 == 0);
      }
      for (const std::size_t n : {1000, 5000, 16383, 16385, 40000, 100001}) {
        if (!chosen()) continue;
        check_round_trip(random, tables, n, 300, n % 2 == 0);
      }
    }
  }
  const IndexedTables tables = geometric(12, 64);
  check_round_trip(random, tables, 1000000, 100000000, false);
  check_round_trip(random, tables, 3000, 1, true);
  check_refusals(random);

  // More than a block, on threads.
  const std::size_t n = kIndexedBlockSymbols + 12345;
  const Data data(random, tables, n, 1000);
  const Bytes message = encode_indexed(tables, data.input(), n, 2);
  CHECK(message == encode_indexed(tables, data.input(), n, 1), "threads");
  std::vector<std::int32_t> out;
  CHECK(decoded(tables, message, data.input(), n, out).empty(), "two blocks");
  CHECK(std::equal(out.begin(), out.end(), data.symbols.data()), "two blocks");
  return pyinfo::check::finish();
}
