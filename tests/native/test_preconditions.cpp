// What headers demand of their callers is checked in builds with PYINFO_CHECKED: each call here
// breaks one precondition, in a process of its own, which must not survive it.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "check.hpp"
#include "coding/frames/block.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/frame_writer.hpp"
#include "coding/lanes/wide_codes.hpp"
#include "coding/models/rans_model.hpp"
#include "coding/planes/chunks.hpp"
#include "coding/planes/planes.hpp"
#include "counting/count_values.hpp"
#include "counting/joint_histogram.hpp"
#include "counting/strategies/partition.hpp"
#include "counting/strategies/perfect_table.hpp"
#include "dependence/dependence.hpp"
#include "dependence/pairwise.hpp"
#include "logits/logits.hpp"
#include "logits/reference.hpp"
#include "logits/row_kernels.hpp"
#include "memory/page_cache.hpp"
#include "simd/math.hpp"
#include "threads/parallel.hpp"

namespace {

using namespace pyinfo;

template <class Call>
bool survives(Call&& call) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    call();
    _exit(EXIT_SUCCESS);
  }
  int status = 0;
  CHECK(child > 0 && waitpid(child, &status, 0) == child, "a process");
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

#define BREAKS(what, ...) CHECK(!survives([] { __VA_ARGS__; }), what)

void check_counting() {
  using namespace counting;
  static const std::uint64_t samples[4] = {1, 2, 3, 4};
  static const Column three_bytes{samples, 4, {Kind::natural, 3}};
  static const Column numbers{samples, 4, {Kind::natural, 8}};
  static const Column fewer{samples, 3, {Kind::natural, 8}};
  static const Column floats{samples, 4, {Kind::floating, 8}};
  CHECK(survives([] { joint_histogram(numbers, numbers); }), "what is allowed");
  BREAKS("a width", joint_histogram(three_bytes, numbers));
  BREAKS("a width", joint_histogram_reference(numbers, three_bytes));
  BREAKS("floats", joint_histogram(floats, numbers));
  BREAKS("lengths", joint_histogram_reference(numbers, fewer));
  BREAKS("floats of a byte", count_values({samples, 4, {Kind::floating, 1}}));
  BREAKS("times of a byte", count_values({samples, 4, {Kind::time, 1}}));
  BREAKS("no width", count_values({samples, 4, {Kind::natural, 0}}));
  BREAKS("a count of 0", ValueCounts<std::uint64_t>(2).append(1, 0));
  BREAKS("larger parts", Key keys[3] = {3, 2, 1}; sort_partitioned(keys, 3, 2));
  BREAKS("parts without keys", Key keys[3] = {1, 2, 3}; sort_partitioned(keys, 3, 0));
  CHECK(survives([] {
          Key keys[3] = {3, 2, 1};
          sort_partitioned(keys, 3, 3);
        }),
        "one part");
  BREAKS("another table", HashTable<std::uint64_t> table(4); table.add(1, 1);
         const PerfectTable<std::uint64_t> perfect(table); table.reset(4); table.add(2, 1);
         perfect.return_counts_to(table));
}

void check_simd() {
  static const double values[64] = {};
  constexpr int lanes = simd::kLanes<double>;
  CHECK(survives([] { simd::load_first<double>(values, lanes); }), "a register");
  BREAKS("no lane", simd::load_first<double>(values, 0));
  BREAKS("too many lanes", simd::load_first<double>(values, lanes + 1));
  BREAKS("no lane", double out[1]; simd::store_first<double>(out, simd::splat(0.0), 0));
  BREAKS("the logarithm of 0", simd::log2<double>(simd::splat(0.0)));
  BREAKS("a ratio to 0", simd::Vec<double> q, e;
         simd::align<double>(simd::splat(1.0), simd::splat(0.0), q, e));
  BREAKS("an exponent", simd::expm1_tail(simd::splat(0.35)));
}

void check_memory_and_threads() {
  BREAKS("less than none", threads::resolve(-1));
  BREAKS(
      "too many", auto task = [](std::size_t) noexcept {};
      threads::parallel(1, threads::kMostThreads + 1, task));
  BREAKS("other memory",
         auto* const memory = static_cast<char*>(memory::acquire_pages(memory::kMinPages));
         memory::release_pages(memory + 64, memory::kMinPages));
}

void check_dependence() {
  using namespace dependence;
  static const std::uint8_t codes[4] = {0, 1, 2, 1};
  static const std::uint32_t alphabets[1] = {2};
  BREAKS("codes", double matrix[1];
         pairwise_mutual_information({codes, 4, 1, alphabets}, matrix, 1));
  static const std::uint64_t counts[2] = {1, 5};
  static const std::int64_t rows[2] = {0, 1}, columns[2] = {0, 0};
  BREAKS("a column of two groups",
         conditional_information({counts, rows, columns, 2, rows, 2, 1, 2}));
}

