// The testbench's view of the engine: every column an op produces, in order. Only the simulation
// is compiled with VITDSE_TRACE; the synthesised design has no trace of it.
#ifndef VIT_TRACE_H
#define VIT_TRACE_H

#include "vit_design.h"

#if defined(VITDSE_TRACE) && !defined(__SYNTHESIS__)
void vitdse_trace(int op, const int column[TM]);  // the testbench defines it

template <class T> inline void trace_column(int op, const T lanes[TM]) {
  int column[TM];
  for (int r = 0; r < TM; ++r) column[r] = lanes[r].to_int();
  vitdse_trace(op, column);
}
#define VIT_TRACE(op, lanes) trace_column(op, lanes)
#else
#define VIT_TRACE(op, lanes) (void)(op)
#endif

#endif
