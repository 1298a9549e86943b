// Docstrings of the measures, made of the rows of the table; the first line is in the form that
// inspect.signature reads.
#pragma once

#include <string>

#include "measures/measure_table.hpp"

namespace pyinfo::bindings {

std::string measure_documentation(const measures::Measure& measure);

extern const char* const kInformationContentDocumentation;

}  // namespace pyinfo::bindings
