// rANS kernels of every instruction set against push() and pop(), in buffers without a byte to
// spare; the coders against what they define.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/frames/patches.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/models/rans_model.hpp"

namespace {

using namespace pyinfo::coding;
using pyinfo::check::Buffer;
using pyinfo::check::Random;
namespace simd = pyinfo::simd;

struct Model {
  std::string name;
  std::uint32_t frequencies[256];
};

// push() as it is defined, and with it whole steps.
struct PlainEncoder {
  using Symbol = std::uint8_t;
  const Model& model;
  std::uint32_t starts[256];

  explicit PlainEncoder(const Model& of) : model(of), starts() {
    std::uint16_t symbols[256];
    const std::size_t present = rans_ranking(model.frequencies, 256, symbols);
    std::uint32_t start = 0;
    for (std::size_t rank = 0; rank < present; ++rank) {
      starts[symbols[rank]] = start;
      start += model.frequencies[symbols[rank]];
    }
  }
  void push(std::uint32_t& x, Symbol s, unsigned char*& words) const noexcept {
    const std::uint32_t f = model.frequencies[s];
    if (x >= std::uint64_t{f} << 20) {
      store16(words -= 2, x & 0xffff);
      x >>= 16;
    }
    x = (x / f) << 12 | (starts[s] + x % f);
  }
  void steps(unsigned lanes, std::uint32_t* states, const Symbol* symbols, std::size_t steps,
             unsigned char*& words) const noexcept {
    for (std::size_t i = steps * lanes; i-- > 0;) push(states[i % lanes], symbols[i], words);
  }
};

std::size_t any_of(Random& random, std::size_t n) { return std::size_t(random.bits() % n); }

// Frequencies of `present` symbols: at least 1 each, the rest handed out in lots.
Model random_model(Random& random, std::size_t present, std::uint32_t lot) {
  Model model{"random " + std::to_string(present) + " lots of " + std::to_string(lot), {}};
  std::vector<std::uint8_t> symbols(256);
  for (std::size_t s = 0; s < 256; ++s) symbols[s] = std::uint8_t(s);
  for (std::size_t s = 255; s > 0; --s) std::swap(symbols[s], symbols[any_of(random, s + 1)]);
  for (std::size_t i = 0; i < present; ++i) model.frequencies[symbols[i]] = 1;
  for (std::uint32_t left = kRansTotal - std::uint32_t(present); left > 0;) {
    const std::uint32_t more = std::min(left, lot);
    model.frequencies[symbols[any_of(random, present)]] += more;
    left -= more;
  }
  return model;
}

Model listed(const std::string& name, const std::vector<std::uint32_t>& frequencies) {
  Model model{name, {}};
  std::copy(frequencies.begin(), frequencies.end(), model.frequencies);
  return model;
}

std::vector<Model> make_models(Random& random) {
  std::vector<Model> models{
      listed("two", {2048, 2048}),
      listed("lopsided", {1, 4095}),
      listed("lopsided the other way", {4095, 1}),
      listed("uniform", std::vector<std::uint32_t>(256, 16)),
      listed("uniform 128", std::vector<std::uint32_t>(128, 32)),
  };
  std::vector<std::uint32_t> ones(256, 1);
  ones[100] = kRansTotal - 255;
  models.push_back(listed("one heavy", ones));
  // Frequencies of 9 to 12, many of each: more forms of buckets than there are patterns.
  std::vector<std::uint32_t> stairs(256, 0);
  stairs[0] = kRansTotal;
  for (std::uint32_t s = 1; s <= 240; ++s) stairs[0] -= stairs[s] = 9 + s % 4;
  models.push_back(listed("stairs", stairs));
  for (std::size_t present = 2; present <= 256; present += present < 20 ? 3 : 17) {
    for (const std::uint32_t lot : {1u, 7u, 64u, 500u}) {
      models.push_back(random_model(random, present, lot));
    }
  }
  // Symbols that lie close together, some of them on both sides of 255.
  std::size_t first = 0;
  for (const std::uint32_t width : {17u, 32u, 33u, 48u, 49u, 64u, 65u}) {
    first = (first + 107) % 256;
    Model model{std::to_string(width) + " values from " + std::to_string(first) + " on", {}};
    for (std::uint32_t i = 0; i < width; ++i) model.frequencies[(first + i) % 256] = 1;
    for (std::uint32_t left = kRansTotal - width; left > 0;) {
      const std::uint32_t more = std::min(left, 1u + std::uint32_t(any_of(random, 700)));
      model.frequencies[(first + any_of(random, width)) % 256] += more;
      left -= more;
    }
    models.push_back(model);
  }
  models.push_back(random_model(random, 128, 16));
  models.push_back(random_model(random, 129, 16));
  models.push_back(random_model(random, 256, 3));
  for (const double decay : {0.7, 0.9, 0.97, 0.99}) {
    std::uint64_t counts[256];
    double count = 1e9;
    for (auto& c : counts) c = std::uint64_t(count *= decay) + 1;
    Model model{"decay " + std::to_string(decay), {}};
    rans_frequencies(counts, 256, kFastPrecision, true, model.frequencies);
    models.push_back(model);
  }
  return models;
}

// Symbols as the model expects them, with runs of the rarest and the most frequent.
void fill(Buffer<std::uint8_t>& symbols, const Model& model, Random& random) {
  std::vector<std::uint8_t> slots;
  std::vector<std::uint8_t> present;
  for (std::size_t s = 0; s < 256; ++s) {
    slots.insert(slots.end(), model.frequencies[s], std::uint8_t(s));
    if (model.frequencies[s] > 0) present.push_back(std::uint8_t(s));
  }
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const bool expected = i / 1024 % 3 != 2;
    symbols[i] = expected ? slots[any_of(random, slots.size())]
                          : present[i / 512 % 2 == 0 ? any_of(random, present.size()) : 0];
  }
}

