// Patches: the fuzzer's bytes as a patch, as they are and once more with all checks made right and
// with the sums of the base, so that damage gets past them; applied to a base that counts up. Then
// the same bytes as two arrays: the patch between them, applied, compared.
#include <algorithm>

#include "coding/deltas/patch_reader.hpp"
#include "coding/deltas/patch_writer.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_format.hpp"
#include "lane_fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;
using Bytes = std::vector<unsigned char>;

constexpr std::uint64_t kMaxSize = 1 << 16;

Bytes base_of(std::uint64_t size) {
  Bytes base(size);
  for (std::size_t i = 0; i < base.size(); ++i) base[i] = static_cast<unsigned char>(i);
  return base;
}

void apply_to_base(const Exact& patch) {
  try {
    const PatchReader reader(patch.data(), patch.size());
    if (reader.bytes() > kMaxSize) return;
    const Bytes bytes = base_of(reader.bytes());
    const Exact base(bytes.data(), bytes.size());
    Exact out(base.size());
    Exact in_place(bytes.data(), bytes.size());
    bool refused = false;
    try {
      reader.apply(base.data(), out.data(), true, 1);
    } catch (const WrongBase&) {
      refused = true;
    }
    REQUIRE(refused || reader.is_result(out.data(), 1));
    try {
      reader.apply(in_place.data(), in_place.data(), false, 1);
      REQUIRE(!refused &&
              std::equal(bytes.size() ? out.data() : nullptr,
                         bytes.size() ? out.data() + out.size() : nullptr, in_place.data()));
    } catch (const WrongBase&) {
      REQUIRE(std::equal(bytes.begin(), bytes.end(), in_place.data()));
    }
  } catch (const CorruptData& error) {
    REQUIRE(error.offset() <= patch.size());
  }
}

// Lengths stay, unless they lead out of the patch.
void make_checks_right(Exact& patch) {
  unsigned char* const data = patch.data();
  const std::size_t size = patch.size();
  if (size < kPatchFixedSize + 4) return;
  std::memcpy(data, kPatchMagic, 4);
  data[4] = kPatchVersion;
  data[7] = static_cast<unsigned char>(1 + (data[7] + 7u) % kMostClasses);
  std::size_t at = kPatchFixedSize + 2 * (data[7] - 1) + load16(data + 12);
  if (at + 4 > size) {
    store16(data + 12, 0);
    at = kPatchFixedSize + 2 * (data[7] - 1);
    if (at + 4 > size) return;
  }
  store32(data + 30, static_cast<std::uint32_t>(size));
  store32(data + 34, 0);
  const std::size_t header_end = at;
  std::uint64_t changed = 0;
  for (int pass = 0; pass < 2; ++pass) {
    std::uint32_t check = crc32c(0, data, header_end);
    store32(data + header_end, check);
    at = header_end + 4;
    std::uint64_t first = 0;
    while (size - at >= kChunkHeaderSize) {
      unsigned char* const chunk = data + at;
      std::uint32_t payload = load32(chunk + 12);
      if (payload > size - at - kChunkHeaderSize) {
        payload = static_cast<std::uint32_t>(size - at - kChunkHeaderSize);
        store32(chunk + 12, payload);
      }
      const std::uint64_t items = load32(data + 8);
      const std::uint64_t bytes = std::min(items * data[5], kMaxSize);
      const Bytes base = base_of(first + bytes > kMaxSize ? 0 : first + bytes);
      if (!base.empty()) store32(chunk, crc32c(0, base.data() + first, std::size_t(bytes)));
      first += bytes;
      check =
          chain(check, crc32c(crc32c(0, chunk, kChunkCheckAt), chunk + kChunkHeaderSize, payload));
      store32(chunk + kChunkCheckAt, check);
      changed += pass == 0 ? load32(chunk + 8) : 0;
      at += kChunkHeaderSize + payload;
    }
    store32(data + 22, static_cast<std::uint32_t>(changed));
    store32(data + 26, static_cast<std::uint32_t>(changed >> 32));
  }
}

void check_round_trip(Input input) {
  constexpr ElementKind kKinds[] = {{1, 0}, {2, 0},  {4, 0},  {8, 0},
                                    {2, 7}, {2, 10}, {4, 23}, {8, 52}};
  const ElementKind kind = kKinds[input.byte() % 8];
  const std::size_t items = input.left() / 2 / kind.size;
  const unsigned char* const rest = input.rest();
  const Exact before(rest, items * kind.size);
  const Exact after(rest + items * kind.size, items * kind.size);
  const Bytes made = write_patch(kind, before.data(), after.data(), items, "m", 1);
  REQUIRE(made.size() <= patch_bound(kind, items, 1));
  const Exact patch(made.data(), made.size());
  const PatchReader reader(patch.data(), patch.size());
  Exact out(before.size());
  reader.apply(before.data(), out.data(), true, 1);
  REQUIRE(out.size() == 0 || std::memcmp(out.data(), after.data(), out.size()) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Exact patch(data, size);
  apply_to_base(patch);
  make_checks_right(patch);
  apply_to_base(patch);
  check_round_trip(Input(data, size));
  return 0;
}
