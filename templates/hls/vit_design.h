// The design point: every width and depth of the engine, and the types that follow from them.
#ifndef VIT_DESIGN_H
#define VIT_DESIGN_H
<% if gt .WordBits 1024 %>
#define AP_INT_MAX_W <% .WordBits %>  // the widest word of the stream; the default is 1024
<% end %>
#include "ap_int.h"
<% range .Constants %>
constexpr int <% .Name %> = <% .Value %>;  // <% .Comment %>
<%- end %>

// Constants of the network's shape.
constexpr int PATCH_INNER = IMG_C * PATCH * PATCH;        // pixels of a patch
constexpr int NUM_DEPTH = (TOKENS + TK - 1) / TK;          // words of a row tile's numerators
<%- if gt .ValueParts 1 %>
constexpr int VRAMS = TN * VPARTS;                        // memories of V: parts of TN channels
<%- end %>
constexpr int TKL = <% .TKL %>;                                 // log2(TK)
constexpr int PARAM_BEATS = (PARS * (16 + ACCW) + BW - 1) / BW;  // of a word of them
constexpr int VARIANCEW = 2 * RB - 1 + DIW + DIW + 1 + 1;  // C*s2 - s1^2 + eps, unsigned

// The bus and the words of the stream.
typedef ap_uint<BW> bus_t;
typedef ap_uint<ASMW> word_t;

// What the buffers hold.
typedef ap_int<AB> code_t;
<%- if .Pools %>
typedef ap_int<POOL_SUMW> pool_t;  // of all tokens, a channel
<%- end %>
typedef ap_int<KB> kv_t;
typedef ap_int<WB> weight_t;
typedef ap_uint<PB> num_t;
typedef ap_int<RB> res_t;
typedef ap_int<SW> score_t;
typedef ap_int<LOGITB> logit_t;
typedef ap_uint<16> mul_t;
<%- if .GroupBits %>
typedef ap_uint<4> mult_t;  // a group's multiplier, less one
<%- end %>
typedef ap_int<16> gamma_t;
typedef ap_int<48> beta_t;
<%- if .Windowed %>
struct bias_t {  // of a score: what is added, and where its row and column do not meet
  score_t add;
  ap_uint<1> down, right;  // in a window at the lower edge of a shifted grid, at its right edge
};
constexpr int MASKED = -(1 << (SW - 1));  // the score of tokens that do not meet
<%- end %>

// The datapath.
typedef ap_int<NA> a_t;
typedef ap_int<NB> b_t;
typedef ap_int<ACCW> acc_t;
typedef ap_int<YW> out_t;
typedef ap_uint<17> recip_t;
typedef ap_uint<6> shift_t;
typedef ap_int<16> zero_t;
typedef ap_uint<5> bits_t;
typedef ap_uint<40> eps_t;
typedef ap_int<RB + DIW> row_sum_t;
typedef ap_uint<2 * RB - 1 + DIW> row_squares_t;
typedef ap_uint<PB + JW> numsum_t;
typedef ap_uint<PB + 17> chsum_t;

#endif
