#include "bindings/dlpack.hpp"

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>

namespace pyinfo::bindings {
namespace {

// ---- The standard's structures (https://dmlc.github.io/dlpack), as far as they are read here

struct Device {
  std::int32_t type;
  std::int32_t number;
};

struct DataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  std::int32_t dimensions;
  DataType type;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; null: C-contiguous
  std::uint64_t byte_offset;
};

// What a capsule named "dltensor" holds.
struct Managed {
  Tensor tensor;
  void* context;
  void (*deleter)(Managed*);

  static constexpr const char* kName = "dltensor";
  static constexpr const char* kUsedName = "used_dltensor";
};

// What a capsule named "dltensor_versioned" holds, since version 1.0. Up to the deleter it is the
// same in all versions.
struct VersionedManaged {
  std::uint32_t major;
  std::uint32_t minor;
  void* context;
  void (*deleter)(VersionedManaged*);
  std::uint64_t flags;
  Tensor tensor;

  static constexpr const char* kName = "dltensor_versioned";
  static constexpr const char* kUsedName = "used_dltensor_versioned";
};

static_assert(sizeof(Device) == 8 && sizeof(DataType) == 4);
static_assert(sizeof(void*) != 8 || (sizeof(Managed) == 64 && sizeof(VersionedManaged) == 80));

constexpr std::uint32_t kMajorVersion = 1;

// Memory that the CPU reads like its own: CUDA and ROCm have such, too.
enum DeviceType : std::int32_t { kCpu = 1, kCudaHost = 3, kRocmHost = 11 };

enum TypeCode : std::uint8_t {
  kInt = 0,
  kUnsigned = 1,
  kFloat = 2,
  kBfloat = 4,
  kComplex = 5,
  kBool = 6,
  kFirstFloat8 = 7,
};

// In the order of their codes, from kFirstFloat8 on.
constexpr const char* kFloat8[] = {
    "float8_e3m4",     "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn",
    "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz",    "float8_e8m0fnu",
};

// ---- Reading them

// The number of NumPy's type, NPY_NOTYPE if it has none; see Borrowed for `extension`.
int numpy_type(const DataType& type, const char*& extension) noexcept {
  extension = nullptr;
  if (type.lanes != 1) return NPY_NOTYPE;
  const int bits = type.bits;
  switch (type.code) {
    case kInt:
      return bits == 8    ? NPY_INT8
             : bits == 16 ? NPY_INT16
             : bits == 32 ? NPY_INT32
             : bits == 64 ? NPY_INT64
                          : NPY_NOTYPE;
    case kUnsigned:
      return bits == 8    ? NPY_UINT8
             : bits == 16 ? NPY_UINT16
             : bits == 32 ? NPY_UINT32
             : bits == 64 ? NPY_UINT64
                          : NPY_NOTYPE;
    case kFloat:
      return bits == 16 ? NPY_HALF : bits == 32 ? NPY_FLOAT : bits == 64 ? NPY_DOUBLE : NPY_NOTYPE;
    case kComplex:
      return bits == 64 ? NPY_CFLOAT : bits == 128 ? NPY_CDOUBLE : NPY_NOTYPE;
    case kBool:
      return bits == 8 ? NPY_BOOL : NPY_NOTYPE;
    case kBfloat:
      extension = "bfloat16";
      return bits == 16 ? NPY_UINT16 : NPY_NOTYPE;
    default:
      if (type.code < kFirstFloat8 || type.code >= kFirstFloat8 + std::size(kFloat8) || bits != 8)
        return NPY_NOTYPE;
      extension = kFloat8[type.code - kFirstFloat8];
      return NPY_UINT8;
  }
}

template <class M>
void release(PyObject* capsule) noexcept {
  const pybind11::error_scope raised;  // a deleter may run Python code
  M* const managed = static_cast<M*>(PyCapsule_GetPointer(capsule, M::kUsedName));
  if (managed != nullptr && managed->deleter != nullptr) managed->deleter(managed);
}

// Takes over what the capsule holds: a new capsule that frees it.
template <class M>
Reference take_over(PyObject* capsule, M* managed) {
  // An owner in its own right: consumed capsules leave the freeing to whoever consumed them.
  Reference owner = Reference::checked(PyCapsule_New(managed, M::kUsedName, nullptr));
  if (PyCapsule_SetName(capsule, M::kUsedName) != 0) throw PythonError();
  if (PyCapsule_SetDestructor(owner.get(), release<M>) != 0) throw PythonError();
  return owner;
}

void require_cpu(std::int64_t device, const std::string& name) {
  if (device == kCpu || device == kCudaHost || device == kRocmHost) return;
  throw std::invalid_argument(name + " is in the memory of another device (DLPack type " +
                              std::to_string(device) + "): copy it to the CPU first");
}

// `owner` is what keeps the tensor's memory.
Borrowed view_of(const Tensor& tensor, Reference owner, const std::string& name) {
  require_cpu(tensor.device.type, name);
  Borrowed result;
  const int type = numpy_type(tensor.type, result.extension);
  if (type == NPY_NOTYPE) {
    throw TypeError(name + " has elements that cannot be read (DLPack type code " +
                    std::to_string(tensor.type.code) + " with " + std::to_string(tensor.type.bits) +
                    " bits, " + std::to_string(tensor.type.lanes) + " lanes)");
  }
  if (tensor.dimensions < 0 || tensor.dimensions > NPY_MAXDIMS) {
    throw std::invalid_argument(name + " has " + std::to_string(tensor.dimensions) +
                                " dimensions, at most " + std::to_string(NPY_MAXDIMS) +
                                " can be read");
  }
  const int dimensions = tensor.dimensions;
  const npy_intp itemsize = tensor.type.bits / 8;
  npy_intp shape[NPY_MAXDIMS];
  npy_intp strides[NPY_MAXDIMS];
  bool empty = false;
  for (int d = 0; d < dimensions; ++d) {
    if (tensor.shape[d] < 0 || tensor.shape[d] > std::numeric_limits<npy_intp>::max())
      throw std::invalid_argument(name + " has an axis of length " +
                                  std::to_string(tensor.shape[d]));
    shape[d] = npy_intp(tensor.shape[d]);
    empty = empty || shape[d] == 0;
    if (tensor.strides != nullptr) strides[d] = npy_intp(tensor.strides[d]) * itemsize;
  }
  if (empty) {  // it need not have memory
    result.array = Reference::checked(PyArray_SimpleNew(dimensions, shape, type));
    return result;
  }
  if (tensor.data == nullptr) throw std::invalid_argument(name + " has no memory");
  // NumPy checks that the sizes multiply without overflow.
  result.array = Reference::checked(PyArray_New(
      &PyArray_Type, dimensions, shape, type, tensor.strides == nullptr ? nullptr : strides,
      static_cast<char*>(tensor.data) + tensor.byte_offset, 0, 0, nullptr));
  if (PyArray_SetBaseObject(result.array.array(), owner.release()) != 0) throw PythonError();
  PyArray_UpdateFlags(result.array.array(), NPY_ARRAY_UPDATE_ALL);
  return result;
}

// The version that is asked for, as keywords: those that know none answer with a TypeError,
// and no subclass of it, which would be an answer to the question itself.
Reference export_capsule(PyObject* object) {
  const Reference method = Reference::checked(PyObject_GetAttrString(object, "__dlpack__"));
  const Reference keywords =
      Reference::checked(Py_BuildValue("{s:(ii)}", "max_version", int(kMajorVersion), 0));
  const Reference nothing = Reference::checked(PyTuple_New(0));
  PyObject* const capsule = PyObject_Call(method.get(), nothing.get(), keywords.get());
  if (capsule != nullptr || PyErr_Occurred() != PyExc_TypeError) return Reference::checked(capsule);
  PyErr_Clear();
  return Reference::checked(PyObject_CallNoArgs(method.get()));
}

void check_device(PyObject* object, const char* name) {
  const Reference device =
      Reference::checked(PyObject_CallMethod(object, "__dlpack_device__", nullptr));
  if (!PyTuple_Check(device.get()) || PyTuple_GET_SIZE(device.get()) != 2)
    throw TypeError(std::string(name) + ".__dlpack_device__() is no pair of numbers");
  const long type = PyLong_AsLong(PyTuple_GET_ITEM(device.get(), 0));
  if (type == -1 && PyErr_Occurred()) throw PythonError();
  require_cpu(type, name);
}

// torch exports tensors with its negative bit set as if it were not: with the wrong sign.
void check_sign(PyObject* object, const char* name) {
  const Reference method(PyObject_GetAttrString(object, "is_neg"));
  if (method.get() == nullptr) {
    PyErr_Clear();
    return;
  }
  const Reference negative = Reference::checked(PyObject_CallNoArgs(method.get()));
  if (negative.get() == Py_True)
    throw std::invalid_argument(std::string(name) + " has the negative bit set: resolve it first");
}

}  // namespace

