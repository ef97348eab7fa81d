// Walks the tiles of one matmul after the other and addresses the operand buffers for the PE array.
//
//   for n in 0 .. nt-1:  for m in 0 .. mt-1:  for k in 0 .. kt-1: one beat
//
// Each tile owns a slot of `period` cycles, the longer of its kt beats and its drain, so the
// drain never has to hold the array back. The slots of an op wait for the weights of tile column
// n, and with `chained` in the first tile column for row tile m of the unit that makes operand a;
// its start waits for the ops before to have left the array, or for a softmax, where it reads
// what they write.
module vit_array_feeder #(
  parameter AW      = 16,
  parameter KSEG    = 1,      // K buffer words hold this many tile columns (TM/TN, at least 1)
  parameter KSEGW   = 1,
  parameter WBANKS  = 2,      // weight buffer banks: 1, 2 or 4
  parameter WDEPTH  = 64      // words of a bank
) (
  input  wire              aclk,
  input  wire              aresetn,
  // The op; constant until op_done.
  input  wire              valid,
  input  wire              wait_drained,              // start when all ops before have left the array
  input  wire              wait_softmax,              // start when a softmax is ready
  input  wire              chained,                   // operand a is still being made
  input  wire [15:0]       mt, nt, kt,
  input  wire [15:0]       period_full, period_last,  // slot of a full and of the last tile column
  input  wire [15:0]       period_end,                // slot of the op's last tile
  input  wire              from_weights,              // b operand: weight buffer
  input  wire              from_keys,                 // b operand: K buffer
  input  wire [AW-1:0]     a_base, a_stride,          // word (m, k) at a_base + m*a_stride + k
  input  wire [AW-1:0]     b_base, b_nstep, b_kstep,  // word (n, k) at b_base + n*nstep + k*kstep
  // What it waits for.
  input  wire              caught_up,                 // all ops before have left the array
  input  wire              softmax_ready,
  input  wire [15:0]       rows_made,                 // row tiles of a chained operand a
  input  wire              tile_loaded,               // a weight bank has been filled
  output wire              op_start,
  output wire              op_done,                   // in the op's last cycle
  // Addresses in one cycle, the beat's flags with the data in the next.
  output wire [AW-1:0]     a_addr,
  output wire [AW-1:0]     b_addr,
  output reg  [KSEGW-1:0]  key_segment,
  output reg               beat_valid,
  output reg               beat_first,
  output reg               beat_last,
  // What this cycle is spent on.
  output reg               busy,                      // with an op
  output wire              stalled,                   // waiting for weights
  output wire              starved,                   // waiting for a row tile
  output wire              feeding                    // a beat
);
  localparam READYW = WBANKS < 4 ? 2 : 3;
  localparam [1:0] LAST_BANK = {WBANKS == 4, WBANKS != 1};
  function [AW-1:0] bank_base(input [1:0] number);
    bank_base = (number[0] ? WDEPTH[AW-1:0] : {AW{1'b0}}) + (number[1] ? {WDEPTH[AW-2:0], 1'b0} : {AW{1'b0}});
  endfunction

  reg  [15:0]   m, n, slot;
  reg  [READYW-1:0] ready;                            // filled banks not started yet
  reg  [1:0]    bank;                                 // of the tile column
  reg  [AW-1:0] a_row, a_k, b_col, b_k;
  reg  [KSEGW-1:0] segment;

  wire        last_m   = m == mt - 16'd1;
  wire        last_n   = n == nt - 16'd1;
  wire [15:0] period   = !last_n ? period_full : last_m ? period_end : period_last;
  wire        opening  = m == 16'd0 && slot == 16'd0 && from_weights;
  assign      stalled  = busy && opening && ready == {READYW{1'b0}};
  assign      starved  = busy && chained && n == 16'd0 && slot == 16'd0 && rows_made <= m;
  wire        go       = busy && !stalled && !starved;
  wire        in_beats = slot < kt;
  wire        end_slot = slot == period - 16'd1;
  wire [1:0]  bank_next = (bank + 2'd1) & LAST_BANK;
  wire        end_key  = segment == KSEG[KSEGW-1:0] - 1'b1 || !from_keys;
  assign      feeding  = go && in_beats;

  assign op_start = !busy && valid && (caught_up || !wait_drained) && (softmax_ready || !wait_softmax);
  assign op_done  = go && end_slot && last_m && last_n;
  assign a_addr   = a_row + a_k;
  assign b_addr   = b_col + b_k;

  always @(posedge aclk) begin
    if (!aresetn) begin
      busy  <= 1'b0;
      ready <= {READYW{1'b0}};
      bank  <= 2'd0;
    end else begin
      if (op_start)     busy <= 1'b1;
      else if (op_done) busy <= 1'b0;
      ready <= ready + {{(READYW-1){1'b0}}, tile_loaded} - {{(READYW-1){1'b0}}, go && opening};
      if (go && end_slot && last_m && from_weights) bank <= bank_next;
    end
    if (op_start) begin
      m       <= 16'd0;
      n       <= 16'd0;
      slot    <= 16'd0;
      a_row   <= a_base;
      a_k     <= {AW{1'b0}};
      b_col   <= from_weights ? bank_base(bank) : b_base;
      b_k     <= {AW{1'b0}};
      segment <= {KSEGW{1'b0}};
    end else if (go) begin
      slot <= end_slot ? 16'd0 : slot + 16'd1;
      a_k  <= end_slot ? {AW{1'b0}} : a_k + {{(AW-1){1'b0}}, 1'b1};
      b_k  <= end_slot ? {AW{1'b0}} : b_k + b_kstep;
      if (end_slot) begin
        m     <= last_m ? 16'd0 : m + 16'd1;
        a_row <= last_m ? a_base : a_row + a_stride;
        if (last_m) begin
          n       <= n + 16'd1;
          segment <= end_key ? {KSEGW{1'b0}} : segment + 1'b1;
          if (from_weights) b_col <= bank_base(bank_next);
          else if (end_key) b_col <= b_col + b_nstep;
        end
      end
    end
    beat_valid  <= aresetn && go && in_beats;
    beat_first  <= slot == 16'd0;
    beat_last   <= slot == kt - 16'd1;
    key_segment <= segment;
  end
endmodule
