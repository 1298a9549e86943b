// Patches of rare symbols: any bytes as a list of them, against one read here by the letter of
// docs/format.md; a list that changes after it was found right; blocks with fuzzed lists; and the
// lists that the encoder writes.
#include <algorithm>

#include "coding/frames/block.hpp"
#include "coding/frames/patches.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/models/rans_model.hpp"
#include "fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;
using Bytes = std::vector<unsigned char>;

struct Patch {
  std::uint64_t place;
  unsigned char symbol;
};

// The bytes of a list, and its patches; nothing if it is none.
std::optional<std::size_t> plain_patches(const unsigned char* data, std::size_t size,
                                         std::size_t number, std::size_t n,
                                         std::vector<Patch>& patches) {
  std::size_t at = 0;
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < number; ++i) {
    std::uint64_t gap = 0;
    std::size_t length = 0;
    do {
      if (at + length == size || length == 9) return std::nullopt;
      gap += std::uint64_t{data[at + length] & 127u} << 7 * length;
    } while (data[at + length++] >= 128);
    if (length > 1 && data[at + length - 1] == 0) return std::nullopt;
    at += length;
    if (at == size) return std::nullopt;
    // n is far below 2^63, and so are both of these.
    if (next + gap >= n) return std::nullopt;
    patches.push_back({next + gap, data[at++]});
    next += gap + 1;
  }
  return at;
}

void check_list(Input input) {
  const std::size_t n = 1 + (input.number() | (input.byte() & 15u) << 16);
  const unsigned number = input.number() % (1u << input.byte() % 17);
  const Exact list(input.rest(), input.left());
  std::vector<Patch> expected;
  const auto plain = plain_patches(list.data(), list.size(), number, n, expected);
  const std::size_t size = patches_size(list.data(), list.size(), number, n);
  REQUIRE((size <= list.size()) == plain.has_value());
  if (!plain) return;
  REQUIRE(size == *plain);
  const Exact alone(list.data(), size);
  Exact symbols(n);
  REQUIRE(apply_patches(alone.data(), size, number, symbols.data(), n));
  std::vector<unsigned char> patched(n);
  for (const Patch& patch : expected) patched[patch.place] = patch.symbol;
  REQUIRE(std::equal(patched.begin(), patched.end(), symbols.data()));

  // Written once more, it is the same list.
  Exact again(kPatchBound * expected.size());
  PatchWriter writer(again.data());
  for (const Patch& patch : expected) writer.add(patch.place, patch.symbol);
  REQUIRE(writer.count() == number && writer.size() == size);
  REQUIRE(size == 0 || std::memcmp(again.data(), list.data(), size) == 0);
}

// Somebody writes to the list between the two times that it is read.
void check_changed_list(Input input) {
  const std::size_t n = 1 + input.number();
  const unsigned number = input.byte();
  const Exact changed(input.rest(), input.left());
  Exact symbols(n);
  const bool same =
      apply_patches(changed.data(), changed.size(), number, symbols.data(), symbols.size());
  REQUIRE(same == (patches_size(changed.data(), changed.size(), number, n) == changed.size()));
}

std::optional<Bytes> decoded(unsigned log_lanes, unsigned patches, const Exact& payload,
                             std::size_t n) {
  Exact out(n);
  if (decode_block(Mode::rans, log_lanes, patches, payload.data(), payload.size(), out.data(), n) !=
      nullptr) {
    return std::nullopt;
  }
  return Bytes(out.data(), out.data() + n);
}

