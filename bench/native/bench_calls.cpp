// What a call through the C interface costs when there is next to nothing to compute: through the
// table that pyinfo_import() hands out, on four elements. PYINFO_ISA chooses the instruction set.
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
Candidate candidate(const char* measure, const char* dtype, double expected, Function function) {
  return {field("measure", measure) + ", " + field("dtype", dtype), [=] {
            T result = 0;
            for (int i = 0; i < kCalls; ++i) {
              if (function(&result) != PYINFO_OK) fail(pyinfo_last_error_detail());
            }
            if (std::abs(double(result) - expected) > 1e-6) fail("a measure is wrong");
          }};
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const pyinfo_api* const api = api_of_consumer;
  if (api->isa()[0] == '\0') fail("PYINFO_ISA names no instruction set of this machine");

  const auto entropy = [](auto function, const auto& of) {
    return [=, &of](auto* out) { return function(of.p, kElements, PYINFO_CHECK, 2, out); };
  };
  const auto divergence = [](auto function, const auto& of) {
    return [=, &of](auto* out) { return function(of.p, of.q, kElements, PYINFO_CHECK, 2, out); };
  };
  const auto head = "\"elements\": " + std::to_string(kElements) + ", " + field("isa", api->isa());
  print_measured(
      {candidate<double>("entropy", "float64", 1.75, entropy(api->entropy_f64, f64)),
       candidate<float>("entropy", "float32", 1.75, entropy(api->entropy_f32, f32)),
       candidate<double>("kl_divergence", "float64", 0.25, divergence(api->kl_divergence_f64, f64)),
       candidate<float>("kl_divergence", "float32", 0.25, divergence(api->kl_divergence_f32, f32))},
      head, quick, 0.01, kCalls, 0);
  return EXIT_SUCCESS;
}
