// The C interface: every function once and every error; header_c99.c is linked in as the C side.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "counting/joint_histogram.hpp"
#include "pyinfo/pyinfo.h"

extern "C" const pyinfo_api* pyinfo_table_seen_by_c(void);

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const pyinfo_api& api = *pyinfo_get_api();
using Bytes = std::vector<unsigned char>;

void expect(pyinfo_error got, pyinfo_error wanted, const std::string& what) {
  CHECK(got == wanted, what + ": " + api.error_message(got) + ": " + api.last_error_detail());
}

Bytes skewed(std::size_t n) {
  Bytes data(n);
  std::uint32_t state = 1;
  for (unsigned char& byte : data) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<unsigned char>((state >> 24) & (state >> 16) & 15);
  }
  return data;
}

void test_table() {
  CHECK(api.size == sizeof(pyinfo_api), "size");
  CHECK(api.version == PYINFO_ABI_VERSION, "version");
  CHECK(pyinfo_table_seen_by_c() == &api, "C and C++ see one table");
  CHECK(std::string(api.library_version) == pyinfo_version(), "version");
  CHECK(std::strlen(api.isa()) > 0, "isa");
  for (int error = 0; error < 20; ++error)
    CHECK(std::strlen(api.error_message(static_cast<pyinfo_error>(error))) > 0, "a message");
}

void test_measures() {
  const double p[4] = {0.5, 0.25, 0.25, 0};
  const double q[4] = {0.25, 0.25, 0.25, 0.25};
  const float pf[4] = {0.5f, 0.25f, 0.25f, 0};
  double x = -1;
  float y = -1;
  expect(api.entropy_f64(p, 4, PYINFO_CHECK, 2, &x), PYINFO_OK, "entropy");
  CHECK(x == 1.5, "entropy");
  expect(api.entropy_f32(pf, 4, PYINFO_CHECK, 4, &y), PYINFO_OK, "entropy");
  CHECK(y == 0.75f, "entropy, base 4");
  expect(api.cross_entropy_f64(p, q, 4, PYINFO_CHECK, 2, &x), PYINFO_OK, "cross-entropy");
  CHECK(x == 2, "cross-entropy");
  expect(api.kl_divergence_f64(q, p, 4, PYINFO_CHECK, 2, &x), PYINFO_OK, "KL");
  CHECK(x == kInfinity, "KL");
  expect(api.kl_divergence_f32(pf, pf, 4, PYINFO_CHECK, 2, &y), PYINFO_OK, "KL");
  CHECK(y == 0, "KL of equals");
  expect(api.js_divergence_f64(p, p, 4, PYINFO_DIVIDE, 2, &x), PYINFO_OK, "JS");
  CHECK(x == 0, "JS of equals");
  expect(api.js_divergence_f32(pf, pf, 4, PYINFO_AS_IS, 2, &y), PYINFO_OK, "JS");
  expect(api.cross_entropy_f32(pf, pf, 4, PYINFO_CHECK, 2, &y), PYINFO_OK, "cross-entropy");
  CHECK(y == 1.5f, "cross-entropy");
  const std::uint64_t counts[3] = {2, 1, 1};
  expect(api.entropy_u64(counts, 3, 2, &x), PYINFO_OK, "counts");
  CHECK(x == 1.5, "counts");

  const double bad[2] = {1.5, -0.5}, endless[2] = {kInfinity, 1}, zeros[2] = {0, 0};
  x = -7;
  expect(api.entropy_f64(bad, 2, PYINFO_CHECK, 2, &x), PYINFO_ERROR_VALUE, "negative");
  CHECK(std::string(api.last_error_detail()) == "p[1] is negative", api.last_error_detail());
  expect(api.entropy_f64(endless, 2, PYINFO_DIVIDE, 2, &x), PYINFO_ERROR_VALUE, "infinite");
  expect(api.entropy_f64(zeros, 2, PYINFO_DIVIDE, 2, &x), PYINFO_ERROR_SUM, "nothing");
  expect(api.entropy_f64(p, 1, PYINFO_CHECK, 2, &x), PYINFO_ERROR_SUM, "a half");
  expect(api.kl_divergence_f64(q, bad, 2, PYINFO_AS_IS, 2, &x), PYINFO_ERROR_VALUE, "in q");
  CHECK(std::string(api.last_error_detail()) == "q[1] is negative", api.last_error_detail());
  const float mixed[3] = {1.5f, -0.5f, float(kInfinity)};
  expect(api.entropy_f32(mixed, 3, PYINFO_CHECK, 2, &y), PYINFO_ERROR_VALUE, "after one above 1");
  CHECK(std::string(api.last_error_detail()) == "p[1] is negative", api.last_error_detail());
  expect(api.entropy_f32(mixed, 1, PYINFO_CHECK, 2, &y), PYINFO_ERROR_SUM, "above 1 alone");
  expect(api.entropy_f32(mixed + 2, 1, PYINFO_DIVIDE, 2, &y), PYINFO_ERROR_VALUE, "infinite");
  CHECK(std::string(api.last_error_detail()) == "p[0] is not finite", api.last_error_detail());
  const std::uint64_t none[2] = {0, 0};
  expect(api.entropy_u64(none, 2, 2, &x), PYINFO_ERROR_SUM, "no counts");
  for (const double base : {0.0, 1.0, -2.0, kInfinity, std::nan("")})
    expect(api.entropy_f64(p, 4, PYINFO_CHECK, base, &x), PYINFO_ERROR_ARGUMENT, "base");
  expect(api.entropy_f64(nullptr, 4, PYINFO_CHECK, 2, &x), PYINFO_ERROR_ARGUMENT, "null");
  expect(api.entropy_f64(p, 4, PYINFO_CHECK, 2, nullptr), PYINFO_ERROR_ARGUMENT, "null");
  expect(api.entropy_f64(p, 0, PYINFO_CHECK, 2, &x), PYINFO_ERROR_ARGUMENT, "empty");
  expect(api.entropy_f64(p, 4, PYINFO_NORMALIZATION_LAST, 2, &x), PYINFO_ERROR_ARGUMENT, "kind");
  expect(api.kl_divergence_f64(p, nullptr, 4, PYINFO_CHECK, 2, &x), PYINFO_ERROR_ARGUMENT, "null");
  CHECK(x == -7, "no result after an error");
}

