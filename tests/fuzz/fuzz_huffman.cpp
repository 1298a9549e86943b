// Huffman lanes: fuzzed codes, lanes, lengths and payloads on every instruction set of this
// machine, against symbols decoded one by one; and any data there and back.
#include "coding/lanes/huffman_lanes.hpp"
#include "coding/messages/symbol_code.hpp"
#include "coding/models/code_tables.hpp"
#include "coding/models/huffman_code.hpp"
#include "lane_fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;
namespace simd = pyinfo::simd;

// A code from a table as blocks carry it, or from fuzzed counts where there is none.
void take_lengths(Input& input, std::uint8_t lengths[256]) {
  const unsigned form = input.byte();
  const Exact table(input.rest(), input.left());
  const std::size_t read = form % 2 == 0 ? 0 : read_lengths(table.data(), table.size(), lengths);
  REQUIRE(read <= table.size());
  input.skip(read);
  if (read == 0) {
    std::uint64_t counts[256];
    take_counts(input, counts);
    huffman_lengths(counts, 256, 8 + int(form / 2 % 4), lengths);
  }
  REQUIRE(kraft_sum(lengths, 256) == 65536);
  unsigned char written[kTableBound];
  std::uint8_t again[256];
  const std::size_t size = write_lengths(lengths, written);
  REQUIRE(size <= kTableBound && read_lengths(written, size, again) == size);
  REQUIRE(std::memcmp(lengths, again, 256) == 0);
}

class Huffman {
 public:
  Huffman(const std::uint8_t* lengths, unsigned lanes) : lengths_(lengths), lanes_(lanes) {}

  unsigned lanes() const { return lanes_; }
  HuffmanEncoder plain_encoder() const { return HuffmanEncoder(lengths_, nullptr); }
  HuffmanDecoder plain_decoder() const { return HuffmanDecoder(lengths_, lanes_, nullptr); }
  template <class Use>
  void with_encoder(simd::Isa isa, Use use) const {
    use(HuffmanEncoder(lengths_, &huffman_kernels(isa)));
  }
  template <class Use>
  void with_decoder(simd::Isa isa, Use use) const {
    use(HuffmanDecoder(lengths_, lanes_, &huffman_kernels(isa)));
    use(HuffmanDecoder(lengths_, kAnyLanes, &huffman_kernels(isa)));
  }

 private:
  const std::uint8_t* lengths_;
  unsigned lanes_;
};

// Codes that the vector kernels do not know: the lengths are the fuzzer's, complete or not.
void check_other_codes(Input input) {
  const std::size_t alphabet = 1 + input.number() % 600;
  const unsigned longest = 1 + input.byte() % 16;
  std::vector<std::uint8_t> lengths(alphabet);
  std::uint64_t kraft = 0;
  for (std::uint8_t& length : lengths) {
    const unsigned wanted = input.byte() % (longest + 1);
    if (wanted == 0 || kraft + (65536u >> wanted) > 65536) continue;
    kraft += 65536u >> wanted;
    length = static_cast<std::uint8_t>(wanted);
  }
  REQUIRE(kraft_sum(lengths.data(), alphabet) == kraft);
  if (kraft == 0) return;
  check_messages(*huffman_code(lengths.data(), alphabet), input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Input input(data, size);
  if (input.byte() % 8 == 0) {
    check_other_codes(input);
    return 0;
  }
  std::uint8_t lengths[256];
  const unsigned lanes = 1u << input.byte() % 9;
  take_lengths(input, lengths);
  std::vector<unsigned> present;
  for (unsigned symbol = 0; symbol < 256; ++symbol) {
    if (lengths[symbol] != 0) present.push_back(symbol);
  }
  check_lanes(Huffman(lengths, lanes), input, present);
  return 0;
}
