// The residual add of one lane: x + y, saturated. The stream is never rescaled.
#ifndef VIT_RESIDUAL_H
#define VIT_RESIDUAL_H

#include "vit_design.h"

inline res_t residual_add(res_t x, out_t y) {
#pragma HLS INLINE
  const ap_int<RESIDUAL_BITS + 1> branch = y;
  const ap_int<RESIDUAL_BITS + 2> sum = x + branch;
  const ap_int<RESIDUAL_BITS + 2> high = (1 << (RESIDUAL_BITS - 1)) - 1, low = -(1 << (RESIDUAL_BITS - 1));
  return sum > high ? high : sum < low ? low : sum;
}

#endif