void test_logits() {
  const float x[2][3] = {{1, 2, 4}, {0, 0, 0}};
  const float y[2][3] = {{1, 2, 3}, {5, 5, 5}};
  const std::int64_t labels[2] = {2, -100}, wrong[2] = {3, 0};
  float slope[6];
  double v[2] = {-7, -7};
  const auto f32 = PYINFO_LOGITS_F32;
  expect(api.logits_cross_entropy(x, f32, 2, 3, labels, -100, 0, 0, 1, v, slope), PYINFO_OK,
         "loss");
  CHECK(std::abs(v[0] - std::log1p(std::exp(-3) + std::exp(-2))) < 1e-7 && v[1] == 0, "loss");
  CHECK(slope[2] < 0 && slope[0] > 0 && slope[3] == 0, "gradient");
  expect(api.logits_kl_divergence(x, y, f32, 2, 3, 1, 2, v, nullptr), PYINFO_OK, "KL");
  CHECK(v[0] > 0 && v[1] == 0, "KL");
  expect(api.logits_js_divergence(x, y, f32, 2, 3, 2, 1, v, slope), PYINFO_OK, "JS");
  CHECK(v[0] > 0 && v[1] == 0, "JS");
  expect(api.logits_entropy(x, f32, 2, 3, 1, 0, v, nullptr), PYINFO_OK, "entropy");
  CHECK(std::abs(v[1] - std::log(3)) < 1e-6, "entropy");
  const std::uint16_t halves[2] = {0x3c00, 0x3c00}, brains[2] = {0x3f80, 0x3f80};
  for (const auto& [type, data] :
       {std::pair{PYINFO_LOGITS_F16, halves}, std::pair{PYINFO_LOGITS_BF16, brains}}) {
    expect(api.logits_logsumexp(data, type, 1, 2, 1, v), PYINFO_OK, "16 bits");
    CHECK(std::abs(v[0] - 1 - std::log(2)) < 1e-6, "16 bits");
  }
  v[0] = -7;
  const auto loss = [&](const std::int64_t* of, double smoothing, double z, int threads) {
    return api.logits_cross_entropy(x, f32, 2, 3, of, -100, smoothing, z, threads, v, nullptr);
  };
  expect(loss(wrong, 0, 0, 1), PYINFO_ERROR_VALUE, "a label");
  CHECK(std::string(api.last_error_detail()) == "labels[0] is out of range", "which label");
  expect(loss(nullptr, 0, 0, 1), PYINFO_ERROR_ARGUMENT, "null");
  expect(loss(labels, 1.5, 0, 1), PYINFO_ERROR_ARGUMENT, "smoothing");
  expect(loss(labels, 0, -1, 1), PYINFO_ERROR_ARGUMENT, "z-loss");
  expect(loss(labels, 0, 0, -1), PYINFO_ERROR_ARGUMENT, "threads");
  expect(api.logits_entropy(x, f32, 2, 0, 1, 1, v, nullptr), PYINFO_ERROR_ARGUMENT, "classes");
  expect(api.logits_entropy(x, f32, 2, 3, 0, 1, v, nullptr), PYINFO_ERROR_ARGUMENT, "cold");
  expect(api.logits_entropy(nullptr, f32, 2, 3, 1, 1, v, nullptr), PYINFO_ERROR_ARGUMENT, "null");
  expect(api.logits_entropy(x, PYINFO_LOGITS_LAST, 2, 3, 1, 1, v, nullptr), PYINFO_ERROR_ARGUMENT,
         "type");
  expect(api.logits_kl_divergence(x, nullptr, f32, 2, 3, 1, 1, v, nullptr), PYINFO_ERROR_ARGUMENT,
         "null");
  CHECK(v[0] == -7, "no result after an error");
}

