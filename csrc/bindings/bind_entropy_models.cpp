// Models per symbol: what pyinfo/entropy_models/ is made of, which has checked the arguments.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/messages/indexed_message.hpp"
#include "coding/messages/mean_grid.hpp"
#include "coding/models/fixed_distributions.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using coding::IndexedTables;

template <class T>
const T* data_if(const py::array& array) {
  return py::isinstance<py::array_t<T>>(array) ? static_cast<const T*>(array.data()) : nullptr;
}

// Arrays of the same size: symbols (if any), indexes and shifts (if any).
struct Input {
  coding::IndexedInput input;
  std::size_t size;

  Input(const py::array* given_symbols, const py::array& given_indexes,
        const std::optional<py::array>& given_shifts)
      : size(std::size_t(given_indexes.size())) {
    const py::array& indexes = held(given_indexes);
    input.indexes8 = data_if<std::uint8_t>(indexes);
    input.indexes16 = data_if<std::uint16_t>(indexes);
    bool known = input.indexes8 != nullptr || input.indexes16 != nullptr;
    if (given_symbols != nullptr) {
      const py::array& symbols = held(*given_symbols);
      input.symbols16 = data_if<std::int16_t>(symbols);
      input.symbols32 = data_if<std::int32_t>(symbols);
      known &= input.symbols16 != nullptr || input.symbols32 != nullptr;
    }
    if (given_shifts) {
      input.shifts = data_if<std::int32_t>(held(*given_shifts));
      known &= input.shifts != nullptr;
    }
    if (!known) throw py::type_error("symbols, indexes or shifts are of another type");
  }

 private:
  const py::array& held(const py::array& array) {
    if (std::size_t(array.size()) != size)
      throw py::value_error("symbols, indexes and shifts must be of one size");
    arrays_[count_] = contiguous(array);
    return arrays_[count_++];
  }

  py::array arrays_[3];
  int count_ = 0;
};

template <class Work>
auto with_indexes(std::size_t tables, std::size_t n, Work&& work) {
  try {
    return without_gil(n, work);
  } catch (const coding::IndexOutOfRange& error) {
    throw py::value_error("indexes has " + std::to_string(error.index()) + " at position " +
                          std::to_string(error.place()) + ", but there are " +
                          std::to_string(tables) + " tables");
  }
}

std::unique_ptr<IndexedTables> distribution_tables(int family,
                                                   const ContiguousArray<double>& scales,
                                                   int precision, std::uint32_t tail,
                                                   unsigned steps) {
  auto tables = std::make_unique<IndexedTables>(precision);
  const double* const of = scales.data();
  const auto count = std::size_t(scales.size());
  without_gil(count * 1024, [&] {
    coding::add_distributions(*tables, static_cast<coding::Family>(family), of, count, steps, tail);
  });
  return tables;
}

// Table i has sizes[i] weights, those of its symbols from leasts[i] on and of the escape.
std::unique_ptr<IndexedTables> weight_tables(const ContiguousArray<std::uint64_t>& weights,
                                             const ContiguousArray<std::int64_t>& sizes,
                                             const ContiguousArray<std::int64_t>& leasts,
                                             int precision) {
  auto tables = std::make_unique<IndexedTables>(precision);
  require_same_length("sizes", std::size_t(sizes.size()), "leasts", std::size_t(leasts.size()));
  const auto total = std::size_t(weights.size());
  without_gil(total, [&] {
    coding::add_weight_tables(*tables, weights.data(), total, sizes.data(), leasts.data(),
                              std::size_t(sizes.size()));
  });
  return tables;
}

py::bytes encode(const IndexedTables& tables, const py::array& symbols, const py::array& indexes,
                 const std::optional<py::array>& shifts, int threads) {
  const Input in(&symbols, indexes, shifts);
  const std::vector<unsigned char> message = with_indexes(tables.count(), in.size, [&] {
    return coding::encode_indexed(tables, in.input, in.size, threads);
  });
  return py::bytes(reinterpret_cast<const char*>(message.data()), message.size());
}