// A block whose list is the fuzzer's.
void check_block(Input input) {
  const unsigned log_lanes = input.byte() % 10;  // 9 are too many
  const unsigned number = input.byte() % (1u << input.byte() % 9);
  const std::size_t n = 1 + input.number() % kMaxSymbols;
  const unsigned where = input.number();
  const unsigned how = input.byte();
  std::uint64_t counts[256];
  take_counts(input, counts);
  std::uint32_t frequencies[256];
  rans_frequencies(counts, 256, kFastPrecision, false, frequencies);
  std::vector<unsigned char> present;
  for (unsigned s = 0; s < 256; ++s) {
    if (frequencies[s] != 0) present.push_back(static_cast<unsigned char>(s));
  }
  Exact symbols(n);
  for (std::size_t i = 0; i < n; ++i) symbols.data()[i] = present[i * i / 3 % present.size()];

  const unsigned lanes = 1u << std::min(log_lanes, kMaxLog2Lanes);
  const Bytes coded = on_every_isa([&] {
    Exact memory(encode_capacity(n, lanes));
    unsigned char* const end = memory.data() + memory.size();
    return Bytes(encode_lanes(RansEncoder(frequencies), lanes, symbols.data(), n, end), end);
  });
  std::vector<Patch> patches;
  const auto list = plain_patches(input.rest(), input.left(), number, n, patches);
  const std::size_t list_size = list ? *list : std::min<std::size_t>(input.left(), where % 64);
  unsigned char table[kTableBound];
  Bytes bytes(table, table + write_frequencies(frequencies, table));
  const std::size_t table_size = bytes.size();
  bytes.insert(bytes.end(), input.rest(), input.rest() + list_size);
  bytes.insert(bytes.end(), coded.begin(), coded.end());

  const Exact payload(bytes.data(), bytes.size());
  const auto found = on_every_isa([&] { return decoded(log_lanes, number, payload, n); });
  if (log_lanes > kMaxLog2Lanes || bytes.size() > n) REQUIRE(!found);
  if (list && log_lanes <= kMaxLog2Lanes && bytes.size() <= n) {
    for (const Patch& patch : patches) symbols.data()[patch.place] = patch.symbol;
    REQUIRE(found && std::equal(found->begin(), found->end(), symbols.data()));
  }
  // Damage behind the table, and another number of patches.
  bytes[table_size + where % (bytes.size() - table_size)] ^=
      static_cast<unsigned char>(1u << how % 8);
  const Exact damaged(bytes.data(), bytes.size() - how / 8 % 3);
  on_every_isa([&] { return decoded(log_lanes, number, damaged, n); });
  on_every_isa([&] { return decoded(log_lanes, number + 1 - how / 32 % 3, payload, n); });
}

// A block as the encoder writes it, long enough for symbols that are worth a patch.
void check_encoder(Input input) {
  const std::size_t n = kPlacesPerPatch + input.number() + (input.byte() & 1u) * kPlacesPerPatch;
  Settings settings;
  settings.coder = input.byte() % 2 == 0 ? Coder::rans : Coder::automatic;
  settings.effort = 1 + int(input.byte() % 2);
  const unsigned few = 2 + input.byte() % 6;
  const Bytes pattern(input.rest(), input.rest() + std::min<std::size_t>(input.left(), 97));
  input.skip(pattern.size());
  Exact symbols(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t mixed = pattern.empty() ? i : pattern[i % pattern.size()] + i / 89;
    symbols.data()[i] = static_cast<unsigned char>(mixed % few * (mixed % 5 == 0 ? 1 : 0));
  }
  for (unsigned rare = 8 + input.byte(); rare < 256 && input.left() > 0; rare += 1 + input.byte()) {
    const std::size_t place = input.number() | std::size_t{input.byte()} << 16;
    symbols.data()[place % n] = static_cast<unsigned char>(rare);
  }
  std::optional<unsigned> patches;
  const Bytes written = on_every_isa([&] {
    Exact memory(encode_block_capacity(n));
    CodedBlock block;
    encode_block(symbols.data(), n, settings, memory.data() + memory.size(), block);
    Bytes out(block.size());
    write_block(block, out.data());
    REQUIRE(!patches || *patches == block.patches);
    patches = block.patches;
    return out;
  });
  BlockHeader header;
  Bytes whole = written;
  REQUIRE(read_block_header(whole.data(), header) == nullptr);
  REQUIRE(header.patches == *patches && header.symbols == n);
  const Exact payload(whole.data() + kBlockHeaderSize, whole.size() - kBlockHeaderSize);
  on_every_isa([&] {
    Exact out(n);
    REQUIRE(decode_block(header.mode, header.log2_lanes, header.patches, payload.data(),
                         payload.size(), out.data(), n) == nullptr);
    REQUIRE(std::memcmp(out.data(), symbols.data(), n) == 0);
    return 0;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Input input(data, size);
  const unsigned form = input.byte() % 32;
  if (form < 12) {
    check_list(input);
  } else if (form < 16) {
    check_changed_list(input);
  } else if (form < 30) {
    check_block(input);
  } else {
    check_encoder(input);
  }
  return 0;
}
