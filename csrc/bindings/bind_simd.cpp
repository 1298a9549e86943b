// _core.config(): how this build came about and which kernels it uses.
#include <string>

#include "bindings/rooms.hpp"
#include "simd/dispatch.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#elif defined(__GNUC__)
constexpr const char* kCompiler = "gcc " __VERSION__;
#elif defined(_MSC_VER)
constexpr const char* kCompiler = "msvc";
#else
constexpr const char* kCompiler = "unknown";
#endif

py::dict config() {
  py::list available;
  for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
    const simd::Isa isa = static_cast<simd::Isa>(i);
    if (simd::available(isa)) available.append(simd::name(isa));
  }
  py::dict config;
  config["version"] = PYINFO_VERSION;
  config["compiler"] = kCompiler;
  config["isa"] = simd::name(simd::active());
  config["available_isas"] = available;
  return config;
}

}  // namespace

void bind_simd(py::module_& m) {
  m.attr("__version__") = PYINFO_VERSION;
  m.def("config", &config,
        "Version, compiler, available instruction sets and the one whose kernels are used.");
}

}  // namespace pyinfo::bindings
