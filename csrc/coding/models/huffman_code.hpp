// Optimal prefix codes of limited length: lengths from counts, canonical codewords from lengths.
//
// D. A. Huffman, "A method for the construction of minimum-redundancy codes" (1952), by two queues
// (J. van Leeuwen, 1976); limited by package-merge: L. L. Larmore, D. S. Hirschberg, "A fast
// algorithm for optimal length-limited Huffman codes" (1990).
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::coding {

inline constexpr int kLongestCode = 16;    // of the codes that are written as lanes
inline constexpr int kLongestSerial = 32;  // of any code
inline constexpr int kFastLength = 11;     // of the codes that the vector kernels know

// Lengths of a prefix code with codewords of at most max_length bits (1..32) that codes symbols
// which occur `counts` times in the fewest bits possible. An absent symbol (count 0) gets length 0,
// a symbol that is the only one gets length 1. At most 2^max_length symbols may be present.
//
// Of several best codes: the unlimited Huffman code (with ties merged leaves first, lower symbols
// first) if it is short enough, else the one whose lengths are decided by package-merge, where a
// leaf comes before a package of the same weight. Rarer symbols never get shorter codewords than
// frequent ones; of equal counts, lower symbols get the longer codewords. Counts whose sum reaches
// 2^59 (2^58 if max_length is above 16) are first divided by a power of two (rounded up), which may
// cost the last digit.
//
// Allocates memory only for alphabets of more than 256 symbols.
void huffman_lengths(const std::uint64_t* counts, std::size_t alphabet, int max_length,
                     std::uint8_t* lengths);

// The sum of 2^-length over the symbols present, in units of 2^-16: 65536 if the code is complete,
// more if there is no such code. Lengths are 0..16.
std::uint64_t kraft_sum(const std::uint8_t* lengths, std::size_t alphabet) noexcept;

// The canonical code: codewords as numbers, first bit highest. Shorter codewords come first,
// codewords of one length rise with the symbols. 0 for absent symbols. Lengths are 0..32, and there
// must be such a code.
void canonical_codewords(const std::uint8_t* lengths, std::size_t alphabet,
                         std::uint32_t* codewords) noexcept;

// What the symbols take together. A sum of 2^64 or more is given as 2^64 - 1.
std::uint64_t coded_bits(const std::uint64_t* counts, const std::uint8_t* lengths,
                         std::size_t alphabet) noexcept;

}  // namespace pyinfo::coding
