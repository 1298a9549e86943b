// Quantised probabilities for rANS (J. Duda, "Asymmetric numeral systems", arXiv:1311.2540, 2013):
// frequencies that sum to a power of two.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::coding {

inline constexpr int kFastPrecision = 12;  // of the models that the vector kernels know
inline constexpr int kMinPrecision = 8;
inline constexpr int kMaxPrecision = 16;

// The vector decoders look at the 4096 slots in buckets of 16, and keep what buckets in which two
// or more intervals begin (other than in their first slot) look like in a table of so many
// patterns.
inline constexpr std::uint32_t kBucketSlots = 16;
inline constexpr std::size_t kMaxPatterns = 7;

// Frequencies that sum to 2^precision, at least 1 for every symbol present, 0 for the others, with
// the least sum of counts * log2(1 / frequency) that there is (growing from f to f + 1 gains
// log2_step(f)). Of equally good frequencies, lower symbols get the larger ones. A symbol that is
// the only one gets 2^precision. 1..2^precision symbols are present. Counts whose sum reaches 2^31
// are first divided by a power of two (rounded up), which may cost the last digit.
//
// fast_layout (precision 12, at most 256 symbols): laid out in the order of rans_ranking, the
// intervals then make at most kMaxPatterns patterns. Either the best frequencies do, or those below
// 16 are limited to 1, 2, 4 and 8. Then they double, as long as that gains more per slot than
// anything else, and those of 16 and more are the best for the slots that they have together.
//
// Allocates memory only for alphabets of more than 256 symbols.
void rans_frequencies(const std::uint64_t* counts, std::size_t alphabet, int precision,
                      bool fast_layout, std::uint32_t* frequencies);

// The order of the intervals: symbols by falling frequency, equal ones by rising symbol, absent
// ones left out. Returns how many there are. Frequencies are at most 65536, symbols too.
std::size_t rans_ranking(const std::uint32_t* frequencies, std::size_t alphabet,
                         std::uint16_t* symbol_by_rank);

// The sum of counts * log2(2^precision / frequency), rounded up to whole bits: what the symbols
// take. No symbol with a count may have frequency 0. 2^64 or more is given as 2^64 - 1.
std::uint64_t coded_bits(const std::uint64_t* counts, const std::uint32_t* frequencies,
                         std::size_t alphabet, int precision) noexcept;

}  // namespace pyinfo::coding