// To `out`, or to a new array of the type that the message says.
py::array decode(const IndexedTables& tables, const py::object& data, const py::array& indexes,
                 const std::optional<py::array>& shifts, const py::object& out, int threads) {
  const Input in(nullptr, indexes, shifts);
  const ByteBuffer bytes(data);
  const coding::IndexedHeader header = coding::read_indexed_header(bytes.data(), bytes.size());
  if (header.symbols != in.size) {
    throw py::value_error("the message has " + std::to_string(header.symbols) +
                          " symbols, but there are " + std::to_string(in.size) + " indexes");
  }
  if (header.shifted != shifts.has_value()) {
    throw py::value_error(header.shifted ? "the message was coded with means: give them"
                                         : "the message was coded without means");
  }
  py::array result;
  if (out.is_none()) {
    const py::dtype type =
        header.wide ? py::dtype::of<std::int32_t>() : py::dtype::of<std::int16_t>();
    result = py::array(type,
                       std::vector<py::ssize_t>(indexes.shape(), indexes.shape() + indexes.ndim()));
  } else {
    PyArrayObject* const given = out_argument(out.ptr(), header.wide ? NPY_INT32 : NPY_INT16);
    require_contiguous(given);
    if (std::size_t(PyArray_SIZE(given)) != in.size) {
      throw py::value_error("out has " + std::to_string(PyArray_SIZE(given)) +
                            " elements, the result has " + std::to_string(in.size));
    }
    result = py::reinterpret_borrow<py::array>(out);
    const auto size = std::size_t(result.nbytes());
    require_apart(result.data(), size, bytes.data(), bytes.size(), "data");
    require_apart(result.data(), size, indexes.data(), std::size_t(indexes.nbytes()), "indexes");
  }
  coding::IndexedOutput to;
  if (header.wide) {
    to.symbols32 = static_cast<std::int32_t*>(result.mutable_data());
  } else {
    to.symbols16 = static_cast<std::int16_t*>(result.mutable_data());
  }
  with_indexes(tables.count(), in.size, [&] {
    coding::decode_indexed(tables, header, bytes.data(), bytes.size(), in.input, to, threads);
  });
  return result;
}

// Bits of the symbols, and of a message with them; `each` takes those of each.
py::tuple bits(const IndexedTables& tables, const py::array& symbols, const py::array& indexes,
               const std::optional<py::array>& shifts, const std::optional<py::array>& each) {
  const Input in(&symbols, indexes, shifts);
  double* to = nullptr;
  if (each) {
    if (std::size_t(each->size()) != in.size || !py::isinstance<py::array_t<double>>(*each)) {
      throw py::value_error("each must be float64 and of the size of symbols");
    }
    to = static_cast<double*>(const_cast<void*>(each->data()));
  }
  const std::uint64_t sum = with_indexes(
      tables.count(), in.size, [&] { return coding::indexed_bits(tables, in.input, in.size, to); });
  const double of_symbols = double(sum) * 0x1p-32;
  const std::uint64_t besides = coding::indexed_overhead(in.size, sum >> 32);
  return py::make_tuple(of_symbols, of_symbols + 8 * double(besides));
}

