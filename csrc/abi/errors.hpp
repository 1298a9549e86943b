// Exceptions become error numbers here: none ever crosses the C interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

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

// The error of the exception that is being handled. A std::invalid_argument is `invalid`.
pyinfo_error fail_with_current_exception(pyinfo_error invalid) noexcept;

// Runs body(), which returns nothing. Its std::invalid_argument is `invalid`.
template <class Body>
pyinfo_error guard(Body&& body, pyinfo_error invalid = PYINFO_ERROR_ARGUMENT) noexcept {
  if (!isa_is_right()) return fail(PYINFO_ERROR_ISA, pyinfo_error_message(PYINFO_ERROR_ISA));
  try {
    body();
    return PYINFO_OK;
  } catch (...) {
    return fail_with_current_exception(invalid);
  }
}

}  // namespace pyinfo::abi
