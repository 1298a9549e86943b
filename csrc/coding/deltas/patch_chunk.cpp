#include "coding/deltas/patch_chunk.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "coding/deltas/packed_block.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/varint.hpp"
#include "coding/models/fixed_log2.hpp"
#include "coding/planes/chunks.hpp"
#include "coding/planes/planes.hpp"
#include "counting/byte_counts.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

// Two of them in the nearest cache; whole groups of elements, and whole pieces of checksum.cpp.
constexpr std::size_t kPieceBytes = 6144;
constexpr std::size_t kSlack = 64;
constexpr std::size_t kMostSize = 8;

std::size_t piece_items(ElementKind kind) noexcept { return kPieceBytes / kind.size; }

// Elements may be rotated before they are split into planes, as those of frames.
bool rotates(ElementKind kind) noexcept { return kind.mantissa > 0; }

// Pointers to the planes of n items from `start` on, and what they take.
struct Planes {
  Planes(unsigned char* start, std::size_t n, std::size_t planes) noexcept {
    for (std::size_t k = 0; k < planes; ++k) at[k] = start + k * plane_stride(n);
  }
  static std::size_t size(std::size_t n, std::size_t planes) noexcept {
    return planes * plane_stride(n);
  }
  unsigned char* at[kMostSize];
};

void write_planes(const unsigned char* items, std::size_t n, std::size_t planes, bool rotated,
                  const Settings& settings, PatchScratch& scratch,
                  std::vector<unsigned char>& out) {
  if (planes == 1) return write_stream(items, n, settings, scratch.coded, out);
  scratch.planes.reserve(Planes::size(n, planes), 0);
  const Planes to(scratch.planes.data(), n, planes);
  split_planes(items, n, planes, rotated, to.at);
  for (std::size_t k = 0; k < planes; ++k) {
    write_stream(to.at[k], n, settings, scratch.coded, out);
  }
}

const char* read_planes(Cursor& cursor, std::size_t n, std::size_t planes, bool rotated,
                        PatchScratch& scratch, unsigned char* items) {
  if (planes == 1) return read_stream(cursor, items, n);
  scratch.planes.reserve(Planes::size(n, planes), 0);
  const Planes from(scratch.planes.data(), n, planes);
  for (std::size_t k = 0; k < planes; ++k) {
    const char* const what = read_stream(cursor, from.at[k], n);
    if (what != nullptr) return what;
  }
  join_planes(from.at, n, planes, rotated, items);
  return nullptr;
}

// The bits and steps of a chunk, class by class, while they are gathered.
class Gathered {
 public:
  Gathered(const ClassTable& table, PatchScratch& scratch) : table_(table), scratch_(scratch) {
    for (unsigned c = 0; c < table.count; ++c) out_.word[c] = out_.fill[c] = 0;
  }

  void add(const unsigned char* before, const unsigned char* after, std::size_t n, Ahead ahead) {
    for (unsigned c = 0; c < table_.count; ++c) {
      scratch_.bits[c].reserve(bits_[c] + n / 8 + kSlack, bits_[c]);
      scratch_.steps[c].reserve(steps_[c] + (n + kGroup) * table_.kind.size, steps_[c]);
      out_.bits[c] = scratch_.bits[c].data() + bits_[c];
      out_.steps[c] = scratch_.steps[c].data() + steps_[c];
    }
    step_kernels().split(table_, before, after, n, ahead, out_);
    for (unsigned c = 0; c < table_.count; ++c) {
      bits_[c] = std::size_t(out_.bits[c] - scratch_.bits[c].data());
      steps_[c] = std::size_t(out_.steps[c] - scratch_.steps[c].data());
    }
  }

  std::size_t members(unsigned c) const noexcept { return bits_[c] * 8 + out_.fill[c]; }
  std::size_t changed(unsigned c) const noexcept { return steps_[c] / table_.kind.size; }
  std::size_t changed() const noexcept {
    std::size_t sum = 0;
    for (unsigned c = 0; c < table_.count; ++c) sum += changed(c);
    return sum;
  }

