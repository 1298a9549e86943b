// Messages of models per symbol: the fuzzer's bytes as a message, as they are and once more with
// fingerprints and checksums made right, so that damage gets past them: the same verdict and the
// same symbols on every instruction set. Then as symbols and indexes: there and back.
#include <algorithm>
#include <tuple>

#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/varint.hpp"
#include "coding/messages/indexed_message.hpp"
#include "coding/models/fixed_distributions.hpp"
#include "fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;

IndexedTables tables_of(int precision, unsigned count) {
  IndexedTables tables(precision);
  for (unsigned k = 0; k < count; ++k) {
    add_distribution(tables, static_cast<Family>(k % 3), 0.1 * double(1 + k * k), k % 4, 4, 100000);
  }
  return tables;
}

struct Symbols {
  std::vector<std::int32_t> symbols;
  std::vector<std::uint16_t> indexes;
  std::vector<std::int32_t> shifts;

  IndexedInput input(bool shifted, bool with_symbols) const {
    IndexedInput in;
    in.symbols32 = with_symbols ? symbols.data() : nullptr;
    in.indexes16 = indexes.data();
    in.shifts = shifted ? shifts.data() : nullptr;
    return in;
  }
};

using Outcome = std::tuple<bool, std::vector<std::int32_t>, std::vector<std::int16_t>>;

Outcome decoded(const IndexedTables& tables, const Exact& message, const Symbols& given) {
  Outcome outcome;
  auto& [good, wide, narrow] = outcome;
  good = false;
  try {
    const IndexedHeader header = read_indexed_header(message.data(), message.size());
    if (header.symbols > given.indexes.size()) return outcome;
    IndexedOutput out;
    if (header.wide) {
      wide.resize(header.symbols);
      out.symbols32 = wide.data();
    } else {
      narrow.resize(header.symbols);
      out.symbols16 = narrow.data();
    }
    decode_indexed(tables, header, message.data(), message.size(),
                   given.input(header.shifted, false), out, 1);
    good = true;
  } catch (const CorruptData& error) {
    REQUIRE(error.offset() <= message.size());
    wide.clear();
    narrow.clear();
  }
  return outcome;
}

// As far as there are fields where they should be.
void make_checks_right(const IndexedTables& tables, const Symbols& given, Exact& message) {
  unsigned char* const data = message.data();
  const std::size_t size = message.size();
  if (size < 12) return;
  std::memcpy(data, kIndexedMagic, 4);
  data[4] = kIndexedVersion;
  data[5] &= 3;
  std::uint64_t n = 0;
  const std::size_t number = read_varint(data + 6, size - 6, n);
  if (number == 0 || n == 0 || n > given.indexes.size() || size < 6 + number + 4 + 12) return;
  std::size_t at = 6 + number + 4;
  store32(data + at - 4, table_fingerprint(tables));
  const std::uint32_t seed = crc32c(0, data, at);
  const std::size_t begin = at;
  data[at] %= 9;
  ++at;
  for (int i = 0; i < 3; ++i) {
    std::uint64_t value = 0;
    const std::size_t length = read_varint(data + at, size - at, value);
    if (length == 0) return;
    at += length;
  }
  if (size - at < 8) return;
  IndexedScratch scratch;
  store32(data + at, index_fingerprint(tables, given.input((data[5] & 2) != 0, false),
                                       std::size_t(n), *scratch.stage));
  const std::uint32_t check = crc32c(seed, data + begin, at + 4 - begin);
  store32(data + at + 4, crc32c(check, data + at + 8, size - at - 8));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const IndexedTables some[] = {tables_of(8, 5), tables_of(12, 64), tables_of(14, 256),
                                       tables_of(9, 300)};
  Input input(data, size);
  const IndexedTables& tables = some[input.byte() % 4];
  Symbols given;
  for (std::size_t i = 0; i < kMaxSymbols; ++i) {
    given.indexes.push_back(static_cast<std::uint16_t>((i * 7 + i / 13) % tables.count()));
    given.shifts.push_back(std::int32_t(i % 9) - 4);
    given.symbols.push_back(0);
  }
  Exact message(input.rest(), input.left());
  on_every_isa([&] { return decoded(tables, message, given); });
  make_checks_right(tables, given, message);
  on_every_isa([&] { return decoded(tables, message, given); });

  const bool shifted = input.byte() % 2 != 0;
  std::size_t n = 0;
  for (; n < kMaxSymbols && input.left() > 0; ++n) {
    const unsigned byte = input.byte();
    given.symbols[n] = byte < 250 ? std::int32_t(byte) - 125
                                  : static_cast<std::int32_t>(input.number() << (byte - 250) * 3);
    given.indexes[n] = static_cast<std::uint16_t>((byte * n) % tables.count());
  }
  const auto coded =
      on_every_isa([&] { return encode_indexed(tables, given.input(shifted, true), n, 1); });
  const Exact exact(coded.data(), coded.size());
  const Outcome outcome = on_every_isa([&] { return decoded(tables, exact, given); });
  REQUIRE(std::get<0>(outcome));
  REQUIRE(
      std::equal(std::get<1>(outcome).begin(), std::get<1>(outcome).end(), given.symbols.begin()));
  return 0;
}
