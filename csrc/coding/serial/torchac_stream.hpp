// The byte stream of torchac: arithmetic coding with 32 bits and carry by pending bits. I. H.
// Witten, R. M. Neal, J. G. Cleary, "Arithmetic coding for data compression", CACM 30, 1987; F.
// Mentzer et al., "Practical full resolution learned lossless image compression" (arXiv:1811.12817,
// 2019).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyinfo::coding {

// Symbol i has the cdf of `entries` >= 2 numbers at cdfs + i * entries; the last one stands for
// 2^16. Throws std::invalid_argument for symbols and tables that cannot be coded.
std::vector<unsigned char> torchac_encode(const std::uint16_t* cdfs, std::size_t entries,
                                          const std::int16_t* symbols, std::size_t n);

// Throws CorruptData unless the stream is the one of these symbols.
void torchac_decode(const std::uint16_t* cdfs, std::size_t entries, const unsigned char* stream,
                    std::size_t size, std::int16_t* out, std::size_t n);

}  // namespace pyinfo::coding