  void write(const Settings& settings, std::vector<unsigned char>& out) const {
    for (unsigned c = 0; c + 1 < table_.count; ++c) {
      unsigned char number[kVarintBound];
      out.insert(out.end(), number, number + write_varint(members(c), number));
    }
    for (unsigned c = 0; c < table_.count; ++c) {
      write_stream(scratch_.bits[c].data(), (members(c) + 7) / 8, settings, scratch_.coded, out);
      write_planes(scratch_.steps[c].data(), changed(c), table_.kind.size, false, settings,
                   scratch_, out);
    }
  }

 private:
  const ClassTable& table_;
  PatchScratch& scratch_;
  StepsOut out_;
  std::size_t bits_[kMostClasses] = {};   // bytes of whole words
  std::size_t steps_[kMostClasses] = {};  // bytes
};

// About what the new elements themselves would come to, in bytes, from each sixteenth run of them.
std::uint64_t estimate_replaced(ElementKind kind, const unsigned char* after, std::size_t n,
                                PatchScratch& scratch) {
  constexpr std::size_t kRun = 256;
  constexpr std::size_t kEach = 16;
  const std::size_t runs = (n + kRun * kEach - 1) / (kRun * kEach);
  scratch.items.reserve(runs * kRun * kind.size, 0);
  unsigned char* const items = scratch.items.data();
  std::size_t size = 0;
  for (std::size_t i = 0; i < n; i += kRun * kEach) {
    const std::size_t part = std::min(kRun, n - i);
    std::memcpy(items + size * kind.size, after + i * kind.size, part * kind.size);
    size += part;
  }
  scratch.planes.reserve(Planes::size(size, kind.size), 0);
  const Planes to(scratch.planes.data(), size, kind.size);
  split_planes(items, size, kind.size, rotates(kind), to.at);
  std::uint64_t sum = 0;  // of the planes' entropies, in 2^-16 bits
  for (std::size_t k = 0; k < kind.size; ++k) {
    std::uint64_t counts[counting::kByteValues] = {};
    counting::byte_counts(to.at[k], size, 1, counts);
    std::uint64_t bits = size * (fixed_log2(size) >> 16);
    for (const std::uint64_t count : counts) {
      if (count > 0) bits -= std::min(bits, count * (fixed_log2(count) >> 16));
    }
    sum += bits;
  }
  return (sum >> 19) * n / size;
}

// The new elements of a chunk, as they are. They are read again: the sum is of what is written.
void write_replaced(ElementKind kind, const unsigned char* after, std::size_t n,
                    const Settings& settings, PatchScratch& scratch,
                    std::vector<unsigned char>& out, std::uint32_t& sum) {
  scratch.items.reserve(n * kind.size, 0);
  unsigned char* const items = scratch.items.data();
  sum = crc32c_copy(0, after, n * kind.size, items);
  write_planes(items, n, kind.size, rotates(kind), settings, scratch, out);
}

// A piece of an array in memory of its own, with zeros up to a whole group.
unsigned char* piece(memory::ScratchBuffer& memory, const unsigned char* from, std::size_t n,
                     ElementKind kind, std::uint32_t& sum) {
  unsigned char* const to = memory.acquire(kPieceBytes + kGroup * kMostSize);
  sum = crc32c_copy(sum, from, n * kind.size, to);
  if (n % kGroup != 0) std::memset(to + n * kind.size, 0, (kGroup - n % kGroup) * kind.size);
  return to;
}

// The piece from i on, as far as there is one.
Ahead ahead(const unsigned char* before, const unsigned char* after, std::size_t i, std::size_t n,
            ElementKind kind) noexcept {
  if (i >= n) return {};
  return {before + i * kind.size, after == nullptr ? nullptr : after + i * kind.size};
}

std::uint64_t count_ones(const unsigned char* bits, std::size_t size) noexcept {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t x;
    std::memcpy(&x, bits + i, 8);
    x -= x >> 1 & 0x5555555555555555;
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
    sum += x * 0x0101010101010101 >> 56;
  }
  for (; i < size; ++i) {
    for (unsigned x = bits[i]; x != 0; x &= x - 1) ++sum;
  }
  return sum;
}

