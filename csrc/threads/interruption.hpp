// Long work that its caller may end: it asks between pieces of at most some hundredths of a second.
#pragma once

#include <exception>

namespace pyinfo::threads {

class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

// While it lives, work on this thread can be ended: `asked` is called now and then, and false from
// it ends the work. Work on threads without one is never ended.
class Interruptible {
 public:
  explicit Interruptible(bool (*asked)(void* context), void* context) noexcept;
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  friend bool interrupted() noexcept;
  bool ask() noexcept;

  bool (*asked_)(void* context);
  void* context_;
  long long next_ = 0;  // when to ask again, in nanoseconds
  bool ended_ = false;
  Interruptible* outer_;
};

// Whether the work of this thread is to end; once it is, it stays so. Cheap: asks at most every
// twentieth of a second.
bool interrupted() noexcept;

inline void require_uninterrupted() {
  if (interrupted()) throw Interrupted();
}

}  // namespace pyinfo::threads
