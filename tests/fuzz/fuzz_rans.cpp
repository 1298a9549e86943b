// rANS lanes: fuzzed models, lanes, lengths and payloads on every instruction set of this machine,
// against symbols decoded one by one; and any data there and back.
#include <numeric>

#include "coding/lanes/rans_lanes.hpp"
#include "coding/messages/symbol_code.hpp"
#include "coding/models/code_tables.hpp"
#include "coding/models/rans_model.hpp"
#include "lane_fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;
namespace simd = pyinfo::simd;

// A model from a table as blocks carry it, or from fuzzed counts where there is none.
void take_frequencies(Input& input, std::uint32_t frequencies[256]) {
  const unsigned form = input.byte();
  const Exact table(input.rest(), input.left());
  const std::size_t read =
      form % 2 == 0 ? 0 : read_frequencies(table.data(), table.size(), frequencies);
  REQUIRE(read <= table.size());
  input.skip(read);
  if (read == 0) {
    std::uint64_t counts[256];
    take_counts(input, counts);
    rans_frequencies(counts, 256, kFastPrecision, form / 2 % 2 == 0, frequencies);
  }
  REQUIRE(std::accumulate(frequencies, frequencies + 256, 0u) == kRansTotal);
  unsigned char written[kTableBound];
  std::uint32_t again[256];
  const std::size_t size = write_frequencies(frequencies, written);
  REQUIRE(size <= kTableBound && read_frequencies(written, size, again) == size);
  REQUIRE(std::memcmp(frequencies, again, sizeof again) == 0);
}

class Rans {
 public:
  Rans(const std::uint32_t* frequencies, unsigned lanes)
      : frequencies_(frequencies), lanes_(lanes) {}

  unsigned lanes() const { return lanes_; }
  RansEncoder plain_encoder() const { return RansEncoder(frequencies_, nullptr); }
  RansDecoder plain_decoder() const { return RansDecoder(frequencies_, lanes_, nullptr); }
  template <class Use>
  void with_encoder(simd::Isa isa, Use use) const {
    use(RansEncoder(frequencies_, &rans_kernels(isa)));
  }
  template <class Use>
  void with_decoder(simd::Isa isa, Use use) const {
    use(RansDecoder(frequencies_, lanes_, &rans_kernels(isa)));
    use(RansDecoder(frequencies_, kAnyLanes, &rans_kernels(isa)));
  }

 private:
  const std::uint32_t* frequencies_;
  unsigned lanes_;
};

// Models that the vector kernels do not know: other precisions and alphabets.
void check_other_models(Input input) {
  const int precision = kMinPrecision + int(input.byte() % 9);
  const std::size_t alphabet = 1 + input.number() % 600;
  std::vector<std::uint32_t> frequencies(alphabet);
  std::uint32_t left = 1u << precision;
  for (std::size_t i = 0; i + 1 < alphabet; ++i) {
    frequencies[i] = std::min<std::uint32_t>(left, input.byte() << input.byte() % 9);
    left -= frequencies[i];
  }
  frequencies[alphabet - 1] = left;
  check_messages(*rans_code(frequencies.data(), alphabet, precision), input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Input input(data, size);
  if (input.byte() % 8 == 0) {
    check_other_models(input);
    return 0;
  }
  std::uint32_t frequencies[256];
  const unsigned lanes = 1u << input.byte() % 9;
  take_frequencies(input, frequencies);
  std::vector<unsigned> present;
  for (unsigned symbol = 0; symbol < 256; ++symbol) {
    if (frequencies[symbol] != 0) present.push_back(symbol);
  }
  check_lanes(Rans(frequencies, lanes), input, present);
  return 0;
}
