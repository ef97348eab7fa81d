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
constexpr int PATCH_INNER = IMAGE_CHANNELS * PATCH_SIZE * PATCH_SIZE;  // values of a patch
constexpr int NUMERATOR_DEPTH = (TOKENS + TK - 1) / TK;  // words of a row tile's numerators
<%- if gt .ValueParts 1 %>
constexpr int VALUE_RAMS = TN * VALUE_PARTS;  // memories of V: parts of TN channels
<%- end %>
<%- if .Dynamic %>
constexpr int TOKEN_TILES = (TOKENS + TM - 1) / TM;      // row tiles
<%- end %>
constexpr int TK_LOG2 = <% .TKL %>;  // log2(TK)
constexpr int PARAM_BEATS = (PARAMS_PER_WORD * (16 + <% if .Dynamic %>WIDE_BITS<% else %>ACC_BITS<% end %>) + BUS_BITS - 1) / BUS_BITS;  // of a word of them
constexpr int VARIANCE_BITS = 2 * RESIDUAL_BITS + 2 * CHANNEL_INDEX_BITS + 1;  // C*s2 - s1^2 + eps, unsigned

// The bus and the words of the stream.
typedef ap_uint<BUS_BITS> bus_t;
typedef ap_uint<STREAM_WORD_BITS> word_t;

// What the buffers hold.
typedef ap_int<ACTIVATION_BITS> code_t;
<%- if .Pools %>
typedef ap_int<POOL_SUM_BITS> pool_t;  // of all tokens, a channel
<%- end %>
typedef ap_int<QKV_BITS> kv_t;
typedef ap_int<WEIGHT_BITS> weight_t;
typedef ap_uint<NUMERATOR_BITS> num_t;
typedef ap_int<RESIDUAL_BITS> res_t;
typedef ap_int<SCORE_BITS> score_t;
typedef ap_int<LOGIT_BITS> logit_t;
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
constexpr int MASKED = -(1 << (SCORE_BITS - 1));  // the score of tokens that do not meet
<%- end %>

// The datapath.
typedef ap_int<A_BITS> a_t;
typedef ap_int<B_BITS> b_t;
typedef ap_int<ACC_BITS> acc_t;
<%- if .Dynamic %>
typedef ap_int<WIDE_BITS> wide_t;              // a sum times its token's power of two, with its bias
typedef ap_uint<ACTIVATION_BITS> magnitude_t;  // of a row's codes: as long as the largest
typedef ap_uint<4> power_t;                    // of two, a token's, as its logarithm
<%- end %>
typedef ap_int<REQUANTIZED_BITS> out_t;
typedef ap_uint<17> recip_t;
typedef ap_uint<6> shift_t;
typedef ap_int<16> zero_t;
typedef ap_uint<5> bits_t;
typedef ap_uint<40> eps_t;
typedef ap_int<RESIDUAL_BITS + CHANNEL_INDEX_BITS> row_sum_t;
typedef ap_uint<2 * RESIDUAL_BITS - 1 + CHANNEL_INDEX_BITS> row_squares_t;
typedef ap_uint<NUMERATOR_BITS + KEY_INDEX_BITS> numsum_t;
typedef ap_uint<NUMERATOR_BITS + 17> chsum_t;

#endif