void test_allocation() {
  const double costs[6] = {100, 200, 400, 100, 200, 400};
  const double errors[6] = {90, 20, 1, 30, 8, 0.5};
  const std::size_t first[3] = {0, 3, 6}, together[2] = {0, 0}, late[2] = {1, 0};
  const std::int64_t fixed[2] = {-1, 0};
  std::size_t choice[2] = {7, 7};
  pyinfo_allocation found{};
  pyinfo_certificate_node nodes[64];
  const auto run = [&](const std::size_t* units, const std::int64_t* set, double budget) {
    return api.allocate(costs, errors, first, 2, units, set, budget, 0, 64, choice, &found, nodes,
                        64);
  };
  expect(run(nullptr, nullptr, 500), PYINFO_ERROR_ARGUMENT, "the size is not set");
  found.size = sizeof found;
  expect(run(nullptr, nullptr, 500), PYINFO_OK, "allocate");
  CHECK(choice[0] == 1 && choice[1] == 1 && found.cost == 400 && found.error == 28, "choice");
  CHECK(found.lower_bound <= 28 && found.lower_bound > 27.99, "bound");
  CHECK(found.nodes >= 1 && found.nodes <= 64 && nodes[0].unit >= -1, "certificate");
  expect(run(together, nullptr, 800), PYINFO_OK, "together");
  CHECK(choice[0] == 2 && choice[1] == 2, "together");
  expect(run(nullptr, fixed, 500), PYINFO_OK, "fixed");
  CHECK(choice[0] == 2 && choice[1] == 0, "fixed");
  expect(run(nullptr, nullptr, 150), PYINFO_ERROR_VALUE, "too small");
  CHECK(found.cost == 200, "the least that can be spent");
  CHECK(std::string(api.last_error_detail()).find("200") != std::string::npos, "which is told");
  expect(run(late, nullptr, 500), PYINFO_ERROR_VALUE, "units");
  expect(run(nullptr, nullptr, kInfinity), PYINFO_ERROR_VALUE, "infinite");
  const auto bad = [&](const double* c, const std::size_t* f, std::size_t n, std::size_t most,
                       std::size_t* k) {
    return api.allocate(c, errors, f, n, nullptr, nullptr, 500, 0, most, k, &found, nullptr, 0);
  };
  expect(bad(costs, first, 2, 64, choice), PYINFO_OK, "no certificate");
  expect(bad(nullptr, first, 2, 64, choice), PYINFO_ERROR_ARGUMENT, "null");
  expect(bad(costs, nullptr, 2, 64, choice), PYINFO_ERROR_ARGUMENT, "null");
  expect(bad(costs, first, 0, 64, choice), PYINFO_ERROR_ARGUMENT, "no tensors");
  expect(bad(costs, first, 2, 0, choice), PYINFO_ERROR_ARGUMENT, "no nodes");
  expect(bad(costs, first, 2, 64, nullptr), PYINFO_ERROR_ARGUMENT, "null");
}

