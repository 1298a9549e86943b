// The step of each group of weights that makes the least squared error, for integers -q .. q.
#pragma once

#include "quantization/rate_distortion.hpp"

namespace pyinfo::quantization {

// Candidates are fractions of the step that clips nothing, kCandidates of them, evenly on a
// logarithmic scale, and as many smaller ones while the smallest is the best; then up to three
// times the best step for the integers that it gives (Lloyd). The step
// that clips nothing is never better. A group of zeros has step 0. `errors`
// may be null. Returns false if a weight is not finite (as float).
bool optimal_steps(const Weights& weights, int q, int threads, float* steps, double* errors);

}  // namespace pyinfo::quantization
