// Docstrings of the losses of logits; the first line is in the form that inspect.signature reads.
#pragma once

namespace pyinfo::bindings {

extern const char* const kLogitCrossEntropyDocumentation;
extern const char* const kLogitKlDocumentation;
extern const char* const kLogitJsDocumentation;
extern const char* const kLogitEntropyDocumentation;
extern const char* const kLogsumexpDocumentation;
extern const char* const kLogSoftmaxDocumentation;
extern const char* const kLogitTopDocumentation;

}  // namespace pyinfo::bindings