void test_quantization() {
  std::vector<float> x(4096);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double u = (double(i) + 0.5) / 4096;
    x[i] = float(std::log(u / (1 - u)));  // logistic
  }
  pyinfo_float_histogram h{};
  h.bins = 1024;
  h.is_signed = 1;
  std::vector<std::uint64_t> counts(1024, 77), again(1024);
  const auto f32 = PYINFO_LOGITS_F32;
  const auto add = [&](std::size_t first, std::size_t n, pyinfo_float_histogram& to,
                       std::vector<std::uint64_t>& of) {
    return api.histogram_add(x.data() + first, f32, n, 1, &to, of.data());
  };
  expect(add(0, 4096, h, counts), PYINFO_OK, "histogram");
  pyinfo_float_histogram parts{};
  parts.bins = 1024;
  parts.is_signed = 1;
  expect(add(2048, 2048, parts, again), PYINFO_OK, "a part");
  expect(add(0, 2048, parts, again), PYINFO_OK, "the other");
  CHECK(counts == again && h.exponent == parts.exponent && h.least == parts.least, "any order");
  double threshold = -7, score = -7;
  for (const pyinfo_criterion criterion :
       {PYINFO_CRITERION_NVIDIA, PYINFO_CRITERION_ONNXRUNTIME, PYINFO_CRITERION_MSE}) {
    expect(api.calibrate(&h, counts.data(), 4, criterion, &threshold, &score), PYINFO_OK, "clip");
    CHECK(threshold > 1 && threshold <= h.most && score > 0, "a threshold");
  }
  threshold = -7;
  expect(api.calibrate(&h, counts.data(), 12, PYINFO_CRITERION_NVIDIA, &threshold, nullptr),
         PYINFO_ERROR_VALUE, "too few bins");
  expect(api.calibrate(&h, counts.data(), 1, PYINFO_CRITERION_MSE, &threshold, nullptr),
         PYINFO_ERROR_ARGUMENT, "bits");
  expect(api.calibrate(&h, nullptr, 8, PYINFO_CRITERION_MSE, &threshold, nullptr),
         PYINFO_ERROR_ARGUMENT, "null");
  expect(api.calibrate(&h, counts.data(), 8, PYINFO_CRITERION_LAST, &threshold, nullptr),
         PYINFO_ERROR_ARGUMENT, "criterion");
  const pyinfo_float_histogram empty{1024, 1, 0, 0, 0, 0, 0, 0, 0};
  expect(api.calibrate(&empty, counts.data(), 8, PYINFO_CRITERION_MSE, &threshold, nullptr),
         PYINFO_ERROR_ARGUMENT, "nothing");
  for (const int exponent : {-2000, -121, 1022, 2000}) {
    pyinfo_float_histogram none = h;
    none.exponent = exponent;
    expect(api.calibrate(&none, counts.data(), 4, PYINFO_CRITERION_MSE, &threshold, nullptr),
           PYINFO_ERROR_ARGUMENT, "an exponent");
    expect(add(0, 1, none, again), PYINFO_ERROR_ARGUMENT, "an exponent");
  }
  for (const double most : {1e300, kInfinity, std::nan("")}) {  // beyond the bins
    pyinfo_float_histogram none = h;
    none.most = most;
    expect(api.calibrate(&none, counts.data(), 4, PYINFO_CRITERION_MSE, &threshold, nullptr),
           PYINFO_ERROR_ARGUMENT, "extremes");
    expect(add(0, 1, none, again), PYINFO_ERROR_ARGUMENT, "extremes");
  }
  CHECK(threshold == -7, "no result after an error");
  for (const int exponent : {-100, 500, 540}) {  // the square of a width is no double, beyond 511
    double threshold_then = -7, score_then = -7;
    pyinfo_float_histogram moved = h;
    moved.exponent += exponent;
    moved.least = std::ldexp(h.least, exponent);
    moved.most = std::ldexp(h.most, exponent);
    expect(api.calibrate(&h, counts.data(), 4, PYINFO_CRITERION_MSE, &threshold, &score), PYINFO_OK,
           "clip");
    expect(
        api.calibrate(&moved, counts.data(), 4, PYINFO_CRITERION_MSE, &threshold_then, &score_then),
        PYINFO_OK, "any width");
    CHECK(threshold_then == std::ldexp(threshold, exponent), std::to_string(exponent));
    CHECK(score_then == std::ldexp(score, 2 * exponent), std::to_string(exponent));
  }
  const pyinfo_float_histogram wide{
      16, 1, 1, 800, 0, 0, 0, -std::ldexp(8, 799), std::ldexp(6, 800)};
  std::uint64_t few[16] = {};
  few[14] = 1;
  expect(api.calibrate(&wide, few, 16, PYINFO_CRITERION_MSE, &threshold, &score), PYINFO_OK, "far");
  CHECK(score > 0 && !std::isnan(score), "never NaN");
  h.bins = 1000;
  expect(add(0, 1, h, counts), PYINFO_ERROR_ARGUMENT, "bins");

  std::vector<float> scales(64), importance(64, 1);
  std::vector<double> errors(64);
  expect(api.optimal_scales(x.data(), f32, 64, 64, nullptr, 0, 4, 1, scales.data(), errors.data()),
         PYINFO_OK, "scales");
  CHECK(scales[0] > 0 && errors[0] > 0, "scales");
  expect(api.optimal_scales(x.data(), f32, 64, 64, importance.data(), 64, 4, 2, scales.data(),
                            nullptr),
         PYINFO_OK, "importance");
  const double steps[2] = {0.5, 0.05}, small[1] = {1e-9};
  double error[2], bits[2];
  expect(api.rate_distortion(x.data(), f32, 1, 4096, nullptr, 0, steps, 2, 1, error, bits),
         PYINFO_OK, "curve");
  CHECK(error[0] > error[1] && bits[0] < bits[1] && bits[0] > 1, "a curve");
  for (int exponent : {-100, -40, 64, 120}) {  // squares would vanish or overflow
    std::vector<float> moved(x.begin(), x.begin() + 4096), scales_then(64);
    for (float& value : moved) value = std::ldexp(value, exponent);
    double steps_then[2], error_then[2], bits_then[2];
    for (int i = 0; i < 2; ++i) steps_then[i] = std::ldexp(steps[i], exponent);
    expect(api.rate_distortion(moved.data(), f32, 1, 4096, nullptr, 0, steps_then, 2, 1, error_then,
                               bits_then),
           PYINFO_OK, "any magnitude");
    for (int i = 0; i < 2; ++i) {
      const double wanted = std::ldexp(error[i], 2 * exponent);
      CHECK(std::abs(error_then[i] - wanted) < 1e-6 * wanted, std::to_string(exponent));
      CHECK(std::abs(bits_then[i] - bits[i]) < 1e-6, std::to_string(exponent));
    }
    expect(api.optimal_scales(moved.data(), f32, 64, 64, nullptr, 0, 4, 1, scales_then.data(),
                              nullptr),
           PYINFO_OK, "any magnitude");
    for (int i = 0; i < 64; ++i)
      CHECK(scales_then[std::size_t(i)] == std::ldexp(scales[std::size_t(i)], exponent),
            std::to_string(exponent));
  }
  const double long_steps[2] = {100, 1e300};  // all integers are 0
  expect(api.rate_distortion(x.data(), f32, 1, 4096, nullptr, 0, long_steps, 2, 1, error, bits),
         PYINFO_OK, "long steps");
  CHECK(error[0] > 0 && error[0] == error[1] && bits[1] == 0, "the energy");
  for (std::size_t i = 0; i < 64; ++i) importance[i] = float(i % 7) / 4 + 0.25f;
  expect(
      api.rate_distortion(x.data(), f32, 1, 4096, importance.data(), 64, steps, 2, 1, error, bits),
      PYINFO_OK, "importance");
  expect(api.optimal_scales(x.data(), f32, 64, 64, importance.data(), 64, 4, 1, scales.data(),
                            errors.data()),
         PYINFO_OK, "importance");
  for (int exponent : {-120, -60, 60, 120}) {  // products with squares would vanish or overflow
    std::vector<float> counted(64), scales_then(64);
    std::vector<double> errors_then(64);
    for (std::size_t i = 0; i < 64; ++i) counted[i] = std::ldexp(importance[i], exponent);
    double error_then[2], bits_then[2];
    expect(api.rate_distortion(x.data(), f32, 1, 4096, counted.data(), 64, steps, 2, 1, error_then,
                               bits_then),
           PYINFO_OK, "any importance");
    for (int i = 0; i < 2; ++i)
      CHECK(error_then[i] == std::ldexp(error[i], exponent) && bits_then[i] == bits[i],
            std::to_string(exponent));
    expect(api.optimal_scales(x.data(), f32, 64, 64, counted.data(), 64, 4, 1, scales_then.data(),
                              errors_then.data()),
           PYINFO_OK, "any importance");
    CHECK(scales_then == scales, std::to_string(exponent));
    for (std::size_t i = 0; i < 64; ++i)
      CHECK(errors_then[i] == std::ldexp(errors[i], exponent), std::to_string(exponent));
  }
  expect(api.rate_distortion(x.data(), f32, 1, 4096, nullptr, 0, small, 1, 1, error, bits),
         PYINFO_ERROR_ARGUMENT, "a small step");
  importance[3] = -1;
  expect(api.optimal_scales(x.data(), f32, 64, 64, importance.data(), 64, 4, 1, scales.data(),
                            nullptr),
         PYINFO_ERROR_VALUE, "importance");
  expect(api.optimal_scales(x.data(), f32, 64, 64, importance.data(), 63, 4, 1, scales.data(),
                            nullptr),
         PYINFO_ERROR_ARGUMENT, "columns");
  x[7] = std::nanf("");
  expect(api.optimal_scales(x.data(), f32, 64, 64, nullptr, 0, 4, 1, scales.data(), nullptr),
         PYINFO_ERROR_VALUE, "a NaN");
  expect(api.optimal_scales(nullptr, f32, 64, 64, nullptr, 0, 4, 1, scales.data(), nullptr),
         PYINFO_ERROR_ARGUMENT, "null");
}

