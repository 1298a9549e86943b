// What a call through the C interface costs when there is next to nothing to compute: through the
// table that pyinfo_import() hands out, on four elements. Prints one JSON document, which
// bench/report/sections/native.py judges. PYINFO_ISA chooses the instruction set.
//
//   bench_calls [--quick]
//
// Calls follow each other and do not wait for each other's results, as in a loop over rows.
#include <cmath>
#include <cstring>

#include "pyinfo/pyinfo.h"
#include "timing.hpp"

namespace {

using namespace pyinfo::bench;

constexpr std::size_t kElements = 4;
constexpr int kCalls = 1000;  // of one sample of a candidate: std::function is not to be seen

// Looked up by the compiler no better than by a consumer's.
const pyinfo_api* volatile api_of_consumer = pyinfo_get_api();

template <class T>
struct Vectors {
  T p[kElements] = {T(0.125), T(0.25), T(0.5), T(0.125)};
  T q[kElements] = {T(0.25), T(0.25), T(0.25), T(0.25)};
};
const Vectors<double> f64;
const Vectors<float> f32;

template <class T, class Function>
void one(Function function, const Vectors<T>& vectors, double expected) {
  T result = 0;
  for (int i = 0; i < kCalls; ++i) {
    const pyinfo_error error = function(vectors.p, kElements, PYINFO_CHECK, 2, &result);
    if (error != PYINFO_OK) fail(pyinfo_last_error_detail());
  }
  if (std::abs(double(result) - expected) > 1e-6) fail("a measure is wrong");
}

template <class T, class Function>
void two(Function function, const Vectors<T>& vectors, double expected) {
  T result = 0;
  for (int i = 0; i < kCalls; ++i) {
    const pyinfo_error error = function(vectors.p, vectors.q, kElements, PYINFO_CHECK, 2, &result);
    if (error != PYINFO_OK) fail(pyinfo_last_error_detail());
  }
  if (std::abs(double(result) - expected) > 1e-6) fail("a measure is wrong");
}

Candidate candidate(const char* measure, const char* dtype, std::function<void()> run) {
  const std::string text =
      std::string("\"measure\": \"") + measure + "\", \"dtype\": \"" + dtype + "\"";
  return {text, std::move(run)};
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const pyinfo_api* const api = api_of_consumer;
  if (api->isa()[0] == '\0') fail("PYINFO_ISA names no instruction set of this machine");

  std::vector<Candidate> candidates;
  candidates.push_back({"", additions});
  candidates.push_back(candidate("entropy", "float64", [=] { one(api->entropy_f64, f64, 1.75); }));
  candidates.push_back(candidate("entropy", "float32", [=] { one(api->entropy_f32, f32, 1.75); }));
  candidates.push_back(
      candidate("kl_divergence", "float64", [=] { two(api->kl_divergence_f64, f64, 0.25); }));
  candidates.push_back(
      candidate("kl_divergence", "float32", [=] { two(api->kl_divergence_f32, f32, 0.25); }));

  measure(candidates, quick ? 3 : 21, quick ? 0.0005 : 0.01);
  std::printf("{\"elements\": %zu, \"isa\": \"%s\", \"clock_ghz\": %.4f, \"results\": [", kElements,
              api->isa(), clock_ghz(candidates[0]));
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    std::printf("%s\n  {%s, \"seconds\": %.4g}", i == 1 ? "" : ",", candidates[i].text.c_str(),
                median(candidates[i].seconds) / kCalls);
  }
  std::printf("\n]}\n");
  return EXIT_SUCCESS;
}
