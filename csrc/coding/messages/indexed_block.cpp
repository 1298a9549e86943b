#include "coding/messages/indexed_block.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "coding/frames/checksum.hpp"
#include "coding/frames/varint.hpp"
#include "coding/models/fixed_log2.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kStage = IndexedStage::kSymbols;
constexpr std::size_t kFewestTailLanes = 4;  // whose free bits hold more than a state

// Copies the indexes of n <= kStage symbols.
void stage_indexes(const IndexedTables& tables, const IndexedInput& input, std::size_t first,
                   std::size_t n, bool bytes, IndexedStage& stage) {
  PYINFO_ASSERT(n <= kStage);
  std::size_t most = 0;
  const auto copy = [&](const auto* from, auto* to) {
    using To = std::remove_reference_t<decltype(*to)>;
    std::remove_const_t<std::remove_reference_t<decltype(*from)>> largest = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto index = from[i];
      largest = std::max(largest, index);
      to[i] = static_cast<To>(index);
    }
    most = largest;
  };
  if (input.indexes8 != nullptr) {
    bytes ? copy(input.indexes8 + first, stage.indexes8)
          : copy(input.indexes8 + first, stage.indexes16);
  } else {
    bytes ? copy(input.indexes16 + first, stage.indexes8)
          : copy(input.indexes16 + first, stage.indexes16);
  }
  if (n == 0 || most < tables.count()) return;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t index = input.index(first + i);
    if (index >= tables.count()) throw IndexOutOfRange(first + i, index);
  }
  throw IndexOutOfRange(first, most);  // it has changed meanwhile
}

// What kernels are given for a symbol: itself, or a number outside of every table.
std::int16_t narrow(std::int64_t value) noexcept {
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, -32768, 32767));
}

void stage_symbols(const IndexedInput& input, std::size_t first, std::size_t n,
                   IndexedStage& stage) noexcept {
  if (input.shifts != nullptr) {
    for (std::size_t i = 0; i < n; ++i) {
      stage.symbols[i] = narrow(input.symbol(first + i) - input.shifts[first + i]);
    }
  } else if (input.symbols16 != nullptr) {
    std::memcpy(stage.symbols, input.symbols16 + first, n * sizeof(std::int16_t));
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      const std::int32_t symbol = input.symbols32[first + i];
      stage.symbols[i] = static_cast<std::int16_t>(std::clamp(symbol, -32768, 32767));
    }
  }
}

// The inverse of escape_number().
std::int64_t value_of(const IndexedTable& table, std::uint64_t raw) noexcept {
  const auto half = std::int64_t(raw >> 1);
  return (raw & 1) != 0 ? std::int64_t{table.least} - 1 - half
                        : std::int64_t{table.least} + table.escape + half;
}

class Encoder {
 public:
  Encoder(const IndexedTables& tables, const IndexedKernels* kernels, const IndexedInput& input,
          IndexedScratch& scratch)
      : tables_(tables),
        kernels_(tables.fit_kernels() ? kernels : nullptr),
        input_(input),
        scratch_(scratch),
        stage_(*scratch.stage) {
    scratch.raws.clear();
  }

  // Finds the intervals of n <= kStage symbols from `first` on.
  void find(std::size_t first, std::size_t n) {
    stage_indexes(tables_, input_, first, n, kernels_ != nullptr, stage_);
    if (kernels_ != nullptr) {
      stage_symbols(input_, first, n, stage_);
      escaped_ = kernels_->find(tables_.lookups(), stage_.symbols, stage_.indexes8, n,
                                stage_.numbers16, stage_.escapes);
      return;
    }
    escaped_ = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const IndexedTable& table = tables_.table(stage_.indexes16[i]);
      const std::int64_t beyond = input_.symbol(first + i) - input_.shift(first + i) - table.least;
      const bool within = beyond >= 0 && beyond < table.escape;
      stage_.numbers32[i] = table.first + (within ? std::uint32_t(beyond) : table.escape);
      if (!within) stage_.escapes[escaped_++] = static_cast<std::uint16_t>(i);
    }
  }
  std::uint32_t number(std::size_t i) const noexcept {
    return kernels_ != nullptr ? stage_.numbers16[i] : stage_.numbers32[i];
  }
  // Takes down the escapes that were found at `from` and later, the last first.
  void take_escapes(std::size_t first, std::size_t from) {
    while (escaped_ > 0 && stage_.escapes[escaped_ - 1] >= from) {
      const std::size_t i = stage_.escapes[--escaped_];
      const std::size_t k = kernels_ != nullptr ? stage_.indexes8[i] : stage_.indexes16[i];
      const std::int64_t value = input_.symbol(first + i) - input_.shift(first + i);
      scratch_.raws.push_back(escape_number(tables_.table(k), value));
    }
  }
  void steps(unsigned lanes, std::uint32_t* states, std::size_t count, unsigned char*& words) {
    if (kernels_ != nullptr && lanes >= kVectorLanes) {
      kernels_->encode(tables_.lookups(), lanes, states, stage_.numbers16, count, words);
      return;
    }
    for (std::size_t i = count * lanes; i-- > 0;) {
      push(tables_, number(i), states[i % lanes], words);
    }
  }

 private:
  const IndexedTables& tables_;
  const IndexedKernels* kernels_;
  const IndexedInput& input_;
  IndexedScratch& scratch_;
  IndexedStage& stage_;
  std::size_t escaped_ = 0;
};