void test_counting() {
  const Bytes a = skewed(10007), b(a.rbegin(), a.rend());
  std::vector<std::uint64_t> counts(256), joint(65536), expected(65536);
  expect(api.byte_counts(a.data(), a.size(), 1, counts.data()), PYINFO_OK, "counts");
  expect(api.joint_byte_counts(a.data(), b.data(), a.size(), joint.data()), PYINFO_OK, "joint");
  pyinfo::counting::joint_byte_counts_reference(a.data(), b.data(), a.size(), expected.data());
  CHECK(joint == expected, "joint counts");
  for (std::size_t x = 0; x < 256; ++x) {
    std::uint64_t row = 0;
    for (std::size_t y = 0; y < 256; ++y) row += joint[256 * x + y];
    CHECK(row == counts[x], "margin of the joint counts");
  }
  const Bytes same(1003, 7);
  expected.assign(65536, 0);
  joint = expected;
  expected[7 * 257] = 1003;
  expect(api.joint_byte_counts(same.data(), same.data(), 1003, joint.data()), PYINFO_OK, "joint");
  CHECK(joint == expected, "pairs that repeat");
  expect(api.byte_counts(nullptr, 0, 1, counts.data()), PYINFO_OK, "no data");
  expect(api.byte_counts(nullptr, 1, 1, counts.data()), PYINFO_ERROR_ARGUMENT, "null");
  expect(api.byte_counts(a.data(), 1, 0, counts.data()), PYINFO_ERROR_ARGUMENT, "no bytes");
}

void test_code(pyinfo_code* code, const Bytes& data) {
  const std::size_t bound = api.code_encode_bound(code, data.size());
  Bytes message(bound), tight, decoded(data.size());
  std::size_t size = 0, n = 0;
  expect(api.code_encode(code, data.data(), data.size(), message.data(), bound, &size), PYINFO_OK,
         "encode");
  tight.resize(size);
  expect(api.code_encode(code, data.data(), data.size(), tight.data(), size, &size), PYINFO_OK,
         "encode to what is just enough");
  CHECK(std::equal(tight.begin(), tight.end(), message.begin()), "the same message");
  expect(api.code_encode(code, data.data(), data.size(), tight.data(), size - 1, &n),
         PYINFO_ERROR_CAPACITY, "encode to too little");
  expect(api.code_symbol_count(code, message.data(), size, &n), PYINFO_OK, "count");
  CHECK(n == data.size(), "count");
  expect(api.code_decode(code, message.data(), size, decoded.data(), n - 1, &n),
         PYINFO_ERROR_CAPACITY, "decode to too little");
  expect(api.code_decode(code, message.data(), size, decoded.data(), decoded.size(), &n), PYINFO_OK,
         "decode");
  CHECK(decoded == data, "round trip");
  tight[size / 2] ^= 16;
  expect(api.code_decode(code, tight.data(), size, decoded.data(), decoded.size(), &n),
         PYINFO_ERROR_CORRUPT, "damaged");
  expect(api.code_decode(code, nullptr, 0, decoded.data(), decoded.size(), &n),
         PYINFO_ERROR_CORRUPT, "nothing");
  const unsigned char absent = 200;
  expect(api.code_encode(code, &absent, 1, message.data(), bound, &size), PYINFO_ERROR_SYMBOL,
         "absent");
  CHECK(api.code_encode_bound(code, std::numeric_limits<std::size_t>::max()) ==
            std::numeric_limits<std::size_t>::max(),
        "no bound");
  api.code_destroy(code);
}

void test_codes() {
  const Bytes data = skewed(5000);
  std::uint64_t counts[256] = {};
  std::uint8_t lengths[256];
  std::uint32_t frequencies[256];
  api.byte_counts(data.data(), data.size(), 1, counts);
  pyinfo_code* code = nullptr;
  expect(api.huffman_code_from_counts(counts, 256, 11, &code), PYINFO_OK, "Huffman");
  test_code(code, data);
  expect(api.huffman_lengths(counts, 256, 11, lengths), PYINFO_OK, "lengths");
  expect(api.huffman_code_from_lengths(lengths, 256, &code), PYINFO_OK, "Huffman");
  test_code(code, data);
  expect(api.rans_code_from_counts(counts, 256, 14, &code), PYINFO_OK, "rANS");
  test_code(code, data);
  expect(api.rans_frequencies(counts, 256, 12, frequencies), PYINFO_OK, "frequencies");
  expect(api.rans_code_from_frequencies(frequencies, 256, &code), PYINFO_OK, "rANS");
  test_code(code, data);

  expect(api.huffman_code_from_counts(counts, 256, 3, &code), PYINFO_ERROR_CODE, "too short");
  CHECK(code == nullptr, "no code");
  const std::uint64_t none[4] = {};
  expect(api.rans_code_from_counts(none, 4, 12, &code), PYINFO_ERROR_CODE, "no symbols");
  expect(api.rans_code_from_counts(counts, 256, 17, &code), PYINFO_ERROR_ARGUMENT, "precision");
  expect(api.rans_code_from_counts(counts, 0, 12, &code), PYINFO_ERROR_ARGUMENT, "alphabet");
  expect(api.huffman_code_from_counts(counts, 65537, 16, &code), PYINFO_ERROR_ARGUMENT, "alphabet");
  const std::uint8_t crowded[3] = {1, 1, 1};
  expect(api.huffman_code_from_lengths(crowded, 3, &code), PYINFO_ERROR_CODE, "Kraft");
  const std::uint32_t odd[2] = {1000, 1};
  expect(api.rans_code_from_frequencies(odd, 2, &code), PYINFO_ERROR_CODE, "sum");
  expect(api.rans_code_from_frequencies(odd, 2, nullptr), PYINFO_ERROR_ARGUMENT, "null");
  api.code_destroy(nullptr);
}

