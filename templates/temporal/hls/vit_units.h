// The engine's units, one function each. The sequencer calls them in the order of the program; the
// buffers are its own and are lent to the unit that runs.
#ifndef VIT_UNITS_H
#define VIT_UNITS_H

#include "vit_design.h"  // first: it may set the widest ap_int

#include "hls_stream.h"
#include "vit_program.h"

// Takes what the next step reads out of the stream and into its buffer.
void stream_loader(const Load& load, hls::stream<bus_t>& beats, bus_t image[IMAGE_BEATS],
                   res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM], gamma_t gamma[CHANNELS],
                   beta_t beta[CHANNELS],
                   code_t gelu[TM][1 << GELU_INDEX_BITS]<% if .Windowed %>,
                   bias_t biases[BIAS_WORDS * VECTOR_COLUMNS][TM]<% end %>);

// Patch columns of the image.
void patch_gather(const Patches& p, int op, const bus_t image[IMAGE_BEATS],
                  code_t q_words[Q_DEPTH][TK * TM]);

// LayerNorm of the residual stream.
void layernorm(const Norm& p, int op,
               <% if not .NormToResidual %>const <% end %>res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM],
               const gamma_t gamma[CHANNELS], const beta_t beta[CHANNELS],
<%- if .PoolCodes %>
               pool_t pooled[CHANNELS],
<%- end %>
<%- if .Dynamic %>
               magnitude_t x_magnitudes[TOKEN_TILES][TM],
<%- end %>
               code_t x_words[X_DEPTH][TK * TM]);
<%- if .PoolCodes %>

// The row that is pooled of the codes of a LayerNorm.
void token_pool(int op, const pool_t pooled[CHANNELS], code_t x_words[X_DEPTH][TK * TM]);
<%- end %>
<%- if .PoolStream %>

// The row that is pooled of the residual stream, in its place.
void token_pool(int op, res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM]);
<%- end %>
<%- if .Windowed %>

// Rows of the residual stream, in another order.
void regroup(const Regroup& p, res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM]);
<%- end %>

// Every matmul: weights, scores and the value product, with all that follows a column.
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
            bool down, bool right<% end %>);

// Softmax numerators of a row tile, and the reciprocals of the rows' sums.
void softmax(const Softmax& p, int op, const score_t scores[TOKENS][TM],
             const score_t score_max[TM], num_t numerators[NUMERATOR_DEPTH][TK * TM], recip_t recip[TM]);

// One image, of `count`, through the network. The first comes in front of its stream, each other in
// the middle of the stream of the one before it.
void sequencer(hls::stream<bus_t>& beats, hls::stream<logit_t>& results, unsigned index,
               unsigned count);

// images, stream and results as the memory image lays them out: `count` images one after the
// other, the stream of one image (all read it), a result block an image.
void vit_accel(const bus_t* images, const bus_t* stream, bus_t* results, unsigned count);

#endif
