// Codes that the vector kernels do not know: any lengths and precisions, incomplete codes, up to
// 65536 symbols. Scalar, with the steps of lanes.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

#include "coding/lanes/lanes.hpp"

namespace pyinfo::coding {

// These codes are written with at most so many lanes: below kVectorLanes, so that lanes.hpp takes
// symbols off one by one and every word and codeword is looked at.
inline constexpr unsigned kWideLanes = 16;

// A prefix code. An absent symbol, also one beyond the alphabet, pushes nothing.
struct WideHuffmanTable {
  std::vector<std::uint32_t> codes;    // by symbol: reversed codeword | length << 16
  std::uint32_t symbol_mask;           // codes.size() - 1
  std::vector<std::uint32_t> symbols;  // by the next `longest` bits: symbol | length << 16
  std::uint32_t bits_mask;             // symbols.size() - 1

  // Lengths of 0..16 with a Kraft sum of at most 1 and one symbol at least.
  WideHuffmanTable(const std::uint8_t* lengths, std::size_t alphabet);
};

// Frequencies that sum to 2^precision. An absent symbol is pushed as if it took the first slot.
struct WideRansTable {
  struct Interval {
    std::uint32_t frequency;
    std::uint32_t start;
  };
  std::vector<Interval> intervals;     // by symbol
  std::uint32_t symbol_mask;           // intervals.size() - 1
  std::vector<std::uint16_t> symbols;  // by slot
  int precision;

  WideRansTable(const std::uint32_t* frequencies, std::size_t alphabet, int precision_bits);
};

// What encoders and decoders have in common: `steps` is `push` for each symbol, last one first.
template <class Coder, class SymbolType>
class ScalarEncoder {
 public:
  using Symbol = SymbolType;
  void steps(unsigned lanes, std::uint32_t* states, const Symbol* symbols, std::size_t steps,
             unsigned char*& words) const noexcept {
    const Coder& coder = static_cast<const Coder&>(*this);
    for (std::size_t step = steps; step-- > 0;) {
      for (unsigned lane = lanes; lane-- > 0;) {
        coder.push(states[lane], symbols[step * lanes + lane], words);
      }
    }
  }
};

template <class SymbolType>
class ScalarDecoder {
 public:
  using Symbol = SymbolType;
  // Only vector decoders are asked for steps: see kWideLanes.
  [[noreturn]] void steps(unsigned, std::uint32_t*, DecodeCursor&,
                          const unsigned char*) const noexcept {
    std::terminate();
  }

 protected:
  // Takes a word if `state` needs one; false if there is none.
  static bool refill(std::uint32_t& state, const unsigned char*& words,
                     const unsigned char* end) noexcept {
    if (state >= kLowestState) return true;
    if (words == end) return false;
    state = state << 16 | load16(words);
    words += 2;
    return true;
  }
};

template <class SymbolType>
class WideHuffmanEncoder : public ScalarEncoder<WideHuffmanEncoder<SymbolType>, SymbolType> {
 public:
  explicit WideHuffmanEncoder(const WideHuffmanTable& table) noexcept
      : codes_(table.codes.data()), mask_(table.symbol_mask) {}

  void push(std::uint32_t& state, SymbolType symbol, unsigned char*& words) const noexcept {
    const std::uint32_t code = codes_[symbol & mask_];
    const unsigned length = code >> 16;
    if (std::uint64_t{state} >> (32 - length) != 0) {
      store16(words -= 2, state);
      state >>= 16;
    }
    state = state << length | (code & 0xffff);
  }

 private:
  const std::uint32_t* codes_;
  std::uint32_t mask_;
};

template <class SymbolType>
class WideHuffmanDecoder : public ScalarDecoder<SymbolType> {
 public:
  explicit WideHuffmanDecoder(const WideHuffmanTable& table) noexcept
      : symbols_(table.symbols.data()), mask_(table.bits_mask) {}

  bool pop(std::uint32_t& state, SymbolType& symbol, const unsigned char*& words,
           const unsigned char* end) const noexcept {
    const std::uint32_t found = symbols_[state & mask_];
    const unsigned length = found >> 16;
    if (length == 0) return false;
    symbol = static_cast<SymbolType>(found);
    state >>= length;
    return this->refill(state, words, end);
  }

 private:
  const std::uint32_t* symbols_;
  std::uint32_t mask_;
};

template <class SymbolType>
class WideRansEncoder : public ScalarEncoder<WideRansEncoder<SymbolType>, SymbolType> {
 public:
  explicit WideRansEncoder(const WideRansTable& table) noexcept
      : intervals_(table.intervals.data()), mask_(table.symbol_mask), precision_(table.precision) {}

  void push(std::uint32_t& state, SymbolType symbol, unsigned char*& words) const noexcept {
    const WideRansTable::Interval interval = intervals_[symbol & mask_];
    if (state >= std::uint64_t{interval.frequency} << (32 - precision_)) {
      store16(words -= 2, state);
      state >>= 16;
    }
    state =
        (state / interval.frequency << precision_) + interval.start + state % interval.frequency;
  }

 private:
  const WideRansTable::Interval* intervals_;
  std::uint32_t mask_;
  int precision_;
};

template <class SymbolType>
class WideRansDecoder : public ScalarDecoder<SymbolType> {
 public:
  explicit WideRansDecoder(const WideRansTable& table) noexcept
      : symbols_(table.symbols.data()),
        intervals_(table.intervals.data()),
        precision_(table.precision) {}

  bool pop(std::uint32_t& state, SymbolType& symbol, const unsigned char*& words,
           const unsigned char* end) const noexcept {
    const std::uint32_t slot = state & ((1u << precision_) - 1);
    symbol = static_cast<SymbolType>(symbols_[slot]);
    const WideRansTable::Interval interval = intervals_[symbol];
    state = interval.frequency * (state >> precision_) + slot - interval.start;
    return this->refill(state, words, end);
  }

 private:
  const std::uint16_t* symbols_;
  const WideRansTable::Interval* intervals_;
  int precision_;
};

}  // namespace pyinfo::coding
