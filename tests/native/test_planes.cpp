// Byte planes: every instruction set against the definition, in buffers without a byte to spare.
#include <cstring>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/planes/planes.hpp"

namespace {

using pyinfo::check::Buffer;
namespace coding = pyinfo::coding;
namespace simd = pyinfo::simd;

bool equal(const Buffer<unsigned char>& a, const Buffer<unsigned char>& b) {
  return a.size() == b.size() && (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

std::vector<unsigned char*> pointers(std::vector<Buffer<unsigned char>>& buffers) {
  std::vector<unsigned char*> result;
  for (Buffer<unsigned char>& buffer : buffers) result.push_back(buffer.data());
  return result;
}

void there_and_back(simd::Isa isa, std::size_t planes, bool rotated, std::size_t n_items) {
  const std::string what = std::string(simd::name(isa)) + ", " + std::to_string(n_items) +
                           " items of " + std::to_string(planes) + (rotated ? ", rotated" : "");
  pyinfo::check::Random random(n_items * 100 + planes);
  Buffer<unsigned char> items(n_items * planes, n_items % 7);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = static_cast<unsigned char>(random.bits());
  }
  std::vector<Buffer<unsigned char>> fast, plain;
  for (std::size_t k = 0; k < planes; ++k) {
    fast.emplace_back(n_items, k % 5);
    plain.emplace_back(n_items);
  }
  const std::vector<unsigned char*> to = pointers(fast);
  coding::split_planes_reference(items.data(), n_items, planes, rotated, pointers(plain).data());
  coding::planes_kernels(isa).split(items.data(), n_items, planes, rotated, to.data());
  for (std::size_t k = 0; k < planes; ++k) {
    CHECK(equal(fast[k], plain[k]), what + ", plane " + std::to_string(k));
  }
  const std::vector<const unsigned char*> from(to.begin(), to.end());
  Buffer<unsigned char> joined(items.size(), n_items % 3);
  coding::planes_kernels(isa).join(from.data(), n_items, planes, rotated, joined.data());
  CHECK(equal(joined, items), what + ", joined");
  Buffer<unsigned char> plainly(items.size());
  coding::join_planes_reference(from.data(), n_items, planes, rotated, plainly.data());
  CHECK(equal(plainly, items), what + ", joined plainly");
}

// What the definition says, by hand: the sign goes to the lowest bit, the exponent to the last
// byte.
void rotation() {
  const unsigned char items[] = {0x80, 0xbf, 0x00, 0x40};  // -1 and 2 as bfloat16
  unsigned char planes[2][2];
  unsigned char* const to[] = {planes[0], planes[1]};
  coding::split_planes_reference(items, 2, 2, true, to);
  CHECK(planes[1][0] == 127 && planes[0][0] == 1, "-1: exponent 127, a sign");
  CHECK(planes[1][1] == 128 && planes[0][1] == 0, "2: exponent 128, no sign");
}

void groups(simd::Isa isa) {
  const auto kernel = coding::planes_kernels(isa).occurring_groups;
  pyinfo::check::Random random(3);
  for (std::size_t size = 0; size < 400; ++size) {
    Buffer<unsigned char> data(size, size % 6);
    const int values = 1 + int(random.bits() % 40);
    const int first = int(random.bits() % 256);
    for (std::size_t i = 0; i < size; ++i) {
      data[i] = static_cast<unsigned char>(first + int(random.bits() % std::uint64_t(values)));
    }
    CHECK(kernel(data.data(), size) == coding::occurring_groups_reference(data.data(), size),
          std::string(simd::name(isa)) + ", groups in " + std::to_string(size) + " bytes");
  }
  for (int value = 0; value < 256; ++value) {
    Buffer<unsigned char> data(192);
    std::memset(data.data(), value, data.size());
    CHECK(kernel(data.data(), data.size()) == std::uint32_t{1} << value / 8,
          std::string(simd::name(isa)) + ", the group of " + std::to_string(value));
  }
}

}  // namespace

int main() {
  rotation();
  for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
    const simd::Isa isa = static_cast<simd::Isa>(i);
    if (!simd::available(isa) || simd::coder_isa(isa) != isa) continue;
    for (const std::size_t planes : {1, 2, 3, 4, 5, 8, 12, 16, 17, 70}) {
      for (std::size_t items = 0; items <= 1200; items += items < 140 ? 1 : 211) {
        there_and_back(isa, planes, false, items);
      }
    }
    there_and_back(isa, 2000, false, 40);
    for (const std::size_t planes : {2, 4, 8}) {
      for (std::size_t items = 0; items <= 1200; items += items < 300 ? 1 : 211) {
        there_and_back(isa, planes, true, items);
      }
    }
    groups(isa);
  }
  return pyinfo::check::finish();
}