struct Table {
  simd::Isa isa;
  const RansKernels* kernels;
};

std::vector<Table> available_kernels() {
  std::vector<Table> tables;
  for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
    const simd::Isa isa = static_cast<simd::Isa>(i);
    if (!simd::available(isa) || simd::coder_isa(isa) != isa) continue;
    tables.push_back({isa, &rans_kernels(isa)});
  }
  return tables;
}

template <class Encoder>
std::vector<unsigned char> encode(const Encoder& encoder, unsigned lanes,
                                  const Buffer<std::uint8_t>& symbols) {
  Buffer<unsigned char> memory(encode_capacity(symbols.size(), lanes));
  unsigned char* const end = memory.data() + memory.size();
  unsigned char* const begin = encode_lanes(encoder, lanes, symbols.data(), symbols.size(), end);
  return std::vector<unsigned char>(begin, end);
}

const char* decode(const RansDecoder& decoder, unsigned lanes,
                   const std::vector<unsigned char>& payload, Buffer<std::uint8_t>& out) {
  Buffer<unsigned char> exact(payload.size());
  std::copy(payload.begin(), payload.end(), exact.data());
  return decode_lanes(decoder, lanes, exact.data(), exact.size(), out.data(), out.size());
}

bool same(const Buffer<std::uint8_t>& a, const Buffer<std::uint8_t>& b) {
  return std::memcmp(a.data(), b.data(), a.size()) == 0;
}

// Every kernel, and with tables for any number of lanes every way to decode.
void check_case(const Model& model, unsigned lanes, std::size_t n, Random& random) {
  Buffer<std::uint8_t> symbols(n, n % 7);
  fill(symbols, model, random);
  const std::vector<unsigned char> expected = encode(PlainEncoder(model), lanes, symbols);
  for (const Table& table : available_kernels()) {
    const std::string what = std::string(simd::name(table.isa)) + " " + model.name + ", " +
                             std::to_string(lanes) + " lanes, " + std::to_string(n);
    const RansEncoder encoder(model.frequencies, table.kernels);
    CHECK(encode(encoder, lanes, symbols) == expected, what);
    for (const unsigned built_for : {lanes, kAnyLanes}) {
      const RansDecoder decoder(model.frequencies, built_for, table.kernels);
      Buffer<std::uint8_t> out(n, n % 5);
      const char* wrong = decode(decoder, lanes, expected, out);
      CHECK(wrong == nullptr && same(out, symbols), what + (wrong == nullptr ? "" : wrong));
    }
  }
}

