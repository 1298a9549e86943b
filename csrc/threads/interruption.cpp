#include "threads/interruption.hpp"

#include <chrono>

namespace pyinfo::threads {
namespace {

constexpr long long kBetweenQuestions = 50'000'000;

thread_local Interruptible* current = nullptr;

long long now() noexcept {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

}  // namespace

Interruptible::Interruptible(bool (*asked)(void* context), void* context) noexcept
    : asked_(asked), context_(context), next_(now() + kBetweenQuestions), outer_(current) {
  current = this;
}

Interruptible::~Interruptible() { current = outer_; }

bool Interruptible::ask() noexcept {
  if (ended_) return true;
  const long long time = now();
  if (time < next_) return false;
  ended_ = !asked_(context_);
  next_ = now() + kBetweenQuestions;
  return ended_;
}

bool interrupted() noexcept { return current != nullptr && current->ask(); }

}  // namespace pyinfo::threads
