// Walks the program, one step after the other: fills the buffers that the step reads, then runs
// its unit. A step with `loop` set goes back two steps `loops` - 1 times (scores, softmax and value
// product of each row tile), moving the row offset on by `rowstep`.
//
// Every unit is called from one place only, so that each exists once.
#include "vit_units.h"

void sequencer(hls::stream<bus_t>& beats, hls::stream<logit_t>& results, unsigned index,
               unsigned count) {
#pragma HLS INLINE off
  // Activation codes: words of TK channels x TM tokens. x holds LayerNorm's codes and attention's
  // output, q holds patches, queries and the MLP's hidden codes. Numerators have their own memory.
  static code_t x_words[X_DEPTH][TK * TM];
#pragma HLS ARRAY_RESHAPE variable=x_words type=complete dim=2
#pragma HLS BIND_STORAGE variable=x_words type=ram_s2p impl=<% .Impl.X %>
  static code_t q_words[Q_DEPTH][TK * TM];
#pragma HLS ARRAY_RESHAPE variable=q_words type=complete dim=2
#pragma HLS BIND_STORAGE variable=q_words type=ram_s2p impl=<% .Impl.Q %>
  static num_t numerators[NUMERATOR_DEPTH][TK * TM];
#pragma HLS ARRAY_RESHAPE variable=numerators type=complete dim=2
#pragma HLS BIND_STORAGE variable=numerators type=ram_s2p impl=<% .Impl.Numerators %>
  // Keys: words of TK channels x TM tokens, in banks side by side. Values: a bank a channel, words
  // of TK tokens<% if gt .ValueParts 1 %>, in VALUE_PARTS parts of TM tokens side by side<% end %>.
  static kv_t keys[KEY_BANKS][KEY_DEPTH][TK * TM];
#pragma HLS ARRAY_PARTITION variable=keys type=complete dim=1
#pragma HLS ARRAY_RESHAPE variable=keys type=complete dim=3
#pragma HLS BIND_STORAGE variable=keys type=ram_s2p impl=<% .Impl.Keys %>
  static kv_t values<% .ValueDims %>;
#pragma HLS ARRAY_PARTITION variable=values type=complete dim=1
#pragma HLS ARRAY_RESHAPE variable=values type=complete dim=3
#pragma HLS BIND_STORAGE variable=values type=ram_s2p impl=<% .Impl.Values %>
  // The residual stream: a column of TM tokens a word.
  static res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM];
#pragma HLS ARRAY_RESHAPE variable=residual type=complete dim=2
#pragma HLS BIND_STORAGE variable=residual type=ram_s2p impl=<% .Impl.Residual %>
  static score_t scores[TOKENS][TM];
#pragma HLS ARRAY_RESHAPE variable=scores type=complete dim=2
#pragma HLS BIND_STORAGE variable=scores type=ram_s2p impl=<% .Impl.Scores %>
  static bus_t image[IMAGE_BEATS];
#pragma HLS BIND_STORAGE variable=image type=ram_s2p impl=<% .Impl.Image %>
  static gamma_t gamma[CHANNELS];
#pragma HLS BIND_STORAGE variable=gamma type=ram_s2p impl=<% .Impl.Norm %>
  static beta_t beta[CHANNELS];
#pragma HLS BIND_STORAGE variable=beta type=ram_s2p impl=<% .Impl.Norm %>
  static code_t gelu[TM][1 << GELU_INDEX_BITS];
#pragma HLS ARRAY_PARTITION variable=gelu type=complete dim=1
#pragma HLS BIND_STORAGE variable=gelu type=ram_s2p impl=lutram
<%- if .Dynamic %>
  // Of the rows in x_words and q_words.
  static magnitude_t x_magnitudes[TOKEN_TILES][TM], q_magnitudes[TOKEN_TILES][TM];
#pragma HLS ARRAY_PARTITION variable=x_magnitudes type=complete dim=2
#pragma HLS BIND_STORAGE variable=x_magnitudes type=ram_s2p impl=lutram
#pragma HLS ARRAY_PARTITION variable=q_magnitudes type=complete dim=2
#pragma HLS BIND_STORAGE variable=q_magnitudes type=ram_s2p impl=lutram
<%- end %>
  static score_t score_max[TM];
