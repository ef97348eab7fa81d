// Requantize one accumulator:
//
//   y = sat_bits( ((acc + bias) * mul + half) >> shift  +  zero ),   half = 2^(shift-1)
//
// With raw the accumulator passes through unchanged (the scores of attention).
#ifndef VIT_REQUANTIZE_H
#define VIT_REQUANTIZE_H

#include "vit_design.h"

typedef ap_int<<% if .Dynamic %>WIDE_BITS<% else %>ACC_BITS<% end %> + 18> scaled_t;   // accumulator times an unsigned 17-bit multiplier
typedef ap_int<<% if .Dynamic %>WIDE_BITS<% else %>ACC_BITS<% end %> + 19> shifted_t;  // and the zero point

inline out_t requantize(<% if .Dynamic %>wide_t<% else %>acc_t<% end %> acc, <% if .Dynamic %>wide_t<% else %>acc_t<% end %> bias, recip_t mul, bool raw, shift_t shift, zero_t zero,
                        bits_t bits) {
#pragma HLS INLINE
  const <% if .Dynamic %>wide_t<% else %>acc_t<% end %> sum = acc + bias;
  const scaled_t scaled = sum * mul;
  // Shift amounts are unsigned: by a signed one, the tool builds a shifter for either direction.
  const shift_t half_bit = shift - 1;
  const scaled_t half = shift == 0 ? scaled_t(0) : scaled_t(scaled_t(1) << half_bit);
  const scaled_t rounded = scaled + half;
  // MIN_SHIFT is the least shift of any op: that part of the shift is wiring, and only the rest is
  // a shifter.
  const ap_uint<SHIFT_RANGE_BITS> rest = shift - MIN_SHIFT;
  const scaled_t fixed = rounded >> MIN_SHIFT;
  const shifted_t y = (fixed >> rest) + zero;
  const bits_t sign_bit = bits - 1;
  const shifted_t high = (shifted_t(1) << sign_bit) - 1;
  const shifted_t low = ~high;
  if (raw) return sum;
  return y > high ? high : y < low ? low : y;
}

#endif
