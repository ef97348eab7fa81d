// The engine's program for one image, and the tables that are the same for every image.
#ifndef VIT_PROGRAM_H
#define VIT_PROGRAM_H

#include <cstdint>

#include "vit_design.h"

enum Unit { UNIT_PATCHES, UNIT_NORM, UNIT_MATMUL, UNIT_SOFTMAX, UNIT_STORE<% if .Pools %>, UNIT_POOL<% end %><% if .Windowed %>, UNIT_REGROUP<% end %> };
enum SourceA { FROM_X, FROM_Q, FROM_NUMERATORS };
enum Source { FROM_WEIGHTS, FROM_KEYS, FROM_VALUES };
enum Destination { TO_X, TO_Q, TO_KEYS, TO_VALUES, TO_RESIDUAL, TO_SCORES, TO_LOGITS,
                   TO_SUM };
<%- if .NormsDiffer %>
enum NormTo { NORM_TO_X, NORM_TO_RESIDUAL, NORM_TO_POOL };
<%- end %>
enum Buffer { LOAD_IMAGE, LOAD_POS, LOAD_NORM, LOAD_GELU, LOAD_NEXT_IMAGE<% if .Windowed %>, LOAD_BIAS<% end %> };

// One step: the unit, and which of its settings; how many buffers are filled first.
struct Step {
  uint16_t op;
  uint8_t unit;
  uint16_t index;
  uint8_t loads;
  bool loop;
  uint16_t loops, rowstep;
<%- if .Windowed %>
  // Row tiles of a window, words of its keys and values; windows of the grid.
  uint16_t window_tiles, key_words, value_words, across, down;
<%- end %>
};

// A part of the stream that fills one buffer: so many words, of so many beats each.
struct Load {
  uint8_t kind;
  uint16_t words;
  uint8_t word_beats;
};

struct Patches { uint16_t mt, stride; };

// Tiles of rows and columns, beats of a tile; addresses are of buffer words.
struct Matmul {
  uint8_t a_from, b_from, to;
  bool raw, per_lane, gelu, mask;
  uint16_t mt, nt, kt, columns_full, columns_last, skip;
  <% if .Windowed %>uint32_t<% else %>uint16_t<% end %> a_base, a_stride, b_base, b_nstep, b_kstep, base, stride, nstep;
  uint8_t shift;
  int16_t zero;
  uint8_t bits, weight_bits, word_beats;
<%- if .GroupBits %>
  uint16_t group_words;
<%- end %>
<%- if .Dynamic %>
  uint8_t code_bits;  // of what the array takes of fine codes; 0: codes are as they are
<%- end %>
<%- if .Windowed %>
  bool fresh;             // the residual stream begins anew
  uint16_t window_tiles;  // of keys and values
<%- end %>
};

struct Norm {
  uint16_t mt, stride;
  uint64_t eps;
  uint8_t k;
  int8_t k17;
  uint8_t sg, bits;
<%- if .NormsDiffer %>
  uint8_t to;
<%- end %>
<%- if .Windowed %>
  uint16_t channels;  // FIRST_CHANNELS << widen
  uint8_t widen;
  uint32_t from;      // column of the residual stream
<%- end %>
};
<%- if .Windowed %>

// Rows are moved: `join` of them, of so many channels, side by side in each that comes out.
struct Regroup { uint16_t mt, join, channels; uint32_t from, to, table; };
<%- end %>
<%- if and .Pools (not .PoolMax) %>

// The mean over the tokens: sat_bits(((sum + offset) * mul + half) >> shift + zero).
struct Pool {
  uint16_t mul;
  uint8_t shift;
  int16_t zero;
  int32_t offset;
  uint8_t bits;
};

constexpr Pool pool_step = {<% .Pool.Values %>};  // <% .Pool.Note %>
<%- end %>

struct Softmax {
  uint16_t mul;
  uint8_t shift;
  uint32_t ch;
};

constexpr int STEPS = <% len .Steps %>;
constexpr Step program[STEPS] = {
  // op, unit, index, loads, loop, loops, rowstep<% if .Windowed %>, tiles and words of a window, windows<% end %>
<%- range .Steps %>
  {<% .Values %>},  // <% .Note %>
<%- end %>
};

constexpr Load loads[<% len .Loads %>] = {
<%- range .Loads %>
  {<% .Values %>},  // <% .Note %>
<%- end %>
};

constexpr Patches patch_steps[<% len .Patches %>] = {
<%- range .Patches %>
  {<% .Values %>},
<%- end %>
};

constexpr Matmul matmul_steps[<% len .Matmuls %>] = {
  // a from, b from, to, raw, per lane, gelu, mask, mt, nt, kt, columns, of the last, skip,
  //   a base, stride, b base, n, k step, base, stride, n step, shift, zero, bits, weight bits,
  //   beats<% if .GroupBits %>, words of a group<% end %><% if .Dynamic %>, bits of a code<% end %><% if .Windowed %>, fresh, tiles of a window<% end %>
<%- range .Matmuls %>
  {<% .Values %>},  // <% .Note %>
<%- end %>
};

constexpr Norm norm_steps[<% len .Norms %>] = {
  // mt, stride, eps, k, k - 7, sg, bits<% if .Windowed %>, channels, widen, from, to residual, to<% end %>
<%- range .Norms %>
  {<% .Values %>},  // <% .Note %>
<%- end %>
};

constexpr Softmax softmax_steps[<% len .Softmaxes %>] = {
<%- range .Softmaxes %>
  {<% .Values %>},  // <% .Note %>
<%- end %>
};
<%- if .Windowed %>

constexpr Regroup regroup_steps[<% len .Regroups %>] = {
  // mt, join, channels, from, to, table
<%- range .Regroups %>
  {<% .Values %>},  // <% .Note %>
<%- end %>
};

// Where moved rows were: the word of their first channels, times TM, plus the lane; -1 is a row of zeros.
constexpr int32_t moved_rows[<% .MoveCount %>] = {
<%- range .Moves %>
  <% . %>,
<%- end %>
};
<%- end %>

// Address of each token's top left pixel, in bytes; -1 for prefix tokens and those past the end.
constexpr int32_t patch_corner[<% .CornerCount %>] = {
<%- range .Corners %>
  <% . %>,
<%- end %>
};

// Softmax numerators: exp_table[v] ~ (2^NUMERATOR_BITS - 1) * 2^(-v/32).
constexpr uint8_t exp_table[1 << EXP_INDEX_BITS] = {
<%- range .Exp %>
  <% . %>,
<%- end %>
};

// Reciprocal square root: rsqrt_table[i] ~ 2^17 / sqrt((i + 64 + 1/2) / 64).
constexpr uint32_t rsqrt_table[<% .RsqrtCount %>] = {
<%- range .Rsqrt %>
  <% . %>,
<%- end %>
};

#endif
