// Scales of each token's own: fine codes are shifted by a power of two that is their row's, the least with which its
// largest magnitude fits the codes of the matmul that reads them.
#ifndef VIT_TOKEN_SCALES_H
#define VIT_TOKEN_SCALES_H

#include "vit_design.h"

// The OR of the magnitudes of a row's codes, which is as long as the largest of them, with one more.
inline magnitude_t gathered(magnitude_t row, code_t code) {
#pragma HLS INLINE
  const magnitude_t magnitude = code < 0 ? magnitude_t(-code) : magnitude_t(code);
  return row | magnitude;
}

// A row's power of two, as its logarithm. code_bits is 0 where codes are as they are.
inline power_t power_of(magnitude_t row, ap_uint<4> code_bits) {
#pragma HLS INLINE
  ap_uint<5> used = 0;
  for (int i = 0; i < ACTIVATION_BITS; ++i) {
#pragma HLS UNROLL
    if (row[i]) used = i + 1;
  }
  return code_bits == 0 || used < code_bits ? power_t(0) : power_t(used - code_bits + 1);
}

// What the array takes of a fine code: rounded, ties up, and no more than the largest code.
inline code_t token_code(code_t fine, power_t power, ap_uint<4> code_bits) {
#pragma HLS INLINE
  const ap_int<ACTIVATION_BITS + 1> twice = ap_int<ACTIVATION_BITS + 1>(fine) << 1;
  const ap_int<ACTIVATION_BITS + 1> shifted = twice >> power;
  const code_t floor = shifted >> 1;
  const ap_uint<3> sign_bit = code_bits - 1;
  const code_t most = (code_t(1) << sign_bit) - 1;
  const bool up = shifted[0] && floor != most;
  return floor + (up ? 1 : 0);
}

#endif
