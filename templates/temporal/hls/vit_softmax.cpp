// Softmax numerators of a tile of TM rows, one column (key token) a cycle, all rows at once:
//
//   v = min(((max - score) * mul + half) >> shift, 2^EXP_INDEX_BITS - 1),  e = exp_table[v]
//   Z = sum of e over the row,  recip = floor(ch / Z)   (the row's only division, 17 bits)
//
// Normalisation is left to the requantizer, which multiplies the value product by recip.
#include "vit_reciprocal.h"
#include "vit_trace.h"
#include "vit_units.h"

void softmax(const Softmax& p, int op, const score_t scores[TOKENS][TM],
             const score_t score_max[TM], num_t numerators[NUMERATOR_DEPTH][TK * TM], recip_t recip[TM]) {
  numsum_t z[TM];
  num_t column[TM], word[TK * TM] = {};
#pragma HLS ARRAY_PARTITION variable=z type=complete
#pragma HLS ARRAY_PARTITION variable=column type=complete
#pragma HLS ARRAY_PARTITION variable=word type=complete
  typedef ap_uint<SCORE_BITS + 17> scaled_t;
  const shift_t shift = p.shift, half_bit = p.shift - 1;
  const scaled_t half = shift == 0 ? scaled_t(0) : scaled_t(scaled_t(1) << half_bit);
  const scaled_t last = (1 << EXP_INDEX_BITS) - 1;
columns:
  for (int j = 0; j < TOKENS; ++j) {
#pragma HLS PIPELINE II=1
    for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
      const ap_uint<SCORE_BITS> below = score_max[r] - scores[j][r];  // never negative
      const scaled_t scaled = scaled_t(below * ap_uint<16>(p.mul) + half) >> shift;
      const ap_uint<EXP_INDEX_BITS> v = scaled > last<% if .Windowed %> || scores[j][r] == MASKED<% end %> ? last : scaled;
      column[r] = exp_table[v.to_int()];
      z[r] = (j == 0 ? numsum_t(0) : z[r]) + column[r];
    }
    for (int i = 0; i < TK; ++i) {
#pragma HLS UNROLL
      for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
        if (i == j % TK) word[i * TM + r] = column[r];
        else if (j % TK == 0) word[i * TM + r] = 0;  // a row that ends inside a word ends in zeros
      }
    }
    if (j % TK == TK - 1 || j == TOKENS - 1) {
      for (int i = 0; i < TK * TM; ++i) {
#pragma HLS UNROLL
        numerators[j / TK][i] = word[i];
      }
    }
    VIT_TRACE(op, column);
  }
  reciprocal(chsum_t(p.ch), z, recip);
}
