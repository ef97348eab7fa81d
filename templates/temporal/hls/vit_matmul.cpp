// Every matmul of the network: weights, scores and the value product. Tile column by tile column,
//
//   for n in 0 .. nt-1:  for m in 0 .. mt-1:  for k in 0 .. kt-1: one beat of the array
//
// and while the array works on row tile m, the columns of row tile m-1 leave it through the
// requantizer, GELU or the residual add, into the buffer that the op writes.
#include "vit_gelu_table.h"
#include "vit_pe_array.h"
#include "vit_requantize.h"
#include "vit_residual.h"
<%- if .Dynamic %>
#include "vit_token_scales.h"
<%- end %>
#include "vit_trace.h"
#include "vit_units.h"

// Weights of one memory word out of the stream's packing: W bits each, least significant first.
template <int W> static void unpack(const word_t& packed, weight_t weights[TK * TN]) {
#pragma HLS INLINE
  for (int i = 0; i < TK * TN; ++i) {
#pragma HLS UNROLL
    const ap_int<W> w = packed.range(i * W + W - 1, i * W);
    weights[i] = w;
  }
}

// The parameters and weights of one tile column, out of the stream.
static void load_tile(const Matmul& p, hls::stream<bus_t>& beats, weight_t weights[WEIGHT_DEPTH][TK * TN],
                      <% if .Dynamic %>wide_t<% else %>acc_t<% end %> bias[TN], mul_t mul[TN]) {
#pragma HLS INLINE off
  if (p.b_from != FROM_WEIGHTS) return;
  word_t word = 0;
  int slice = 0, index = 0;
params:
  for (int i = 0; i < TN / PARAMS_PER_WORD * PARAM_BEATS; ++i) {
#pragma HLS PIPELINE II=1
    word.range(slice * BUS_BITS + BUS_BITS - 1, slice * BUS_BITS) = beats.read();
    if (++slice < PARAM_BEATS) continue;
    slice = 0;
    for (int v = 0; v < PARAMS_PER_WORD; ++v) {
#pragma HLS UNROLL
      const int at = v * (16 + <% if .Dynamic %>WIDE_BITS<% else %>ACC_BITS<% end %>);
      mul[index + v] = word.range(at + 15, at);
      bias[index + v] = word.range(at + 15 + <% if .Dynamic %>WIDE_BITS<% else %>ACC_BITS<% end %>, at + 16);
    }
    index += PARAMS_PER_WORD;
  }
  index = 0;
<%- if .GroupBits %>
  // In front of each group of words are the multipliers of its channels, less one.
  const int groups = p.group_words == 0 ? 0 : p.kt / p.group_words;
  mult_t less_one[TN] = {};
#pragma HLS ARRAY_PARTITION variable=less_one type=complete
  int left = 0;  // words of the group
words:
  for (int i = 0; i < p.kt * p.word_beats + groups * MULTIPLIER_BEATS; ++i) {
#pragma HLS PIPELINE II=1
    const bool in_mults = p.group_words != 0 && left == 0;
    word.range(slice * BUS_BITS + BUS_BITS - 1, slice * BUS_BITS) = beats.read();
    if (++slice < (in_mults ? MULTIPLIER_BEATS : int(p.word_beats))) continue;
    slice = 0;
    if (in_mults) {
      for (int c = 0; c < TN; ++c) {
#pragma HLS UNROLL
        less_one[c] = word.range(4 * c + 3, 4 * c);
      }
      left = p.group_words;
      continue;
    }
    --left;
<%- else %>
words:
  for (int i = 0; i < p.kt * p.word_beats; ++i) {
#pragma HLS PIPELINE II=1
    word.range(slice * BUS_BITS + BUS_BITS - 1, slice * BUS_BITS) = beats.read();
    if (++slice < p.word_beats) continue;
    slice = 0;
<%- end %>
    weight_t lanes[TK * TN];
#pragma HLS ARRAY_PARTITION variable=lanes type=complete
    switch (p.weight_bits) {
<%- range .WeightBits %>
      case <% . %>: unpack<<% . %>>(word, lanes); break;
<%- end %>
      default: break;
    }
    for (int l = 0; l < TK * TN; ++l) {
#pragma HLS UNROLL
<%- if .GroupBits %>
      const ap_int<GROUP_BITS> in_group = lanes[l];
      const weight_t scaled = in_group * (ap_uint<5>(less_one[l % TN]) + 1);
      weights[index][l] = p.group_words == 0 ? lanes[l] : scaled;
<%- else %>
      weights[index][l] = lanes[l];
<%- end %>
    }
    ++index;
  }
}

// Operand a of one beat: codes of TM tokens, or softmax numerators, which are unsigned.
<%- if .Dynamic %> Fine codes are shifted
// by their tokens' powers of two.
<%- end %>
static void operand_a(const Matmul& p, unsigned addr, const code_t x_words[X_DEPTH][TK * TM],
                      const code_t q_words[Q_DEPTH][TK * TM],
                      const num_t numerators[NUMERATOR_DEPTH][TK * TM],<% if .Dynamic %> const power_t powers[TM],
                      <% end %> a_t a[TK * TM]) {
#pragma HLS INLINE
  for (int i = 0; i < TK * TM; ++i) {
#pragma HLS UNROLL
<%- if .Dynamic %>
    const code_t fine = p.a_from == FROM_X ? x_words[addr][i] : q_words[addr][i];
    a[i] = p.a_from == FROM_NUMERATORS ? a_t(numerators[addr][i])
           : a_t(token_code(fine, powers[i % TM], p.code_bits));
<%- else %>
    a[i] = p.a_from == FROM_NUMERATORS ? a_t(numerators[addr][i])
           : p.a_from == FROM_X        ? a_t(x_words[addr][i]) : a_t(q_words[addr][i]);
<%- end %>
  }
}

// Operand b of one beat: weights, keys or values of TN columns.
static void operand_b(const Matmul& p, unsigned addr, unsigned segment,
                      const weight_t weights[WEIGHT_DEPTH][TK * TN],
                      const kv_t keys[KEY_BANKS][KEY_DEPTH][TK * TM],
                      const kv_t values<% .ValueDims %>, b_t b[TK * TN]) {
#pragma HLS INLINE
  for (int k = 0; k < TK; ++k) {
#pragma HLS UNROLL
    for (int c = 0; c < TN; ++c) {
#pragma HLS UNROLL
      // A word of keys holds TM tokens. A tile of TN > TM tokens spans TN/TM banks; with TN < TM
      // a word holds TM/TN tiles, and `segment` is the one that is wanted.
      const int bank = TN >= TM ? c / TM : 0;
      const unsigned lane = TN >= TM ? c % TM : segment * TN + c;
      if (p.b_from == FROM_WEIGHTS) b[k * TN + c] = weights[addr][k * TN + c];
      else if (p.b_from == FROM_KEYS) b[k * TN + c] = keys[bank][addr][k * TM + lane];
<%- if gt .ValueParts 1 %>
      else b[k * TN + c] = values[c * VALUE_PARTS + k / TM][addr][k % TM];
<%- else %>
      else b[k * TN + c] = values[c][addr][k];
<%- end %>
    }
  }
}

static void compute_tile(const Matmul& p, int op, unsigned n, unsigned row_offset,
                         const weight_t weights[WEIGHT_DEPTH][TK * TN], const <% if .Dynamic %>wide_t<% else %>acc_t<% end %> bias[TN],
                         const mul_t mul[TN], code_t x_words[X_DEPTH][TK * TM],
                         code_t q_words[Q_DEPTH][TK * TM],
                         const num_t numerators[NUMERATOR_DEPTH][TK * TM],
                         kv_t keys[KEY_BANKS][KEY_DEPTH][TK * TM], kv_t values<% .ValueDims %>,
                         res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM],
                         const code_t gelu[TM][1 << GELU_INDEX_BITS],
                         score_t scores[TOKENS][TM], score_t score_max[TM], const recip_t recip[TM],
                         logit_t logits[CLASSES]<% if .Dynamic %>,
                         unsigned row_tile, magnitude_t x_magnitudes[TOKEN_TILES][TM],
                         magnitude_t q_magnitudes[TOKEN_TILES][TM]<% end %><% if .Windowed %>,
            unsigned window_offset, const bias_t biases[BIAS_WORDS * VECTOR_COLUMNS][TM], unsigned bias_at,
            bool down, bool right<% end %>) {
#pragma HLS INLINE off
  acc_t acc[TN * TM], tile[TN * TM];  // (c, r) at c*TM + r; tile is the finished one
  code_t word[TK * TM] = {};          // columns of the memory word on their way
#pragma HLS ARRAY_PARTITION variable=acc type=complete
#pragma HLS ARRAY_PARTITION variable=tile type=complete
#pragma HLS ARRAY_PARTITION variable=word type=complete
<%- if .Dynamic %>
  power_t powers[TM] = {}, tile_powers[TM] = {};  // of the row tile that is fed, and of the finished one
#pragma HLS ARRAY_PARTITION variable=powers type=complete
#pragma HLS ARRAY_PARTITION variable=tile_powers type=complete
  magnitude_t magnitude[TM] = {};  // of the rows that leave
#pragma HLS ARRAY_PARTITION variable=magnitude type=complete
<%- end %>
<%- if gt .ValueParts 1 %>
  const unsigned drain = n + 1 == p.nt ? p.columns_last : p.columns_full;
<%- else %>
  // V words hold TK tokens of one channel: a column takes TM/TK passes.
  const unsigned passes = p.to == TO_VALUES ? TM / TK : 1;
  const unsigned columns = n + 1 == p.nt ? p.columns_last : p.columns_full;
  const unsigned drain = columns * passes;
<%- end %>
  const unsigned slots = p.kt > drain ? p.kt : drain;
  const unsigned a_base = p.a_from == FROM_NUMERATORS ? 0 : p.a_base + row_offset;
  const unsigned base = (p.to == TO_X ? p.base + row_offset : p.base) + n * p.nstep;
  const unsigned b_base = p.b_from == FROM_WEIGHTS ? 0
                          : p.b_from == FROM_KEYS  ? p.b_base + n / KEY_SEGMENTS * p.b_nstep<% if .Windowed %> + window_offset<% end %>
                                                   : p.b_base + n * p.b_nstep<% if .Windowed %> + window_offset<% end %>;
  const unsigned segment = n % KEY_SEGMENTS;
<%- if .Windowed %>
  // Keys and values of a window begin in words of their own: the bank or part of a row tile's, and its words.
  unsigned window_tile = 0, part_of = 0, part_words = 0;
<%- end %>
tiles:
  for (unsigned m = 0; m <= p.mt; ++m) {
    unsigned column = 0<% if le .ValueParts 1 %>, sub = 0<% end %>;
  cycles:
    for (unsigned slot = 0; slot < slots; ++slot) {
#pragma HLS PIPELINE II=1
// An op reads one activation buffer and writes the other, reads K or V or writes it,
// and adds to a word of the residual stream once: no iteration waits for an earlier one's write.
#pragma HLS DEPENDENCE variable=x_words type=inter false
#pragma HLS DEPENDENCE variable=q_words type=inter false
#pragma HLS DEPENDENCE variable=keys type=inter false
#pragma HLS DEPENDENCE variable=values type=inter false
#pragma HLS DEPENDENCE variable=residual type=inter false
<%- if .Dynamic %>
// A row tile's magnitudes are read in front of its first column alone.
#pragma HLS DEPENDENCE variable=x_magnitudes type=inter false
#pragma HLS DEPENDENCE variable=q_magnitudes type=inter false
<%- end %>
      if (m > 0 && slot < drain) {
        const unsigned row = m - 1;  // of tiles
        out_t y[TM];
#pragma HLS ARRAY_PARTITION variable=y type=complete
        const <% if .Dynamic %>wide_t<% else %>acc_t<% end %> channel_bias = p.per_lane || p.raw ? <% if .Dynamic %>wide_t<% else %>acc_t<% end %>(0) : bias[column];
        for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
          const recip_t factor = p.per_lane ? recip[r] : recip_t(mul[column]);
<%- if .Dynamic %>
          const wide_t sum = wide_t(tile[r]) << tile_powers[r];
<%- end %>
          y[r] = requantize(<% if .Dynamic %>sum<% else %>tile[r]<% end %>, channel_bias, factor, p.raw, p.shift, p.zero, p.bits);
        }
        if (column >= p.skip) {  // leading columns may belong to another head
          const unsigned place = column - p.skip;
          if (p.to == TO_X || p.to == TO_Q || p.to == TO_KEYS) {
            for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
              const code_t code = p.gelu ? gelu_table(gelu[r], y[r]) : code_t(y[r]);
<%- if .Dynamic %>
              if (place == 0) {  // rows begin with their first tile column, those of X with the first head
                const bool begins = n == 0 && (p.to != TO_X || p.base == 0);
                magnitude[r] = begins ? magnitude_t(0)
                               : p.to == TO_X ? x_magnitudes[row_tile][r] : q_magnitudes[row][r];
              }
              magnitude[r] = gathered(magnitude[r], code);
              if (p.to == TO_X) x_magnitudes[row_tile][r] = magnitude[r];
              else if (p.to == TO_Q) q_magnitudes[row][r] = magnitude[r];
<%- end %>
              for (int i = 0; i < TK; ++i) {
#pragma HLS UNROLL
                if (unsigned(i) == column % TK) word[i * TM + r] = code;
              }
              if (p.gelu) y[r] = code;
            }
            if (column % TK == TK - 1) {
              for (int i = 0; i < TK * TM; ++i) {
#pragma HLS UNROLL
                const unsigned at = base + row * p.stride + place / TK;
                if (p.to == TO_X) x_words[at][i] = word[i];
                else if (p.to == TO_Q) q_words[at][i] = word[i];
<%- if .Windowed %>
                else keys[part_of][base + part_words + place / TK][i] = word[i];
<%- else %>
                else keys[row % KEY_BANKS][base + row / KEY_BANKS * p.stride + place / TK][i] = word[i];
<%- end %>
              }
            }
          } else if (p.to == TO_VALUES) {
<%- if gt .ValueParts 1 %>
            // A row tile is a part of a word. It goes into the parts behind it too, which the row
            // tiles to come overwrite: so no part is ever read that was not written.
            for (int part = 0; part < VALUE_PARTS; ++part) {
#pragma HLS UNROLL
              if (unsigned(part) < <% if .Windowed %>part_of<% else %>row % VALUE_PARTS<% end %>) continue;
              for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
<%- if .Windowed %>
                values[column * VALUE_PARTS + part][base + part_words][r] = y[r];
<%- else %>
                values[column * VALUE_PARTS + part][base + row / VALUE_PARTS * p.stride][r] = y[r];
<%- end %>
              }
            }
<%- else %>
            for (int i = 0; i < TK; ++i) {
#pragma HLS UNROLL
              values[column][base + (row * passes + sub) * p.stride][i] = y[sub * TK + i];
            }
<%- end %>
          } else if (p.to == TO_RESIDUAL) {
            for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
<%- if .PrefixTiles %>
              const out_t branch = p.mask && row * TM + r < PREFIX_TOKENS ? out_t(0) : y[r];
<%- else %>
              const out_t branch = p.mask && row == 0 && r < PREFIX_TOKENS ? out_t(0) : y[r];
<%- end %>
<%- if .Windowed %>
              const res_t before = p.fresh ? res_t(0) : residual[base + row * p.stride + place][r];
              const res_t x = residual_add(before, branch);
<%- else %>
              const res_t x = residual_add(residual[base + row * p.stride + place][r], branch);
<%- end %>
              residual[base + row * p.stride + place][r] = x;
              y[r] = x;
            }
          } else if (p.to == TO_SCORES) {
            for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
<%- if .Windowed %>
              const bias_t bias = biases[bias_at + base + place][r];
              y[r] = y[r] + bias.add;
              const score_t s = (down && bias.down) || (right && bias.right) ? score_t(MASKED) : score_t(y[r]);
<%- else %>
              const score_t s = y[r];
<%- end %>
              scores[base + place][r] = s;
              if (base + place == 0 || s > score_max[r]) score_max[r] = s;
            }
<%- if .SecondHead %>
          } else if (p.to == TO_SUM) {  // the second head: row 1, added to the first's
            const ap_int<LOGIT_BITS + 1> sum = logits[base + place] + logit_t(y[1]);
            const logit_t low = logit_t(1) << (LOGIT_BITS - 1), high = ~low;
            const logit_t both = sum > high ? high : sum < low ? low : logit_t(sum);
            logits[base + place] = both;
            y[0] = both;
<%- end %>
          } else {  // the head: the row of token 0
            logits[base + place] = y[0];
          }
