#include "abi/errors.hpp"

#include <cstdio>
#include <new>

#include "coding/frames/corrupt_data.hpp"
#include "simd/assert.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::abi {
namespace {

thread_local char last_detail[256] = "";
thread_local std::uint64_t last_offset = 0;

bool choose_isa() noexcept {
  try {
    simd::active();
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

pyinfo_error fail(pyinfo_error error, const char* detail, std::uint64_t offset) noexcept {
  PYINFO_ASSERT(error != PYINFO_OK && detail != nullptr);
  last_offset = offset;
  std::snprintf(last_detail, sizeof last_detail, "%s", detail);
  return error;
}

pyinfo_error fail_with_current_exception(pyinfo_error invalid) noexcept {
  try {
    throw;
  } catch (const Failure& failure) {
    return fail(failure.error(), failure.what());
  } catch (const coding::CorruptData& error) {
    return fail(PYINFO_ERROR_CORRUPT, error.what(), error.offset());
  } catch (const coding::OutputTooLarge& error) {
    return fail(PYINFO_ERROR_CAPACITY, error.what());
  } catch (const std::bad_alloc& error) {
    return fail(PYINFO_ERROR_MEMORY, error.what());
  } catch (const std::invalid_argument& error) {
    return fail(invalid, error.what());
  } catch (const std::exception& error) {
    return fail(PYINFO_ERROR_INTERNAL, error.what());
  } catch (...) {
    return fail(PYINFO_ERROR_INTERNAL, "unknown exception");
  }
}

bool isa_is_available() noexcept {
  static const bool available = choose_isa();
  return available;
}

}  // namespace pyinfo::abi

const char* pyinfo_error_message(pyinfo_error error) {
  switch (error) {
    case PYINFO_OK:
      return "no error";
    case PYINFO_ERROR_ARGUMENT:
      return "an argument is wrong";
    case PYINFO_ERROR_VALUE:
      return "a probability, weight or count is negative or infinite";
    case PYINFO_ERROR_SUM:
      return "the probabilities do not sum to 1, or the weights sum to 0";
    case PYINFO_ERROR_CODE:
      return "no code can be made of these counts, lengths or frequencies";
    case PYINFO_ERROR_SYMBOL:
      return "a symbol has no code, or there are too many for one message";
    case PYINFO_ERROR_CAPACITY:
      return "the output buffer has no room for the result";
    case PYINFO_ERROR_CORRUPT:
      return "the encoded data is damaged, or of another code";
    case PYINFO_ERROR_MEMORY:
      return "memory could not be allocated";
    case PYINFO_ERROR_ISA:
      return "PYINFO_ISA names an instruction set that is not available";
    case PYINFO_ERROR_INTERNAL:
      return "a defect of pyinfo";
    case PYINFO_ERROR_NOT_IMPORTED:
      return "import_pyinfo() has not been called";
    case PYINFO_ERROR_SHAPE:
      return "the memoryviews have lengths that do not fit each other";
    case PYINFO_ERROR_BASE:
      return "the array is not the one that the patch was made from";
    default:
      return "an error that this version of pyinfo does not know";
  }
}

const char* pyinfo_last_error_detail(void) { return pyinfo::abi::last_detail; }

uint64_t pyinfo_last_error_offset(void) { return pyinfo::abi::last_offset; }