bool speaks_dlpack(PyObject* object) noexcept {
  return PyObject_HasAttrString(object, "__dlpack__") == 1 &&
         PyObject_HasAttrString(object, "__dlpack_device__") == 1;
}

Borrowed from_dlpack(PyObject* object, const char* name) {
  check_device(object, name);
  check_sign(object, name);
  const Reference capsule = export_capsule(object);
  if (PyCapsule_IsValid(capsule.get(), VersionedManaged::kName)) {
    auto* const managed = static_cast<VersionedManaged*>(
        PyCapsule_GetPointer(capsule.get(), VersionedManaged::kName));
    if (managed->major > kMajorVersion)
      throw std::invalid_argument(std::string(name) + " is exported as version " +
                                  std::to_string(managed->major) + " of DLPack, not " +
                                  std::to_string(kMajorVersion));
    return view_of(managed->tensor, take_over(capsule.get(), managed), name);
  }
  if (PyCapsule_IsValid(capsule.get(), Managed::kName)) {
    auto* const managed =
        static_cast<Managed*>(PyCapsule_GetPointer(capsule.get(), Managed::kName));
    return view_of(managed->tensor, take_over(capsule.get(), managed), name);
  }
  throw TypeError(std::string(name) + ".__dlpack__() is no capsule with a tensor");
}

}  // namespace pyinfo::bindings
