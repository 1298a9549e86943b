#include "coding/frames/alphabet_block.hpp"

#include <cstring>

#include "coding/alphabets/bitmaps.hpp"
#include "coding/alphabets/digits.hpp"
#include "coding/frames/alphabet_plan.hpp"
#include "coding/frames/nested_block.hpp"
#include "coding/frames/varint.hpp"
#include "memory/thread_scratch.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr unsigned char kEdges = 0x80;  // with the number of symbols

struct AlphabetScratch {
  memory::ScratchBuffer bytes;
  void trim() { bytes.trim(); }
};

void head_of(Mode mode, std::size_t n, std::size_t predicted, CodedBlock& block) noexcept {
  block.patches = 0;
  block.sizes = {mode,
                 0,
                 std::uint32_t(n),
                 BlockSizes::kNotPredicted,
                 BlockSizes::kNotPredicted,
                 std::uint32_t(predicted),
                 0};
}

// The digits as planned. The coded bytes end at `end`; those that are stored stay where they were
// packed.
void code_digits(const DigitsPlan& plan, std::size_t n, unsigned char* end, CodedBlock& block) {
  CodedBlock part;
  code_block(plan.part.bytes, plan.part.size, plan.part.block, end, part);
  // It may have turned out to be stored after all.
  const bool edges = plan.edges && part.sizes.mode != Mode::raw;
  head_of(Mode::digits, n, plan.predicted(), block);
  unsigned char* to = block.table;
  *to++ = static_cast<unsigned char>(plan.alphabet.size | (edges ? kEdges : 0));
  std::memcpy(to, plan.alphabet.symbols, plan.alphabet.size);
  to += plan.alphabet.size;
  to += write_nested_header(part, to);
  static_assert(1 + kMostDigits + kNestedHeaderBound <= kAlphabetBound);
  std::memcpy(to, part.table, part.table_size);
  to += part.table_size;
  block.lanes = plan.packed;
  block.lanes_size = 0;
  if (part.sizes.mode == Mode::raw) {
    block.lanes_size = plan.part.size;
  } else if (part.sizes.mode == Mode::constant) {
    *to++ = part.lanes[0];
  } else {
    block.lanes = part.lanes;
    block.lanes_size = part.lanes_size;
  }
  block.table_size = std::size_t(to - block.table);
  complete(block);
}

// Writes a nested block so that it ends at `end`, where its lanes may end already. Returns where it
// begins.
unsigned char* nest(const CodedBlock& block, unsigned char* end) noexcept {
  unsigned char* at = end - block.lanes_size;
  if (block.lanes_size > 0 && block.lanes != at) std::memcpy(at, block.lanes, block.lanes_size);
  at -= block.table_size;
  std::memcpy(at, block.table, block.table_size);
  unsigned char header[kNestedHeaderBound];
  const std::size_t size = write_nested_header(block, header);
  std::memcpy(at - size, header, size);
  return at - size;
}

void code_part(const PartPlan& plan, unsigned char* end, CodedBlock& block) {
  code_block(plan.bytes, plan.size, plan.block, end, block);
}

void code_bitmap(const BitmapPlan& plan, std::size_t n, unsigned char* end, CodedBlock& block) {
  head_of(Mode::bitmap, n, plan.predicted(), block);
  CodedBlock part;
  if (plan.in_digits) {
    code_digits(plan.digits, plan.n_others, end, part);
  } else {
    code_part(plan.others, end, part);
  }
  unsigned char* at = nest(part, end);
  code_part(plan.bits, at, part);
  at = nest(part, at);
  unsigned char head[2 + kVarintBound];
  head[0] = plan.edges ? 1 : 0;
  head[1] = plan.usual;
  const std::size_t size = 2 + write_varint(plan.n_others, head + 2);
  at -= size;
  std::memcpy(at, head, size);
  block.table_size = 0;
  block.lanes = at;
  block.lanes_size = std::size_t(end - at);
  complete(block);
}

// Whether bits behind the last symbol are set.
bool bits_left(const unsigned char* bitmap, std::size_t n) noexcept {
  return n % 8 != 0 && bitmap[n / 8] >> n % 8 != 0;
}