void test_frames() {
  const Bytes data = skewed(300000);
  pyinfo_frame_options options = PYINFO_FRAME_OPTIONS_INIT;
  options.item_size = 4;
  options.block_items = 10000;
  options.threads = 2;
  options.metadata = "mine";
  options.metadata_size = 4;
  std::size_t bound = 0, size = 0, n = 0;
  expect(api.frame_compress_bound(data.size(), &options, &bound), PYINFO_OK, "bound");
  Bytes frame(bound), decoded(data.size());
  expect(api.frame_compress(data.data(), data.size(), &options, frame.data(), bound, &size),
         PYINFO_OK, "compress");
  Bytes tight(size);
  expect(api.frame_compress(data.data(), data.size(), &options, tight.data(), size, &size),
         PYINFO_OK, "compress to what is just enough");
  CHECK(std::equal(tight.begin(), tight.end(), frame.begin()), "the same frame");
  expect(api.frame_compress(data.data(), data.size(), &options, tight.data(), size - 1, &n),
         PYINFO_ERROR_CAPACITY, "compress to too little");
  pyinfo_frame_info info = {};
  info.size = sizeof info;
  expect(api.frame_read_info(frame.data(), size, &info), PYINFO_OK, "info");
  CHECK(info.decompressed_size == data.size() && info.items == data.size() / 4, "sizes");
  CHECK(info.item_size == 4 && info.block_items == 10000 && info.rotated == 0, "layout");
  CHECK(info.metadata_size == 4 && std::memcmp(info.metadata, "mine", 4) == 0, "metadata");
  std::uint64_t whole = 0;
  expect(api.frame_decompressed_size(frame.data(), size, &whole), PYINFO_OK, "size");
  CHECK(whole == data.size(), "size");
  expect(api.frame_decompress(frame.data(), size, decoded.data(), decoded.size(), 2, &n), PYINFO_OK,
         "decompress");
  CHECK(n == data.size() && decoded == data, "round trip");
  expect(api.frame_decompress(frame.data(), size, decoded.data(), decoded.size() - 1, 1, &n),
         PYINFO_ERROR_CAPACITY, "decompress to too little");
  expect(api.frame_decompress_items(frame.data(), size, 9999, 30001, decoded.data(), 80008, 1, &n),
         PYINFO_OK, "items");
  CHECK(n == 80008 && std::memcmp(decoded.data(), data.data() + 4 * 9999, n) == 0, "items");
  expect(api.frame_decompress_items(frame.data(), size, 0, 3, decoded.data(), 11, 1, &n),
         PYINFO_ERROR_CAPACITY, "items");
  expect(api.frame_decompress_items(frame.data(), size, 0, 75001, decoded.data(), 400000, 1, &n),
         PYINFO_ERROR_ARGUMENT, "items");
  frame[size / 2] ^= 1;
  expect(api.frame_decompress(frame.data(), size, decoded.data(), decoded.size(), 2, &n),
         PYINFO_ERROR_CORRUPT, "damaged");
  CHECK(api.last_error_offset() > 0 && api.last_error_offset() <= size / 2, "where");
  expect(api.frame_decompress(nullptr, 0, decoded.data(), decoded.size(), 1, &n),
         PYINFO_ERROR_CORRUPT, "nothing");

  options.item_size = 7;
  expect(api.frame_compress_bound(data.size(), &options, &bound), PYINFO_ERROR_ARGUMENT, "items");
  options = PYINFO_FRAME_OPTIONS_INIT;
  options.effort = 3;
  expect(api.frame_compress_bound(1, &options, &bound), PYINFO_ERROR_ARGUMENT, "effort");
  options = PYINFO_FRAME_OPTIONS_INIT;
  options.coder = PYINFO_CODER_LAST;
  expect(api.frame_compress_bound(1, &options, &bound), PYINFO_ERROR_ARGUMENT, "coder");
  options = PYINFO_FRAME_OPTIONS_INIT;
  options.size = 0;
  expect(api.frame_compress_bound(1, &options, &bound), PYINFO_ERROR_ARGUMENT, "size");
  // What a later version may append: zeros ask for nothing.
  struct {
    pyinfo_frame_options known;
    std::uint64_t appended;
  } later = {PYINFO_FRAME_OPTIONS_INIT, 0};
  later.known.size = sizeof later;
  expect(api.frame_compress_bound(1, &later.known, &bound), PYINFO_OK, "a later version");
  later.appended = 1;
  expect(api.frame_compress_bound(1, &later.known, &bound), PYINFO_ERROR_ARGUMENT,
         "unknown option");
}

