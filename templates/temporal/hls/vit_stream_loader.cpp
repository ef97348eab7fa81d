// Takes the read stream apart: bus beats are assembled into words, and words go to the buffer that
// the next step reads. The order of the stream is that of the program.
#include "vit_units.h"

void stream_loader(const Load& load, hls::stream<bus_t>& beats, bus_t image[IMAGE_BEATS],
                   res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM], gamma_t gamma[CHANNELS],
                   beta_t beta[CHANNELS],
                   code_t gelu[TM][1 << GELU_INDEX_BITS]<% if .Windowed %>,
                   bias_t biases[BIAS_WORDS * VECTOR_COLUMNS][TM]<% end %>) {
  if (load.kind == LOAD_GELU) {
<%- if .Dynamic %>
    // An entry has 16 bits; every lane has a copy of the table, since each looks up its own entry.
<%- else %>
    // An entry is a byte; every lane has a copy of the table, since each looks up its own entry.
<%- end %>
    bus_t beat = 0;
  entries:
    for (int i = 0; i < (1 << GELU_INDEX_BITS); ++i) {
#pragma HLS PIPELINE II=1
<%- if .Dynamic %>
      if (i % (BUS_BITS / 16) == 0) beat = beats.read();
      const code_t entry = beat.range(15, 0);
      beat.range(BUS_BITS - 17, 0) = beat.range(BUS_BITS - 1, 16);
<%- else %>
      if (i % (BUS_BITS / 8) == 0) beat = beats.read();
      const code_t entry = beat.range(7, 0);
      beat.range(BUS_BITS - 9, 0) = beat.range(BUS_BITS - 1, 8);
<%- end %>
      for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
        gelu[r][i] = entry;
      }
    }
    return;
  }
  word_t word = 0;
  int slice = 0, index = 0;
  // One loop over beats rather than one over words and one over their beats: it never drains.
words:
  for (int i = 0; i < load.words * load.word_beats; ++i) {
#pragma HLS PIPELINE II=1
    word.range(slice * BUS_BITS + BUS_BITS - 1, slice * BUS_BITS) = beats.read();
    if (slice + 1 < load.word_beats) {
      ++slice;
      continue;
    }
    slice = 0;
    if (load.kind == LOAD_IMAGE || load.kind == LOAD_NEXT_IMAGE) {
      image[index] = word.range(BUS_BITS - 1, 0);
    } else if (load.kind == LOAD_NORM) {
      gamma[index] = word.range(15, 0);
      beta[index] = word.range(63, 16);
<%- if .Windowed %>
    } else if (load.kind == LOAD_BIAS) {  // VECTOR_COLUMNS columns a word
    scores:
      for (int v = 0; v < VECTOR_COLUMNS; ++v) {
        for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
          const int at = (v * TM + r) * (SCORE_BITS + 2);
          bias_t& b = biases[index * VECTOR_COLUMNS + v][r];
          b.add = word.range(at + SCORE_BITS - 1, at);
          b.down = word[at + SCORE_BITS];
          b.right = word[at + SCORE_BITS + 1];
        }
      }
<%- end %>
    } else {  // VECTOR_COLUMNS columns a word
    columns:
      for (int v = 0; v < VECTOR_COLUMNS; ++v) {
        for (int r = 0; r < TM; ++r) {
#pragma HLS UNROLL
          const int at = (v * TM + r) * RESIDUAL_BITS;
          residual[index * VECTOR_COLUMNS + v][r] = word.range(at + RESIDUAL_BITS - 1, at);
        }
      }
    }
    ++index;
  }
}
