// Whether a block of few or of very uneven symbols is to be written as digits, or as a bitmap and
// the others (alphabet_block.hpp): what the parts are coded with, and the size that this predicts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/alphabets/digits.hpp"
#include "coding/frames/block_plan.hpp"

namespace pyinfo::coding {

// Bytes that stand for symbols, and how they are to be coded.
struct PartPlan {
  const unsigned char* bytes;
  std::size_t size;
  BlockPlan block;

  std::size_t predicted() const noexcept;  // with its header
};

struct DigitsPlan {
  Alphabet alphabet;
  const unsigned char* packed;
  bool edges;     // of two symbols: the part is where the bits change
  PartPlan part;  // the packed digits, or their edges

  std::size_t predicted() const noexcept { return 1 + alphabet.size + part.predicted(); }
};

struct BitmapPlan {
  unsigned char usual;
  bool edges;
  PartPlan bits;
  std::size_t n_others;
  bool in_digits;     // how the others are coded:
  DigitsPlan digits;  // so,
  PartPlan others;    // or so

  std::size_t predicted() const noexcept;
};

struct AlphabetPlan {
  Mode mode;  // digits, bitmap, or any other: `direct`
  DigitsPlan digits;
  BitmapPlan bitmap;
  BlockPlan direct;
};

// Blocks with fewer symbols are not looked at.
inline constexpr std::size_t kFewestSymbols = 64;

// The memory that plans of n symbols need, and point into.
constexpr std::size_t alphabet_memory(std::size_t n) noexcept { return 2 * n + 64; }

// Plans n symbols, kFewestSymbols .. kMaxBlockSymbols, for an encoder that may choose everything.
// Digits are packed to `packed`, which has memory for (n + 1) / 2 bytes. False if the symbols are
// neither few nor uneven enough: nothing has been planned.
//
// These modes decode several times as fast as Huffman and rANS codes of the symbols. So they are
// chosen unless such a code is more than 1/64 shorter, and their parts are stored unless coding
// makes them more than 1/64 shorter.
bool plan_alphabet(const unsigned char* symbols, std::size_t n, const Settings& settings,
                   unsigned char* packed, unsigned char* memory, AlphabetPlan& plan);

}  // namespace pyinfo::coding