// The bits and steps of a chunk of n elements, of which so many have changed.
const char* read_steps(const ClassTable& table, Cursor& cursor, std::size_t n, std::size_t changed,
                       PatchScratch& scratch, StepsIn& in) {
  std::uint64_t left = n;
  for (unsigned c = 0; c < table.count; ++c) {
    std::uint64_t members = left;
    if (c + 1 < table.count) {
      const std::size_t size = read_varint(cursor.at, cursor.left(), members);
      if (size == 0 || members > left) return "the sizes of its classes are not valid";
      cursor.at += size;
    }
    in.used[c] = 0;
    in.ends[c] = members;
    left -= members;
  }
  const std::size_t item = table.kind.size;
  std::size_t found = 0;
  for (unsigned c = 0; c < table.count; ++c) {
    const std::size_t bytes = std::size_t((in.ends[c] + 7) / 8);
    scratch.bits[c].reserve(bytes + kSlack, 0);
    unsigned char* const bits = scratch.bits[c].data();
    const char* what = read_stream(cursor, bits, bytes);
    if (what != nullptr) return what;
    std::memset(bits + bytes, 0, kSlack);
    if (in.ends[c] % 8 != 0 && bits[bytes - 1] >> in.ends[c] % 8 != 0) {
      return "there are bits behind the last element of a class";
    }
    const std::size_t ones = std::size_t(count_ones(bits, bytes));
    found += ones;
    if (found > changed) return "more elements have changed than it says";
    scratch.steps[c].reserve((ones + kGroup) * item, 0);
    unsigned char* const steps = scratch.steps[c].data();
    what = read_planes(cursor, ones, item, false, scratch, steps);
    if (what != nullptr) return what;
    std::memset(steps + ones * item, 0, kGroup * item);
    in.bits[c] = bits;
    in.steps[c] = steps;
    in.steps_end[c] = steps + ones * item;
  }
  if (found != changed) return "fewer elements have changed than it says";
  return cursor.left() == 0 ? nullptr : "bytes are left over";
}

[[noreturn]] void refuse() { throw WrongBase("the chunk is made for another array"); }

// Copies what has not changed, or was replaced, piece by piece.
void copy_pieces(const unsigned char* from, std::size_t size, unsigned char* to,
                 std::uint32_t& sum) noexcept {
  if (from == to) {
    sum = crc32c(0, from, size);
  } else {
    sum = crc32c_copy(0, from, size, to);
  }
}

const char* join_steps(const ClassTable& table, StepsIn& in, const unsigned char* before,
                       std::size_t n, unsigned char* out, PatchScratch& scratch,
                       std::uint32_t& old_sum, std::uint32_t& new_sum) {
  const std::size_t item = table.kind.size;
  for (std::size_t i = 0; i < n; i += piece_items(table.kind)) {
    const std::size_t part = std::min(piece_items(table.kind), n - i);
    unsigned char* const elements =
        piece(scratch.before, before + i * item, part, table.kind, old_sum);
    if (!step_kernels().join(table, elements, part, ahead(before, nullptr, i + part, n, table.kind),
                             in))
      return "its classes are other ones";
    new_sum = crc32c_copy(new_sum, elements, part * item, out + i * item);
  }
  for (unsigned c = 0; c < table.count; ++c) {
    if (in.used[c] != in.ends[c] || in.steps[c] != in.steps_end[c]) {
      return "its classes are other ones";
    }
  }
  return nullptr;
}

}  // namespace

void Room::reserve(std::size_t size, std::size_t used) {
  if (size <= memory_.size()) return;
  memory::Buffer<unsigned char> larger(std::max(size, 2 * memory_.size()));
  if (used > 0) std::memcpy(larger.data(), memory_.data(), used);
  memory_ = std::move(larger);
}

