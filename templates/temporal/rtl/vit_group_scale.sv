// Weights of groups times the multipliers of their groups: exact, so that products of all groups
// add up in one accumulator. A word lies within a group: lane (k, c) has the multiplier of
// channel c. Words of other layers pass unchanged. Combinational, but for the multipliers' register.
//
//   w * m = w * (m1 + 4*m2),  m1 = 1 .. 4, m2 = 0 .. 3: a choice for each, and two additions
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
  output reg  [TK*TN*WEIGHT_BITS-1:0] weights
);
  reg  [TN*4-1:0] less_one;
  always @(posedge aclk) if (multiplier_we) less_one <= multiplier_word;
  wire [TN*4-1:0] multipliers = in_group ? less_one : {TN{4'd0}};

  integer k, c;
  reg signed [STORED_BITS-1:0] w;
  reg signed [GROUP_BITS-1:0] g;  // w, where it is in a group
  reg signed [GROUP_BITS+1:0] thrice;
  reg signed [WEIGHT_BITS-1:0] low, high;
  // verilator lint_off WIDTH
  always @*
    for (k = 0; k < TK; k = k + 1)
      for (c = 0; c < TN; c = c + 1) begin
        w = stored[(k*TN + c)*STORED_BITS +: STORED_BITS];
        g = stored[(k*TN + c)*STORED_BITS +: GROUP_BITS];
        thrice = (g <<< 1) + g;
        case (multipliers[c*4 +: 2])
          2'd0:    low = w;
          2'd1:    low = g <<< 1;
          2'd2:    low = thrice;
          default: low = g <<< 2;
        endcase
        case (multipliers[c*4 + 2 +: 2])
          2'd0:    high = {WEIGHT_BITS{1'b0}};
          2'd1:    high = g;
          2'd2:    high = g <<< 1;
          default: high = thrice;
        endcase
        weights[(k*TN + c)*WEIGHT_BITS +: WEIGHT_BITS] = low + (high <<< 2);
      end
  // verilator lint_on WIDTH
endmodule