#pragma HLS ARRAY_PARTITION variable=score_max type=complete
  static recip_t recip[TM];
#pragma HLS ARRAY_PARTITION variable=recip type=complete
  static logit_t logits[CLASSES];
<%- if .PoolCodes %>
  static pool_t pooled[CHANNELS];  // of all tokens, a channel
#pragma HLS BIND_STORAGE variable=pooled type=ram_s2p impl=lutram
<%- end %>
<%- if .Windowed %>
  static bias_t biases[BIAS_WORDS * VECTOR_COLUMNS][TM];  // of a head's scores
#pragma HLS ARRAY_RESHAPE variable=biases type=complete dim=2
  // Where the row tile is: within its window, and the window in the grid; its window's words, its biases.
  unsigned tile = 0, across = 0, down = 0, key_offset = 0, value_offset = 0, bias_at = 0;
<%- end %>

  unsigned load = 0, pass = 0, row_offset = 0, pc = 0;
steps:
  while (pc < STEPS) {
#pragma HLS LOOP_TRIPCOUNT min=<% .StepRuns %> max=<% .StepRuns %>
    const Step step = program[pc];
  fill:
    for (int i = 0; i < <% if .Windowed %>(pass == 0 ? step.loads : 0)<% else %>step.loads<% end %>; ++i) {
#pragma HLS LOOP_TRIPCOUNT min=0 max=2
      const Load part = loads[load];
      const bool comes = part.kind == LOAD_IMAGE ? index == 0
                         : part.kind == LOAD_NEXT_IMAGE ? index + 1 < count : true;
      if (comes) stream_loader(part, beats, image, residual, gamma, beta, gelu<% if .Windowed %>, biases<% end %>);
      ++load;
    }
    switch (step.unit) {
      // Settings are copied out of their table: one read of a ROM a step.
      case UNIT_PATCHES: {
        const Patches p = patch_steps[step.index];
        patch_gather(p, step.op, image, q_words);
        break;
      }
      case UNIT_NORM: {
        const Norm p = norm_steps[step.index];
        layernorm(p, step.op, residual, gamma, beta,<% if .PoolCodes %> pooled,<% end %><% if .Dynamic %> x_magnitudes,<% end %> x_words);
        break;
      }
<%- if .Pools %>
      case UNIT_POOL:
        token_pool(step.op, <% if .PoolStream %>residual<% else %>pooled, x_words<% end %>);
        break;
<%- end %>
      case UNIT_MATMUL: {
        const Matmul p = matmul_steps[step.index];
        matmul(p, step.op, row_offset, beats, x_words, q_words, numerators, keys, values, residual,
               gelu, scores, score_max, recip, logits<% if .Dynamic %>, pass, x_magnitudes, q_magnitudes<% end %><% if .Windowed %>,
               p.to == TO_SCORES ? key_offset : value_offset, biases, bias_at,
               down + 1 == step.down, across + 1 == step.across<% end %>);
        break;
      }
      case UNIT_SOFTMAX: {
        const Softmax p = softmax_steps[step.index];
        softmax(p, step.op, scores, score_max, numerators, recip);
        break;
      }
<%- if .Windowed %>
      case UNIT_REGROUP: {
        const Regroup p = regroup_steps[step.index];
        regroup(p, residual);
        break;
      }
<%- end %>
      default:
      store:
        for (int i = 0; i < CLASSES; ++i) {
#pragma HLS PIPELINE II=1
          results.write(logits[i]);
        }
    }
    if (step.loop && pass + 1 < step.loops) {
      pc -= 2;
      ++pass;
      row_offset += step.rowstep;
<%- if .Windowed %>
      bias_at += (TOKENS + VECTOR_COLUMNS - 1) / VECTOR_COLUMNS * VECTOR_COLUMNS;
      if (++tile == step.window_tiles) {
        tile = 0;
        bias_at = 0;
        key_offset += step.key_words;
        value_offset += step.value_words;
        if (++across == step.across) {
          across = 0;
          ++down;
        }
      }
<%- end %>
    } else {
      ++pc;
      if (step.loop) {
        pass = 0;
        row_offset = 0;
<%- if .Windowed %>
        tile = across = down = key_offset = value_offset = bias_at = 0;
<%- end %>
      }
    }
  }
}
