// Moves rows of the residual stream into another order: windows of attention, shifted ones, the tokens' own. In front of
// a stage four rows lie side by side in each that comes out.
#include "vit_units.h"

void regroup(const Regroup& p, res_t residual[RESIDUAL_DEPTH * VECTOR_COLUMNS][TM]) {
  unsigned from = p.table, to = p.to;
  res_t column[TM];
#pragma HLS ARRAY_PARTITION variable=column type=complete
tiles:
  for (int m = 0; m < p.mt * p.join; ++m) {
  channels:
    for (int c = 0; c < p.channels; ++c) {
    lanes:
      for (int r = 0; r < TM; ++r) {
#pragma HLS PIPELINE II=1
#pragma HLS DEPENDENCE variable=residual type=inter false
        const int row = moved_rows[from + r];
        const unsigned at = p.from + (row < 0 ? 0 : row / TM * VECTOR_COLUMNS) + c;
        const res_t x = residual[at][row < 0 ? 0 : row % TM];
        for (int i = 0; i + 1 < TM; ++i) {  // lane r arrives in the last place and moves to its own
#pragma HLS UNROLL
          column[i] = column[i + 1];
        }
        column[TM - 1] = row < 0 ? res_t(0) : x;
        if (r == TM - 1) {
          for (int i = 0; i < TM; ++i) {
#pragma HLS UNROLL
            residual[to][i] = column[i];
          }
          ++to;
        }
      }
    }
    from += TM;
  }
}
