// LayerNorm of the residual stream, TM tokens at a time, one channel a cycle:
//
//   s1 = sum x, s2 = sum x^2            first pass over the channels
//   R  = 1 / sqrt(C*s2 - s1^2 + eps)    one unit, a token a cycle
//   n  = ((C*x - s1) * R + half) >> k   second pass
//   y  = sat_bits((n * gamma + beta) >> sg)
<%- if .PoolCodes %>
//
// Codes that are pooled are gathered in pooled, a channel a word.
<%- end %>
#include "vit_rsqrt.h"
<%- if .Dynamic %>
#include "vit_token_scales.h"
<%- end %>
#include "vit_trace.h"
#include "vit_units.h"

void layernorm(const Norm& p, int op,
               <% if not .NormToResidual %>const <% end %>res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM],
               const gamma_t gamma[CHANNELS], const beta_t beta[CHANNELS],
<%- if .PoolCodes %>
               pool_t pooled[CHANNELS],
<%- end %>
<%- if .Dynamic %>
               magnitude_t x_magnitudes[TOKEN_TILES][TM],
<%- end %>
               code_t x_words[X_DEPTH][TK * TM]) {
  row_sum_t s1[TM];
  row_squares_t s2[TM];
  recip_t root[TM];
<%- if .NormsDiffer %>
  ap_int<NORM_OUT_BITS> column[TM];
  code_t word[TK * TM] = {};
<%- else %>
  code_t column[TM], word[TK * TM] = {};
<%- end %>
<%- if .Dynamic %>
  magnitude_t magnitude[TM];
#pragma HLS ARRAY_PARTITION variable=magnitude type=complete
<%- end %>
#pragma HLS ARRAY_PARTITION variable=s1 type=complete
#pragma HLS ARRAY_PARTITION variable=s2 type=complete
#pragma HLS ARRAY_PARTITION variable=root type=complete
#pragma HLS ARRAY_PARTITION variable=column type=complete
#pragma HLS ARRAY_PARTITION variable=word type=complete
  typedef ap_int<RESIDUAL_BITS + CHANNEL_INDEX_BITS + 1> centred_t;  // C*x - s1
  typedef ap_int<RESIDUAL_BITS + CHANNEL_INDEX_BITS + 19> scaled_t;  // times R
  typedef ap_int<48> affine_t;                                       // n*gamma + beta
  // The least shifts of any op are wiring; what is left of them is a shifter.
  const ap_uint<NORM_FIRST_SHIFT_RANGE_BITS> rest_k = p.k - NORM_FIRST_MIN_SHIFT;
  const ap_uint<NORM_SECOND_SHIFT_RANGE_BITS> rest_sg = p.sg - NORM_SECOND_MIN_SHIFT;
  const shift_t half_bit = p.k - 1;
  const bits_t sign_bit = p.bits - 1;
  const scaled_t half = scaled_t(1) << half_bit;
  const affine_t high = (affine_t(1) << sign_bit) - 1;
  const affine_t low = ~high;
<%- if .Windowed %>
  const int channels = p.channels;
<%- end %>
tiles:
  for (int m = 0; m < p.mt; ++m) {
  sums:
    for (int c = 0; c < <% if .Windowed %>channels<% else %>CHANNELS<% end %>; ++c) {
#pragma HLS PIPELINE II=1
      for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
        const res_t x = residual[<% if .Windowed %>p.from + m * channels<% else %>m * CHANNELS<% end %> + c][r];
        const ap_uint<2 * RESIDUAL_BITS - 1> square = x * x;
        s1[r] = (c == 0 ? row_sum_t(0) : s1[r]) + x;
        s2[r] = (c == 0 ? row_squares_t(0) : s2[r]) + square;
      }
    }
  roots:
    for (int r = 0; r < TM; ++r) {
#pragma HLS PIPELINE II=1
      root[r] = rsqrt(s1[r], s2[r], eps_t(p.eps), p.k17<% if .Windowed %>, p.widen<% end %>);
    }
  normalise:
    for (int c = 0; c < <% if .Windowed %>channels<% else %>CHANNELS<% end %>; ++c) {
#pragma HLS PIPELINE II=1
      const gamma_t g = gamma[c];
      const beta_t b = beta[c];
      for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
        const res_t x = residual[<% if .Windowed %>p.from + m * channels<% else %>m * CHANNELS<% end %> + c][r];
<%- if .Windowed %>
        const centred_t d = (centred_t(x * ap_uint<CHANNEL_INDEX_BITS + 1>(FIRST_CHANNELS)) << p.widen) - s1[r];
<%- else %>
        const centred_t d = x * ap_uint<CHANNEL_INDEX_BITS + 1>(CHANNELS) - s1[r];
<%- end %>
        const scaled_t dr = d * root[r];
        const ap_int<18> n = (scaled_t(dr + half) >> NORM_FIRST_MIN_SHIFT) >> rest_k;
        const affine_t scaled = (affine_t(n * g + b) >> NORM_SECOND_MIN_SHIFT) >> rest_sg;
        column[r] = scaled > high ? high : scaled < low ? low : scaled;
      }
<%- if .Dynamic %>
      for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
        magnitude[r] = gathered(c == 0 ? magnitude_t(0) : magnitude[r], column[r]);
        if (c == CHANNELS - 1) x_magnitudes[m][r] = magnitude[r];
      }
<%- end %>
      for (int i = 0; i < TK; ++i) {
#pragma HLS UNROLL
        for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
          if (i == c % TK) word[i * TM + r] = column[r];
        }
      }
      if (c % TK == TK - 1) {  // TK divides the channels
        for (int i = 0; i < TK * TM; ++i) {
#pragma HLS UNROLL
          x_words[m * p.stride + c / TK][i] = word[i];
        }
      }
<%- if .NormToResidual %>
      for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
        if (p.to == NORM_TO_RESIDUAL) residual[<% if .Windowed %>p.from + m * channels<% else %>m * CHANNELS<% end %> + c][r] = column[r];
      }
<%- end %>
<%- if .PoolCodes %>
      if (p.to == NORM_TO_POOL) {
        pool_t of_tile = <% if .PoolMax %>pool_t(1) << (POOL_SUM_BITS - 1)<% else %>0<% end %>;
        bool any = false;
        ap_int<NORM_OUT_BITS> counted[TM] = {};  // those of tokens that count, the first of them first
        for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
          const int token = m * TM + r;
          if (token < POOL_FIRST_TOKEN || token >= <% if .Windowed %>POOL_TOKENS<% else %>TOKENS<% end %>) continue;
          any = true;
<%- if .PoolMax %>
          if (column[r] > of_tile) of_tile = column[r];
<%- else %>
          of_tile += column[r];
<%- end %>
          counted[m == POOL_FIRST_TOKEN / TM ? r - POOL_FIRST_TOKEN % TM : r] = column[r];
        }
        if (!any) continue;
        const bool first = m == POOL_FIRST_TOKEN / TM;
<%- if .PoolMax %>
        if (first || of_tile > pooled[c]) pooled[c] = of_tile;
<%- else %>
        pooled[c] = (first ? pool_t(0) : pooled[c]) + of_tile;
<%- end %>
        VIT_TRACE(op, counted);
        continue;
      }
<%- end %>
      VIT_TRACE(op, column);
    }
  }
}
