#include "bindings/float_values.hpp"

#include "bindings/arguments.hpp"

namespace pyinfo::bindings {
namespace {

using elements::Element;

// Of any type, NumPy's conversion of which may be missing; and of any byte order.
Reference as_doubles(const Input& input) {
  Reference doubles = Reference::checked(
      PyArray_SimpleNew(input.dimensions(), PyArray_DIMS(input.get()), NPY_DOUBLE));
  elements::Space space;
  for (int d = 0; d < input.dimensions(); ++d)
    space.append(PyArray_DIM(input.get(), d), PyArray_STRIDE(input.get(), d), 0);
  elements::load_slice<double>(input.operand(), space, 0,
                               static_cast<double*>(PyArray_DATA(doubles.array())));
  return doubles;
}

}  // namespace

FloatValues::FloatValues(PyObject* object, const char* name) {
  const Input input = as_input(object, name);
  require_not_empty(std::size_t(PyArray_SIZE(input.get())), name);
  Element type = input.type;
  if (type > Element::bfloat16 || PyArray_ISBYTESWAPPED(input.get())) {
    array_ = as_doubles(input);
    type = Element::float64;
  } else {
    array_ = Reference::checked(PyArray_FromArray(input.get(), nullptr, NPY_ARRAY_C_CONTIGUOUS));
  }
  values_ = {PyArray_DATA(array_.array()), type, std::size_t(PyArray_SIZE(array_.array()))};
}

}  // namespace pyinfo::bindings
