// Exceptions become error numbers here: none ever crosses the C interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "pyinfo/pyinfo.h"

namespace pyinfo::abi {

// An error number with its detail; guard() returns the one and keeps the other.
class Failure : public std::runtime_error {
 public:
  Failure(pyinfo_error error, const std::string& detail)
      : std::runtime_error(detail), error_(error) {}
  pyinfo_error error() const noexcept { return error_; }

 private:
  pyinfo_error error_;
};

inline void require(bool condition, const char* what) {
  if (!condition) throw Failure(PYINFO_ERROR_ARGUMENT, what);
}
inline void require_pointer(const void* pointer, const char* name) {
  if (pointer == nullptr) throw Failure(PYINFO_ERROR_ARGUMENT, std::string(name) + " is null");
}
inline void require_data(const void* pointer, std::size_t size, const char* name) {
  if (size > 0) require_pointer(pointer, name);
}

// Keeps what pyinfo_last_error_detail and _offset return; returns `error`.
pyinfo_error fail(pyinfo_error error, const char* detail, std::uint64_t offset = 0) noexcept;

// False if PYINFO_ISA names an instruction set that is not available: every call then fails.
bool isa_is_available() noexcept;

// The error of the exception that is being handled. A std::invalid_argument is `invalid`.
pyinfo_error fail_with_current_exception(pyinfo_error invalid) noexcept;

// Runs body(), which returns nothing. Its std::invalid_argument is `invalid`.
template <class Body>
pyinfo_error guard(Body&& body, pyinfo_error invalid = PYINFO_ERROR_ARGUMENT) noexcept {
  if (!isa_is_available()) return fail(PYINFO_ERROR_ISA, pyinfo_error_message(PYINFO_ERROR_ISA));
  try {
    body();
    return PYINFO_OK;
  } catch (...) {
    return fail_with_current_exception(invalid);
  }
}

}  // namespace pyinfo::abi
