// Weights of groups times the multipliers of their groups: exact, so that products of all groups
// add up in one accumulator. A word lies within a group: lane (k, c) has the multiplier of
// channel c. Words of other layers pass unchanged. Combinational, but for the multipliers' register.
//
//   w * m = w * (m1 + 4*m2),  m1 = 1 .. 4, m2 = 0 .. 3: a choice for each, and two additions
module vit_group_scale #(
  parameter TN = 16,
  parameter TK = 1,
  parameter SB = 8,   // bits of a stored weight
  parameter GB = 4,   // bits of a stored weight that is in a group, at most SB
  parameter WB = 8    // bits of a weight as the array takes it
) (
  input  wire                aclk,
  input  wire                multiplier_we,
  input  wire [TN*4-1:0]     multiplier_word,  // m-1 of channel c at 4*c, m = 1 .. 16
  input  wire                in_group,
  input  wire [TK*TN*SB-1:0] stored,           // weight (k, c) at k*TN + c
  output reg  [TK*TN*WB-1:0] weights
);
  reg  [TN*4-1:0] less_one;
  always @(posedge aclk) if (multiplier_we) less_one <= multiplier_word;
  wire [TN*4-1:0] multipliers = in_group ? less_one : {TN{4'd0}};

  integer k, c;
  reg signed [SB-1:0] w;
  reg signed [GB-1:0] g;       // w, where it is in a group
  reg signed [GB+1:0] thrice;
  reg signed [WB-1:0] low, high;
  // verilator lint_off WIDTH
  always @*
    for (k = 0; k < TK; k = k + 1)
      for (c = 0; c < TN; c = c + 1) begin
        w = stored[(k*TN + c)*SB +: SB];
        g = stored[(k*TN + c)*SB +: GB];
        thrice = (g <<< 1) + g;
        case (multipliers[c*4 +: 2])
          2'd0:    low = w;
          2'd1:    low = g <<< 1;
          2'd2:    low = thrice;
          default: low = g <<< 2;
        endcase
        case (multipliers[c*4 + 2 +: 2])
          2'd0:    high = {WB{1'b0}};
          2'd1:    high = g;
          2'd2:    high = g <<< 1;
          default: high = thrice;
        endcase
        weights[(k*TN + c)*WB +: WB] = low + (high <<< 2);
      end
  // verilator lint_on WIDTH
endmodule