// As many of the last symbols as the free bits hold, on a lane of their own: what `free` begins
// with. Returns how many they are.
std::size_t encode_tail(const IndexedTables& tables, Encoder& encoder, std::size_t n,
                        unsigned lanes, unsigned char* free) {
  const std::size_t room = 2 * std::size_t(lanes);
  std::memset(free, 0, room);
  if (lanes < kFewestTailLanes) return 0;
  const std::size_t first = n - std::min(n, kMostTailSymbols);
  encoder.find(first, n - first);
  unsigned char memory[2 * kMaxLanes];
  unsigned char* words = memory + room;
  std::uint32_t state = kLowestState;
  std::size_t at = n - first;
  while (at > 0) {
    std::uint32_t next = state;
    unsigned char* below = words;
    if (words - memory < 6) break;  // a word, and the state
    push(tables, encoder.number(at - 1), next, below);
    state = next;
    words = below;
    --at;
  }
  encoder.take_escapes(first, at);
  store32(words -= 4, state);
  std::memcpy(free, words, std::size_t(memory + room - words));
  return n - first - at;
}

// A guess at the size, from some of the symbols.
std::uint64_t sampled_bits(const IndexedTables& tables, Encoder& encoder, std::size_t n) {
  constexpr std::size_t kPieces = 16;
  constexpr std::size_t kPiece = 64;
  std::uint64_t bits = 0;
  std::size_t seen = 0;
  const std::size_t stride = std::max(n / kPieces, kPiece);
  for (std::size_t first = 0; first < n; first += stride) {
    const std::size_t here = std::min(kPiece, n - first);
    encoder.find(first, here);
    for (std::size_t i = 0; i < here; ++i) {
      bits += (std::uint64_t(tables.precision()) << kLogBits) -
              fixed_log2(tables.frequency(encoder.number(i)));
    }
    seen += here;
  }
  return (bits >> 16) * n / seen >> 16;
}

class Decoder {
 public:
  Decoder(const IndexedTables& tables, const IndexedKernels* kernels, const IndexedBlock& block,
          const IndexedInput& input, IndexedScratch& scratch, IndexedOutput out)
      : tables_(tables),
        kernels_(tables.fit_kernels() ? kernels : nullptr),
        lanes_(block.lanes),
        input_(input),
        stage_(*scratch.stage),
        places_(scratch.places),
        out_(out),
        words_(block.payload + 4 * std::size_t(block.lanes)),
        end_(block.payload + block.lane_bytes) {
    places_.clear();
  }

  // n <= kStage symbols from `first` on, in steps. Returns whether there were words enough.
  bool steps(std::size_t first, std::size_t n, std::uint32_t* states) {
    stage_indexes(tables_, input_, first, n, kernels_ != nullptr, stage_);
    if (kernels_ == nullptr || lanes_ < kVectorLanes) return pop_all(first, n, states);
    IndexedCursor cursor{words_, stage_.indexes8, stage_.symbols, n / lanes_, stage_.escapes, 0};
    const std::size_t ahead = read_ahead(lanes_);
    if (!padded_ && std::size_t(end_ - words_) >= ahead) {
      kernels_->decode(tables_.lookups(), lanes_, states, cursor, end_ - ahead);
    }
    if (!padded_ && cursor.steps > 0) {
      // The last words again, in memory that goes on behind them.
      const auto left = std::size_t(end_ - cursor.words);
      PYINFO_ASSERT(left < ahead + 2 * lanes_);
      std::memcpy(padding_, cursor.words, left);
      std::memset(padding_ + left, 0, ahead);
      cursor.words = padding_;
      end_ = padding_ + left;
      padded_ = true;
    }
    if (cursor.steps > 0) {
      kernels_->decode(tables_.lookups(), lanes_, states, cursor, end_);
      if (cursor.steps > 0 || cursor.words > end_) return false;
    }
    words_ = cursor.words;
    deliver(first, n, stage_.symbols);
    for (const std::uint16_t* e = stage_.escapes; e != cursor.escapes; ++e) {
      places_.push_back(static_cast<std::uint32_t>(first + *e));
    }
    return true;
  }