// For each symbol its table, of scales * steps, and the whole part of its mean.
py::tuple split_means(const py::array& given_means, const py::array& indexes, unsigned steps,
                      std::size_t scales) {
  const Input in(nullptr, indexes, std::nullopt);
  const py::array means = contiguous(given_means);
  if (std::size_t(means.size()) != in.size) {
    throw py::value_error("means and indexes must be of one size");
  }
  if (steps == 0 || steps > coding::kMostMeanSteps || (steps & (steps - 1)) != 0 ||
      scales > coding::kMostTables / steps) {
    throw py::value_error("there are no such tables");
  }
  const std::vector<py::ssize_t> shape(indexes.shape(), indexes.shape() + indexes.ndim());
  const bool small = scales * steps <= 256;
  py::array tables(small ? py::dtype::of<std::uint8_t>() : py::dtype::of<std::uint16_t>(), shape);
  py::array_t<std::int32_t> shifts(shape);
  void* const to = tables.mutable_data();
  std::int32_t* const whole = shifts.mutable_data();
  const auto split = [&](const auto* mean, const auto* index) {
    try {
      with_indexes(scales, in.size, [&] {
        if (small) {
          coding::split_means(mean, index, in.size, steps, scales, static_cast<std::uint8_t*>(to),
                              whole);
        } else {
          coding::split_means(mean, index, in.size, steps, scales, static_cast<std::uint16_t*>(to),
                              whole);
        }
      });
    } catch (const coding::MeanOutOfRange& error) {
      throw py::value_error("means must be finite, and from -2**30 to 2**30, not " +
                            std::string(py::str("{:g}").format(error.mean())));
    }
  };
  const auto split_by_index = [&](const auto* mean) {
    in.input.indexes8 != nullptr ? split(mean, in.input.indexes8) : split(mean, in.input.indexes16);
  };
  if (const auto* const floats = data_if<float>(means); floats != nullptr) {
    split_by_index(floats);
  } else if (const auto* const doubles = data_if<double>(means); doubles != nullptr) {
    split_by_index(doubles);
  } else {
    throw py::type_error("means are of another type");
  }
  return py::make_tuple(tables, shifts);
}

py::tuple table(const IndexedTables& tables, std::size_t index) {
  if (index >= tables.count()) throw py::index_error("there is no such table");
  const coding::IndexedTable& of = tables.table(index);
  py::array_t<std::uint32_t> frequencies{py::ssize_t(of.escape) + 1};
  for (std::uint32_t i = 0; i <= of.escape; ++i) {
    frequencies.mutable_data()[i] = tables.frequency(of.first + i);
  }
  return py::make_tuple(of.least, frequencies);
}

}  // namespace

void bind_entropy_models(py::module_& m) {
  whole_class<IndexedTables>(m, "IndexedTables", "Tables of models per symbol.", new_refused)
      .def_property_readonly("count", &IndexedTables::count)
      .def_property_readonly("fingerprint", &coding::table_fingerprint)
      .def("table", &table, py::arg("index"),
           "The least symbol of a table, and its frequencies with that of the escape last.")
      .def("encode", &encode, py::arg("symbols"), py::arg("indexes"), py::arg("shifts"),
           py::arg("threads"), "Code symbols minus shifts with the tables of the indexes.")
      .def("decode", &decode, py::arg("data"), py::arg("indexes"), py::arg("shifts"),
           py::arg("out"), py::arg("threads"), "Decode what `encode` returned.")
      .def("bits", &bits, py::arg("symbols"), py::arg("indexes"), py::arg("shifts"),
           py::arg("each"),
           "Return the bits of the symbols and of their message; `each` takes each symbol's.");
  m.def("split_means", &split_means, py::arg("means"), py::arg("indexes"), py::arg("steps"),
        py::arg("scales"),
        "Of means, in units of 1 / steps, tables of scales * steps, and the whole parts.");
  m.attr("TAIL_SLOTS") = coding::kTailSlots;
  m.def("distribution_tables", &distribution_tables, py::arg("family"), py::arg("scales"),
        py::arg("precision"), py::arg("tail"), py::arg("steps"),
        "Tables of Gaussian (0), Laplace (1) or logistic (2) variables that were rounded.");
  m.def("weight_tables", &weight_tables, py::arg("weights"), py::arg("sizes"), py::arg("leasts"),
        py::arg("precision"), "Tables of these weights, the last of each the escape's.");
}

}  // namespace pyinfo::bindings
