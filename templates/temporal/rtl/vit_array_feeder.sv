// Walks the tiles of one matmul after the other and addresses the operand buffers for the PE array.
//
//   for n in 0 .. nt-1:  for m in 0 .. mt-1:  for k in 0 .. kt-1: one beat
//
// Each tile owns a slot of `period` cycles, the longer of its kt beats and its drain, so the
// drain never has to hold the array back. The slots of an op wait for the weights of tile column
// n, and with `chained` in the first tile column for row tile m of the unit that makes operand a;
// its start waits for the ops before to have left the array, or for a softmax, where it reads
// what they write.
//
// A slot is at least two cycles, so that what the next one needs is made in time and waits in registers:
// counters count down to a flag, and both addresses are registers that are moved on.
module vit_array_feeder #(
  parameter ADDR_BITS              = 16,  // [bits] address of a buffer
  parameter KEY_SEGMENTS           = 1,   // [tile columns] in a word of K: TM/TN, at least 1
  parameter KEY_SEGMENT_INDEX_BITS = 1,   // [bits] number of one
  parameter WEIGHT_BANKS           = 2,   // [banks] of weights: 1, 2 or 4
  parameter WEIGHT_DEPTH           = 64   // [words] of a bank of weights
) (
  input  wire                              aclk,
  input  wire                              aresetn,
  // The op; constant until op_done.
  input  wire                              valid,
  input  wire                              wait_drained,      // start when all ops before have left the array
  input  wire                              wait_softmax,      // start when a softmax is ready
  input  wire                              chained,           // operand a is still being made
  input  wire [15:0]                       mt_1, nt_1, kt_1,  // less one, all of these
  input  wire [15:0]                       period_full_1, period_last_1,  // slot of a full and of the last tile column
  input  wire [15:0]                       period_end_1,      // slot of the op's last tile
  input  wire                              from_weights,      // b operand: weight buffer
  input  wire                              from_keys,         // b operand: K buffer
  input  wire [ADDR_BITS-1:0]              a_base, a_stride,  // word (m, k) at a_base + m*a_stride + k
  input  wire [ADDR_BITS-1:0]              b_base, b_nstep, b_kstep,  // word (n, k) at b_base + n*nstep + k*kstep
  // What it waits for.
  input  wire                              caught_up,         // all ops before have left the array
  input  wire                              softmax_ready,
  input  wire                              row_made,          // a row tile of a chained operand a
  input  wire                              tile_loaded,       // a weight bank has been filled
  output wire                              op_start,
  output wire                              op_done,           // in the op's last cycle
  // Addresses in one cycle, the beat's flags with the data in the second after it.
  output reg  [ADDR_BITS-1:0]              a_addr,
<%- if .Dynamic %>
  output reg  [15:0]                       a_row,             // its row tile
<%- end %>
  output reg  [ADDR_BITS-1:0]              b_addr,
  output reg  [KEY_SEGMENT_INDEX_BITS-1:0] key_segment,
  output reg                               beat_valid,
  output reg                               beat_first,
  output reg                               beat_last,
  // What this cycle is spent on.
  output reg                               busy,              // with an op
  output wire                              stalled,           // waiting for weights
  output wire                              starved,           // waiting for a row tile
  output wire                              feeding            // a beat
);
  localparam READY_BITS = WEIGHT_BANKS < 4 ? 2 : 3;
  localparam [1:0] LAST_BANK = {WEIGHT_BANKS == 4, WEIGHT_BANKS != 1};
  function [ADDR_BITS-1:0] bank_base(input [1:0] number);
    bank_base = (number[0] ? WEIGHT_DEPTH[ADDR_BITS-1:0] : {ADDR_BITS{1'b0}})
              + (number[1] ? {WEIGHT_DEPTH[ADDR_BITS-2:0], 1'b0} : {ADDR_BITS{1'b0}});
  endfunction

  // Of the op, in registers from its first slot's first cycle on.
  reg  one_row, two_rows, one_beat, two_beats, short_full, short_last, short_end;
  always @(posedge aclk) begin
    one_row    <= mt_1 == 16'd0;
    two_rows   <= mt_1 == 16'd1;
    one_beat   <= kt_1 == 16'd0;
    two_beats  <= kt_1 == 16'd1;
    short_full <= period_full_1 == 16'd1;
    short_last <= period_last_1 == 16'd1;
    short_end  <= period_end_1 == 16'd1;
  end

  // Where the tile is: what is left of rows and columns, and whether it is the last or the last but one.
  reg  [15:0] rows_left, columns_left;
  reg         last_m, second_m, last_n, second_n;
  // Within its slot.
  reg         first, opening, rowing;                 // opening: it waits for weights; rowing: for a row tile
  reg         first_n;
  reg  [15:0] slot_left, beats_left;
  reg         end_slot, more, last_beat;              // more: the next cycle has a beat too
  // What it waits for.
  reg  [READY_BITS-1:0] ready;                        // filled banks not started yet
  reg  [15:0] rows;                                   // row tiles made and not started yet
  reg         any_ready, any_row;
  assign      stalled  = busy && opening && !any_ready;
  assign      starved  = busy && rowing && !any_row;
  wire        go       = busy && (!opening || any_ready) && (!rowing || any_row);
  wire        in_beats = first || more;
  wire        step     = busy && end_slot;            // to the next tile; a slot waits in its first cycle only
  assign      feeding  = go && in_beats;
  assign      op_start = !busy && valid && (caught_up || !wait_drained) && (softmax_ready || !wait_softmax);
  assign      op_done  = step && last_m && last_n;

  wire [READY_BITS-1:0] ready_to = ready + {{(READY_BITS-1){1'b0}}, tile_loaded}
                                 - {{(READY_BITS-1){1'b0}}, go && opening};
  reg  [1:0]  bank;                                   // of the tile column
  wire [1:0]  bank_next = (bank + 2'd1) & LAST_BANK;
  always @(posedge aclk) begin
    if (!aresetn) begin
      busy      <= 1'b0;
      ready     <= {READY_BITS{1'b0}};
      any_ready <= 1'b0;
      rows      <= 16'd0;
      any_row   <= 1'b0;
      bank      <= 2'd0;
    end else begin
      busy      <= op_start || (busy && !op_done);
      ready     <= ready_to;
      any_ready <= ready_to != {READY_BITS{1'b0}};
      if (row_made != (go && rowing)) begin
        rows    <= row_made ? rows + 16'd1 : rows - 16'd1;
        any_row <= row_made || rows != 16'd1;
      end
      if (step && last_m && from_weights) bank <= bank_next;
    end

    if (!busy) begin                                  // the op's first tile
      rows_left    <= mt_1;
      columns_left <= nt_1;
      last_m       <= mt_1 == 16'd0;
      second_m     <= mt_1 == 16'd1;
      last_n       <= nt_1 == 16'd0;
      second_n     <= nt_1 == 16'd1;
      first        <= 1'b1;
      first_n      <= 1'b1;
      opening      <= from_weights;
      rowing       <= chained;
      end_slot     <= 1'b0;
      more         <= 1'b0;
    end else if (step) begin
      rows_left <= last_m ? mt_1 : rows_left - 16'd1;
      last_m    <= last_m ? one_row : second_m;
      second_m  <= last_m ? two_rows : rows_left == 16'd2;
      if (last_m) begin
        columns_left <= columns_left - 16'd1;
        last_n       <= second_n;
        second_n     <= columns_left == 16'd2;
        first_n      <= 1'b0;
      end
      first    <= 1'b1;
      opening  <= from_weights && last_m;
      rowing   <= chained && first_n && !last_m;
      end_slot <= 1'b0;
      more     <= 1'b0;
    end else if (go) begin
      first   <= 1'b0;
      opening <= 1'b0;
      rowing  <= 1'b0;
      if (first) begin
        slot_left  <= !last_n ? period_full_1 : last_m ? period_end_1 : period_last_1;
        end_slot   <= !last_n ? short_full : last_m ? short_end : short_last;
        beats_left <= kt_1;
        more       <= !one_beat;
        last_beat  <= two_beats;
      end else begin
        slot_left  <= slot_left - 16'd1;
        end_slot   <= slot_left == 16'd2;
        beats_left <= beats_left - 16'd1;
        more       <= more && !last_beat;
        last_beat  <= beats_left == 16'd2;
      end
    end
  end

  // Addresses: of the beat, of the row tile's and the tile column's first, and of those behind these.
  reg  [ADDR_BITS-1:0]              a_next, b_col, b_next;
  reg  [KEY_SEGMENT_INDEX_BITS-1:0] segment;
  wire                              end_key = segment == KEY_SEGMENTS[KEY_SEGMENT_INDEX_BITS-1:0] - 1'b1 || !from_keys;
  wire [ADDR_BITS-1:0]              b_first = from_weights ? bank_base(bank) : b_base;
  always @(posedge aclk) begin
    b_next <= from_weights ? bank_base(bank_next) : end_key ? b_col + b_nstep : b_col;
    if (!busy) begin
<%- if .Dynamic %>
      a_row   <= 16'd0;
<%- end %>
      a_addr  <= a_base;
      b_addr  <= b_first;
      b_col   <= b_first;
      segment <= {KEY_SEGMENT_INDEX_BITS{1'b0}};
    end else if (step) begin
<%- if .Dynamic %>
      a_row  <= last_m ? 16'd0 : a_row + 16'd1;
<%- end %>
      a_addr <= last_m ? a_base : a_next;
      b_addr <= last_m ? b_next : b_col;
      if (last_m) begin
        b_col   <= b_next;
        segment <= end_key ? {KEY_SEGMENT_INDEX_BITS{1'b0}} : segment + 1'b1;
      end
    end else if (go) begin
      if (first) a_next <= a_addr + a_stride;
      a_addr <= a_addr + {{(ADDR_BITS-1){1'b0}}, 1'b1};
      b_addr <= b_addr + b_kstep;
    end
  end

  reg                              valid1, first1, last1;
  reg [KEY_SEGMENT_INDEX_BITS-1:0] segment1;
  always @(posedge aclk) begin
    valid1      <= aresetn && feeding;
    first1      <= first;
    last1       <= first ? one_beat : last_beat;
    segment1    <= segment;
    beat_valid  <= aresetn && valid1;
    beat_first  <= first1;
    beat_last   <= last1;
    key_segment <= segment1;
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (tile_loaded && ready == WEIGHT_BANKS) begin
        $display("%m: more banks of weights are full than there are");
        $stop;
      end
      if (any_ready != (ready != 0)) begin
        $display("%m: the flag of full banks is not that of their count");
        $stop;
      end
      if (any_row != (rows != 16'd0)) begin
        $display("%m: the flag of row tiles is not that of their count");
        $stop;
      end
      if (go && rowing && rows == 16'd0) begin
        $display("%m: a row tile is read that is not made");
        $stop;
      end
      if (busy && !valid) begin
        $display("%m: a matmul is fed that is not in the queue");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (WEIGHT_BANKS != 1 && WEIGHT_BANKS != 2 && WEIGHT_BANKS != 4) begin : gen_refused_WEIGHT_BANKS_is_not_1_2_or_4
      vit_array_feeder_WEIGHT_BANKS_is_not_1_2_or_4 u_refused ();
    end
    if (WEIGHT_BANKS*WEIGHT_DEPTH > (1 << ADDR_BITS)) begin : gen_refused_WEIGHT_DEPTH_needs_more_bits_than_ADDR_BITS
      vit_array_feeder_WEIGHT_DEPTH_needs_more_bits_than_ADDR_BITS u_refused ();
    end
    if (KEY_SEGMENTS > (1 << KEY_SEGMENT_INDEX_BITS))
    begin : gen_refused_KEY_SEGMENTS_needs_more_bits_than_KEY_SEGMENT_INDEX_BITS
      vit_array_feeder_KEY_SEGMENTS_needs_more_bits_than_KEY_SEGMENT_INDEX_BITS u_refused ();
    end
  endgenerate
endmodule