  // One by one: symbol i of these on lane i % lanes.
  bool pop_all(std::size_t first, std::size_t n, std::uint32_t* states) {
    return pop_on(first, n, states, lanes_, words_, end_);
  }
  bool pop_on(std::size_t first, std::size_t n, std::uint32_t* states, unsigned lanes,
              const unsigned char*& words, const unsigned char* end) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = kernels_ != nullptr ? stage_.indexes8[i] : stage_.indexes16[i];
      const IndexedTable& table = tables_.table(k);
      std::uint32_t number = 0;
      if (!pop(tables_, k, states[i % lanes], number, words, end)) return false;
      const std::uint32_t within = number - table.first;
      if (within == table.escape) places_.push_back(static_cast<std::uint32_t>(first + i));
      stage_.symbols[i] = static_cast<std::int16_t>(table.least + std::int32_t(within));
    }
    deliver(first, n, stage_.symbols);
    return true;
  }
  // The indexes of symbols that are popped one by one.
  void stage(std::size_t first, std::size_t n) {
    stage_indexes(tables_, input_, first, n, kernels_ != nullptr, stage_);
  }

  bool words_are_used_up() const noexcept { return words_ == end_; }
  bool in_range() const noexcept { return out_of_range_ == 0; }

  // Puts what the escapes stand for in their places. Returns null, or what is wrong.
  const char* put_escapes(const unsigned char* bytes, std::size_t size) {
    for (const std::uint32_t place : places_) {
      std::uint64_t raw = 0;
      const std::size_t length = read_varint(bytes, size, raw);
      if (length == 0) return "the escapes end too early or are not in their shortest form";
      bytes += length;
      size -= length;
      const std::size_t k = input_.index(place);
      if (k >= tables_.count()) throw IndexOutOfRange(place, k);
      if (raw >> 40 != 0) return "an escape is out of range";
      const IndexedTable& table = tables_.table(k);
      const std::int64_t shift = input_.shift(place);
      // What has stood there until now, the table's escape, does not count.
      if (input_.shifts != nullptr)
        out_of_range_ -= !fits(std::int64_t{table.least} + table.escape + shift);
      put(place, value_of(table, raw) + shift);
    }
    return size == 0 ? nullptr : "escapes are left over";
  }

 private:
  bool fits(std::int64_t symbol) const noexcept {
    return out_.symbols16 != nullptr ? symbol == static_cast<std::int16_t>(symbol)
                                     : symbol == static_cast<std::int32_t>(symbol);
  }
  void put(std::size_t i, std::int64_t symbol) noexcept {
    if (out_.symbols16 != nullptr) {
      out_.symbols16[i] = static_cast<std::int16_t>(symbol);
    } else {
      out_.symbols32[i] = static_cast<std::int32_t>(symbol);
    }
    out_of_range_ += !fits(symbol);
  }

  void deliver(std::size_t first, std::size_t n, const std::int16_t* symbols) noexcept {
    if (input_.shifts != nullptr) {
      for (std::size_t i = 0; i < n; ++i) {
        put(first + i, std::int64_t{symbols[i]} + input_.shifts[first + i]);
      }
    } else if (out_.symbols16 != nullptr) {
      std::memcpy(out_.symbols16 + first, symbols, n * sizeof(std::int16_t));
    } else {
      for (std::size_t i = 0; i < n; ++i) out_.symbols32[first + i] = symbols[i];
    }
  }

  const IndexedTables& tables_;
  const IndexedKernels* kernels_;
  const unsigned lanes_;
  const IndexedInput& input_;
  IndexedStage& stage_;
  std::vector<std::uint32_t>& places_;
  IndexedOutput out_;
  const unsigned char* words_;
  const unsigned char* end_;
  bool padded_ = false;
  std::size_t out_of_range_ = 0;  // symbols that the output has no bits for
  unsigned char padding_[2 * read_ahead(kMaxLanes)];
};

}  // namespace

