// _core._C_API: the C interface, for pyinfo_import() of pyinfo.h.
#include "bindings/rooms.hpp"
#include "pyinfo/pyinfo.h"

namespace pyinfo::bindings {

void bind_abi(pybind11::module_& m) {
  m.attr(PYINFO_CAPSULE_ATTRIBUTE) =
      pybind11::capsule(static_cast<const void*>(pyinfo_get_api()), PYINFO_CAPSULE_NAME);
}

}  // namespace pyinfo::bindings
