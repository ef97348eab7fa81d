// Output-stationary PE array: TM tokens x TN output channels, TK products a PE and cycle.
//
//   acc[c][r] = sum over the tile's beats of  sum_k a[k][r] * b[k][c]
//
// One call is one beat, a new one every cycle.
#ifndef VIT_PE_ARRAY_H
#define VIT_PE_ARRAY_H

#include "vit_design.h"

// Products stay at their exact width until they reach the accumulator: a sum that the tool widens
// to the accumulator first would cost that many bits of adder in every PE.
typedef ap_int<A_BITS + B_BITS> product_t;
typedef ap_int<A_BITS + B_BITS + TK_LOG2> dot_t;

inline void pe_array(const a_t a[TK * TM], const b_t b[TK * TN], bool first, acc_t acc[TN * TM]) {
#pragma HLS INLINE
channels:
  for (int c = 0; c < TN; ++c) {
#pragma HLS UNROLL
  tokens:
    for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
      dot_t dot = 0;
    products:
      for (int k = 0; k < TK; ++k) {
#pragma HLS UNROLL
        product_t product = a[k * TM + r] * b[k * TN + c];
#pragma HLS BIND_OP variable=product op=mul impl=<% .MulImpl %>
        dot += product;
      }
      acc[c * TM + r] = (first ? acc_t(0) : acc[c * TM + r]) + dot;
    }
  }
}

#endif
