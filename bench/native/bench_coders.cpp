// The coders without anything around them: every kernel on a block in cache, the tables of a block,
// and the clock.
//
//   bench_coders [--quick]
//
// Rounds go over all candidates in turn, and medians count, as everywhere in bench/. Every payload
// is decoded and compared, and compared between instruction sets, before anything is timed.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/models/code_tables.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"
#include "counting/byte_counts.hpp"
#include "timing.hpp"

namespace {

using namespace pyinfo::bench;
using namespace pyinfo::coding;
namespace simd = pyinfo::simd;
using Bytes = std::vector<unsigned char>;

constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr unsigned kLanes[] = {32, 64, 128, 256};

// -- Data -----------------------------------------------------------------------------------------

// splitmix64
std::uint64_t random_bits(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Bytes draw(const std::vector<double>& weights) {
  double total = 0;
  for (const double weight : weights) total += weight;
  std::vector<double> bounds;
  double sum = 0;
  for (const double weight : weights) bounds.push_back((sum += weight) / total);
  Bytes data(kBlock);
  std::uint64_t state = 0;
  for (unsigned char& byte : data) {
    const double u = double(random_bits(state) >> 11) * 0x1p-53;
    const auto found = std::upper_bound(bounds.begin(), bounds.end() - 1, u);
    byte = static_cast<unsigned char>(found - bounds.begin());
  }
  return data;
}

// 4.0 bits: a bell, as in bench/inputs/coded_bytes.py. 7.9 bits: falling by a constant factor.
Bytes bell() {
  const double deviation = 16 / std::sqrt(2 * 3.14159265358979 * std::exp(1.0));
  std::vector<double> weights;
  for (int value = 0; value < 256; ++value) {
    weights.push_back(std::exp(-0.5 * std::pow((value - 128) / deviation, 2)));
  }
  return draw(weights);
}
Bytes slope() {
  std::vector<double> weights;
  for (int value = 0; value < 256; ++value) weights.push_back(std::pow(0.99487, value));
  return draw(weights);
}

// -- Coders ---------------------------------------------------------------------------------------

// What a coder is made of: `Numbers` describe its code for the 256 bytes, `write` and `read` its
// table in a block, which is as long as they return.
struct Huffman {
  static constexpr const char* kName = "huffman";
  static constexpr bool kRans = false;
  using Numbers = std::array<std::uint8_t, 256>;
  using Encoder = HuffmanEncoder;
  using Decoder = HuffmanDecoder;
  static const auto* kernels(simd::Isa isa) { return &huffman_kernels(isa); }
  static void fit(const std::uint64_t* counts, Numbers& lengths) {
    huffman_lengths(counts, 256, kFastLength, lengths.data());
  }
  static std::uint64_t bits(const std::uint64_t* counts, const Numbers& lengths) {
    return coded_bits(counts, lengths.data(), 256);
  }
  static std::size_t write(const Numbers& lengths, unsigned char* table) {
    return write_lengths(lengths.data(), table);
  }
  static std::size_t read(const unsigned char* table, std::size_t size, Numbers& lengths) {
    return read_lengths(table, size, lengths.data());
  }
};

struct Rans {
  static constexpr const char* kName = "rans";
  static constexpr bool kRans = true;
  using Numbers = std::array<std::uint32_t, 256>;
  using Encoder = RansEncoder;
  using Decoder = RansDecoder;
  static const auto* kernels(simd::Isa isa) { return &rans_kernels(isa); }
  static void fit(const std::uint64_t* counts, Numbers& frequencies) {
    rans_frequencies(counts, 256, kFastPrecision, true, frequencies.data());
  }
  static std::uint64_t bits(const std::uint64_t* counts, const Numbers& frequencies) {
    return coded_bits(counts, frequencies.data(), 256, kFastPrecision);
  }
  static std::size_t write(const Numbers& frequencies, unsigned char* table) {
    return write_frequencies(frequencies.data(), table);
  }
  static std::size_t read(const unsigned char* table, std::size_t size, Numbers& frequencies) {
    return read_frequencies(table, size, frequencies.data());
  }
};

struct Block {
  std::string name;
  Bytes data;
  std::uint64_t counts[256] = {};

  Block(const char* of, Bytes bytes) : name(of), data(std::move(bytes)) { count(); }
  void count() {
    std::fill_n(counts, 256, 0);
    pyinfo::counting::byte_counts(data.data(), data.size(), 1, counts);
  }
};

// A coder on a block, with memory that is used again and again; and what it needs before the first
// symbol: from counts to an encoder and the written table, from the written table to a decoder.
template <class Coder>
class Lanes {
 public:
  Lanes(const Block& block, simd::Isa isa, unsigned lanes)
      : block_(block),
        isa_(isa),
        lanes_(lanes),
        memory_(encode_capacity(block.data.size(), lanes)),
        out_(block.data.size()) {
    build_encoder();
    build_decoder();
    encode();
    decode();
    if (out_ != block.data) fail("a payload does not decode to what it was made from");
  }

  std::string text() const {
    return field("coder", Coder::kName) + ", " + field("isa", simd::name(isa_)) +
           ", \"lanes\": " + std::to_string(lanes_);
  }
  std::size_t table_size() const { return table_size_; }
  Bytes payload() const { return Bytes(begin_, memory_.data() + memory_.size()); }

  void build_encoder() {
    Coder::fit(block_.counts, numbers_);
    encoder_.emplace(numbers_.data(), Coder::kernels(isa_));
    table_size_ = Coder::write(numbers_, table_);
  }
  void build_decoder() {
    if (Coder::read(table_, table_size_, numbers_) != table_size_) fail("a table is not read back");
    decoder_.emplace(numbers_.data(), lanes_, Coder::kernels(isa_));
  }
  void encode() {
    unsigned char* const end = memory_.data() + memory_.size();
    begin_ = encode_lanes(*encoder_, lanes_, block_.data.data(), block_.data.size(), end);
  }
  void decode() {
    const std::size_t size = std::size_t(memory_.data() + memory_.size() - begin_);
    const char* const error =
        decode_lanes(*decoder_, lanes_, begin_, size, out_.data(), out_.size());
    if (error != nullptr) fail(text() + ": " + error);
  }

 private:
  const Block& block_;
  simd::Isa isa_;
  unsigned lanes_;
  typename Coder::Numbers numbers_;
  std::optional<typename Coder::Encoder> encoder_;
  std::optional<typename Coder::Decoder> decoder_;
  unsigned char table_[kTableBound];
  std::size_t table_size_ = 0;
  Bytes memory_;
  Bytes out_;
  const unsigned char* begin_ = nullptr;
};

// Every kernel on a block.
template <class Coder>
void add_kernels(std::vector<Candidate>& candidates, const Block& block) {
  for (const unsigned lanes : kLanes) {
    Bytes expected;
    for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
      const auto isa = static_cast<simd::Isa>(i);
      if (!simd::available(isa) || simd::coder_isa(isa) != isa) continue;
      const auto coder = std::make_shared<Lanes<Coder>>(block, isa, lanes);
      if (expected.empty()) expected = coder->payload();
      if (coder->payload() != expected) fail("instruction sets disagree");
      const std::string text = field("what", "kernel") + ", " + coder->text() + ", ";
      candidates.push_back({text + field("direction", "decode"), [=] { coder->decode(); }});
      candidates.push_back({text + field("direction", "encode"), [=] { coder->encode(); }});
    }
  }
}

// A whole block with the instruction set in use, and its tables.
template <class Coder>
void add_block(std::vector<Candidate>& candidates, const Block& block) {
  typename Coder::Numbers numbers;
  Coder::fit(block.counts, numbers);
  const unsigned chosen = choose_lanes(Coder::bits(block.counts, numbers), Coder::kRans);
  const auto coder = std::make_shared<Lanes<Coder>>(block, simd::coder_isa(), chosen);
  const auto add = [&](const char* what, const char* direction, std::function<void()> run) {
    const std::string size = ", \"table_bytes\": " + std::to_string(coder->table_size()) + ", ";
    candidates.push_back({field("what", what) + ", " + coder->text() + ", " +
                              field("data", block.name) + size + field("direction", direction),
                          std::move(run)});
  };
  add("table", "encode", [=] { coder->build_encoder(); });
  add("table", "decode", [=] { coder->build_decoder(); });
  add("block", "encode", [=] { coder->encode(); });
  add("block", "decode", [=] { coder->decode(); });
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  Block blocks[] = {Block("4.0 bits", bell()), Block("7.9 bits", slope())};
  std::vector<Candidate> candidates;
  add_kernels<Huffman>(candidates, blocks[0]);
  add_kernels<Rans>(candidates, blocks[0]);
  for (Block& block : blocks) {
    const std::string text = field("what", "histogram") + ", " + field("data", block.name);
    candidates.push_back({text, [&block] { block.count(); }});
    add_block<Huffman>(candidates, block);
    add_block<Rans>(candidates, block);
  }
  const std::string head = "\"block_bytes\": " + std::to_string(kBlock) + ", " +
                           field("isa", simd::name(simd::coder_isa()));
  print_measured(std::move(candidates), head, quick, 0.003, 1, kBlock);
  return EXIT_SUCCESS;
}