void check_round_trips(const std::vector<Model>& models) {
  Random random(2);
  for (std::size_t i = 0; i < models.size(); ++i) {
    for (unsigned lanes = 1; lanes <= kMaxLanes; lanes *= 2) {
      const std::size_t past = 3 * lanes + any_of(random, lanes);  // what the states hold, and more
      check_case(models[i], lanes, past, random);
      check_case(models[i], lanes, 40 * lanes + any_of(random, 2 * lanes), random);
    }
    check_case(models[i], 128, 20000 + any_of(random, 256), random);
  }
  const Model model = random_model(random, 40, 9);
  for (const unsigned lanes : {1u, 16u, 32u, 64u, 128u, 256u}) {
    for (std::size_t n = 1; n <= 300; ++n) check_case(model, lanes, n, random);
  }
}

// Kernels that decode by ranks, if this build has any. Tables for them are made on every machine.
const RansKernels* kernels_by_ranks() {
#ifdef PYINFO_KERNELS_avx512
  return &rans_kernels(simd::Isa::avx512);
#else
  return nullptr;
#endif
}

// pop() by ranks is pop() by slots, for every state.
void check_pops(const std::vector<Model>& models) {
  const RansKernels* const kernels = kernels_by_ranks();
  if (kernels == nullptr) return;
  for (const Model& model : models) {
    const RansDecoder by_slots(model.frequencies, kAnyLanes, nullptr);
    const RansDecoder by_ranks(model.frequencies, 256, kernels);
    CHECK(by_slots.has_slots() && !by_slots.has_ranks(), model.name);
    if (!by_ranks.has_ranks()) continue;
    for (std::uint32_t slot = 0; slot < kRansTotal; ++slot) {
      std::uint32_t x = 0x7654f000u | slot;
      std::uint32_t y = x;
      std::uint8_t a = 0;
      std::uint8_t b = 1;
      const unsigned char word[2] = {1, 2};
      const unsigned char* words = word;
      const bool x_ended = !by_slots.pop(x, a, words, word + 2);
      words = word;
      const bool y_ended = !by_ranks.pop(y, b, words, word + 2);
      CHECK(x == y && a == b && x_ended == y_ended, model.name + " " + std::to_string(slot));
    }
  }
}

// Which frequencies the ranks can express, and that the others fall back.
void check_rank_tables(const std::vector<Model>& models) {
  const RansKernels* const kernels = kernels_by_ranks();
  if (kernels == nullptr) return;
  for (const Model& model : models) {
    const RansDecoder decoder(model.frequencies, 256, kernels);
    CHECK(decoder.has_ranks() != decoder.has_slots(), model.name);
    if (model.name.find("decay") == 0 || model.name.find("uniform") == 0) {
      CHECK(decoder.has_ranks(), model.name);
    }
    if (model.name == "stairs") CHECK(!decoder.has_ranks(), model.name);
    CHECK(RansDecoder(model.frequencies, 32, kernels).has_slots(), model.name);
    CHECK(RansDecoder(model.frequencies, kAnyLanes, kernels).has_slots(), model.name);
  }
}

// The quotients of every frequency: one lane in each, where they change and at random states.
void check_divisions() {
  Random random(3);
  const std::vector<Table> kernels = available_kernels();
  for (std::uint32_t f = 1; f < kRansTotal; ++f) {
    const Model model = listed("division by " + std::to_string(f), {f, kRansTotal - f});
    constexpr unsigned lanes = 256;
    Buffer<std::uint8_t> symbols(lanes);
    std::vector<std::uint32_t> states(lanes);
    const std::uint32_t limit = f << 20;  // not renormalised below
    for (unsigned lane = 0; lane < lanes; ++lane) {
      const std::uint32_t quotient = lane < 16 ? (1u << 20) - 1 - lane
                                     : lane < 32
                                         ? lane << 12
                                         : std::uint32_t(any_of(random, 1u << (lane % 20 + 1)));
      std::uint32_t x = quotient * f + (lane % 3 == 0   ? 0
                                        : lane % 3 == 1 ? f - 1
                                                        : std::uint32_t(any_of(random, f)));
      if (lane % 16 == 5) x = std::uint32_t(random.bits());       // gives a word
      if (lane % 16 == 6) x = limit + std::uint32_t(lane) - 128;  // gives one or not
      states[lane] = std::max(x, kLowestState);
    }
    const PlainEncoder plain(model);
    std::vector<std::uint32_t> expected = states;
    Buffer<unsigned char> words(2 * lanes + kWriteBelow);
    unsigned char* const end = words.data() + words.size();
    unsigned char* position = end;
    plain.steps(lanes, expected.data(), symbols.data(), 1, position);
    const std::vector<unsigned char> written(position, end);
    for (const Table& kernel : kernels) {
      alignas(64) std::uint32_t coded[lanes];
      std::copy(states.begin(), states.end(), coded);
      position = end;
      const RansEncoder encoder(model.frequencies, kernel.kernels);
      encoder.steps(lanes, coded, symbols.data(), 1, position);
      CHECK(std::equal(expected.begin(), expected.end(), coded) &&
                std::vector<unsigned char>(position, end) == written,
            model.name + simd::name(kernel.isa));
    }
  }
}

