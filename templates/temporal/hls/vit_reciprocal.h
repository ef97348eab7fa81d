// floor(ch / z) by restoring division, a bit of the quotient a step: 17 steps, TM rows side by
// side. With z >= 2^NUMERATOR_BITS - 1 and ch < 2^17 * (2^NUMERATOR_BITS - 1) the quotient has 17 bits.
#ifndef VIT_RECIPROCAL_H
#define VIT_RECIPROCAL_H

#include "vit_design.h"

inline void reciprocal(chsum_t ch, const numsum_t z[TM], recip_t recip[TM]) {
#pragma HLS INLINE
  numsum_t rem[TM];
#pragma HLS ARRAY_PARTITION variable=rem type=complete
  recip_t quotient[TM];  // the dividend's low bits on their way out
#pragma HLS ARRAY_PARTITION variable=quotient type=complete
start:
  for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
    rem[r] = ch >> 17;
    quotient[r] = ch;
  }
steps:
  for (int step = 0; step < 17; ++step) {
#pragma HLS PIPELINE II=1
    for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
      typedef ap_uint<numsum_t::width + 1> next_t;  // as wide on both sides of an operator
      next_t next = (next_t(rem[r]) << 1) | next_t(quotient[r][16]);
      const bool fits = next >= z[r];
      if (fits) next -= z[r];
      rem[r] = next;
      quotient[r] = recip_t(quotient[r] << 1) | recip_t(fits);
    }
  }
result:
  for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
    recip[r] = quotient[r];
  }
}

#endif
