// Walks the tiles of one matmul and addresses the operand buffers for the PE array.
//
//   for n in 0 .. nt-1:  for m in 0 .. mt-1:  for k in 0 .. kt-1: one beat
//
// Each tile owns a slot of `period` cycles, the longer of its kt beats and its drain, so the
// drain never has to hold the array back. The only wait is for the weights of tile column n.
module vit_array_feeder #(
  parameter AW      = 16,
  parameter KSEG    = 1,      // K buffer words hold this many tile columns (TM/TN, at least 1)
  parameter KSEGW   = 1,
  parameter WBANKS  = 2,      // weight buffer banks
  parameter WDEPTH  = 64      // words of a bank
) (
  input  wire              aclk,
  input  wire              aresetn,
  input  wire              start,
  // The op; constant from start to the end of the drain.
  input  wire [15:0]       mt, nt, kt,
  input  wire [15:0]       period_full, period_last,  // slot of a full and of the last tile column
  input  wire              from_weights,              // b operand: weight buffer
  input  wire              from_keys,                 // b operand: K buffer
  input  wire [AW-1:0]     a_base, a_stride,          // word (m, k) at a_base + m*a_stride + k
  input  wire [AW-1:0]     b_base, b_nstep, b_kstep,  // word (n, k) at b_base + n*nstep + k*kstep
  input  wire              tile_loaded,               // a weight bank has been filled
  // Addresses in one cycle, the beat's flags with the data in the next.
  output wire [AW-1:0]     a_addr,
  output wire [AW-1:0]     b_addr,
  output reg  [KSEGW-1:0]  key_segment,
  output reg               beat_valid,
  output reg               beat_first,
  output reg               beat_last,
  output wire              stalled                    // waiting for weights
);
  reg           busy;
  reg  [15:0]   m, n, slot;
  reg  [1:0]    ready;                                // filled banks not started yet
  reg           bank;
  reg  [AW-1:0] a_row, a_k, b_col, b_k;
  reg  [KSEGW-1:0] segment;

  wire        last_m   = m == mt - 16'd1;
  wire        last_n   = n == nt - 16'd1;
  wire [15:0] period   = last_n ? period_last : period_full;
  wire        opening  = m == 16'd0 && slot == 16'd0 && from_weights;
  assign      stalled  = busy && opening && ready == 2'd0;
  wire        go       = busy && !stalled;
  wire        in_beats = slot < kt;
  wire        end_slot = slot == period - 16'd1;
  wire        end_key  = segment == KSEG[KSEGW-1:0] - 1'b1 || !from_keys;

  assign a_addr = a_row + a_k;
  assign b_addr = b_col + b_k;

  always @(posedge aclk) begin
    if (!aresetn) begin
      busy  <= 1'b0;
      ready <= 2'd0;
      bank  <= 1'b0;
    end else begin
      if (start)                                      busy <= 1'b1;
      else if (go && end_slot && last_m && last_n)    busy <= 1'b0;
      ready <= ready + {1'b0, tile_loaded} - {1'b0, go && opening};
      if (go && end_slot && last_m && from_weights && WBANKS == 2) bank <= ~bank;
    end
    if (start) begin
      m       <= 16'd0;
      n       <= 16'd0;
      slot    <= 16'd0;
      a_row   <= a_base;
      a_k     <= {AW{1'b0}};
      b_col   <= from_weights ? (bank ? WDEPTH[AW-1:0] : {AW{1'b0}}) : b_base;
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
          if (from_weights) b_col <= WBANKS == 2 && !bank ? WDEPTH[AW-1:0] : {AW{1'b0}};
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
