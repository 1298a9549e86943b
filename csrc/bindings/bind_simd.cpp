// _core.config(): how this build came about and which kernels it uses.
#include <string>

#include "bindings/rooms.hpp"
#include "coding/frames/checksum.hpp"
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

py::dict choice(simd::Isa isa, const char* reason) {
  py::dict choice;
  choice["isa"] = simd::name(isa);
  choice["reason"] = reason;
  return choice;
}

// What is decided when pyinfo is imported, by the processor.
py::dict choices() {
  const simd::Isa kernels = simd::active();
  const simd::Isa coders = simd::coder_isa();
  py::dict choices;
  choices["kernels"] = choice(kernels, simd::reason_of_active());
  choices["coders"] = choice(coders, simd::reason_of_coder_isa(kernels));
  choices["checksums"] =
      choice(coding::checksum_isa(coders), coding::reason_of_checksum_isa(coders));
  return choices;
}

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
  config["choices"] = choices();
  return config;
}

}  // namespace

void bind_simd(py::module_& m) {
  m.attr("__version__") = PYINFO_VERSION;
  m.def("config", &config,
        "Version, compiler, available instruction sets, and which kernels are used and why.");
}

}  // namespace pyinfo::bindings