void check_logits() {
  using namespace logits;
  using elements::Element;
  static float values[8] = {};
  static double results[2] = {};
  static const std::int64_t labels[2] = {0, 4};
  // Of 4 classes, one row; others differ from it in one respect.
  static const Rows row(values, Element::float32, 4), narrow(values, Element::float32, 3),
      halves(values, Element::bfloat16, 4), doubles(values, Element::float64, 4);
  static Rows two(values, Element::float32, 4);
  two.append(2, 16);
  static Results given;
  given.values = results;
  static CrossEntropy loss{row};
  loss.labels = labels;
  CHECK(survives([] { cross_entropy(loss, given); }), "what is allowed");
  BREAKS("no memory", Rows(nullptr, Element::float32, 4));
  BREAKS("no classes", Rows(values, Element::float32, 0));
  BREAKS("integers", Rows(values, Element::int64, 4));
  BREAKS("kernels of integers", row_kernels(Element::int64));
  BREAKS("kernels of integers", pair_kernels(Element::int64));
  BREAKS("a row too many", row.row(1));
  BREAKS("a label that is no class", CrossEntropy of = loss; of.labels = labels + 1;
         cross_entropy(of, given));
  BREAKS("neither labels nor targets", cross_entropy(CrossEntropy{row}, given));
  BREAKS("labels and targets", CrossEntropy of = loss; of.targets = &row; cross_entropy(of, given));
  BREAKS("targets of another type", CrossEntropy of{row}; of.targets = &doubles;
         cross_entropy(of, given));
  BREAKS("too few targets", CrossEntropy of{two}; of.targets = &row; cross_entropy(of, given));
  BREAKS("too smooth", CrossEntropy of = loss; of.smoothing = 1.5; cross_entropy(of, given));
  BREAKS("a reward", CrossEntropy of = loss; of.z_loss = -1; cross_entropy(of, given));
  BREAKS("no place for results", cross_entropy(loss, Results{}));
  BREAKS("a gradient of another type", Results to = given; to.gradient = &halves;
         cross_entropy(loss, to));
  BREAKS("a gradient of fewer classes", Results to = given; to.gradient = &narrow;
         entropy(row, 1, to));
  BREAKS("a gradient of fewer rows", Results to = given; to.gradient = &row;
         kl_divergence(two, two, 1, to));
  BREAKS("other classes", kl_divergence(row, narrow, 1, given));
  BREAKS("other types", js_divergence(row, halves, 1, 0.5, 0.5, given));
  BREAKS("other rows", kl_divergence(row, two, 1, given));
  BREAKS("no temperature", kl_divergence(row, row, 0, given));
  BREAKS("no temperature", entropy(row, -1, given));
  BREAKS("negative weights", js_divergence(row, row, 1, -0.5, 1.5, given));
  BREAKS("no place for sums", logsumexp(row, nullptr, 1));
  BREAKS("no place for indices", top(row, nullptr, 1));
  BREAKS("logarithms of another type", log_softmax(halves, halves, 1));
  BREAKS("fewer logarithms", log_softmax(two, row, 1));
  BREAKS("labels that are floats", elements::Operand operand;
         operand.data = reinterpret_cast<const char*>(values); operand.type = Element::float32;
         elements::Space space; space.append(2, 4, 0); std::int64_t to[2];
         read_labels(operand, space, 4, -100, to));
  BREAKS("no logits", logits::reference::logsumexp(results, 0));
}

void check_coding() {
  using namespace coding;
  static unsigned char data[64] = {};
  static unsigned char* const planes[2] = {data + 32, data + 8};
  BREAKS("few lanes", volatile unsigned lanes = 16; kernel_index(lanes));
  BREAKS("a chunk", volatile unsigned chunk = 2; chunk_symbols(8, 4, chunk));
  BREAKS("overlap", crc32c_copy(0, data, 16, data + 8));
  BREAKS("overlap", split_planes(data, 8, 2, false, planes));
  BREAKS("overlap", join_planes(planes, 8, 2, false, data));
  BREAKS("no symbols", CodedBlock block; encode_block(data, 0, Settings{}, data + 64, block));
  static const std::uint8_t lengths[3] = {1, 1, 1};
  BREAKS("no prefix code", WideHuffmanTable(lengths, 3));
  static const std::uint64_t counts[1] = {1};
  static const std::uint32_t frequencies[1] = {257};
  BREAKS("more than the sum", coded_bits(counts, frequencies, 1, 8));
  BREAKS("a header already written", FrameHeader header; header.items = 1;
         FrameWriter writer(header, Settings{}); writer.write_header(data);
         writer.choose_rotation(data, 1));
}

}  // namespace

int main() {
  check_counting();
  check_simd();
  check_memory_and_threads();
  check_dependence();
  check_logits();
  check_coding();
  return check::finish();
}