// Damaged payloads: any result, but the same from all kernels, and no access outside the buffers.
void check_damage(const std::vector<Model>& models) {
  Random random(4);
  for (std::size_t i = 0; i < models.size(); i += 5) {
    for (unsigned lanes = 8; lanes <= kMaxLanes; lanes *= 2) {
      Buffer<std::uint8_t> symbols(20 * lanes + any_of(random, lanes));
      fill(symbols, models[i], random);
      const std::vector<unsigned char> payload = encode(PlainEncoder(models[i]), lanes, symbols);
      for (int trial = 0; trial < 12; ++trial) {
        std::vector<unsigned char> damaged = payload;
        if (trial % 3 == 0) {
          damaged.resize(any_of(random, payload.size() + 1));
        } else {
          for (int k = 0; k < trial; ++k) {
            damaged[any_of(random, damaged.size())] ^= 1u << any_of(random, 8);
          }
        }
        std::string results;
        for (const Table& table : available_kernels()) {
          const RansDecoder decoder(models[i].frequencies, lanes, table.kernels);
          Buffer<std::uint8_t> out(symbols.size());
          const char* wrong = decode(decoder, lanes, damaged, out);
          const std::string result =
              wrong != nullptr ? wrong : std::string(out.data(), out.data() + out.size());
          CHECK(results.empty() || result == results,
                models[i].name + simd::name(table.isa) + std::to_string(trial));
          results = result;
        }
      }
    }
  }
}

// Symbols without frequency do no harm, and are found.
void check_absent() {
  Random random(5);
  const Model model = random_model(random, 100, 5);
  Buffer<std::uint8_t> symbols(5000);
  for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i] = std::uint8_t(random.bits());
  for (const Table& kernel : available_kernels()) {
    for (unsigned lanes = 1; lanes <= kMaxLanes; lanes *= 2) {
      const std::size_t size =
          encode(RansEncoder(model.frequencies, kernel.kernels), lanes, symbols).size();
      CHECK(size <= payload_bound(symbols.size(), lanes), simd::name(kernel.isa));
    }
  }
  for (std::size_t n = 0; n < 300; ++n) {
    Buffer<std::uint8_t> some(n);
    fill(some, model, random);
    CHECK(AbsentSymbols(model.frequencies).find(some.data(), n) == n, std::to_string(n));
    if (n == 0) continue;
    const std::size_t place = any_of(random, n);
    while (model.frequencies[some[place]] != 0) ++some[place];
    CHECK(AbsentSymbols(model.frequencies).find(some.data(), n) == place, std::to_string(n));
  }
}

// A list that somebody changes after it was found right is refused, and writes no symbol outside.
void check_changed_patches() {
  constexpr std::size_t n = 50;
  const std::vector<unsigned char> good = {3, 'a', 0, 'b', 44, 'c'};
  CHECK(patches_size(good.data(), good.size(), 3, n) == good.size(), "a good list");
  Buffer<std::uint8_t> symbols(n);
  const auto apply = [&](const std::vector<unsigned char>& list) {
    Buffer<unsigned char> exact(list.size());
    std::copy(list.begin(), list.end(), exact.data());
    return apply_patches(exact.data(), exact.size(), 3, symbols.data(), n);
  };
  CHECK(apply(good), "a good list");
  CHECK(symbols[3] == 'a' && symbols[4] == 'b' && symbols[49] == 'c', "places");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::vector<unsigned char> changed = good;
    changed[at] = 0xff;  // a longer gap, or a longer number
    if (at % 2 == 0) CHECK(!apply(changed), std::to_string(at));
  }
}

}  // namespace

int main() {
  Random random(1);
  const std::vector<Model> models = make_models(random);
  check_round_trips(models);
  check_pops(models);
  check_rank_tables(models);
  check_divisions();
  check_damage(models);
  check_absent();
  check_changed_patches();
  return pyinfo::check::finish();
}
