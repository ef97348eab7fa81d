// One row of all tokens from POOL_FIRST_TOKEN on, channel by channel:
//
<%- if .PoolMax %>
//   y = max_t x
<%- else %>
//   y = sat_bits(((sum_t x + offset) * mul + half) >> shift + zero)
<%- end %>
<%- if .PoolStream %>
//
// It takes the place of token 0 in the residual stream.
<%- end %>
#include "vit_trace.h"
#include "vit_units.h"
<% if not .PoolMax %>
static ap_int<POOL_OUT_BITS> mean(pool_t sum) {
#pragma HLS INLINE
  typedef ap_int<POOL_SUM_BITS + 18> scaled_t;
  typedef ap_int<POOL_SUM_BITS + 19> shifted_t;
  const pool_t all = sum + pool_t(pool_step.offset);
  const scaled_t half = POOL_SHIFT == 0 ? scaled_t(0) : scaled_t(scaled_t(1) << (POOL_SHIFT - 1));
  const scaled_t rounded = all * mul_t(pool_step.mul) + half;
  const shifted_t y = (rounded >> POOL_SHIFT) + zero_t(pool_step.zero);
  const shifted_t high = (shifted_t(1) << (pool_step.bits - 1)) - 1;
  const shifted_t low = ~high;
  return y > high ? high : y < low ? low : y;
}
<% end %>
<%- if .PoolStream %>
void token_pool(int op, res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM]) {
channels:
  for (int c = 0; c < CHANNELS; ++c) {
    pool_t all = 0;
  tiles:
    for (int m = POOL_FIRST_TOKEN / TM; m < (TOKENS + TM - 1) / TM; ++m) {
#pragma HLS PIPELINE II=1
      for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
        const int token = m * TM + r;
        if (token < POOL_FIRST_TOKEN || token >= TOKENS) continue;
        const res_t x = residual[m * CHANNELS + c][r];
<%- if .PoolMax %>
        if (token == POOL_FIRST_TOKEN || x > all) all = x;
<%- else %>
        all += x;
<%- end %>
      }
    }
    res_t column[TM] = {};
    column[0] = <% if .PoolMax %>all<% else %>mean(all)<% end %>;
    residual[c][0] = column[0];
    VIT_TRACE(op, column);
  }
}
<%- else %>
void token_pool(int op, const pool_t pooled[CHANNELS], code_t x_words[X_DEPTH][TK * TM]) {
  code_t word[TK] = {};
#pragma HLS ARRAY_PARTITION variable=word type=complete
channels:
  for (int c = 0; c < <% if .Windowed %>POOL_CHANNELS<% else %>CHANNELS<% end %>; ++c) {
#pragma HLS PIPELINE II=1
    code_t column[TM] = {};
    column[0] = <% if .PoolMax %>pooled[c]<% else %>mean(pooled[c])<% end %>;
    word[c % TK] = column[0];
    if (c % TK == TK - 1) {  // TK divides the channels
      for (int i = 0; i < TK; ++i) {
#pragma HLS UNROLL
        x_words[c / TK][i * TM] = word[i];
      }
    }
    VIT_TRACE(op, column);
  }
}
<%- end %>
