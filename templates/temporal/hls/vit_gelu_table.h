// GELU as a table: y = table[h + 2^(GELU_INDEX_BITS-1)] for the signed index h of one lane. Scale, zero point
// and saturation of the output are inside the table.
#ifndef VIT_GELU_TABLE_H
#define VIT_GELU_TABLE_H

#include "vit_design.h"

inline code_t gelu_table(const code_t table[1 << GELU_INDEX_BITS], out_t y) {
#pragma HLS INLINE
  const ap_int<GELU_INDEX_BITS> h = y;
  const ap_uint<GELU_INDEX_BITS> at = h ^ (1 << (GELU_INDEX_BITS - 1));  // adding half of the range flips the top bit
  return table[at.to_int()];
}

#endif
