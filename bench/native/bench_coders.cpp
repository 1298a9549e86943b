// The coders without anything around them: every kernel on a block in cache, the tables of a block,
// and the clock. Prints one JSON document, which bench/report/sections/native.py judges.
//
//   bench_coders [--quick]
//
// Rounds go over all candidates in turn, and medians count, as everywhere in bench/. Every payload
// is decoded and compared, and compared between instruction sets, before anything is timed.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
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

struct Codes {
  std::uint64_t counts[256] = {};
  std::uint8_t lengths[256];
  std::uint32_t frequencies[256];

  explicit Codes(const Bytes& data) {
    pyinfo::counting::byte_counts(data.data(), data.size(), 1, counts);
    huffman_lengths(counts, 256, kFastLength, lengths);
    rans_frequencies(counts, 256, kFastPrecision, true, frequencies);
  }
};

// A coder on a block, with memory that is used again and again.
class Lanes {
 public:
  Lanes(const Bytes& data, const Codes& codes, bool rans, simd::Isa isa, unsigned lanes)
      : data_(data),
        rans_(rans),
        isa_(isa),
        lanes_(lanes),
        huffman_encoder_(codes.lengths, &huffman_kernels(isa)),
        huffman_decoder_(codes.lengths, lanes, &huffman_kernels(isa)),
        rans_encoder_(codes.frequencies, &rans_kernels(isa)),
        rans_decoder_(codes.frequencies, lanes, &rans_kernels(isa)),
        memory_(encode_capacity(data.size(), lanes)),
        out_(data.size()) {
    encode();
    decode();
    if (out_ != data) fail("a payload does not decode to what it was made from");
  }

  std::string text() const {
    return std::string("\"coder\": \"") + (rans_ ? "rans" : "huffman") + "\", \"isa\": \"" +
           simd::name(isa_) + "\", \"lanes\": " + std::to_string(lanes_);
  }
  Bytes payload() const { return Bytes(begin_, memory_.data() + memory_.size()); }

  void encode() {
    unsigned char* const end = memory_.data() + memory_.size();
    begin_ = rans_ ? encode_lanes(rans_encoder_, lanes_, data_.data(), data_.size(), end)
                   : encode_lanes(huffman_encoder_, lanes_, data_.data(), data_.size(), end);
  }
  void decode() {
    const std::size_t size = std::size_t(memory_.data() + memory_.size() - begin_);
    const char* const error =
        rans_ ? decode_lanes(rans_decoder_, lanes_, begin_, size, out_.data(), out_.size())
              : decode_lanes(huffman_decoder_, lanes_, begin_, size, out_.data(), out_.size());
    if (error != nullptr) fail(text() + ": " + error);
  }

 private:
  const Bytes& data_;
  bool rans_;
  simd::Isa isa_;
  unsigned lanes_;
  HuffmanEncoder huffman_encoder_;
  HuffmanDecoder huffman_decoder_;
  RansEncoder rans_encoder_;
  RansDecoder rans_decoder_;
  Bytes memory_;
  Bytes out_;
  const unsigned char* begin_ = nullptr;
};

// What coding a block needs before its first symbol: from counts to an encoder and the written
// table, from the written table to a decoder.
class Tables {
 public:
  Tables(const Codes& codes, bool rans, unsigned lanes)
      : codes_(codes), rans_(rans), lanes_(lanes) {
    build_encoder();
    build_decoder();
  }
  void build_encoder() {
    if (rans_) {
      rans_frequencies(codes_.counts, 256, kFastPrecision, true, frequencies_);
      rans_encoder_.reset(new RansEncoder(frequencies_));
      size_ = write_frequencies(frequencies_, table_);
    } else {
      huffman_lengths(codes_.counts, 256, kFastLength, lengths_);
      huffman_encoder_.reset(new HuffmanEncoder(lengths_));
      size_ = write_lengths(lengths_, table_);
    }
  }
  void build_decoder() {
    if (rans_) {
      if (read_frequencies(table_, size_, frequencies_) != size_) fail("a table is not read back");
      rans_decoder_.reset(new RansDecoder(frequencies_, lanes_));
    } else {
      if (read_lengths(table_, size_, lengths_) != size_) fail("a table is not read back");
      huffman_decoder_.reset(new HuffmanDecoder(lengths_, lanes_));
    }
  }
  std::size_t size() const { return size_; }