<%- if gt .ValueParts 1 %>
          VIT_TRACE(op, y);
        }
        // The next column moves to the head: a shift, where an index would be a wide multiplexer.
        for (int i = 0; i < (TN - 1) * TM; ++i) {
#pragma HLS UNROLL
          tile[i] = tile[i + TM];
        }
        ++column;
<%- else %>
          if (sub == 0) VIT_TRACE(op, y);
        }
        if (sub == passes - 1) {
          // The next column moves to the head: a shift, where an index would be a wide multiplexer.
          for (int i = 0; i < (TN - 1) * TM; ++i) {
#pragma HLS UNROLL
            tile[i] = tile[i + TM];
          }
          sub = 0;
          ++column;
        } else {
          ++sub;
        }
<%- end %>
      }
      if (m < p.mt && slot < p.kt) {
        a_t a[TK * TM];
        b_t b[TK * TN];
#pragma HLS ARRAY_PARTITION variable=a type=complete
#pragma HLS ARRAY_PARTITION variable=b type=complete
<%- if .Dynamic %>
        for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
          const magnitude_t row = p.a_from == FROM_X ? x_magnitudes[m][r] : q_magnitudes[m][r];
          if (slot == 0) powers[r] = power_of(row, p.code_bits);
        }
<%- end %>
        operand_a(p, a_base + m * p.a_stride + slot, x_words, q_words, numerators,<% if .Dynamic %> powers,<% end %> a);
        operand_b(p, b_base + slot * p.b_kstep, segment, weights, keys, values, b);
        pe_array(a, b, slot == 0, acc);
      }
