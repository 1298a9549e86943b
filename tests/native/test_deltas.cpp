// Patches: the kernels of every instruction set against the definition; round trips of every kind
// of element and every tail; what must be refused.
#include <cstring>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "coding/deltas/patch_reader.hpp"
#include "coding/deltas/patch_writer.hpp"
#include "coding/deltas/step_classes.hpp"
#include "coding/deltas/steps.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_format.hpp"
#include "coding/lanes/lanes.hpp"

namespace {

namespace coding = pyinfo::coding;
namespace simd = pyinfo::simd;
using coding::ElementKind;
using pyinfo::check::chosen;
using pyinfo::check::chosen_length;
using pyinfo::check::Random;
using pyinfo::check::rounds;
using Bytes = std::vector<unsigned char>;

constexpr ElementKind kKinds[] = {{1, 0}, {2, 0},  {4, 0},  {8, 0},
                                  {2, 7}, {2, 10}, {4, 23}, {8, 52}};

std::string text(ElementKind kind, std::size_t n) {
  return std::to_string(n) + " elements of " + std::to_string(kind.size) + " bytes, mantissa " +
         std::to_string(kind.mantissa);
}

// Any bits at all: NaNs, infinities, subnormals. One in `rarity` changes, mostly by little.
void make(ElementKind kind, std::size_t n, unsigned rarity, Random& random, Bytes& before,
          Bytes& after) {
  before.resize(n * kind.size);
  for (unsigned char& byte : before) byte = static_cast<unsigned char>(random.bits());
  after = before;
  for (std::size_t i = 0; i < n; ++i) {
    if (rarity == 0 || random.bits() % rarity != 0) continue;
    after[i * kind.size] = static_cast<unsigned char>(after[i * kind.size] + random.bits() % 5);
    if (random.bits() % 50 == 0) after[(i + 1) * kind.size - 1] ^= 0x80;
  }
}

coding::Classes classes_of(ElementKind kind, unsigned count) {
  coding::Classes classes;
  classes.kind = kind;
  classes.count = kind.mantissa == 0 ? 1 : count;
  const unsigned exponents = 1u << coding::exponent_bits(kind);
  for (unsigned c = 1; c < classes.count; ++c) {
    classes.from[c] = static_cast<std::uint16_t>(exponents * c / classes.count);
  }
  return classes;
}

struct Taken {
  Bytes bits[coding::kMostClasses], steps[coding::kMostClasses];
  unsigned fill[coding::kMostClasses];
};

// In two calls, as chunks are taken apart piece by piece.
Taken take(const coding::StepKernels& kernels, const coding::ClassTable& table, Bytes before,
           Bytes after, std::size_t n) {
  const std::size_t item = table.kind.size;
  const std::size_t first = n / 2 / coding::kGroup * coding::kGroup;
  before.resize((n + coding::kGroup) * item);
  after.resize(before.size());
  Taken taken;
  coding::StepsOut out;
  for (unsigned c = 0; c < table.count; ++c) {
    taken.bits[c].resize(n / 8 + 32);
    taken.steps[c].resize((n + coding::kGroup) * item);
    out.bits[c] = taken.bits[c].data();
    out.steps[c] = taken.steps[c].data();
    out.word[c] = 0;
    out.fill[c] = 0;
  }
  kernels.split(table, before.data(), after.data(), first, {}, out);
  kernels.split(table, before.data() + first * item, after.data() + first * item, n - first, {},
                out);
  for (unsigned c = 0; c < table.count; ++c) {
    taken.fill[c] = out.fill[c];
    taken.bits[c].resize(std::size_t(out.bits[c] - taken.bits[c].data()) + 8);
    taken.steps[c].resize(std::size_t(out.steps[c] - taken.steps[c].data()));
  }
  return taken;
}

bool put_back(const coding::StepKernels& kernels, const coding::ClassTable& table,
              const Taken& taken, const Bytes& before, std::size_t n, std::size_t missing_steps,
              std::size_t missing_bits, Bytes& after) {
  const std::size_t item = table.kind.size;
  after = before;
  after.resize((n + coding::kGroup) * item);
  Bytes bits[coding::kMostClasses], steps[coding::kMostClasses];
  coding::StepsIn in;
  for (unsigned c = 0; c < table.count; ++c) {
    bits[c] = taken.bits[c];
    bits[c].resize(bits[c].size() + 16);
    steps[c] = taken.steps[c];
    const std::size_t end = steps[c].size() - std::min(steps[c].size(), missing_steps * item);
    steps[c].resize(steps[c].size() + coding::kGroup * item);
    in.bits[c] = bits[c].data();
    in.used[c] = 0;
    const std::size_t members = (taken.bits[c].size() - 8) * 8 + taken.fill[c];
    in.ends[c] = members - std::min(members, missing_bits);
    in.steps[c] = steps[c].data();
    in.steps_end[c] = steps[c].data() + end;
  }
  const bool enough = kernels.join(table, after.data(), n, {}, in);
  after.resize(n * item);
  return enough;
}

void kernels_agree(simd::Isa isa, ElementKind kind, std::size_t n, unsigned count,
                   unsigned rarity) {
  const std::string what = std::string(simd::name(isa)) + ", " + text(kind, n) + ", " +
                           std::to_string(count) + " classes, 1 in " + std::to_string(rarity);
  Random random(n * 31 + count);
  Bytes before, after, got;
  make(kind, n, rarity, random, before, after);
  const coding::ClassTable table(classes_of(kind, count));
  const Taken plain = take(coding::step_reference(), table, before, after, n);
  const Taken fast = take(coding::step_kernels(isa), table, before, after, n);
  bool any = false;
  for (unsigned c = 0; c < table.count; ++c) {
    CHECK(plain.bits[c] == fast.bits[c] && plain.fill[c] == fast.fill[c], what + ": bits");
    CHECK(plain.steps[c] == fast.steps[c], what + ": steps");
    any |= !plain.steps[c].empty();
  }
  for (const coding::StepKernels* kernels :
       {&coding::step_reference(), &coding::step_kernels(isa)}) {
    CHECK(put_back(*kernels, table, plain, before, n, 0, 0, got), what + ": enough");
    CHECK(got == after, what + ": put back");
    if (any) CHECK(!put_back(*kernels, table, plain, before, n, 1, 0, got), what + ": a step less");
    if (n > 0)
      CHECK(!put_back(*kernels, table, plain, before, n, 0, 1, got), what + ": a bit less");
  }
}

Bytes applied(const Bytes& patch, const Bytes& base, bool out_is_new) {
  const pyinfo::check::Buffer<unsigned char> exact(patch.size());
  std::memcpy(const_cast<unsigned char*>(exact.data()), patch.data(), patch.size());
  const coding::PatchReader reader(exact.data(), exact.size());
  Bytes out = out_is_new ? Bytes(base.size()) : base;
  reader.apply(out_is_new ? base.data() : out.data(), out.data(), out_is_new, 1);
  return out;
}

void there_and_back(ElementKind kind, std::size_t n, unsigned rarity) {
  Random random(n + rarity);
  Bytes before, after;
  make(kind, n, rarity, random, before, after);
  const std::string what = text(kind, n) + ", 1 in " + std::to_string(rarity);
  const Bytes patch = coding::write_patch(kind, before.data(), after.data(), n, "about it", 1);
  CHECK(patch.size() <= coding::patch_bound(kind, n, 8), what + ": bound");
  CHECK(patch == coding::write_patch(kind, before.data(), after.data(), n, "about it", 8),
        what + ": threads");
  CHECK(applied(patch, before, true) == after, what + ": applied");
  CHECK(applied(patch, before, false) == after, what + ": in place");
  const coding::PatchReader reader(patch.data(), patch.size());
  CHECK(reader.header().metadata == "about it", what);
  CHECK(reader.is_base(before.data(), 2) && reader.is_result(after.data(), 2), what);
  if (n == 0) return;
  Bytes wrong = before;
  wrong[random.bits() % wrong.size()] ^= 1;
  for (const bool out_is_new : {true, false}) {
    Bytes out = wrong;
    Bytes fresh(wrong.size());
    bool refused = false;
    try {
      reader.apply(out_is_new ? wrong.data() : out.data(), out_is_new ? fresh.data() : out.data(),
                   out_is_new, 1);
    } catch (const coding::WrongBase&) {
      refused = true;
    }
    CHECK(refused && out == wrong, what + ": another base");
  }
}

// Checks of a patch made right again after somebody has written into it.
void make_checks_right(Bytes& patch) {
  const std::size_t fixed = coding::kPatchFixedSize;
  const std::size_t end = fixed + 2 * (patch[7] - 1u) + coding::load16(patch.data() + 12);
  if (patch[7] < 1 || patch[7] > 8 || end + 4 > patch.size()) return;
  std::uint32_t check = coding::crc32c(0, patch.data(), end);
  coding::store32(patch.data() + end, check);
  std::size_t at = end + 4;
  while (patch.size() - at >= coding::kChunkHeaderSize) {
    unsigned char* const chunk = patch.data() + at;
    const std::uint32_t payload = coding::load32(chunk + 12);
    if (payload > patch.size() - at - coding::kChunkHeaderSize) return;
    const std::uint32_t sum = coding::crc32c(coding::crc32c(0, chunk, coding::kChunkCheckAt),
                                             chunk + coding::kChunkHeaderSize, payload);
    check = coding::chain(check, sum);
    coding::store32(chunk + coding::kChunkCheckAt, check);
    at += coding::kChunkHeaderSize + payload;
  }
}

void hostile(ElementKind kind) {
  constexpr std::size_t n = 3000;
  Random random(kind.size + kind.mantissa);
  Bytes before, after;
  make(kind, n, 7, random, before, after);
  const Bytes patch = coding::write_patch(kind, before.data(), after.data(), n, "", 1);
  for (int round = 0; round < rounds(600); ++round) {
    Bytes damaged = patch;
    const std::size_t at = random.bits() % damaged.size();
    damaged[at] = static_cast<unsigned char>(damaged[at] ^ (1 + random.bits() % 255));
    const bool checks = round % 3 != 0;
    if (checks) make_checks_right(damaged);
    if (round % 5 == 4) damaged.resize(random.bits() % damaged.size());
    bool refused = false;
    try {
      const coding::PatchReader reader(damaged.data(), damaged.size());
      if (reader.bytes() != before.size()) continue;
      Bytes out(before.size());
      reader.apply(before.data(), out.data(), true, 1);
    } catch (const coding::CorruptData& error) {
      refused = true;
      CHECK(error.offset() <= damaged.size(), "offset");
    } catch (const coding::WrongBase&) {
      refused = true;
    }
    CHECK(refused || checks, text(kind, n) + ": damage at " + std::to_string(at));
  }
}

// Ranges follow where changes do.
void classes_pay() {
  constexpr std::size_t n = 1 << 16;
  Bytes before(2 * n), after(2 * n);
  Random random(5);
  for (std::size_t i = 0; i < n; ++i) {
    const bool small = random.bits() % 2 == 0;
    const unsigned x = (small ? 110u : 120u) << 7 | unsigned(random.bits() % 128);
    const unsigned y = random.bits() % (small ? 2 : 40) == 0 ? x ^ 1 : x;
    coding::store16(before.data() + 2 * i, x);
    coding::store16(after.data() + 2 * i, y);
  }
  const coding::Classes classes = coding::choose_classes({2, 7}, before.data(), after.data(), n);
  CHECK(classes.count == 2, "two kinds of elements");
  CHECK(classes.from[1] > 110 && classes.from[1] <= 120, "between them");
  CHECK(coding::choose_classes({2, 0}, before.data(), after.data(), n).count == 1, "whole numbers");
}

}  // namespace