 private:
  const Codes& codes_;
  bool rans_;
  unsigned lanes_;
  std::uint8_t lengths_[256];
  std::uint32_t frequencies_[256];
  std::unique_ptr<HuffmanEncoder> huffman_encoder_;
  std::unique_ptr<HuffmanDecoder> huffman_decoder_;
  std::unique_ptr<RansEncoder> rans_encoder_;
  std::unique_ptr<RansDecoder> rans_decoder_;
  unsigned char table_[kTableBound];
  std::size_t size_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const int rounds = quick ? 3 : 21;
  const double sample_seconds = quick ? 0.0005 : 0.003;

  std::vector<Candidate> candidates;
  candidates.push_back({"\"what\": \"clock\"", additions});

  const Bytes data = bell();
  const Codes codes(data);
  std::vector<std::unique_ptr<Lanes>> kernels;
  for (const bool rans : {false, true}) {
    for (const unsigned lanes : kLanes) {
      Bytes expected;
      for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
        const auto isa = static_cast<simd::Isa>(i);
        if (!simd::available(isa) || simd::coder_isa(isa) != isa) continue;
        kernels.emplace_back(new Lanes(data, codes, rans, isa, lanes));
        if (expected.empty()) expected = kernels.back()->payload();
        if (kernels.back()->payload() != expected) fail("instruction sets disagree");
      }
    }
  }
  for (const auto& kernel : kernels) {
    Lanes* const lanes = kernel.get();
    const std::string text = "\"what\": \"kernel\", " + lanes->text();
    candidates.push_back({text + ", \"direction\": \"decode\"", [=] { lanes->decode(); }});
    candidates.push_back({text + ", \"direction\": \"encode\"", [=] { lanes->encode(); }});
  }

  // Whole blocks with the instruction set in use.
  struct Block {
    Bytes data;
    Codes codes;
    explicit Block(Bytes bytes) : data(std::move(bytes)), codes(data) {}
  };
  const Block blocks[] = {Block(bell()), Block(slope())};
  const char* const names[] = {"4.0 bits", "7.9 bits"};
  std::vector<std::unique_ptr<Lanes>> coders;
  std::vector<std::unique_ptr<Tables>> tables;
  for (std::size_t i = 0; i < 2; ++i) {
    const Block& block = blocks[i];
    const std::string of = std::string(", \"data\": \"") + names[i] + "\"";
    candidates.push_back({"\"what\": \"histogram\"" + of, [&block] {
                            std::uint64_t counts[256] = {};
                            const Bytes& bytes = block.data;
                            pyinfo::counting::byte_counts(bytes.data(), bytes.size(), 1, counts);
                            if (counts[0] == ~std::uint64_t{0}) fail("miscounted");
                          }});
    for (const bool rans : {false, true}) {
      const std::uint64_t bits =
          rans ? coded_bits(block.codes.counts, block.codes.frequencies, 256, kFastPrecision)
               : coded_bits(block.codes.counts, block.codes.lengths, 256);
      const unsigned chosen = choose_lanes(bits, rans);
      coders.emplace_back(new Lanes(block.data, block.codes, rans, simd::coder_isa(), chosen));
      tables.emplace_back(new Tables(block.codes, rans, chosen));
      Lanes* const lanes = coders.back().get();
      Tables* const table = tables.back().get();
      const std::string text = ", " + lanes->text() + of +
                               ", \"table_bytes\": " + std::to_string(table->size()) +
                               ", \"direction\": \"";
      candidates.push_back(
          {"\"what\": \"table\"" + text + "encode\"", [=] { table->build_encoder(); }});
      candidates.push_back(
          {"\"what\": \"table\"" + text + "decode\"", [=] { table->build_decoder(); }});
      candidates.push_back({"\"what\": \"block\"" + text + "encode\"", [=] { lanes->encode(); }});
      candidates.push_back({"\"what\": \"block\"" + text + "decode\"", [=] { lanes->decode(); }});
    }
  }

  measure(candidates, rounds, sample_seconds);
  const double clock = clock_ghz(candidates[0]);
  std::printf("{\"block_bytes\": %zu, \"isa\": \"%s\", \"clock_ghz\": %.4f, \"results\": [", kBlock,
              simd::name(simd::coder_isa()), clock);
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const double seconds = median(candidates[i].seconds);
    std::printf("%s\n  {%s, \"seconds\": %.4g, \"gbps\": %.4f}", i == 1 ? "" : ",",
                candidates[i].text.c_str(), seconds, double(kBlock) / seconds / 1e9);
  }
  std::printf("\n]}\n");
  return EXIT_SUCCESS;
}