<%- if .Windowed %>
      if (slot == slots - 1 && m > 0 && (p.to == TO_KEYS || p.to == TO_VALUES)) {
        const unsigned parts = p.to == TO_KEYS ? KEY_BANKS : <% if gt .ValueParts 1 %>VALUE_PARTS<% else %>1<% end %>;
        const bool ends = ++window_tile == p.window_tiles;
        if (ends) window_tile = 0;
        if (++part_of == parts || ends) {
          part_of = 0;
          part_words += p.stride;
        }
      }
<%- end %>
      if (slot == slots - 1) {
        for (int i = 0; i < TN * TM; ++i) {
#pragma HLS UNROLL
          tile[i] = acc[i];
        }
<%- if .Dynamic %>
        for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
          tile_powers[r] = powers[r];
        }
<%- end %>
      }
    }
  }
}

void matmul(const Matmul& p, int op, unsigned row_offset, hls::stream<bus_t>& beats,
            code_t x_words[X_DEPTH][TK * TM], code_t q_words[Q_DEPTH][TK * TM],
            const num_t numerators[NUMERATOR_DEPTH][TK * TM],
            kv_t keys[KEY_BANKS][KEY_DEPTH][TK * TM], kv_t values<% .ValueDims %>,
            res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM], const code_t gelu[TM][1 << GELU_INDEX_BITS],
            score_t scores[TOKENS][TM], score_t score_max[TM], const recip_t recip[TM],
            logit_t logits[CLASSES]<% if .Dynamic %>,
            unsigned row_tile, magnitude_t x_magnitudes[TOKEN_TILES][TM],
            magnitude_t q_magnitudes[TOKEN_TILES][TM]<% end %><% if .Windowed %>,
            unsigned window_offset, const bias_t biases[BIAS_WORDS * VECTOR_COLUMNS][TM], unsigned bias_at,
            bool down, bool right<% end %>) {
tile_columns:
  for (unsigned n = 0; n < p.nt; ++n) {
<%- if gt .WeightBuffers 1 %>
// Two processes and one channel: the weights of tile columns behind n arrive while n is computed. The
// channel holds those of <% .WeightBuffers %> tile columns, and only compute_tile touches the engine's buffers.
#pragma HLS DATAFLOW
<%- else %>
    // One weight buffer: loading and computing take turns.
<%- end %>
    weight_t weights[WEIGHT_DEPTH][TK * TN];
<%- if gt .WeightBuffers 2 %>
#pragma HLS STREAM variable=weights type=pipo depth=<% .WeightBuffers %>
<%- end %>
#pragma HLS ARRAY_RESHAPE variable=weights type=complete dim=2
#pragma HLS BIND_STORAGE variable=weights type=ram_s2p impl=<% .Impl.Weights %>
    <% if .Dynamic %>wide_t<% else %>acc_t<% end %> bias[TN];
    mul_t mul[TN];
#pragma HLS BIND_STORAGE variable=bias type=ram_s2p impl=lutram
#pragma HLS BIND_STORAGE variable=mul type=ram_s2p impl=lutram
    load_tile(p, beats, weights, bias, mul);
    compute_tile(p, op, n, row_offset, weights, bias, mul, x_words, q_words, numerators, keys,
                 values, residual, gelu, scores, score_max, recip, logits<% if .Dynamic %>, row_tile, x_magnitudes,
                 q_magnitudes<% end %><% if .Windowed %>, window_offset, biases, bias_at,
                 down, right<% end %>);
  }
}
