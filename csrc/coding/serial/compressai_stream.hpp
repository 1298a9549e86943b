// The byte stream of CompressAI's `ans` module: J. Begaint et al., "CompressAI: a PyTorch library
// and evaluation platform for end-to-end compression research" (arXiv:2011.03029, 2020).
//
// One state of 64 bits from 2^31 on, words of 32 bits, tables of precision 16 whose last interval
// is an escape: behind it come how many groups of 4 bits there are and the groups, lowest first.
// Symbols are coded backwards; the state is what a stream begins with, its low word first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace pyinfo::coding {

inline constexpr int kCompressaiPrecision = 16;

class CompressaiTables {
 public:
  // One more table: `size` entries of cdf, which has `length`, rising from 0 to 65536. Throws
  // std::invalid_argument.
  void add(const std::int32_t* cdf, std::size_t length, std::int32_t size, std::int32_t offset);

  struct Table {
    std::uint32_t first;   // interval
    std::uint32_t escape;  // intervals before the escape: symbols
    std::int32_t offset;   // least symbol
    std::uint32_t coarse;  // where its places begin
    std::uint32_t shift;   // slot >> shift is a slot's place
  };
  // What an encoder needs: x / frequency = (x * reciprocal >> 64) >> shift, and for a frequency of
  // 1 that is x - 1, for which `added` makes up.
  struct Interval {
    std::uint64_t reciprocal;
    std::uint32_t added;  // start, and 65535 for a frequency of 1
    std::uint16_t rest;   // 65536 - frequency
    std::uint16_t shift;
  };

  std::size_t count() const noexcept { return tables_.size(); }
  const Table& table(std::size_t i) const noexcept { return tables_[i]; }
  const Interval& interval(std::size_t i) const noexcept { return intervals_[i]; }
  // What a decoder needs of all intervals: 16 bits start, 16 bits frequency - 1.
  const std::uint32_t* slots() const noexcept { return slots_.data(); }
  // The interval that the first slot of this slot's place is in, counted from the table's first.
  std::uint32_t at_place(const Table& table, std::uint32_t slot) const noexcept {
    return coarse_[table.coarse + (slot >> table.shift)];
  }

 private:
  std::vector<Table> tables_;
  std::vector<Interval> intervals_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint16_t> coarse_;
};

// Tables, and what they were made from: programs hand over the same cdfs with each call.
struct CompressaiSource {
  std::vector<std::int32_t> sizes, offsets;
  std::vector<std::int32_t> cdfs;  // of every row what counts, one after the other
  CompressaiTables tables;

  // Makes the tables of `cdfs`. Throws std::invalid_argument, as the next one does.
  void add_rows();
  // Makes them of a matrix with a row for each of the sizes, which is copied to `cdfs` first.
  void add_rows_of(const std::int32_t* rows, std::size_t stride);
  // Whether a matrix has the same cdfs.
  bool has_rows_of(const std::int32_t* rows, std::size_t count, std::size_t stride) const noexcept;
};

// Symbols that are coded together with others, before or after them. The memory may change while it
// is read, which may change what is coded but does no harm.
struct CompressaiPart {
  const CompressaiTables* tables;
  const std::int32_t* symbols;
  const std::int32_t* indexes;
  std::size_t n;
};

// Throws std::invalid_argument for an index that names no table and for symbols 2^27 and more
// beyond their table, which the format has no number for.
void require_codable(const CompressaiPart& part);
// The same refusals.
std::vector<unsigned char> compressai_encode(const CompressaiPart* parts, std::size_t count);

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