void test_frames_of_floats() {
  std::vector<float> data(20000);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = std::sin(float(i)) * float(i % 7) / float(1 + i % 97);
  }
  const std::size_t bytes = data.size() * sizeof(float);
  pyinfo_frame_options options = PYINFO_FRAME_OPTIONS_INIT;
  options.item_size = sizeof(float);
  std::size_t bound = 0, plain = 0, size = 0, n = 0;
  expect(api.frame_compress_bound(bytes, &options, &bound), PYINFO_OK, "bound");
  Bytes frame(bound);
  expect(api.frame_compress(data.data(), bytes, &options, frame.data(), bound, &plain), PYINFO_OK,
         "bytes");
  options.floats = 1;
  expect(api.frame_compress(data.data(), bytes, &options, frame.data(), bound, &size), PYINFO_OK,
         "floats");
  CHECK(size < plain, "floats are smaller when rotated");
  pyinfo_frame_info info = {};
  info.size = sizeof info;
  expect(api.frame_read_info(frame.data(), size, &info), PYINFO_OK, "info");
  CHECK(info.rotated == 1, "the frame says so");
  std::vector<float> decoded(data.size());
  expect(api.frame_decompress(frame.data(), size, decoded.data(), bytes, 1, &n), PYINFO_OK, "back");
  CHECK(n == bytes && std::memcmp(decoded.data(), data.data(), bytes) == 0, "round trip");
}

void test_patches() {
  std::vector<std::uint16_t> before(70000), after, base;
  for (std::size_t i = 0; i < before.size(); ++i) {
    before[i] = static_cast<std::uint16_t>(0x3c00 + i * 7 % 0x300);
  }
  after = base = before;
  for (std::size_t i = 0; i < after.size(); i += 13) after[i] ^= 1;
  const std::size_t bytes = 2 * before.size();
  std::size_t bound = 0, size = 0, other = 0;
  expect(api.patch_bound(PYINFO_ELEMENT_BFLOAT16, before.size(), 4, &bound), PYINFO_OK, "bound");
  Bytes patch(bound);
  expect(api.patch_diff(before.data(), after.data(), before.size(), PYINFO_ELEMENT_BFLOAT16, "mine",
                        4, 1, patch.data(), bound, &size),
         PYINFO_OK, "diff");
  Bytes tight(size);
  expect(api.patch_diff(before.data(), after.data(), before.size(), PYINFO_ELEMENT_BFLOAT16, "mine",
                        4, 8, tight.data(), size, &other),
         PYINFO_OK, "diff to what is just enough");
  CHECK(other == size && std::equal(tight.begin(), tight.end(), patch.begin()), "the same patch");
  expect(api.patch_diff(before.data(), after.data(), before.size(), PYINFO_ELEMENT_BFLOAT16, "mine",
                        4, 1, tight.data(), size - 1, &other),
         PYINFO_ERROR_CAPACITY, "diff to too little");
  pyinfo_patch_info info = {};
  expect(api.patch_read_info(patch.data(), size, &info), PYINFO_ERROR_ARGUMENT, "no size");
  info.size = sizeof info;
  expect(api.patch_read_info(patch.data(), size, &info), PYINFO_OK, "info");
  CHECK(info.items == before.size() && info.changed == (before.size() + 12) / 13, "items");
  CHECK(info.element == PYINFO_ELEMENT_BFLOAT16, "element");
  CHECK(info.metadata_size == 4 && std::memcmp(info.metadata, "mine", 4) == 0, "metadata");
  std::vector<std::uint16_t> out(before.size());
  expect(api.patch_apply(before.data(), bytes, patch.data(), size, 2, out.data()), PYINFO_OK,
         "new");
  CHECK(out == after, "applied");
  expect(api.patch_apply(base.data(), bytes, patch.data(), size, 1, base.data()), PYINFO_OK,
         "here");
  CHECK(base == after, "in place");
  expect(api.patch_apply(base.data(), bytes, patch.data(), size, 1, base.data()), PYINFO_ERROR_BASE,
         "twice");
  CHECK(base == after, "nothing was written");
  expect(api.patch_apply(before.data(), bytes - 2, patch.data(), size, 1, out.data()),
         PYINFO_ERROR_BASE, "another size");
  expect(api.patch_apply(base.data(), bytes, patch.data(), size, 1, base.data() + 1),
         PYINFO_ERROR_ARGUMENT, "overlap");
  expect(api.patch_diff(nullptr, after.data(), 1, PYINFO_ELEMENT_8, nullptr, 0, 1, patch.data(),
                        bound, &other),
         PYINFO_ERROR_ARGUMENT, "null");
  expect(api.patch_bound(PYINFO_ELEMENT_LAST, 1, 0, &other), PYINFO_ERROR_ARGUMENT, "element");
  patch[size - 1] ^= 1;
  expect(api.patch_apply(before.data(), bytes, patch.data(), size, 1, out.data()),
         PYINFO_ERROR_CORRUPT, "damaged");
  CHECK(api.last_error_offset() > 0, "where");
}