// `memory` has packed_size(n, ...) bytes.
const char* decode_digits(const unsigned char* payload, std::size_t size, unsigned char* out,
                          std::size_t n, unsigned char* memory) noexcept {
  Cursor cursor{payload, payload + size};
  if (size == 0) return "the alphabet is cut off";
  const unsigned first = *cursor.at++;
  const bool edges = (first & kEdges) != 0;
  const unsigned number = edges ? first - kEdges : first;
  if (number < 2 || number > kMostDigits || (edges && number != 2)) {
    return "the number of symbols of the alphabet is not valid";
  }
  if (cursor.left() < number) return "the alphabet is cut off";
  unsigned char symbols[kMostDigits];
  std::memcpy(symbols, cursor.at, number);
  cursor.at += number;
  for (unsigned i = 1; i < number; ++i) {
    if (symbols[i - 1] >= symbols[i]) return "the symbols of the alphabet do not rise";
  }
  Alphabet alphabet;
  make_alphabet(symbols, number, alphabet);

  const std::size_t packed = packed_size(n, alphabet.digit);
  NestedBlock part;
  if (const char* what = read_nested_block(cursor, packed, false, part)) return what;
  if (cursor.left() != 0) return "bytes are left over behind the digits";
  const unsigned char* bytes = part.payload;
  if (part.mode != Mode::raw || edges) {
    const char* const what = decode_block(part.mode, part.log2_lanes, part.patches, part.payload,
                                          part.size, memory, packed);
    if (what != nullptr) return what;
    bytes = memory;
  }
  if (edges) {
    if (bits_left(memory, n)) return "a digit is not valid";
    from_edges(memory, n, memory);
  }
  return unpack_digits(bytes, n, alphabet, out) ? nullptr : "a digit is not valid";
}

// `memory` has bitmap_size(n) + n + (n + 1) / 2 bytes.
const char* decode_bitmap(const unsigned char* payload, std::size_t size, unsigned char* out,
                          std::size_t n, unsigned char* memory) noexcept {
  Cursor cursor{payload, payload + size};
  if (size < 2) return "the bitmap is cut off";
  if (cursor.at[0] > 1) return "a bitmap has edges or none";
  const bool edges = cursor.at[0] == 1;
  const unsigned char usual = cursor.at[1];
  cursor.at += 2;
  std::uint64_t n_others = 0;
  const std::size_t digits = read_varint(cursor.at, cursor.left(), n_others);
  cursor.at += digits;
  if (digits == 0 || n_others < 1 || n_others >= n) return "the number of others is not valid";

  unsigned char* const bitmap = memory;
  unsigned char* const others = memory + bitmap_size(n);
  NestedBlock part;
  const char* what = read_nested_block(cursor, bitmap_size(n), false, part);
  if (what == nullptr) {
    what = decode_block(part.mode, part.log2_lanes, part.patches, part.payload, part.size, bitmap,
                        bitmap_size(n));
  }
  if (what == nullptr && bits_left(bitmap, n)) what = "bits are left over behind the bitmap";
  if (what != nullptr) return what;
  if (edges) from_edges(bitmap, n, bitmap);
  if (count_bits(bitmap, n) != n_others) return "the bitmap has another number of others";

  what = read_nested_block(cursor, std::size_t(n_others), true, part);
  if (what != nullptr) return what;
  if (cursor.left() != 0) return "bytes are left over behind the others";
  if (part.mode == Mode::digits) {
    what = decode_digits(part.payload, part.size, others, std::size_t(n_others), others + n);
  } else {
    what = decode_block(part.mode, part.log2_lanes, part.patches, part.payload, part.size, others,
                        std::size_t(n_others));
  }
  if (what != nullptr) return what;
  merge_symbols(bitmap, n, others, std::size_t(n_others), usual, out);
  return nullptr;
}

}  // namespace

void encode_frame_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                        unsigned char* end, CodedBlock& block) {
  if (settings.coder != Coder::automatic || n < kFewestSymbols) {
    return encode_block(symbols, n, settings, end, block);
  }
  const memory::ThreadScratch<AlphabetScratch> scratch;
  unsigned char* const packed = end - (n + 1) / 2;
  AlphabetPlan plan;
  if (!plan_alphabet(symbols, n, settings, packed, scratch->bytes.acquire(alphabet_memory(n)),
                     plan)) {
    return encode_block(symbols, n, settings, end, block);
  }
  if (plan.mode == Mode::digits) return code_digits(plan.digits, n, packed, block);
  if (plan.mode != Mode::bitmap) return code_block(symbols, n, plan.direct, end, block);
  code_bitmap(plan.bitmap, n, end, block);
  if (block.payload_size() >= n) encode_block(symbols, n, settings, end, block);
}

const char* decode_frame_block(Mode mode, unsigned log_lanes, unsigned patches,
                               const unsigned char* payload, std::size_t size, unsigned char* out,
                               std::size_t n) {
  if (mode != Mode::digits && mode != Mode::bitmap) {
    return decode_block(mode, log_lanes, patches, payload, size, out, n);
  }
  PYINFO_ASSERT(n >= 1 && n <= kMaxBlockSymbols);
  if (size > n) return "the payload is longer than the symbols";
  const memory::ThreadScratch<AlphabetScratch> scratch;
  unsigned char* const memory = scratch->bytes.acquire(bitmap_size(n) + n + (n + 1) / 2);
  return mode == Mode::digits ? decode_digits(payload, size, out, n, memory)
                              : decode_bitmap(payload, size, out, n, memory);
}

}  // namespace pyinfo::coding
