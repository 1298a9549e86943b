// Patches as C functions.
#include <algorithm>
#include <cstring>

#include "abi/errors.hpp"
#include "coding/deltas/patch_reader.hpp"
#include "coding/deltas/patch_writer.hpp"
#include "memory/overlap.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::abi {
namespace {

int patch_threads(int threads) {
  require(threads >= 0, "threads must not be negative");
  return std::min(threads, threads::kMostThreads);
}

coding::ElementKind kind_of(pyinfo_element element) {
  switch (element) {
    case PYINFO_ELEMENT_8:
      return {1, 0};
    case PYINFO_ELEMENT_16:
      return {2, 0};
    case PYINFO_ELEMENT_32:
      return {4, 0};
    case PYINFO_ELEMENT_64:
      return {8, 0};
    case PYINFO_ELEMENT_BFLOAT16:
      return {2, 7};
    case PYINFO_ELEMENT_FLOAT16:
      return {2, 10};
    case PYINFO_ELEMENT_FLOAT32:
      return {4, 23};
    case PYINFO_ELEMENT_FLOAT64:
      return {8, 52};
    default:
      throw Failure(PYINFO_ERROR_ARGUMENT, "there are no such elements");
  }
}

pyinfo_element element_of(coding::ElementKind kind) {
  for (int i = PYINFO_ELEMENT_8; i <= PYINFO_ELEMENT_FLOAT64; ++i) {
    const auto element = static_cast<pyinfo_element>(i);
    const coding::ElementKind other = kind_of(element);
    if (other.size == kind.size && other.mantissa == kind.mantissa) return element;
  }
  throw Failure(PYINFO_ERROR_INTERNAL, "elements that a patch cannot have");
}

coding::PatchReader reader_of(const void* patch, std::size_t size) {
  require_data(patch, size, "patch");
  return coding::PatchReader(static_cast<const unsigned char*>(patch), size);
}

}  // namespace
}  // namespace pyinfo::abi

namespace abi = pyinfo::abi;
namespace coding = pyinfo::coding;

pyinfo_error pyinfo_patch_bound(pyinfo_element element, size_t items, size_t metadata_size,
                                size_t* bound) {
  return abi::guard([&] {
    abi::require_pointer(bound, "bound");
    const coding::ElementKind kind = abi::kind_of(element);
    abi::require(items <= SIZE_MAX / 16, "there are too many elements");
    abi::require(metadata_size <= 0xffff, "metadata must have at most 65535 bytes");
    *bound = coding::patch_bound(kind, items, metadata_size);
  });
}

pyinfo_error pyinfo_patch_diff(const void* before, const void* after, size_t items,
                               pyinfo_element element, const void* metadata, size_t metadata_size,
                               int threads, void* patch, size_t capacity, size_t* patch_size) {
  return abi::guard([&] {
    abi::require_pointer(patch_size, "patch_size");
    abi::require_data(before, items, "before");
    abi::require_data(after, items, "after");
    abi::require_data(metadata, metadata_size, "metadata");
    abi::require_data(patch, capacity, "patch");
    const coding::ElementKind kind = abi::kind_of(element);
    std::string text;
    if (metadata_size > 0) text.assign(static_cast<const char*>(metadata), metadata_size);
    const std::vector<unsigned char> made = coding::write_patch(
        kind, static_cast<const unsigned char*>(before), static_cast<const unsigned char*>(after),
        items, text, abi::patch_threads(threads));
    if (made.size() > capacity) {
      throw abi::Failure(PYINFO_ERROR_CAPACITY,
                         "the patch takes " + std::to_string(made.size()) + " bytes");
    }
    std::memcpy(patch, made.data(), made.size());
    *patch_size = made.size();
  });
}

pyinfo_error pyinfo_patch_read_info(const void* patch, size_t patch_size, pyinfo_patch_info* info) {
  return abi::guard([&] {
    abi::require_pointer(info, "info");
    abi::require(info->size >= sizeof *info, "the size of info is not set");
    const coding::PatchReader reader = abi::reader_of(patch, patch_size);
    const coding::PatchHeader& header = reader.header();
    info->items = header.items;
    info->changed = header.changed;
    info->element = abi::element_of(header.classes.kind);
    info->metadata = static_cast<const unsigned char*>(patch) + coding::kPatchFixedSize +
                     2 * (header.classes.count - 1);
    info->metadata_size = header.metadata.size();
  });
}

pyinfo_error pyinfo_patch_apply(const void* base, size_t size, const void* patch, size_t patch_size,
                                int threads, void* out) {
  return abi::guard([&] {
    abi::require_data(base, size, "base");
    abi::require_data(out, size, "out");
    const coding::PatchReader reader = abi::reader_of(patch, patch_size);
    const int count = abi::patch_threads(threads);
    if (reader.bytes() != size) {
      throw abi::Failure(PYINFO_ERROR_BASE, "base has " + std::to_string(size) +
                                                " bytes, the patch was made from " +
                                                std::to_string(reader.bytes()));
    }
    abi::require(base == out || !pyinfo::memory::overlap(base, size, out, size),
                 "base and out overlap");
    try {
      reader.apply(static_cast<const unsigned char*>(base), static_cast<unsigned char*>(out), false,
                   count);
    } catch (const coding::WrongBase& error) {
      throw abi::Failure(PYINFO_ERROR_BASE, error.what());
    }
  });
}
