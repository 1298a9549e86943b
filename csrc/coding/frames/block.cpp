#include "coding/frames/block.hpp"

#include <algorithm>
#include <cstring>

#include "coding/frames/checksum.hpp"
#include "coding/frames/patches.hpp"
#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kValues = 256;

void store(const unsigned char* symbols, std::size_t n, CodedBlock& block) noexcept {
  block.table_size = 0;
  block.patches = 0;
  block.lanes = symbols;
  block.lanes_size = n;
}

// Copies the symbols to `patched`, those of the model's first slots in the place of symbols that
// the model lacks. Symbols in the initial states are left as they are.
void patch(const unsigned char* symbols, std::size_t n, const CodePlan& plan,
           unsigned char* patched, PatchWriter& patches) noexcept {
  const auto* const largest = std::max_element(plan.frequencies, plan.frequencies + kValues);
  const auto instead = static_cast<unsigned char>(largest - plan.frequencies);
  const std::size_t coded = n - Division<std::uint8_t>(n, plan.lanes).in_states;
  const AbsentSymbols absent(plan.frequencies);
  std::memcpy(patched, symbols, n);
  for (std::size_t i = 0;; ++i) {
    i += absent.find(symbols + i, coded - i);
    if (i == coded) return;
    patches.add(i, symbols[i]);
    patched[i] = instead;
  }
}

void code_rans(const unsigned char* symbols, std::size_t n, const CodePlan& plan,
               unsigned char* end, CodedBlock& block) {
  const RansEncoder encoder(plan.frequencies);
  block.patches = 0;
  if (plan.patches == 0) {
    block.lanes = encode_lanes(encoder, plan.lanes, symbols, n, end);
    return;
  }
  unsigned char* const patched = end - encode_block_capacity(n);
  PatchWriter patches(patched + n);
  patch(symbols, n, plan, patched, patches);
  unsigned char* const lanes = encode_lanes(encoder, plan.lanes, patched, n, end);
  block.patches = patches.count();
  std::memmove(lanes - patches.size(), patches.list(), patches.size());
  block.lanes = lanes - patches.size();
}

void code(const unsigned char* symbols, std::size_t n, Mode mode, const CodePlan& plan,
          unsigned char* end, CodedBlock& block) {
  if (mode == Mode::huffman) {
    const HuffmanEncoder encoder(plan.lengths);
    block.patches = 0;
    block.lanes = encode_lanes(encoder, plan.lanes, symbols, n, end);
  } else {
    code_rans(symbols, n, plan, end, block);
  }
  block.lanes_size = std::size_t(end - block.lanes);
  std::memcpy(block.table, plan.table, plan.table_size);
  block.table_size = plan.table_size;
}

template <class Decode>
const char* with_lanes(unsigned log_lanes, Decode decode) noexcept {
  if (log_lanes > kMaxLog2Lanes) return "the number of lanes is out of range";
  return decode(1u << log_lanes);
}

const char* decode_huffman(unsigned lanes, const unsigned char* payload, std::size_t size,
                           unsigned char* out, std::size_t n) noexcept {
  std::uint8_t lengths[kValues];
  const std::size_t table_size = read_lengths(payload, size, lengths);
  if (table_size == 0) return "the table of code lengths is not valid";
  const HuffmanDecoder decoder(lengths, lanes);
  return decode_lanes(decoder, lanes, payload + table_size, size - table_size, out, n);
}

const char* decode_rans(unsigned lanes, unsigned patches, const unsigned char* payload,
                        std::size_t size, unsigned char* out, std::size_t n) noexcept {
  std::uint32_t frequencies[kValues];
  const std::size_t table_size = read_frequencies(payload, size, frequencies);
  if (table_size == 0) return "the table of frequencies is not valid";
  const unsigned char* const list = payload + table_size;
  const std::size_t left = size - table_size;
  const std::size_t list_size = patches_size(list, left, patches, n);
  if (list_size > left) return "the list of patches is not valid";
  const RansDecoder decoder(frequencies, lanes);
  const char* const what = decode_lanes(decoder, lanes, list + list_size, left - list_size, out, n);
  if (what == nullptr && !apply_patches(list, list_size, patches, out, n)) {
    return "the list of patches is not valid";
  }
  return what;
}

}  // namespace

void encode_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                  unsigned char* end, CodedBlock& block) {
  BlockPlan plan;
  plan_block(symbols, n, settings, end - n / 8, plan);
  code_block(symbols, n, plan, end, block);
}

void code_block(const unsigned char* symbols, std::size_t n, const BlockPlan& plan,
                unsigned char* end, CodedBlock& block) {
  PYINFO_ASSERT(n >= 1 && n <= kMaxBlockSymbols);
  BlockSizes& sizes = block.sizes;
  sizes = plan.sizes;
  if (has_lanes(sizes.mode)) {
    code(symbols, n, sizes.mode, plan.code(), end, block);
    if (block.payload_size() >= n) {  // closer than the prediction can tell
      sizes.mode = Mode::raw;
      sizes.lanes = 0;
      sizes.predicted = std::uint32_t(n);
    }
  }
  if (!has_lanes(sizes.mode)) store(symbols, sizes.mode == Mode::constant ? 1 : n, block);
  complete(block);
}

void complete(CodedBlock& block) noexcept {
  BlockSizes& sizes = block.sizes;
  sizes.coded = std::uint32_t(block.payload_size());
  const unsigned log_lanes = has_lanes(sizes.mode) ? log2_lanes(sizes.lanes) : 0;
  write_block_header({sizes.mode, log_lanes, block.patches, sizes.symbols, sizes.coded, 0},
                     block.header);
}

std::uint32_t write_block(const CodedBlock& block, unsigned char* out) noexcept {
  std::uint32_t sum = crc32c_copy(0, block.header, kBlockCheckAt, out);
  unsigned char* const payload = out + kBlockHeaderSize;
  sum = crc32c_copy(sum, block.table, block.table_size, payload);
  return crc32c_copy(sum, block.lanes, block.lanes_size, payload + block.table_size);
}

const char* decode_block(Mode mode, unsigned log_lanes, unsigned patches,
                         const unsigned char* payload, std::size_t size, unsigned char* out,
                         std::size_t n) noexcept {
  PYINFO_ASSERT(n >= 1 && n <= kMaxBlockSymbols);
  if (size > n) return "the payload is longer than the symbols";
  switch (mode) {
    case Mode::raw:
      if (size != n) return "the payload has another size than the symbols";
      std::memcpy(out, payload, n);
      return nullptr;
    case Mode::constant:
      if (size != 1) return "the payload is not one symbol";
      std::memset(out, payload[0], n);
      return nullptr;
    case Mode::huffman:
      return with_lanes(
          log_lanes, [&](unsigned lanes) { return decode_huffman(lanes, payload, size, out, n); });
    case Mode::rans:
      return with_lanes(log_lanes, [&](unsigned lanes) {
        return decode_rans(lanes, patches, payload, size, out, n);
      });
    default:
      return "the block's mode is none that holds symbols";
  }
}

}  // namespace pyinfo::coding
