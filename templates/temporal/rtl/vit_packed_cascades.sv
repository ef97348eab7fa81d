// The packed products of a PE array (vit_pe_array), groups of N along K summed in cascades of DSP48E2s.
// For synthesis alone: a simulator is given the same sums as arithmetic.
//
//   sums[g][pair][r] = sum over n of  packed_a[g*N + n][r] * packed_b[g*N + n][pair]
//
// PACK_TOKENS tokens share a packed a operand, two columns a packed b operand. Sums are there N + 3 cycles after
// their operands: a register, in which operand n waits n cycles more than the first, and the DSPs.
`ifdef SYNTHESIS
module vit_packed_cascades #(
  parameter TM          = 8,   // [tokens] rows of a tile
  parameter TN          = 8,   // [channels] columns of a tile
  parameter TK          = 4,   // [products] that a PE sums in a cycle
  parameter A_BITS      = 9,   // [bits] operand a, signed
  parameter B_BITS      = 8,   // [bits] operand b, signed
  parameter PACK_TOKENS = 1,   // [tokens] of an operand a that is packed: 1 or 2
  parameter PACK_SHIFT  = 18,  // [bits] between two packed products
  parameter PACK_GROUP  = 4,   // [products] packed ones that are summed before they are taken apart: 1, 2 or 4
  parameter SUM_BITS    = 39   // [bits] a sum, signed
) (
  input  wire                    aclk,
  input  wire [TK*TM*A_BITS-1:0] in_a,  // element (k, r) at k*TM + r
  input  wire [TK*TN*B_BITS-1:0] in_b,  // element (k, c) at k*TN + c
  output wire [TK/PACK_GROUP*(TN/2)*(TM/PACK_TOKENS)*SUM_BITS-1:0] sums  // (g, pair, r), r fastest, then pair
);
  localparam ROWS          = TM / PACK_TOKENS;
  localparam PAIRS         = TN / 2;
  localparam PACKED_A_BITS = PACK_TOKENS == 1 ? A_BITS : PACK_SHIFT + A_BITS + 1;
  localparam PACKED_B_BITS = PACK_TOKENS*PACK_SHIFT + B_BITS + 1;

  // Registers of all operands, so that no module names what is inside another generate block: the newest
  // Yosys takes such a name for an undeclared one.
  wire [TK*ROWS*PACKED_A_BITS-1:0]  rows;
  wire [TK*PAIRS*PACKED_B_BITS-1:0] pairs;
  genvar k, r, c, g, n;
  generate
    for (k = 0; k < TK; k = k + 1) begin : gen_operands
      wire [TM*A_BITS-1:0] a;
      wire [TN*B_BITS-1:0] b;
      if (k % PACK_GROUP == 0) begin : gen_first
        assign a = in_a[k*TM*A_BITS +: TM*A_BITS];
        assign b = in_b[k*TN*B_BITS +: TN*B_BITS];
      end else begin : gen_late
        reg [k%PACK_GROUP*TM*A_BITS-1:0] wait_a;
        reg [k%PACK_GROUP*TN*B_BITS-1:0] wait_b;
        always @(posedge aclk) begin
          wait_a <= {wait_a, in_a[k*TM*A_BITS +: TM*A_BITS]};
          wait_b <= {wait_b, in_b[k*TN*B_BITS +: TN*B_BITS]};
        end
        assign a = wait_a[(k%PACK_GROUP-1)*TM*A_BITS +: TM*A_BITS];
        assign b = wait_b[(k%PACK_GROUP-1)*TN*B_BITS +: TN*B_BITS];
      end
      for (r = 0; r < ROWS; r = r + 1) begin : gen_a
        wire signed [A_BITS-1:0] a0 = a[PACK_TOKENS*r*A_BITS +: A_BITS], a1 = a[(PACK_TOKENS*r + PACK_TOKENS
                                    - 1)*A_BITS +: A_BITS];
        reg  signed [PACKED_A_BITS-1:0] packed_a;
        always @(posedge aclk) packed_a <= PACK_TOKENS == 1 ? a0 : (a1 <<< PACK_SHIFT) + a0;
        assign rows[(k*ROWS + r)*PACKED_A_BITS +: PACKED_A_BITS] = packed_a;
      end
      for (c = 0; c < PAIRS; c = c + 1) begin : gen_b
        wire signed [B_BITS-1:0] b0 = b[2*c*B_BITS +: B_BITS], b1 = b[(2*c + 1)*B_BITS +: B_BITS];
        reg  signed [PACKED_B_BITS-1:0] packed_b;
        always @(posedge aclk) packed_b <= (b1 <<< (PACK_TOKENS*PACK_SHIFT)) + b0;
        assign pairs[(k*PAIRS + c)*PACKED_B_BITS +: PACKED_B_BITS] = packed_b;
      end
    end

    for (g = 0; g < TK/PACK_GROUP; g = g + 1) begin : gen_group
      for (c = 0; c < PAIRS; c = c + 1) begin : gen_pair
        for (r = 0; r < ROWS; r = r + 1) begin : gen_row
          wire [PACK_GROUP*PACKED_A_BITS-1:0] a;
          wire [PACK_GROUP*PACKED_B_BITS-1:0] b;
          for (n = 0; n < PACK_GROUP; n = n + 1) begin : gen_operand
            assign a[n*PACKED_A_BITS +: PACKED_A_BITS] = rows[((g*PACK_GROUP + n)*ROWS
                                                       + r)*PACKED_A_BITS +: PACKED_A_BITS];
            assign b[n*PACKED_B_BITS +: PACKED_B_BITS] = pairs[((g*PACK_GROUP + n)*PAIRS
                                                       + c)*PACKED_B_BITS +: PACKED_B_BITS];
          end
          vit_dsp_cascade #(.PRODUCTS(PACK_GROUP), .A_BITS(PACKED_A_BITS), .B_BITS(PACKED_B_BITS),
                            .SUM_BITS(SUM_BITS)) u_cascade (
            .aclk(aclk), .a(a), .b(b), .sum(sums[((g*PAIRS + c)*ROWS + r)*SUM_BITS +: SUM_BITS])
          );
        end
      end
    end
  endgenerate
endmodule
`endif
