// A whole frame in memory, or in a file mapped to memory: any part of it decodes on its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coding/frames/frame_format.hpp"
#include "coding/frames/frame_index.hpp"

namespace pyinfo::coding {

struct BlockInfo {
  Mode mode;
  unsigned lanes;  // 0 unless huffman or rans
  std::uint32_t plane;
  std::uint64_t start;  // its first item
  std::uint32_t symbols;
  std::uint32_t size;    // with its header
  std::uint64_t offset;  // of its header in the frame
  std::uint32_t check;
  std::uint32_t previous_check;
};

struct Damage {
  static constexpr std::uint64_t kNoBlock = ~std::uint64_t{0};
  std::uint64_t block;   // kNoBlock: the index, the footer, or what follows the frame
  std::uint64_t offset;  // in the frame
  std::string message;   // which says both, too
};

class FrameReader {
 public:
  // `data` is not copied and must outlive the reader. Blocks are found by the index if it is
  // intact, else by walking from header to header as far as that leads. Throws CorruptData if there
  // is no readable frame header, OutputTooLarge if there are more than `max_size` bytes in it.
  // Where other frames may follow, the index at the end is none of this frame, and is not looked
  // for.
  FrameReader(const unsigned char* data, std::size_t size, std::uint64_t max_size = kNoLimit,
              bool others_follow = false);

  const FrameHeader& header() const noexcept { return header_; }
  // As far as known: a frame that is not sized and whose footer is damaged has the items found.
  std::uint64_t items() const noexcept { return items_; }
  // Decoded bytes: items() * planes.
  std::uint64_t size() const noexcept { return items_ * header_.planes; }
  // The byte after the frame; what follows is not part of it. The whole size if it is damaged.
  std::uint64_t end() const noexcept { return end_; }

  std::uint64_t block_count() const noexcept { return blocks_.size(); }
  // What its header says, as far as that is intact (else it is shown as raw). i < block_count().
  BlockInfo block(std::uint64_t i) const noexcept;
  std::vector<BlockInfo> blocks() const;

  // Throws CorruptData unless every block was found and index and footer are intact and nothing
  // follows them. Says nothing about the blocks' payloads.
  void require_complete() const;

  // Throws CorruptData if items() may be fewer than were written: the header does not say how many
  // they are, and the frame breaks off or its end is damaged.
  void require_known_items() const;

  // Throws CorruptData unless the blocks of these items were found: to be asked before memory is
  // allocated for them, as a damaged header may promise any number. out_of_range beyond items().
  void require_found(std::uint64_t first, std::uint64_t last) const;

  // Items first .. last - 1 to `out`. Throws CorruptData about the first damaged block among those
  // that hold them; `out` is unspecified then, and so it is after Interrupted. `threads` 0: one per
  // core.
  void decode(std::uint64_t first, std::uint64_t last, unsigned char* out, int threads) const;

  // All that is damaged, in the order of the frame. Decodes everything to find out.
  std::vector<Damage> verify(int threads) const;

 private:
  struct Located {
    std::uint64_t offset;
    std::uint32_t size;
    std::uint32_t check;
  };
  struct Payload;
  struct ChunkScratch;

  bool use_index();
  void walk();
  bool index_follows(std::uint64_t offset, const ExpectedIndex& expected);
  void note(std::uint64_t block, std::uint64_t offset, const std::string& what);
  std::uint32_t symbols_of(std::uint64_t block) const noexcept;
  std::uint32_t previous_check(std::uint64_t block) const noexcept;
  const char* find_payload(std::uint64_t block, Payload& payload) const noexcept;
  const char* decode_to(std::uint64_t block, unsigned char* out) const;
  const char* check_only(const Payload& payload, std::uint64_t block) const noexcept;
  bool decode_chunk(std::uint64_t chunk, std::uint32_t first, std::uint32_t last,
                    unsigned char* out, Damage& damage) const;

  const unsigned char* data_;
  std::uint64_t data_size_;
  std::uint32_t header_check_ = 0;  // before the header, which is read with it
  FrameHeader header_;
  std::uint64_t items_ = 0;
  std::uint32_t cut_symbols_ = 0;  // of the chunk after these items, if it lacks planes
  std::uint64_t end_ = 0;
  std::vector<Located> blocks_;
  std::vector<Damage> damages_;  // found by the constructor
};

}  // namespace pyinfo::coding
