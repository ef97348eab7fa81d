// Weights of groups times the multipliers of their groups: exact, so that products of all groups
// add up in one accumulator. A word lies within a group: lane (k, c) has the multiplier of
// channel c. Words of other layers pass unchanged. A word leaves in the cycle after it came.
//
//   w * m = w * m1 + 4 * (w * m2),  m1 = 1 .. 4, m2 = 0 .. 3: a choice for each, and an addition behind a register
module vit_group_scale #(
  parameter TN          = 16,  // [channels] columns of a tile
  parameter TK          = 1,   // [products] that a PE sums in a cycle
  parameter STORED_BITS = 8,   // [bits] weights of the stream
  parameter GROUP_BITS  = 4,   // [bits] those in groups, at most STORED_BITS
  parameter WEIGHT_BITS = 8    // [bits] weights as the array takes them
) (
  input  wire                         aclk,
  input  wire                         multiplier_we,
  input  wire [TN*4-1:0]              multiplier_word,  // m-1 of channel c at 4*c, m = 1 .. 16
  input  wire                         in_group,
  input  wire [TK*TN*STORED_BITS-1:0] stored,           // weight (k, c) at k*TN + c
  output wire [TK*TN*WEIGHT_BITS-1:0] weights           // of the cycle before
);
  localparam GROUP4_BITS = GROUP_BITS + 2;              // of up to 4 * w, where w is in a group
  localparam LOW_BITS    = STORED_BITS > GROUP4_BITS ? STORED_BITS : GROUP4_BITS;
  reg  [TN*4-1:0] less_one;
  always @(posedge aclk) if (multiplier_we) less_one <= multiplier_word;
  wire [TN*4-1:0] multipliers = in_group ? less_one : {TN{4'd0}};

  genvar l;
  generate
    for (l = 0; l < TK*TN; l = l + 1) begin : gen_lane
      wire [1:0] m1 = multipliers[(l % TN)*4 +: 2];     // less one
      wire [1:0] m2 = multipliers[(l % TN)*4 + 2 +: 2];
      // verilator lint_off WIDTH
      wire signed [STORED_BITS-1:0] w      = stored[l*STORED_BITS +: STORED_BITS];
      wire signed [GROUP_BITS-1:0]  g      = stored[l*STORED_BITS +: GROUP_BITS];
      wire signed [GROUP4_BITS-1:0] once   = g;
      wire signed [GROUP4_BITS-1:0] thrice = (once <<< 1) + once;
      reg  signed [LOW_BITS-1:0]    low;
      reg  signed [GROUP4_BITS-1:0] high;
      always @(posedge aclk) begin
        case (m1)
          2'd0:    low <= w;
          2'd1:    low <= once <<< 1;
          2'd2:    low <= thrice;
          default: low <= once <<< 2;
        endcase
        case (m2)
          2'd0:    high <= {GROUP4_BITS{1'b0}};
          2'd1:    high <= once;
          2'd2:    high <= once <<< 1;
          default: high <= thrice;
        endcase
      end
      wire signed [WEIGHT_BITS-1:0] scaled = low + (high <<< 2);
      // verilator lint_on WIDTH
      assign weights[l*WEIGHT_BITS +: WEIGHT_BITS] = scaled;
    end
  endgenerate
endmodule
