// Models per symbol as C functions.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "abi/errors.hpp"
#include "coding/messages/indexed_message.hpp"
#include "coding/models/fixed_distributions.hpp"
#include "memory/overlap.hpp"
#include "threads/parallel.hpp"

struct pyinfo_models {
  explicit pyinfo_models(int precision) : tables(precision) {}
  pyinfo::coding::IndexedTables tables;
};

namespace pyinfo::abi {
namespace {

using coding::IndexedInput;

constexpr std::uint64_t kLargestSum = std::uint64_t{1} << 31;

int models_threads(int threads) {
  require(threads >= 0, "threads must not be negative");
  return std::min(threads, threads::kMostThreads);
}

std::unique_ptr<pyinfo_models> empty_models(int precision, std::size_t tables) {
  require(precision >= coding::kMinPrecision && precision <= coding::kMostIndexedPrecision,
          "precision must be from 8 to 14");
  require(tables > 0 && tables <= coding::kMostTables, "there must be 1 to 65536 tables");
  return std::make_unique<pyinfo_models>(precision);
}

void require_size(std::size_t size, int precision) {
  require(size >= 2 && size <= std::size_t{1} << precision,
          "a table must have 2 to 2^precision weights");
}

void require_weights(const std::vector<std::uint64_t>& weights, std::int32_t least) {
  const std::size_t size = weights.size();
  require(least >= coding::kLeastTableSymbol &&
              least + std::int64_t(size) - 2 <= coding::kMostTableSymbol,
          "symbols of tables must be from -32767 to 32766");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (weights[i] == 0 || weights[i] >= kLargestSum - sum) {
      throw Failure(PYINFO_ERROR_VALUE, "weights must be at least 1, and their sum below 2^31");
    }
    sum += weights[i];
  }
}

// Runs work(), which may meet an index that names no table.
template <class Work>
void with_indexes(const pyinfo_models& models, const Work& work) {
  try {
    work();
  } catch (const coding::IndexOutOfRange& error) {
    throw Failure(PYINFO_ERROR_VALUE, "indexes[" + std::to_string(error.place()) + "] = " +
                                          std::to_string(error.index()) + ", but there are " +
                                          std::to_string(models.tables.count()) + " tables");
  }
}

void require_symbol_size(int size) {
  require(size == 2 || size == 4, "symbol_size must be 2 or 4");
}

}  // namespace
}  // namespace pyinfo::abi

namespace abi = pyinfo::abi;
namespace coding = pyinfo::coding;

pyinfo_error pyinfo_models_from_scales(pyinfo_family family, const double* scales, size_t n,
                                       int precision, double tail, int mean_steps,
                                       pyinfo_models** models) {
  return abi::guard([&] {
    abi::require_pointer(models, "models");
    abi::require_data(scales, n, "scales");
    abi::require(family >= PYINFO_GAUSSIAN && family <= PYINFO_LOGISTIC, "there is no such family");
    abi::require(mean_steps >= 1 && mean_steps <= int(coding::kMostMeanSteps) &&
                     (mean_steps & (mean_steps - 1)) == 0,
                 "mean_steps must be a power of two up to 64");
    abi::require(n <= coding::kMostTables, "there are too many scales");
    abi::require(tail < 1, "tail must be below 1");
    auto made = abi::empty_models(precision, n * std::size_t(mean_steps));
    // A copy: the caller's memory may change once it was looked at.
    const std::vector<double> copy(scales, scales + n);
    for (const double scale : copy) {
      if (!(scale >= coding::kLeastScale && scale <= coding::kMostScale)) {
        throw abi::Failure(PYINFO_ERROR_VALUE, "scales must be from 2^-20 to 2^15");
      }
    }
    const double least = tail < 0 ? coding::kTailSlots / double(1 << precision) : tail;
    coding::add_distributions(made->tables, static_cast<coding::Family>(family), copy.data(), n,
                              unsigned(mean_steps),
                              static_cast<std::uint32_t>(least * (1 << coding::kWeightBits)));
    *models = made.release();
  });
}