void Room::trim() noexcept {
  if (memory_.size() >= memory::kMinPages) memory_ = memory::Buffer<unsigned char>();
}

void PatchScratch::trim() noexcept {
  before.trim();
  after.trim();
  coded.trim();
  planes.trim();
  items.trim();
  for (Room& room : bits) room.trim();
  for (Room& room : steps) room.trim();
}

ChunkHeader write_chunk(const ClassTable& table, const unsigned char* before,
                        const unsigned char* after, std::size_t n, const Settings& settings,
                        PatchScratch& scratch, std::vector<unsigned char>& out) {
  PYINFO_ASSERT(n >= 1 && n <= kMaxPatchChunkItems);
  const ElementKind kind = table.kind;
  ChunkHeader header{};
  Gathered gathered(table, scratch);
  for (std::size_t i = 0; i < n; i += piece_items(kind)) {
    const std::size_t part = std::min(piece_items(kind), n - i);
    const unsigned char* const a =
        piece(scratch.before, before + i * kind.size, part, kind, header.old_sum);
    const unsigned char* const b =
        piece(scratch.after, after + i * kind.size, part, kind, header.new_sum);
    gathered.add(a, b, part, ahead(before, after, i + part, n, kind));
  }
  const std::size_t begin = out.size();
  out.resize(begin + kChunkHeaderSize);
  header.changed = std::uint32_t(gathered.changed());
  if (header.changed > 0) {
    header.mode = ChunkMode::steps;
    gathered.write(settings, out);
    const std::size_t size = out.size() - begin - kChunkHeaderSize;
    // The new elements cost a pass to code: only if they may be the smaller ones.
    if (size >= n * kind.size / 16 &&
        estimate_replaced(kind, after, n, scratch) < size + size / 8) {
      std::vector<unsigned char> replaced;
      std::uint32_t sum = 0;
      write_replaced(kind, after, n, settings, scratch, replaced, sum);
      if (replaced.size() < size && sum == header.new_sum) {
        header.mode = ChunkMode::replaced;
        out.resize(begin + kChunkHeaderSize);
        out.insert(out.end(), replaced.begin(), replaced.end());
      }
    }
  }
  header.payload = std::uint32_t(out.size() - begin - kChunkHeaderSize);
  return header;
}

const char* apply_chunk(const ClassTable& table, const ChunkHeader& header,
                        const unsigned char* payload, const unsigned char* before, std::size_t n,
                        unsigned char* out, PatchScratch& scratch) {
  PYINFO_ASSERT(n >= 1 && n <= kMaxPatchChunkItems);
  const ElementKind kind = table.kind;
  const std::size_t size = n * kind.size;
  std::uint32_t old_sum = 0;
  std::uint32_t new_sum = 0;
  Cursor cursor{payload, payload + header.payload};
  const char* what = nullptr;
  if (header.mode == ChunkMode::equal) {
    copy_pieces(before, size, out, old_sum);
    new_sum = old_sum;
  } else if (header.mode == ChunkMode::replaced) {
    old_sum = crc32c(0, before, size);
    if (old_sum != header.old_sum) refuse();
    scratch.items.reserve(size, 0);
    unsigned char* const items = scratch.items.data();
    what = read_planes(cursor, n, kind.size, rotates(kind), scratch, items);
    if (what == nullptr && cursor.left() != 0) what = "bytes are left over";
    if (what == nullptr) new_sum = crc32c_copy(0, items, size, out);
  } else {
    StepsIn in;
    what = read_steps(table, cursor, n, header.changed, scratch, in);
    if (what == nullptr) {
      what = join_steps(table, in, before, n, out, scratch, old_sum, new_sum);
      // The classes of another array have other sizes: it is that, if it is one.
      if (what != nullptr && crc32c(0, before, size) != header.old_sum && before != out) refuse();
    }
  }
  if (what != nullptr) return what;
  if (old_sum != header.old_sum) refuse();
  return new_sum == header.new_sum ? nullptr : "it does not give the state that it was made for";
}

}  // namespace pyinfo::coding