int main() {
  for (const simd::Isa isa : simd::kIsas) {
    if (!simd::available(isa) || simd::coder_isa(isa) != isa) continue;
    for (const ElementKind kind : kKinds) {
      for (std::size_t n = 0; n <= 700; n += n < 140 ? 1 : 187) {
        if (chosen_length(n)) kernels_agree(isa, kind, n, 1 + unsigned(n % 8), n % 3 == 0 ? 1 : 9);
      }
      for (unsigned count = 1; count <= 8; ++count) kernels_agree(isa, kind, 2000, count, 4);
      // More than kernels gather before they divide it among classes, and fewer in more groups.
      for (const unsigned rarity : {1u, 9u, 500u}) kernels_agree(isa, kind, 9000, 5, rarity);
    }
  }
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  for (const ElementKind kind : kKinds) {
    for (std::size_t n = 0; n <= 600; n += n < 70 ? 1 : 97) {
      if (chosen()) there_and_back(kind, n, 1 + n % 20);
    }
    for (const unsigned rarity : {0u, 1u, 2u, 30u, 1000u}) {
      if (chosen()) there_and_back(kind, 20001, rarity);
    }
    there_and_back(kind, coding::default_chunk_items(kind) + 77, 40);
    hostile(kind);
  }
  classes_pay();
  return pyinfo::check::finish();
}
