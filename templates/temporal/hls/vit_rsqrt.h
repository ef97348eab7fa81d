// Reciprocal standard deviation of one row, from its sum and sum of squares:
//
//   D = C*s2 - s1^2 + eps,  e = floor((bitlen(D) - 1) / 2),  i = floor(D * 2^(6-2e)) in [64, 256)
//   R = min(floor(rsqrt_table[i - 64] * 2^(k17 - e)), 2^17 - 1)  ~  2^(k17+17) / sqrt(D)
//
// D is C^2 times the variance, exactly.
#ifndef VIT_RSQRT_H
#define VIT_RSQRT_H

#include "vit_design.h"
#include "vit_program.h"

inline recip_t rsqrt(row_sum_t s1, row_squares_t s2, eps_t eps, int k17<% if .Windowed %>, int widen<% end %>) {
#pragma HLS INLINE
<%- if .Windowed %>
  const ap_uint<VARIANCE_BITS> wide =
      ap_uint<VARIANCE_BITS>(s2 * ap_uint<CHANNEL_INDEX_BITS + 1>(FIRST_CHANNELS)) << widen;
  const ap_uint<VARIANCE_BITS> d = wide - s1 * s1 + eps;
<%- else %>
  const ap_uint<VARIANCE_BITS> d = s2 * ap_uint<CHANNEL_INDEX_BITS + 1>(CHANNELS) - s1 * s1 + eps;
<%- end %>
  // Position of the leading one, halved.
  shift_t e = 0;
leading_one:
  for (int i = 0; i < VARIANCE_BITS; ++i) {
#pragma HLS UNROLL
    if (d[i]) e = i / 2;
  }
  const ap_uint<VARIANCE_BITS + 6> aligned = ap_uint<VARIANCE_BITS + 6>(d) << 6;
  const shift_t down = e << 1;
  const ap_uint<8> index = aligned >> down;
  const recip_t q = rsqrt_table[index.to_int() - 64];
  const int right = e.to_int() - k17;  // any shift to the left would exceed 17 bits
  return right < 0 ? recip_t(0x1ffff) : recip_t(q >> ap_uint<6>(right));
}

#endif