void test_models() {
  const double scales[2] = {0.5, 20};
  pyinfo_models *models = nullptr, *others = nullptr;
  expect(api.models_from_scales(PYINFO_GAUSSIAN, scales, 2, 12, -1, 4, &models), PYINFO_OK,
         "scales");
  expect(api.models_from_scales(PYINFO_LAPLACE, scales, 2, 12, -1, 4, &others), PYINFO_OK,
         "another family");
  const std::size_t n = 70000;
  std::vector<std::int32_t> symbols(n), shifts(n), decoded(n);
  std::vector<std::uint16_t> indexes(n);
  for (std::size_t i = 0; i < n; ++i) {
    indexes[i] = static_cast<std::uint16_t>(i * i % 8);
    shifts[i] = static_cast<std::int32_t>(i % 100) - 50;
    symbols[i] = shifts[i] + static_cast<std::int32_t>(i * 7 % 11) - 5;
  }
  symbols[1000] = INT32_MIN;
  symbols[n - 1] = INT32_MAX;
  const std::size_t bound = api.models_encode_bound(n);
  Bytes message(bound), tight;
  std::size_t size = 0, other = 0;
  const auto encode = [&](Bytes& to, const std::int32_t* of_shifts, std::size_t* written) {
    return api.models_encode(models, symbols.data(), 4, indexes.data(), of_shifts, n, 2, to.data(),
                             to.size(), written);
  };
  const auto decode = [&](const pyinfo_models* with, const std::int32_t* of_shifts) {
    return api.models_decode(with, message.data(), size, indexes.data(), of_shifts, n, 2,
                             decoded.data(), 4);
  };
  expect(encode(message, shifts.data(), &size), PYINFO_OK, "encode");
  tight.resize(size);
  expect(encode(tight, shifts.data(), &other), PYINFO_OK, "encode to what is just enough");
  tight.resize(size - 1);
  expect(encode(tight, shifts.data(), &other), PYINFO_ERROR_CAPACITY, "encode to too little");
  pyinfo_models_info info = {};
  expect(api.models_read_info(message.data(), size, &info), PYINFO_ERROR_ARGUMENT, "no size");
  info.size = sizeof info;
  expect(api.models_read_info(message.data(), size, &info), PYINFO_OK, "info");
  CHECK(info.symbols == n && info.symbol_size == 4 && info.shifted == 1, "info");
  expect(decode(models, shifts.data()), PYINFO_OK, "decode");
  CHECK(decoded == symbols, "round trip");
  expect(decode(others, shifts.data()), PYINFO_ERROR_CORRUPT, "other tables");
  expect(decode(models, nullptr), PYINFO_ERROR_ARGUMENT, "without shifts");
  indexes[70] ^= 1;
  expect(decode(models, shifts.data()), PYINFO_ERROR_CORRUPT, "another index");
  indexes[70] = 8;
  expect(decode(models, shifts.data()), PYINFO_ERROR_VALUE, "no such table");
  expect(encode(message, shifts.data(), &other), PYINFO_ERROR_VALUE, "no such table");
  CHECK(std::strcmp(api.last_error_detail(), "indexes[70] = 8, but there are 8 tables") == 0,
        "which index");

  // The longest message: nothing but escapes, far away.
  for (std::size_t i = 0; i < n; ++i) symbols[i] = i % 2 == 0 ? INT32_MIN : INT32_MAX;
  std::fill(indexes.begin(), indexes.end(), std::uint16_t{0});
  expect(encode(message, nullptr, &size), PYINFO_OK, "escapes");
  expect(decode(models, nullptr), PYINFO_OK, "escapes");
  CHECK(decoded == symbols, "escapes come back");

  pyinfo_models* made = nullptr;
  const std::uint64_t weights[5] = {3, 1, 5, 5, 1};
  const std::size_t sizes[2] = {2, 3};
  const std::int32_t leasts[2] = {-1, 32766};
  expect(api.models_from_weights(weights, sizes, leasts, 1, 8, &made), PYINFO_OK, "weights");
  const std::int16_t few[3] = {-1, 5, -1};
  std::int16_t back[3];
  const std::uint16_t first[3] = {0, 0, 0};
  expect(api.models_encode(made, few, 2, first, nullptr, 3, 1, message.data(), bound, &size),
         PYINFO_OK, "16 bits");
  expect(api.models_decode(made, message.data(), size, first, nullptr, 3, 1, back, 2), PYINFO_OK,
         "16 bits");
  CHECK(std::equal(few, few + 3, back), "16 bits come back");
  expect(api.models_decode(made, message.data(), size, first, nullptr, 3, 1, decoded.data(), 4),
         PYINFO_ERROR_ARGUMENT, "another size");
  expect(api.models_encode(made, nullptr, 2, nullptr, nullptr, 0, 1, message.data(), bound, &size),
         PYINFO_OK, "nothing");
  expect(api.models_decode(made, message.data(), size, nullptr, nullptr, 0, 1, nullptr, 2),
         PYINFO_OK, "nothing");
  pyinfo_models* none = nullptr;
  expect(api.models_from_weights(weights, sizes, leasts, 2, 8, &none), PYINFO_ERROR_ARGUMENT,
         "symbols beyond 16 bits");
  const std::uint64_t wrong[2] = {0, 1};
  expect(api.models_from_weights(wrong, sizes, leasts, 1, 8, &none), PYINFO_ERROR_VALUE,
         "a weight of 0");
  expect(api.models_from_scales(PYINFO_GAUSSIAN, scales, 2, 15, -1, 1, &none),
         PYINFO_ERROR_ARGUMENT, "precision");
  expect(api.models_from_scales(PYINFO_FAMILY_LAST, scales, 2, 12, -1, 1, &none),
         PYINFO_ERROR_ARGUMENT, "family");
  const double tiny[1] = {0};
  expect(api.models_from_scales(PYINFO_GAUSSIAN, tiny, 1, 12, -1, 1, &none), PYINFO_ERROR_VALUE,
         "scale");
  CHECK(none == nullptr, "nothing was made");
  api.models_destroy(models);
  api.models_destroy(others);
  api.models_destroy(made);
  api.models_destroy(nullptr);
}

}  // namespace

int main() {
  if (*api.isa() == '\0') {  // the machine lacks what PYINFO_ISA asks for: then all say so
    double x = 0;
    const double one = 1;
    expect(api.entropy_f64(&one, 1, PYINFO_CHECK, 2, &x), PYINFO_ERROR_ISA, "isa");
    return pyinfo::check::failures() == 0 ? 77 : EXIT_FAILURE;
  }
  test_table();
  test_measures();
  test_logits();
  test_allocation();
  test_quantization();
  test_counting();
  test_codes();
  test_frames();
  test_frames_of_floats();
  test_patches();
  test_models();
  return pyinfo::check::finish();
}