pyinfo_error pyinfo_models_from_weights(const uint64_t* weights, const size_t* sizes,
                                        const int32_t* leasts, size_t n, int precision,
                                        pyinfo_models** models) {
  return abi::guard([&] {
    abi::require_pointer(models, "models");
    abi::require_data(weights, n, "weights");
    abi::require_data(sizes, n, "sizes");
    abi::require_data(leasts, n, "leasts");
    auto made = abi::empty_models(precision, n);
    for (std::size_t i = 0; i < n; ++i) {
      // Copies: the caller's memory may change once it was looked at.
      const std::size_t size = sizes[i];
      const std::int32_t least = leasts[i];
      abi::require_size(size, precision);
      const std::vector<std::uint64_t> copy(weights, weights + size);
      abi::require_weights(copy, least);
      coding::add_weights(made->tables, least, copy.data(), size - 1);
      weights += size;
    }
    *models = made.release();
  });
}

void pyinfo_models_destroy(pyinfo_models* models) { delete models; }

size_t pyinfo_models_encode_bound(size_t n) { return coding::indexed_bound(n); }

pyinfo_error pyinfo_models_encode(const pyinfo_models* models, const void* symbols, int symbol_size,
                                  const uint16_t* indexes, const int32_t* shifts, size_t n,
                                  int threads, void* message, size_t capacity, size_t* size) {
  return abi::guard([&] {
    abi::require_pointer(models, "models");
    abi::require_pointer(size, "size");
    abi::require_data(symbols, n, "symbols");
    abi::require_data(indexes, n, "indexes");
    abi::require_data(message, capacity, "message");
    abi::require_symbol_size(symbol_size);
    const int count = abi::models_threads(threads);
    // No symbols have a width as well.
    static constexpr std::int32_t nothing[1] = {0};
    const void* const from = n == 0 ? nothing : symbols;
    abi::IndexedInput input;
    if (symbol_size == 2) {
      input.symbols16 = static_cast<const std::int16_t*>(from);
    } else {
      input.symbols32 = static_cast<const std::int32_t*>(from);
    }
    input.indexes16 = indexes;
    input.shifts = shifts;
    abi::with_indexes(*models, [&] {
      const auto made = coding::encode_indexed(models->tables, input, n, count);
      if (made.size() > capacity) {
        throw abi::Failure(PYINFO_ERROR_CAPACITY,
                           "the message takes " + std::to_string(made.size()) + " bytes");
      }
      std::memcpy(message, made.data(), made.size());
      *size = made.size();
    });
  });
}

pyinfo_error pyinfo_models_read_info(const void* message, size_t size, pyinfo_models_info* info) {
  return abi::guard([&] {
    abi::require_pointer(info, "info");
    abi::require(info->size >= sizeof *info, "the size of info is not set");
    abi::require_data(message, size, "message");
    const auto header =
        coding::read_indexed_header(static_cast<const unsigned char*>(message), size);
    info->symbols = header.symbols;
    info->symbol_size = header.wide ? 4 : 2;
    info->shifted = header.shifted ? 1 : 0;
  });
}

pyinfo_error pyinfo_models_decode(const pyinfo_models* models, const void* message, size_t size,
                                  const uint16_t* indexes, const int32_t* shifts, size_t n,
                                  int threads, void* symbols, int symbol_size) {
  return abi::guard([&] {
    abi::require_pointer(models, "models");
    abi::require_data(message, size, "message");
    abi::require_data(indexes, n, "indexes");
    abi::require_data(symbols, n, "symbols");
    abi::require_symbol_size(symbol_size);
    const int count = abi::models_threads(threads);
    const auto* const data = static_cast<const unsigned char*>(message);
    const coding::IndexedHeader header = coding::read_indexed_header(data, size);
    abi::require(header.symbols == n, "the message has another number of symbols");
    abi::require(header.wide == (symbol_size == 4), "the message has symbols of another size");
    abi::require(header.shifted == (shifts != nullptr),
                 "the message was coded with shifts, or not");
    abi::IndexedInput input;
    input.indexes16 = indexes;
    input.shifts = shifts;
    coding::IndexedOutput out;
    if (header.wide) {
      out.symbols32 = static_cast<std::int32_t*>(symbols);
    } else {
      out.symbols16 = static_cast<std::int16_t*>(symbols);
    }
    abi::with_indexes(*models, [&] {
      coding::decode_indexed(models->tables, header, data, size, input, out, count);
    });
  });
}