std::uint64_t escape_number(const IndexedTable& table, std::int64_t value) noexcept {
  const std::int64_t beyond = value - table.least;
  if (beyond < 0) return std::uint64_t(-(beyond + 1)) * 2 + 1;
  return beyond < table.escape ? 0 : std::uint64_t(beyond - table.escape) * 2;
}

std::uint32_t index_fingerprint(const IndexedTables& tables, const IndexedInput& input,
                                std::size_t n, IndexedStage& stage) {
  const bool bytes = tables.count() <= kKernelTables;
  std::uint32_t crc = 0;
  for (std::size_t first = 0; first < n; first += kStage) {
    const std::size_t here = std::min(kStage, n - first);
    stage_indexes(tables, input, first, here, bytes, stage);
    // Machines are little-endian here, as everywhere in this library.
    crc = bytes ? crc32c(crc, stage.indexes8, here)
                : crc32c(crc, reinterpret_cast<const unsigned char*>(stage.indexes16), 2 * here);
  }
  if (input.shifts == nullptr) return crc;
  return crc32c(crc, reinterpret_cast<const unsigned char*>(input.shifts), 4 * n);
}

unsigned indexed_lanes(std::uint64_t bits) noexcept {
  const std::uint64_t bytes = bits / 8;
  if (bytes >= 400000) return 256;
  if (bytes >= 160000) return 128;
  if (bytes >= 65536) return 64;
  if (bytes >= 8192) return 32;
  if (bytes >= 4096) return 16;
  if (bytes >= 2048) return 8;
  return bytes >= 1024 ? 4 : 1;
}

std::uint64_t indexed_block_overhead(std::size_t n, unsigned lanes) noexcept {
  unsigned char number[kVarintBound];
  // Lanes, tail, sizes, fingerprint, check; a state of 32 bits holds 8 of the symbols' bits on
  // average, and 16 of the tail's, which has a state of its own.
  const std::size_t sizes = 2 + write_varint(n / 4, number);
  const bool tail = lanes >= kFewestTailLanes;
  return 1 + sizes + (tail ? 2 : 1) + 8 + (tail ? lanes + 3 : 3 * std::size_t(lanes));
}

void encode_indexed_block(const IndexedTables& tables, const IndexedKernels* kernels,
                          const IndexedInput& input, std::size_t n, std::uint32_t seed,
                          IndexedScratch& scratch, std::vector<unsigned char>& out) {
  PYINFO_ASSERT(n >= 1 && n <= kIndexedBlockSymbols);
  const std::uint32_t fingerprint = index_fingerprint(tables, input, n, *scratch.stage);
  Encoder encoder(tables, kernels, input, scratch);
  const unsigned lanes = indexed_lanes(sampled_bits(tables, encoder, n));
  unsigned char free[2 * kMaxLanes];
  const std::size_t tail = encode_tail(tables, encoder, n, lanes, free);

  scratch.words.resize(std::max(scratch.words.size(), encode_capacity(n, lanes)));
  unsigned char* const end = scratch.words.data() + encode_capacity(n, lanes);
  unsigned char* words = end;
  alignas(64) std::uint32_t states[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) {
    states[lane] = kLowestState | load16(free + 2 * std::size_t(lane));
  }
  const std::size_t coded = n - tail;
  const std::size_t rest = coded % lanes;
  std::size_t at = coded - rest;
  encoder.find(at, rest);
  for (std::size_t lane = rest; lane-- > 0;)
    push(tables, encoder.number(lane), states[lane], words);
  encoder.take_escapes(at, 0);
  while (at > 0) {
    threads::require_uninterrupted();
    const std::size_t here = (at - 1) % kStage + 1;
    at -= here;
    encoder.find(at, here);
    encoder.steps(lanes, states, here / lanes, words);
    encoder.take_escapes(at, 0);
  }
  for (unsigned lane = lanes; lane-- > 0;) store32(words -= 4, states[lane]);

  std::vector<unsigned char> escapes;
  unsigned char number[kVarintBound];
  for (std::size_t i = scratch.raws.size(); i-- > 0;) {
    escapes.insert(escapes.end(), number, number + write_varint(scratch.raws[i], number));
  }
  const std::size_t begin = out.size();
  const auto put_number = [&](std::size_t value) {
    out.insert(out.end(), number, number + write_varint(value, number));
  };
  out.push_back(static_cast<unsigned char>(log2_lanes(lanes)));
  put_number(tail);
  put_number(std::size_t(end - words));
  put_number(escapes.size());
  const std::size_t fields = out.size();
  out.resize(fields + 8);
  store32(out.data() + fields, fingerprint);
  out.insert(out.end(), words, end);
  out.insert(out.end(), escapes.begin(), escapes.end());
  const std::uint32_t header = crc32c(seed, out.data() + begin, fields + 4 - begin);
  store32(out.data() + fields + 4,
          crc32c(header, out.data() + fields + 8, out.size() - fields - 8));
}

