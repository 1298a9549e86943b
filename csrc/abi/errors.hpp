// Exceptions become error numbers here: none ever crosses the C interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>

#include "coding/corrupt_data.hpp"
#include "pyinfo/pyinfo.h"

namespace pyinfo::abi {

// What functions of this room throw; guard() takes it apart.
class Failure : public std::runtime_error {
 public:
  Failure(pyinfo_error error, const std::string& detail)
      : std::runtime_error(detail), error_(error) {}
  pyinfo_error error() const noexcept { return error_; }

 private:
  pyinfo_error error_;
};

inline void require(bool right, const char* what) {
  if (!right) throw Failure(PYINFO_ERROR_ARGUMENT, what);
}
inline void require_pointer(const void* pointer, const char* name) {
  if (pointer == nullptr) throw Failure(PYINFO_ERROR_ARGUMENT, std::string(name) + " is null");
}
inline void require_data(const void* pointer, std::size_t size, const char* name) {
  if (size > 0) require_pointer(pointer, name);
}

// Keeps what pyinfo_last_error_detail and _offset tell; returns `error`.
pyinfo_error fail(pyinfo_error error, const char* detail, std::uint64_t offset = 0) noexcept;

// False if PYINFO_ISA names an instruction set that is not to be had: then nothing works.
bool isa_is_right() noexcept;

// Runs body(), which returns nothing. Its std::invalid_argument is `invalid`.
template <class Body>
pyinfo_error guard(Body&& body, pyinfo_error invalid = PYINFO_ERROR_ARGUMENT) noexcept {
  if (!isa_is_right()) return fail(PYINFO_ERROR_ISA, pyinfo_error_message(PYINFO_ERROR_ISA));
  try {
    body();
    return PYINFO_OK;
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

}  // namespace pyinfo::abi
