// Many threads on the same codes and frames, and on what is chosen at the first use: for the thread
// sanitizer (`cmake --preset tsan`), and for results that are equal whoever computes them.
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"
#include "pyinfo/pyinfo.h"

namespace {

using Bytes = std::vector<unsigned char>;
constexpr int kThreads = 8;
constexpr std::size_t kSize = 50000;

// Calls work(i) on kThreads threads that begin as nearly at once as can be had.
template <class Work>
void together(Work work) {
  std::atomic<int> waiting{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

Bytes skewed() {
  Bytes data(kSize);
  std::uint32_t state = 1;
  for (unsigned char& byte : data) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<unsigned char>((state >> 24) & (state >> 16) & 15);
  }
  return data;
}

}  // namespace

int main() {
  const pyinfo_api& api = *pyinfo_get_api();
  std::atomic<int> wrong{0};
  const auto require = [&](bool right) { wrong += right ? 0 : 1; };

  // The first use of the process: instruction set and kernels are chosen by whoever comes first.
  double entropies[kThreads];
  together([&](int i) {
    const double p[3] = {0.5, 0.25, 0.25};
    require(api.entropy_f64(p, 3, PYINFO_CHECK, 2, &entropies[i]) == PYINFO_OK);
  });
  for (const double entropy : entropies) CHECK(entropy == 1.5, "the first use");

  const Bytes data = skewed();
  std::uint64_t counts[256] = {};
  api.byte_counts(data.data(), kSize, 1, counts);
  pyinfo_code* codes[2] = {};
  CHECK(api.huffman_code_from_counts(counts, 256, 11, &codes[0]) == PYINFO_OK, "Huffman");
  CHECK(api.rans_code_from_counts(counts, 256, 12, &codes[1]) == PYINFO_OK, "rANS");
  for (const pyinfo_code* code : codes) {
    Bytes messages[kThreads];
    together([&](int i) {
      Bytes& message = messages[i];
      message.resize(api.code_encode_bound(code, kSize));
      std::size_t size = 0, n = 0;
      require(api.code_encode(code, data.data(), kSize, message.data(), message.size(), &size) ==
              PYINFO_OK);
      message.resize(size);
      Bytes decoded(kSize);
      require(api.code_decode(code, message.data(), size, decoded.data(), kSize, &n) == PYINFO_OK);
      require(decoded == data);
      // Everybody has an error of his own to tell.
      const unsigned char absent = static_cast<unsigned char>(100 + i);
      require(api.code_encode(code, &absent, 1, decoded.data(), kSize, &size) ==
              PYINFO_ERROR_SYMBOL);
      require(std::strstr(api.last_error_detail(), std::to_string(absent).c_str()) != nullptr);
    });
    for (const Bytes& message : messages) CHECK(message == messages[0], "equal messages");
  }
  for (pyinfo_code* code : codes) api.code_destroy(code);

  // One frame, written by several threads in each of several threads, read by all of them.
  pyinfo_frame_options options = PYINFO_FRAME_OPTIONS_INIT;
  options.item_size = 2;
  options.block_items = 4000;
  options.threads = 3;
  Bytes frames[kThreads];
  together([&](int i) {
    std::size_t size = 0;
    frames[i].resize(2 * kSize);
    require(api.frame_compress(data.data(), kSize, &options, frames[i].data(), 2 * kSize, &size) ==
            PYINFO_OK);
    frames[i].resize(size);
  });
  for (const Bytes& frame : frames) CHECK(frame == frames[0], "equal frames");
  const Bytes& frame = frames[0];
  together([&](int i) {
    Bytes decoded(kSize);
    std::size_t n = 0;
    require(api.frame_decompress(frame.data(), frame.size(), decoded.data(), kSize, 3, &n) ==
            PYINFO_OK);
    require(decoded == data);
    const std::uint64_t first = std::uint64_t(i) * 3000;
    require(api.frame_decompress_items(frame.data(), frame.size(), first, first + 3000,
                                       decoded.data(), kSize, 2, &n) == PYINFO_OK);
    require(std::memcmp(decoded.data(), data.data() + 2 * first, n) == 0);
  });
  CHECK(wrong == 0, std::to_string(wrong) + " answers of threads");
  return pyinfo::check::finish();
}
