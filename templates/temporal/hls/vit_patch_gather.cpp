// Turns the raster image (u8, rows of pixels, channels innermost) into patch columns: TM tokens of
// one of the pixels of a patch, in the order (channel, row, column). A pixel p becomes the code
// sat((p - 128 + half) >> (8 - PIXEL_BITS)); prefix tokens and tokens past the end become 0.
// One pixel a cycle: the image is a memory with one port, a beat of pixels wide.
#include "vit_trace.h"
#include "vit_units.h"

void patch_gather(const Patches& p, int op, const bus_t image[IMAGE_BEATS],
                  code_t q_words[Q_DEPTH][TK * TM]) {
  const unsigned kBytes = BUS_BITS / 8;
  code_t column[TM] = {};  // a shift register
#pragma HLS ARRAY_PARTITION variable=column type=complete
  code_t word[TK * TM] = {};  // columns of the memory word on their way
#pragma HLS ARRAY_PARTITION variable=word type=complete
tiles:
  for (int m = 0; m < p.mt; ++m) {
    int k = 0;
    for (int y = 0; y < PATCH_SIZE; ++y)
      for (int x = 0; x < PATCH_SIZE; ++x)
        for (int channel = 0; channel < IMAGE_CHANNELS; ++channel) {
        lanes:
          for (int r = 0; r < TM; ++r) {
#pragma HLS PIPELINE II=1
            const int corner = patch_corner[m * TM + r];
            const unsigned at = (corner < 0 ? 0 : corner) + (y * IMAGE_WIDTH + x) * IMAGE_CHANNELS + channel;
            const bus_t beat = image[at / kBytes];
            const ap_uint<8> pixel = beat.range(at % kBytes * 8 + 7, at % kBytes * 8);
            ap_int<9> code = pixel - 128;
            if (PIXEL_BITS < 8) {
              code = (code + (1 << (7 - (PIXEL_BITS < 8 ? PIXEL_BITS : 7)))) >> (8 - PIXEL_BITS);
              if (code > (1 << (PIXEL_BITS - 1)) - 1) code = (1 << (PIXEL_BITS - 1)) - 1;
            }
            // A shift register: lane r arrives in the last place and moves to its own.
            for (int i = 0; i + 1 < TM; ++i) {
#pragma HLS UNROLL
              column[i] = column[i + 1];
            }
            column[TM - 1] = corner < 0 ? code_t(0) : code_t(code);
            if (r == TM - 1) {
              for (int i = 0; i < TK; ++i) {
#pragma HLS UNROLL
                for (int l = 0; l < TM; ++l) {
#pragma HLS UNROLL
                  if (i == k % TK) word[i * TM + l] = column[l];
                  else if (k % TK == 0) word[i * TM + l] = 0;
                }
              }
              if (k % TK == TK - 1 || k == PATCH_INNER - 1) {
                for (int i = 0; i < TK * TM; ++i) {
#pragma HLS UNROLL
                  q_words[m * p.stride + k / TK][i] = word[i];
                }
              }
              VIT_TRACE(op, column);
            }
          }
          ++k;
        }
  }
}
