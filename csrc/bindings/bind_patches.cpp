// Patches: what pyinfo/patches/ is made of.
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "coding/deltas/patch_reader.hpp"
#include "coding/deltas/patch_writer.hpp"
#include "memory/overlap.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

py::bytes diff(const py::object& before, const py::object& after, unsigned size, unsigned mantissa,
               const std::string& metadata, int threads) {
  const ByteBuffer old_bytes(before.ptr(), "old");
  const ByteBuffer new_bytes(after.ptr(), "new");
  if (old_bytes.size() != new_bytes.size()) throw py::value_error("old and new have other sizes");
  const coding::ElementKind kind{size, mantissa};
  const std::uint64_t items = whole_items(old_bytes.size(), size, "old");
  const std::vector<unsigned char> patch = without_gil(old_bytes.size(), [&] {
    return coding::write_patch(kind, old_bytes.data(), new_bytes.data(), items, metadata, threads);
  });
  return py::bytes(reinterpret_cast<const char*>(patch.data()), patch.size());
}

class PatchReader {
 public:
  explicit PatchReader(const py::object& data)
      : object_(data), bytes_(data.ptr(), "patch"), reader_(bytes_.data(), bytes_.size()) {}

  static PyObject* make(PyTypeObject*, PyObject* arguments, PyObject* keywords) {
    PyObject* data = nullptr;
    static const char* const names[] = {"data", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O:PatchReader",
                                     const_cast<char**>(names), &data)) {
      return nullptr;
    }
    return new_whole(
        [&] { return std::make_unique<PatchReader>(py::reinterpret_borrow<py::object>(data)); });
  }

  std::uint64_t items() const { return reader_.header().items; }
  unsigned item_size() const { return reader_.header().classes.kind.size; }
  unsigned mantissa() const { return reader_.header().classes.kind.mantissa; }
  unsigned classes() const { return reader_.header().classes.count; }
  std::uint64_t changed() const { return reader_.header().changed; }
  py::bytes metadata() const { return reader_.header().metadata; }

  bool is_base(const py::object& array, int threads) const {
    const ByteBuffer bytes(array.ptr(), "base");
    if (bytes.size() != reader_.bytes()) return false;
    return without_gil(bytes.size(), [&] { return reader_.is_base(bytes.data(), threads); });
  }
  bool is_result(const py::object& array, int threads) const {
    const ByteBuffer bytes(array.ptr(), "base");
    if (bytes.size() != reader_.bytes()) return false;
    return without_gil(bytes.size(), [&] { return reader_.is_result(bytes.data(), threads); });
  }

  // `out` is memory of its own, or the very memory of `base`.
  void apply(const py::object& base, const py::object& out, bool out_is_new, int threads) const {
    const ByteBuffer from(base.ptr(), "base");
    const WritableBuffer to(out.ptr(), "out");
    if (from.size() != reader_.bytes() || to.size() != reader_.bytes()) {
      throw py::value_error("base and out must have " + std::to_string(reader_.bytes()) +
                            " bytes, not " + std::to_string(from.size()) + " and " +
                            std::to_string(to.size()));
    }
    if (to.data() != from.data())
      require_apart(to.data(), to.size(), from.data(), from.size(), "base");
    require_apart(to.data(), to.size(), bytes_.data(), bytes_.size(), "the patch");
    without_gil(from.size(), [&] { reader_.apply(from.data(), to.data(), out_is_new, threads); });
  }

 private:
  const py::object object_;  // a ByteBuffer does not keep it alive
  const ByteBuffer bytes_;
  const coding::PatchReader reader_;
};

}  // namespace

void bind_patches(py::module_& m) {
  m.def("patch_diff", &diff, py::arg("old"), py::arg("new"), py::arg("size"), py::arg("mantissa"),
        py::arg("metadata"), py::arg("threads"),
        "Return the patch between two buffers of elements of so many bytes: whole numbers if "
        "`mantissa` is 0, else floats with so many bits of mantissa.");
  whole_class<PatchReader>(m, "PatchReader", "A whole patch in memory.", &PatchReader::make)
      .def_property_readonly("items", &PatchReader::items)
      .def_property_readonly("item_size", &PatchReader::item_size)
      .def_property_readonly("mantissa", &PatchReader::mantissa)
      .def_property_readonly("classes", &PatchReader::classes)
      .def_property_readonly("changed", &PatchReader::changed)
      .def_property_readonly("metadata", &PatchReader::metadata)
      .def("is_base", &PatchReader::is_base, py::arg("array"), py::arg("threads"),
           "Return whether the patch was made from these bytes.")
      .def("is_result", &PatchReader::is_result, py::arg("array"), py::arg("threads"),
           "Return whether the patch makes these bytes.")
      .def("apply", &PatchReader::apply, py::arg("base"), py::arg("out"), py::arg("out_is_new"),
           py::arg("threads"),
           "Write what the patch makes of `base` to `out`, which may be the same memory; of one "
           "that is not new, nothing is written if the base is a wrong one.");
}

}  // namespace pyinfo::bindings
