// The byte stream of CompressAI's `ans` module: J. Begaint et al., "CompressAI: a PyTorch library
// and evaluation platform for end-to-end compression research" (arXiv:2011.03029, 2020).
//
// One state of 64 bits from 2^31 on, words of 32 bits, tables of precision 16 whose last interval
// is an escape: behind it come how many groups of 4 bits there are and the groups, lowest first.
// Symbols are coded backwards; the state is what a stream begins with, its low word first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace pyinfo::coding {

inline constexpr int kCompressaiPrecision = 16;

class CompressaiTables {
 public:
  // Row i has sizes[i] entries of `cdfs` + i * stride, rising from 0 to 65536. Throws
  // std::invalid_argument.
  CompressaiTables(const std::int32_t* cdfs, std::size_t count, std::size_t stride,
                   const std::int32_t* sizes, const std::int32_t* offsets);

  struct Table {
    std::uint32_t first;   // interval
    std::uint32_t escape;  // intervals before the escape: symbols
    std::int32_t offset;   // least symbol
    std::uint32_t coarse;  // where its places begin
  };
  struct Interval {
    std::uint64_t reciprocal;  // x / frequency = (x * reciprocal >> 64) >> shift
    std::uint32_t frequency;
    std::uint16_t start;
    std::uint16_t shift;
  };
  static constexpr unsigned kPlaceBits = 8;  // slots of a place: 256 places

  std::size_t count() const noexcept { return tables_.size(); }
  const Table& table(std::size_t i) const noexcept { return tables_[i]; }
  const Interval& interval(std::size_t i) const noexcept { return intervals_[i]; }
  // The interval that the first slot of this place is in, counted from the table's first.
  std::uint32_t at_place(const Table& table, std::uint32_t slot) const noexcept {
    return coarse_[table.coarse + (slot >> kPlaceBits)];
  }

 private:
  std::vector<Table> tables_;
  std::vector<Interval> intervals_;
  std::vector<std::uint32_t> coarse_;
};

// Symbols that are coded together with others, before or after them.
struct CompressaiPart {
  std::shared_ptr<const CompressaiTables> tables;
  std::vector<std::int32_t> symbols;
  std::vector<std::int32_t> indexes;
};

// Throws std::invalid_argument for an index that names no table and for symbols 2^27 and more
// beyond their table, which the format has no number for.
void require_codable(const CompressaiTables& tables, const std::int32_t* symbols,
                     const std::int32_t* indexes, std::size_t n);
// Of parts that are codable.
std::vector<unsigned char> compressai_encode(const std::vector<CompressaiPart>& parts);

// A stream that is read in several calls.
class CompressaiDecoder {
 public:
  // Throws CorruptData if it is no stream.
  explicit CompressaiDecoder(std::vector<unsigned char> stream);

  // The next n symbols. Throws CorruptData where the stream ends too early or is damaged, and
  // std::invalid_argument for indexes; the state is then as before.
  void decode(const CompressaiTables& tables, const std::int32_t* indexes, std::size_t n,
              std::int32_t* out);
  // Throws CorruptData unless all of the stream has been used.
  void require_end() const;

 private:
  std::vector<unsigned char> stream_;
  std::uint64_t state_;
  std::size_t at_ = 8;
};

// CompressAI's tables of 2^precision from probabilities. Throws std::invalid_argument.
std::vector<std::int32_t> compressai_cdf(const float* pmf, std::size_t n, int precision);

}  // namespace pyinfo::coding