const char* read_indexed_block(const unsigned char* data, std::size_t size, std::size_t n,
                               std::uint32_t seed, IndexedBlock& block) noexcept {
  if (size == 0) return "the block's header is cut off";
  std::size_t at = 1;
  std::uint64_t numbers[3];
  for (std::uint64_t& number : numbers) {
    const std::size_t length = read_varint(data + at, size - at, number);
    if (length == 0) return "the block's header is cut off or not in its shortest form";
    at += length;
  }
  if (size - at < 8) return "the block's header is cut off";
  const std::size_t left = size - at - 8;
  if (numbers[1] > left || numbers[2] > left - numbers[1]) return "the block is cut off";
  const unsigned char* const payload = data + at + 8;
  const auto payload_size = std::size_t(numbers[1] + numbers[2]);
  const std::uint32_t check = crc32c(crc32c(seed, data, at + 4), payload, payload_size);
  if (load32(data + at + 4) != check) return "the block's checksum does not match";
  if (data[0] > kMaxLog2Lanes) return "there are no such lanes";
  block = {1u << data[0],           std::size_t(numbers[0]), load32(data + at),    payload,
           std::size_t(numbers[1]), std::size_t(numbers[2]), at + 8 + payload_size};
  const std::size_t most = block.lanes < kFewestTailLanes ? 0 : std::min(n, kMostTailSymbols);
  if (block.tail > most) return "the tail is too long";
  if (block.lane_bytes < 4 * std::size_t(block.lanes) || block.lane_bytes % 2 != 0) {
    return "the lane states are cut off";
  }
  return nullptr;
}

const char* decode_indexed_block(const IndexedTables& tables, const IndexedKernels* kernels,
                                 const IndexedBlock& block, const IndexedInput& input,
                                 std::size_t n, IndexedScratch& scratch, IndexedOutput out) {
  constexpr const char* kTooShort = "the words end too early";
  constexpr const char* kNoReturn = "the lane states do not return to their start";
  alignas(64) std::uint32_t states[kMaxLanes];
  for (unsigned lane = 0; lane < block.lanes; ++lane) {
    states[lane] = load32(block.payload + 4 * std::size_t(lane));
    if (states[lane] < kLowestState) return "a lane state is out of range";
  }
  Decoder decoder(tables, kernels, block, input, scratch, out);
  const std::size_t coded = n - block.tail;
  const std::size_t rest = coded % block.lanes;
  for (std::size_t at = 0; at < coded - rest;) {
    threads::require_uninterrupted();
    const std::size_t here = std::min(kStage, coded - rest - at);
    if (!decoder.steps(at, here, states)) return kTooShort;
    at += here;
  }
  decoder.stage(coded - rest, rest);
  if (!decoder.pop_all(coded - rest, rest, states)) return kTooShort;
  if (!decoder.words_are_used_up()) return "words are left over";

  unsigned char free[2 * kMaxLanes];
  for (unsigned lane = 0; lane < block.lanes; ++lane) {
    if (states[lane] >> 16 != 1) return kNoReturn;
    store16(free + 2 * std::size_t(lane), states[lane]);
  }
  const unsigned char* words = free;
  const unsigned char* const end = free + 2 * std::size_t(block.lanes);
  if (block.tail > 0) {
    std::uint32_t state = load32(words);
    words += 4;
    if (state < kLowestState) return "a lane state is out of range";
    decoder.stage(coded, block.tail);
    if (!decoder.pop_on(coded, block.tail, &state, 1, words, end)) return kTooShort;
    if (state != kLowestState) return kNoReturn;
  }
  if (std::any_of(words, end, [](unsigned char byte) { return byte != 0; })) return kNoReturn;
  const char* const problem =
      decoder.put_escapes(block.payload + block.lane_bytes, block.escape_bytes);
  if (problem != nullptr) return problem;
  return decoder.in_range() ? nullptr : "a symbol has more bits than the message says";
}

}  // namespace pyinfo::coding
